import { describe, expect, it } from "vitest";
import { joined, type Pages, withFreshHead, without, withVisibility } from "../src/gallery/pages";
import { image } from "./builders";

const pages = (...lists: number[][]): Pages => ({
  pages: lists.map((list, index) => ({
    items: list.map((n) => image(n)),
    next_cursor: index === lists.length - 1 ? null : `cursor ${index + 1}`,
  })),
  pageParams: lists.map((_, index) => (index === 0 ? null : `cursor ${index}`)),
});
const numbers = (known: Pages) => joined(known.pages).map((it) => Number(it.id.slice(4)));
const head = (list: number[], next_cursor: string | null = "next") => ({
  items: list.map((n) => image(n)),
  next_cursor,
});

describe("joining pages", () => {
  it("shows an image once that moved to the next page between two reads", () => {
    expect(numbers(pages([9, 8, 7], [7, 6]))).toEqual([9, 8, 7, 6]);
  });
});

describe("a fresh head", () => {
  const known = pages([9, 8, 7], [6, 5], [4, 3]);

  it("brings new images and drops those of its range that are gone", () => {
    expect(numbers(withFreshHead(known, head([11, 10, 9, 7])))).toEqual([11, 10, 9, 7, 6, 5, 4, 3]);
  });

  it("keeps the cursors of the rest, so that scrolling goes on where it was", () => {
    const fresh = withFreshHead(known, head([9, 8, 7]));
    expect(fresh.pages.at(-1)?.next_cursor).toBeNull();
    expect(fresh.pageParams).toHaveLength(fresh.pages.length);
  });

  it("begins anew when nothing of what is known is in it", () => {
    expect(numbers(withFreshHead(known, head([30, 29, 28])))).toEqual([30, 29, 28]);
  });

  it("is the whole list when nothing comes after it", () => {
    expect(numbers(withFreshHead(known, head([9], null)))).toEqual([9]);
    expect(numbers(withFreshHead(known, head([], null)))).toEqual([]);
  });
});

describe("a changed visibility", () => {
  const privately = (n: number) => image(n, { visibility: "private" });

  it("shows in All, in place", () => {
    const shown = withVisibility(pages([3, 2, 1]), "all", image(2), "private");
    expect(joined(shown.pages).map((it) => it.visibility)).toEqual(["public", "private", "public"]);
  });

  it("takes the image out of the other tab, and out of Explore", () => {
    expect(numbers(withVisibility(pages([3, 2, 1]), "public", image(2), "private"))).toEqual([3, 1]);
  });

  it("puts it where it belongs by age in its own tab", () => {
    expect(numbers(withVisibility(pages([5, 3], [1]), "public", privately(4), "public"))).toEqual([5, 4, 3, 1]);
    expect(numbers(withVisibility(pages([5, 3], [1]), "public", privately(2), "public"))).toEqual([5, 3, 2, 1]);
    expect(numbers(withVisibility(pages([5, 3]), "public", privately(2), "public"))).toEqual([5, 3, 2]);
  });

  it("leaves one alone that belongs further down than what is loaded", () => {
    const unfinished: Pages = { pages: [{ items: [image(5)], next_cursor: "more" }], pageParams: [null] };
    expect(numbers(withVisibility(unfinished, "public", privately(2), "public"))).toEqual([5]);
  });
});

it("drops images that are gone from every page", () => {
  expect(numbers(without(pages([3, 2], [1]), new Set([image(1).id, image(3).id])))).toEqual([2]);
});

it("takes over the version of a changed image, so that its picture is asked for again", () => {
  const changed = withVisibility(pages([1]), "all", image(1, { visibility: "private", version: 2 }), "private");
  expect(changed.pages[0]?.items[0]).toMatchObject({ visibility: "private", version: 2 });
});
