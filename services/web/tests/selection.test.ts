import { describe, expect, it } from "vitest";
import {
  allLoaded,
  among,
  beforeOf,
  countOf,
  dragged,
  extended,
  isSelected,
  NONE,
  toggled,
} from "../src/gallery/selection";
import { image } from "./builders";

const ORDER = ["a", "b", "c", "d", "e"];
const selected = (selection: Parameters<typeof isSelected>[0]) =>
  ORDER.filter((id) => isSelected(selection, id)).join("");

describe("selecting some", () => {
  it("picks up and puts back one by one", () => {
    const two = toggled(toggled(NONE, "b"), "d");
    expect(selected(two)).toBe("bd");
    expect(selected(toggled(two, "b"))).toBe("d");
  });

  it("extends from the last one picked up, in both directions", () => {
    expect(selected(extended(toggled(NONE, "b"), ORDER, "d"))).toBe("bcd");
    expect(selected(extended(toggled(NONE, "d"), ORDER, "a"))).toBe("abcd");
  });

  it("keeps what was selected before a range, and draws the next range from the same place", () => {
    const first = extended(toggled(toggled(NONE, "e"), "b"), ORDER, "c");
    expect(selected(first)).toBe("bce");
    expect(selected(extended(first, ORDER, "a"))).toBe("abce");
  });

  it("begins with one where there is nothing to extend from, or that is gone", () => {
    expect(selected(extended(NONE, ORDER, "c"))).toBe("c");
    expect(selected(extended(toggled(NONE, "gone"), ORDER, "c"))).toBe("c");
  });

  it("adds what a rectangle covers, and lets go of it when the rectangle shrinks", () => {
    const before = toggled(NONE, "a");
    expect(selected(dragged(before, ["c", "d"]))).toBe("acd");
    expect(selected(dragged(before, ["c"]))).toBe("ac");
  });

  it("forgets images that are gone", () => {
    expect(countOf(among(allLoaded(ORDER), ["a", "c"]))).toBe(2);
  });
});

describe("selecting all matching", () => {
  const matching = { kind: "matching", except: new Set<string>(), total: 2_000 } as const;

  it("holds images that aren't loaded, and leaves out those put back", () => {
    expect(countOf(matching)).toBe(2_000);
    const without = toggled(matching, "b");
    expect(countOf(without)).toBe(1_999);
    expect(selected(without)).toBe("acde");
    expect(selected(toggled(without, "b"))).toBe("abcde");
  });

  it("ends just after the newest image that the person saw, by the server's clock", () => {
    const newest = image(5);
    expect(Date.parse(beforeOf(newest) ?? "") - Date.parse(newest.created_at)).toBe(1);
    expect(beforeOf(undefined)).toBeNull();
  });
});
