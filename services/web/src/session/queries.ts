/** What several views ask about the person: plan, preference, counts. */

import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client";
import type { Counts, MyPlan, Plan, Visibility } from "../api/schema";
import { COUNTS_KEY } from "../gallery/lists";
import { useSession } from "./session";

export const PLAN_KEY = ["plan"] as const;
export const PREFERENCES_KEY = ["preferences"] as const;

export function useMyPlan() {
  const { userId } = useSession();
  return useQuery<MyPlan>({
    queryKey: PLAN_KEY,
    queryFn: ({ signal }) => dataOf(api.GET("/v1/entitlement", { signal })),
    enabled: userId !== null,
    // While a change of plan is on its way to the other services, and just after a scheduled one is due, look again.
    refetchInterval: ({ state }) => (state.data?.change?.state === "pending" ? 1_000 : false),
  });
}

export function usePlans() {
  return useQuery<Plan[]>({
    queryKey: ["plans"],
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

export const PLAN_NAMES: Record<string, string> = {
  free: "Free",
  basic: "Basic",
  plus: "Plus",
  pro: "Pro",
  team: "Team",
};

export function planName(id: string): string {
  return PLAN_NAMES[id] ?? id;
}
