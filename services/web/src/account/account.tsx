/** Account: who is signed in, the plan, what it allows and until when. */

import { useState } from "react";
import { inWords } from "../api/problem";
import { FORMATS, type MyPlan } from "../api/schema";
import { notify } from "../frame/notices";
import { planName, useMyPlan } from "../session/queries";
import { useSession } from "../session/session";
import { CheckIcon, CloseIcon } from "../ui/icons";
import { day } from "../ui/time";
import { LapseNote } from "./lapse-note";
import { Picker } from "./picker";
import { Plans } from "./plans";

export function Account() {
  const session = useSession();
  const plan = useMyPlan();
  if (session.userId === null) {
    return <Picker title="Sign in" />;
  }
  return (
    <div className="view account">
      <header className="account-head">
        <div>
          <h1>{session.userId}</h1>
          {plan.data === undefined ? null : <p className="account-state">{stateInWords(plan.data)}</p>}
        </div>
        <SignOut />
      </header>
      {plan.error === null ? null : (
        <p className="note" role="alert">
          {inWords(plan.error)}
        </p>
      )}
      <LapseNote />
      {plan.data === undefined ? null : <Allows plan={plan.data} />}
      {plan.data === undefined ? null : <Plans mine={plan.data} />}
      <Picker title="Switch account" />
    </div>
  );
}

/** Say which plan it is, in which state and until when. */
export function stateInWords(plan: MyPlan): string {
  const name = planName(plan.plan);
  const until = plan.ends_at === null ? null : day(plan.ends_at);
  switch (plan.state) {
    case "cancelling":
      return `${name} plan, cancelled: it ends on ${until ?? "the end of the period"}`;
    case "past_due":
      return `${name} plan: the last payment failed. It goes on until ${until ?? "the grace period ends"}`;
    case "ended":
      return `${name} plan: your subscription has ended`;
    case "active":
      break;
  }
  if (plan.scheduled !== null) {
    return `${name} plan until ${day(plan.scheduled.at)}, then ${planName(plan.scheduled.plan)}`;
  }
  return plan.plan === "free" || plan.period_end === null
    ? `${name} plan`
    : `${name} plan, renews on ${day(plan.period_end)}`;
}

function Allows({ plan }: { plan: MyPlan }) {
  const { capabilities } = plan;
  const formats = FORMATS.filter((format) => capabilities.formats[format]?.allowed).map((it) => it.toUpperCase());
  const isPrivate = capabilities.private_generation.allowed;
  return (
    <section className="allows" aria-label="What your plan allows">
      <dl>
        <div>
          <dt>Private images</dt>
          <dd className={isPrivate ? "yes" : "no"}>
            {isPrivate ? <CheckIcon /> : <CloseIcon />}
            {isPrivate ? "Included" : "Not included"}
          </dd>
        </div>
        <div>
          <dt>Download formats</dt>
          <dd>{formats.join(", ")}</dd>
        </div>
        <div>
          <dt>Generations at once</dt>
          <dd>{capabilities.generations_at_once.limit}</dd>
        </div>
        <div>
          <dt>Images per generation</dt>
          <dd>{capabilities.images_per_generation.limit}</dd>
        </div>
      </dl>
    </section>
  );
}

function SignOut() {
  const session = useSession();
  const [isBusy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    try {
      await session.signOut();
    } catch (error) {
      setBusy(false);
      notify(`You are still signed in. ${inWords(error)}`, { isError: true });
    }
  };
  return (
    <button type="button" className="button button-quiet" disabled={isBusy} onClick={() => void leave()}>
      Sign out
    </button>
  );
}
