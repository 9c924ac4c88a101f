/** What the page may show after it asked for a change of one image: never more than the server confirmed. */

import { ApiError } from "../api/problem";
import type { Image, Place, Visibility } from "../api/schema";

export type Outcome =
  /** Asked, not answered yet. */
  | { state: "asking"; to: Visibility }
  /** 200: enforced for every request from now on. */
  | { state: "enforced"; to: Visibility; places: readonly Place[] }
  /** 202: written, and on its way to the rest. */
  | { state: "pending"; to: Visibility; places: readonly Place[]; changeId: string; since: Date }
  /** Nothing was changed. */
  | { state: "refused"; to: Visibility; error: ApiError | null }
  /** No answer came: it may or may not have been done. */
  | { state: "unknown"; to: Visibility };

interface Answer {
  image: Image;
  change: { id: string; state: "enforced" | "pending"; places: readonly Place[] };
}

export function answered(to: Visibility, answer: Answer, now: Date): Outcome {
  const { change } = answer;
  return change.state === "enforced"
    ? { state: "enforced", to, places: change.places }
    : { state: "pending", to, places: change.places, changeId: change.id, since: now };
}

export function failed(to: Visibility, error: unknown): Outcome {
  if (error instanceof ApiError && error.status === 0) {
    return { state: "unknown", to };
  }
  return { state: "refused", to, error: error instanceof ApiError ? error : null };
}

/** The visibility to show: a refused change leaves what was; one that wasn't answered isn't claimed. */
export function shownVisibility(image: Image, outcome: Outcome | null): Visibility {
  if (outcome?.state === "enforced" || outcome?.state === "pending") {
    return outcome.to;
  }
  return image.visibility as Visibility;
}

/** What is in front of the person may be stale and must be read again. */
export function mustReadAgain(outcome: Outcome): boolean {
  return (
    outcome.state === "unknown" || (outcome.state === "refused" && [404, 409, 412].includes(outcome.error?.status ?? 0))
  );
}
