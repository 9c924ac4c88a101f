/** The plans, and changing to another one by the built-in billing. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf } from "../api/client";
import { PLAN_KEY } from "../api/keys";
import { ApiError, inWords } from "../api/problem";
import type { MyPlan, Plan } from "../api/schema";
import { isReached, placeName } from "../changes/wording";
import { planName, usePlans } from "../session/queries";
import { tellTabs } from "../session/tabs";
import { Dialog } from "../ui/dialog";
import { CheckIcon, GlobeIcon } from "../ui/icons";
import { day } from "../ui/time";

type Wanted = { plan: Plan; when: "now" | "period_end" } | { cancel: "now" | "period_end" };
const TEAM_MEMBERS = 2;

async function ask(wanted: Wanted): Promise<MyPlan> {
  if ("cancel" in wanted) {
    return dataOf(api.DELETE("/v1/subscription", { params: { query: { when: wanted.cancel } } }));
  }
  const { plan, when } = wanted;
  const members = plan.least_members === null ? {} : { members: Math.max(plan.least_members, TEAM_MEMBERS) };
  return dataOf(api.PUT("/v1/subscription", { body: { plan: plan.id, when, ...members } }));
}

export function Plans({ mine }: { mine: MyPlan }) {
  const client = useQueryClient();
  const plans = usePlans();
  const [isCancelling, setCancelling] = useState(false);
  const change = useMutation({
    mutationFn: ask,
    onSuccess: (now) => {
      client.setQueryData(PLAN_KEY, now);
      tellTabs({ about: "plan" });
    },
  });
  const current = plans.data?.find((plan) => plan.id === mine.plan);
  const pending = mine.change?.places.filter((place) => !isReached(place)) ?? [];
  const isPaid = (current?.usd_per_month ?? 0) > 0;

  return (
    <section className="plans" aria-labelledby="plans-title">
      <h2 id="plans-title">Plans</h2>
      {change.error === null ? null : (
        <p className="note" role="alert">
          {change.error instanceof ApiError && change.error.status === 404
            ? "Plans are changed elsewhere here: ask whoever runs this service."
            : inWords(change.error)}
        </p>
      )}
      {pending.length === 0 ? null : (
        <p className="note" role="status">
          Your plan has changed; {pending.map((place) => placeName(place.name)).join(", ")} will know in a moment.
        </p>
      )}
      <ul className="plan-list">
        {(plans.data ?? []).map((plan) => (
          <li key={plan.id} className={plan.id === mine.plan ? "plan plan-mine" : "plan"}>
            <h3>
              {planName(plan.id)}
              {plan.id === mine.plan ? <span className="badge">Yours</span> : null}
            </h3>
            <p className="plan-price">
              <strong>${plan.usd_per_month}</strong> a month{plan.per_member ? " for each member" : ""}
            </p>
            <ul className="plan-allows">
              {plan.private_generation ? (
                <li>
                  <CheckIcon />
                  Private images
                </li>
              ) : (
                <li className="plan-not">
                  <GlobeIcon />
                  All images are public
                </li>
              )}
              <li>
                <CheckIcon />
                {plan.formats.map((format) => format.toUpperCase()).join(", ")}
              </li>
              <li>
                <CheckIcon />
                {plan.generations_at_once} at once{plan.per_member ? " for each member" : ""}
              </li>
            </ul>
            <PlanButton
              plan={plan}
              mine={mine}
              current={current}
              isBusy={change.isPending}
              onChoose={(when) => change.mutate({ plan, when })}
              onCancel={() => setCancelling(true)}
            />
          </li>
        ))}
      </ul>
      {isCancelling && isPaid ? (
        <Dialog
          title={`Cancel the ${planName(mine.plan)} plan?`}
          confirm={mine.period_end === null ? "Cancel now" : `Cancel on ${day(mine.period_end)}`}
          onConfirm={() => change.mutate({ cancel: mine.period_end === null ? "now" : "period_end" })}
          onClose={() => setCancelling(false)}
          more={
            <button
              type="button"
              className="button button-quiet"
              onClick={() => {
                setCancelling(false);
                change.mutate({ cancel: "now" });
              }}
            >
              End it now
            </button>
          }
        >
          <p>Your private images stay private. You will still see them, and download them as JPG.</p>
        </Dialog>
      ) : null}
    </section>
  );
}

interface ButtonProps {
  plan: Plan;
  mine: MyPlan;
  current: Plan | undefined;
  isBusy: boolean;
  onChoose: (when: "now" | "period_end") => void;
  onCancel: () => void;
}

function PlanButton({ plan, mine, current, isBusy, onChoose, onCancel }: ButtonProps) {
  const isMine = plan.id === mine.plan;
  if (isMine && plan.usd_per_month === 0) {
    return null;
  }
  if (isMine && (mine.state === "cancelling" || mine.scheduled !== null)) {
    return (
      <button type="button" className="button" disabled={isBusy} onClick={() => onChoose("now")}>
        Keep {planName(plan.id)}
      </button>
    );
  }
  if (isMine) {
    return (
      <button type="button" className="button button-quiet" disabled={isBusy} onClick={onCancel}>
        Cancel
      </button>
    );
  }
  if (plan.usd_per_month === 0) {
    return null;
  }
  const isUpgrade = plan.usd_per_month >= (current?.usd_per_month ?? 0) || mine.period_end === null;
  const word = mine.state === "ended" ? "Resubscribe" : isUpgrade ? "Take" : "Change to";
  const name = mine.state === "ended" ? `Resubscribe to ${planName(plan.id)}` : undefined;
  return (
    <button
      type="button"
      className={isUpgrade ? "button" : "button button-quiet"}
      aria-label={name}
      disabled={isBusy}
      onClick={() => onChoose(isUpgrade ? "now" : "period_end")}
    >
      {word} {name === undefined ? planName(plan.id) : null}
    </button>
  );
}
