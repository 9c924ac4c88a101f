/** What is selected: some images, or all that match with some left out. Pure. */

import type { Image } from "../api/schema";

export type Selection =
  | { kind: "some"; ids: ReadonlySet<string>; anchor: string | null }
  | { kind: "matching"; except: ReadonlySet<string>; total: number };

export const NONE: Selection = { kind: "some", ids: new Set(), anchor: null };

export function isSelected(selection: Selection, id: string): boolean {
  return selection.kind === "some" ? selection.ids.has(id) : !selection.except.has(id);
}

export function countOf(selection: Selection): number {
  return selection.kind === "some" ? selection.ids.size : Math.max(0, selection.total - selection.except.size);
}

export function toggled(selection: Selection, id: string): Selection {
  if (selection.kind === "matching") {
    return { ...selection, except: flipped(selection.except, id) };
  }
  return { kind: "some", ids: flipped(selection.ids, id), anchor: id };
}

/** From the last one that was picked up to `id`, both included; the anchor stays, so that the range can be drawn anew. */
export function extended(selection: Selection, order: readonly string[], id: string): Selection {
  if (selection.kind === "matching") {
    return toggled(selection, id);
  }
  const from = selection.anchor === null ? -1 : order.indexOf(selection.anchor);
  const to = order.indexOf(id);
  if (from === -1 || to === -1) {
    return toggled(selection, id);
  }
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ...selection, ids: new Set([...selection.ids, ...range]) };
}

/** A rectangle was drawn: what it covers is added to what was selected before. */
export function dragged(before: Selection, covered: readonly string[]): Selection {
  if (before.kind === "matching") {
    return before;
  }
  return { kind: "some", ids: new Set([...before.ids, ...covered]), anchor: covered.at(-1) ?? before.anchor };
}

export function allLoaded(order: readonly string[]): Selection {
  return { kind: "some", ids: new Set(order), anchor: order[0] ?? null };
}

/** Images that are gone can't stay selected. */
export function among(selection: Selection, order: readonly string[]): Selection {
  if (selection.kind === "matching") {
    return selection;
  }
  const there = new Set(order);
  const ids = new Set([...selection.ids].filter((id) => there.has(id)));
  return ids.size === selection.ids.size ? selection : { ...selection, ids };
}

/** "Matching" is what the person saw: nothing newer than the newest image in front of them. */
export function beforeOf(newest: Image | undefined): string | null {
  return newest === undefined ? null : new Date(new Date(newest.created_at).getTime() + 1).toISOString();
}

function flipped(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const result = new Set(ids);
  if (!result.delete(id)) {
    result.add(id);
  }
  return result;
}
