import { ApiError } from "../src/api/problem";
import type { Change, Image, MyPlan, Place } from "../src/api/schema";
import type { Config } from "../src/config";

export const CONFIG: Config = {
  session: "/dev/session",
  accounts: null,
  sign_in: { method: "POST", url: "/dev/session" },
  sign_out: { method: "DELETE", url: "/dev/session" },
};

/** Image number `n`: the higher, the newer. */
export function image(n: number, more: Partial<Image> = {}): Image {
  return {
    id: `img_${String(n).padStart(4, "0")}`,
    owner_id: "ann",
    visibility: "public",
    created_at: new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString(),
    width: 1024,
    height: 1024,
    version: 1,
    generation_id: "gen_1",
    ...more,
  };
}

export function place(name: string, state: Place["state"], ms: number | null): Place {
  return { name, state, ms };
}

export function change(more: Partial<Change>): Change {
  return {
    id: "chg_1",
    state: "enforced",
    places: [],
    visibility: "private",
    counts: { total: 3, pending: 0, changed: 3, unchanged: 0, refused: 0 },
    items: [],
    next_cursor: null,
    created_at: "2026-01-01T00:00:00Z",
    undo_of: null,
    undone_by: null,
    ...more,
  } as Change;
}

/** A plan and what it allows. */
export function plan(more: Partial<MyPlan>): MyPlan {
  const id = more.plan ?? "free";
  const may = (allowed: boolean) => ({ allowed, why: allowed ? null : `not in plan ${id}` });
  const isPrivate = id !== "free" && id !== "basic";
  return {
    user_id: "ann",
    plan: id,
    state: "active",
    ends_at: null,
    scheduled: null,
    period_end: null,
    members: null,
    version: 1,
    capabilities: {
      private_generation: may(isPrivate),
      formats: { jpg: may(true), png: may(isPrivate), webp: may(isPrivate), avif: may(isPrivate) },
      generations_at_once: { limit: isPrivate ? 8 : 1 },
      images_per_generation: { limit: 4 },
    },
    change: null,
    ...more,
  } as MyPlan;
}

export function problem(status: number, code: string): ApiError {
  return new ApiError(status, code, "", null, null);
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": type, ...headers } });
}
