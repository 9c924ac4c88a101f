/** What is being typed is never lost: kept for this tab and this person until it is sent or they sign out. */

import type { AspectRatio } from "../api/schema";

export interface Draft {
  prompt: string;
  count: number;
  aspectRatio: AspectRatio;
  seed: string;
}

export const EMPTY: Draft = { prompt: "", count: 1, aspectRatio: "1:1", seed: "" };
const MAX_SEED = 2 ** 32 - 1;
export const MAX_PROMPT = 2_000;

const keyOf = (userId: string | null) => `draft/${userId ?? ""}`;

export function loadDraft(userId: string | null): Draft {
  try {
    // What somebody typed before they signed in is theirs afterwards.
    const kept = sessionStorage.getItem(keyOf(userId)) ?? sessionStorage.getItem(keyOf(null));
    return kept === null ? EMPTY : { ...EMPTY, ...(JSON.parse(kept) as Partial<Draft>) };
  } catch {
    return EMPTY;
  }
}

export function keepDraft(userId: string | null, draft: Draft): void {
  try {
    if (userId !== null) {
      sessionStorage.removeItem(keyOf(null));
    }
    sessionStorage.setItem(keyOf(userId), JSON.stringify(draft));
  } catch {
    // No storage: the draft lives as long as the page does.
  }
}

/** Say what is wrong with a seed; null when it can be sent. */
export function seedProblem(seed: string): string | null {
  if (seed.trim() === "") {
    return null;
  }
  const isFine = /^\d{1,10}$/.test(seed.trim()) && Number(seed) <= MAX_SEED;
  return isFine ? null : `A seed is a whole number from 0 to ${MAX_SEED}; leave it empty for a new one each time.`;
}
