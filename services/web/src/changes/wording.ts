/** What became of a change, in words: how many places have it, what is pending and since when, what was left as it was. */

import type { Change, Place, Target } from "../api/schema";
import { images, number } from "../ui/time";

const PLACE_NAMES: Record<string, string> = {
  gallery: "lists and pages",
  download: "previews and downloads",
  generation: "generation",
  entitlement: "the subscription",
};

/** `erased` comes after a deletion is enforced: it is about stored files, not about who can see. */
const ERASED = "erased";

export function placeName(name: string): string {
  return PLACE_NAMES[name] ?? name;
}

/** A place where the lease ran out can't show what it held any more: it has been reached as well. */
export function isReached(place: Place): boolean {
  return place.state === "applied" || place.state === "lease";
}

function milliseconds(ms: number): string {
  return ms < 1_000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** "Removed from 2 of 2 places in 12 ms". */
export function reachedInWords(places: readonly Place[], to: Target): string {
  const counted = places.filter((place) => place.name !== ERASED);
  const reached = counted.filter(isReached);
  const verb = to === "public" ? "Shown in" : "Removed from";
  const slowest = Math.max(0, ...reached.map((place) => place.ms ?? 0));
  const took = reached.length === counted.length && slowest > 0 ? ` in ${milliseconds(slowest)}` : "";
  return `${verb} ${reached.length} of ${counted.length} places${took}`;
}

/** "Still pending: previews and downloads, since 14:02:11"; null when nothing is. */
export function pendingInWords(places: readonly Place[], since: string): string | null {
  const pending = places.filter((place) => place.name !== ERASED && !isReached(place));
  if (pending.length === 0) {
    return null;
  }
  return `Still pending: ${pending.map((place) => placeName(place.name)).join(", ")}, since ${since}`;
}

const REASONS: Record<string, string> = {
  not_found: "no longer there",
  changed_meanwhile: "changed meanwhile, so left as they are now",
  entitlement_required: "private images need the Plus plan",
};

function reasonInWords(reason: string | null | undefined): string {
  return reason == null ? "refused" : (REASONS[reason] ?? reason);
}

function made(to: Target | null): string {
  switch (to) {
    case "private":
      return "made private";
    case "public":
      return "made public";
    case "deleted":
      return "deleted";
    case null:
      return "changed back";
  }
}

function already(to: Target | null): string {
  return to === "deleted" ? "already deleted" : to === null ? "already as before" : `already ${to}`;
}

/** Say what a change of many images did and didn't do, and why. */
export function resultInWords(change: Change): string {
  const { changed, unchanged, refused, pending } = change.counts;
  const parts = [`${images(changed)} ${made(change.visibility)}`];
  if (unchanged > 0) {
    parts.push(`${number(unchanged)} ${already(change.visibility)}`);
  }
  if (refused > 0) {
    const reasons = new Set(
      change.items.filter((item) => item.result === "refused").map((item) => reasonInWords(item.reason)),
    );
    parts.push(`${number(refused)} not changed${reasons.size > 0 ? `: ${[...reasons].join("; ")}` : ""}`);
  }
  if (pending > 0) {
    parts.push(`${number(pending)} still to do`);
  }
  return `${parts.join(" · ")}.`;
}

export function progressInWords(change: Change): string {
  const done = change.counts.total - change.counts.pending;
  if (change.counts.pending > 0) {
    return `${number(done)} of ${images(change.counts.total)} done`;
  }
  return "Written; waiting until every place has it";
}
