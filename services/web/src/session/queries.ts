/** What several views ask about the person: plan, preference, counts. */

import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client";
import { COUNTS_KEY, PLAN_KEY, PLANS_KEY, PREFERENCES_KEY } from "../api/keys";
import type { Counts, MyPlan, Plan, Visibility } from "../api/schema";
import { useSession } from "./session";

const PENDING_LOOK_MS = 1_000;
/** A timer can't count to the end of a period, and a machine that slept counts wrongly. */
const RAREST_LOOK_MS = 60 * 60_000;
const RAREST_LOOK_AT_WHAT_IS_DUE_MS = 60_000;

/** When to look at a plan again: while it is on its way to the other services, and when its end or change comes due. */
export function lookAgainInMs(plan: MyPlan | undefined, now: number): number | false {
  if (plan?.change?.state === "pending") {
    return PENDING_LOOK_MS;
  }
  if (plan?.scheduled == null) {
    return false;
  }
  const left = Date.parse(plan.scheduled.at) - now;
  // The server decides by its own clock: where this one is ahead, look again, ever less often.
  return left > 0
    ? Math.min(left + PENDING_LOOK_MS / 4, RAREST_LOOK_MS)
    : Math.min(Math.max(-left, PENDING_LOOK_MS), RAREST_LOOK_AT_WHAT_IS_DUE_MS);
}

export function useMyPlan() {
  const { userId } = useSession();
  return useQuery<MyPlan>({
    queryKey: PLAN_KEY,
    queryFn: ({ signal }) => dataOf(api.GET("/v1/entitlement", { signal })),
    enabled: userId !== null,
    refetchInterval: ({ state }) => lookAgainInMs(state.data, Date.now()),
  });
}

/** Whether the plan includes private images. While it isn't known the server decides: nobody who has Plus is sent to the plans. */
export function useMayBePrivate(): boolean {
  return useMyPlan().data?.capabilities.private_generation.allowed ?? true;
}

export function usePlans() {
  return useQuery<Plan[]>({
    queryKey: PLANS_KEY,
    queryFn: async ({ signal }) => (await dataOf(api.GET("/v1/plans", { signal }))).items,
    staleTime: 5 * 60_000,
  });
}

export function usePreferredVisibility() {
  const { userId } = useSession();
  return useQuery<Visibility>({
    queryKey: PREFERENCES_KEY,
    queryFn: async ({ signal }) => (await dataOf(api.GET("/v1/preferences", { signal }))).visibility,
    enabled: userId !== null,
  });
}

export function useCounts() {
  const { userId } = useSession();
  return useQuery<Counts>({
    queryKey: COUNTS_KEY,
    queryFn: ({ signal }) => dataOf(api.GET("/v1/creations/counts", { signal })),
    enabled: userId !== null,
  });
}

const PLAN_NAMES: Record<string, string> = {
  free: "Free",
  basic: "Basic",
  plus: "Plus",
  pro: "Pro",
  team: "Team",
};

export function planName(id: string): string {
  return PLAN_NAMES[id] ?? id;
}
