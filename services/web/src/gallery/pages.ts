/** Lists that come page by page: joined without doubles, refreshed at their head, kept right after changes. Pure. */

import type { Image, Tab, Visibility } from "../api/schema";

export interface Page {
  items: Image[];
  next_cursor: string | null;
}

export interface Pages {
  pages: Page[];
  pageParams: (string | null)[];
}

/** All images in order; one that moved between two reads is shown once. */
export function joined(pages: readonly Page[]): Image[] {
  const seen = new Set<string>();
  const all: Image[] = [];
  for (const page of pages) {
    for (const image of page.items) {
      if (!seen.has(image.id)) {
        seen.add(image.id);
        all.push(image);
      }
    }
  }
  return all;
}

function isNewer(one: Image, other: Image): boolean {
  return one.created_at === other.created_at ? one.id > other.id : one.created_at > other.created_at;
}

/**
 * Put a fresh first page in front of what is loaded. Within its range it says what is there: the rest of what was
 * known there is gone. Without an overlap too much is new, and the list begins anew.
 */
export function withFreshHead(known: Pages, head: Page): Pages {
  const last = head.items.at(-1);
  const fresh: Pages = { pages: [head], pageParams: [null] };
  if (head.next_cursor === null || last === undefined) {
    return fresh;
  }
  const inHead = new Set(head.items.map((image) => image.id));
  if (!joined(known.pages).some((image) => inHead.has(image.id))) {
    return fresh;
  }
  const older = known.pages
    .map((page) => ({ ...page, items: page.items.filter((image) => !inHead.has(image.id) && isNewer(last, image)) }))
    .filter((page) => page.items.length > 0);
  if (older.length === 0) {
    return fresh;
  }
  return {
    pages: [head, ...older],
    pageParams: [null, ...older.map((_, index) => known.pageParams[index + 1] ?? null)],
  };
}

export function without(known: Pages, ids: ReadonlySet<string>): Pages {
  return {
    ...known,
    pages: known.pages.map((page) => ({ ...page, items: page.items.filter((it) => !ids.has(it.id)) })),
  };
}

/** Show an image's new visibility in a list: changed in All, gone from the other tab, in its place in its own. */
export function withVisibility(known: Pages, tab: Tab, image: Image, to: Visibility): Pages {
  if (tab !== "all" && tab !== to) {
    return without(known, new Set([image.id]));
  }
  const changed = { ...image, visibility: to };
  if (joined(known.pages).some((it) => it.id === image.id)) {
    return {
      ...known,
      pages: known.pages.map((page) => ({
        ...page,
        items: page.items.map((it) => (it.id === image.id ? { ...it, ...changed } : it)),
      })),
    };
  }
  let isPlaced = false;
  const pages = known.pages.map((page) => {
    const index = isPlaced ? -1 : page.items.findIndex((it) => isNewer(changed, it));
    if (index === -1) {
      return page;
    }
    isPlaced = true;
    return { ...page, items: page.items.toSpliced(index, 0, changed) };
  });
  const last = pages.at(-1);
  if (!isPlaced && last !== undefined && last.next_cursor === null) {
    pages[pages.length - 1] = { ...last, items: [...last.items, changed] };
  }
  return { ...known, pages };
}
