import { expect, it } from "vitest";
import { parseRoute } from "../src/frame/route";
import { covered, layOut, neighbour } from "../src/gallery/layout";
import { EMPTY, keepDraft, loadDraft, seedProblem } from "../src/generating/draft";
import { image } from "./builders";

const IMAGES = Array.from({ length: 23 }, (_, n) =>
  image(n, { width: n % 3 === 0 ? 1024 : 576, height: n % 3 === 1 ? 1024 : 576 }),
);

it("fills every row but the last, keeps shapes, and loses no image", () => {
  const rows = layOut(IMAGES, 1000, 240, 8);
  expect(rows.flatMap((row) => row.boxes.map((box) => box.index))).toEqual(IMAGES.map((_, index) => index));
  for (const row of rows.slice(0, -1)) {
    const last = row.boxes.at(-1);
    expect((last?.left ?? 0) + (last?.width ?? 0)).toBeCloseTo(1000);
    expect(row.height).toBeLessThanOrEqual(240);
  }
  expect(layOut(IMAGES, 0, 240, 8)).toEqual([]);
});

it("moves up and down to the nearest image, and stays at the edges", () => {
  const rows = layOut(IMAGES, 1000, 240, 8);
  expect(neighbour(rows, 0, -1)).toBe(0);
  expect(rows[1]?.boxes.map((box) => box.index)).toContain(neighbour(rows, 0, 1));
  expect(neighbour(rows, 22, 1)).toBe(22);
});

it("finds what a rectangle covers", () => {
  const rows = layOut(IMAGES, 1000, 240, 8);
  expect(covered(rows, { left: 0, top: 0, right: 5, bottom: 5 })).toEqual([0]);
  expect(covered(rows, { left: 0, top: 0, right: 1000, bottom: 5 })).toEqual(rows[0]?.boxes.map((box) => box.index));
});

it.each([
  ["/", { view: "explore", imageId: null }],
  ["/explore/img_1", { view: "explore", imageId: "img_1" }],
  ["/images/img_1", { view: "explore", imageId: "img_1" }],
  ["/creations", { view: "creations", tab: "all", imageId: null }],
  ["/creations/private/img_1", { view: "creations", tab: "private", imageId: "img_1" }],
  ["/creations/other", { view: "nowhere" }],
  ["/account", { view: "account" }],
  ["/account/x", { view: "nowhere" }],
])("reads the address %s", (path, route) => {
  expect(parseRoute(path)).toEqual(route);
});

it("keeps what was typed, and hands over what was typed before signing in", () => {
  keepDraft(null, { ...EMPTY, prompt: "a lake" });
  expect(loadDraft("ann").prompt).toBe("a lake");
  keepDraft("ann", { ...EMPTY, prompt: "a sea" });
  expect(loadDraft("ann").prompt).toBe("a sea");
  expect(loadDraft("ben").prompt).toBe("");
});

it.each(["", " ", "0", "4294967295"])("takes the seed '%s'", (seed) => expect(seedProblem(seed)).toBeNull());
it.each(["-1", "1.5", "4294967296", "abc"])("explains the seed '%s'", (seed) =>
  expect(seedProblem(seed)).not.toBeNull(),
);
