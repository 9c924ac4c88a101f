import { act, render, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import type { Image, Tab } from "../src/api/schema";
import { BulkProvider } from "../src/creations/bulk";
import { Creations } from "../src/creations/creations";
import { useImageList } from "../src/gallery/lists";
import { TrackerProvider } from "../src/generating/tracking";
import { SessionProvider } from "../src/session/session";
import { CONFIG, image, json, plan } from "./builders";

const EMPTY = /Nothing here yet/;

const realTimeout = setTimeout;

let count: number;
let images: Image[];
/** What a list's answer waits for. */
let held: Promise<void>;
let lists: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.stubGlobal(
    "ResizeObserver",
    class extends EventTarget {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  lists = 0;
  held = Promise.resolve();
  vi.stubGlobal("fetch", async (request: Request | string) => {
    const path = typeof request === "string" ? request : new URL(request.url).pathname;
    if (path === "/v1/creations") {
      lists += 1;
      const items = images;
      await held;
      return json({ items, next_cursor: null });
    }
    const answers: Record<string, unknown> = {
      "/dev/session": { user_id: "ann" },
      "/v1/entitlement": plan({}),
      "/v1/generations": { items: [], next_cursor: null },
      "/v1/creations/counts": { all: count, public: count, private: 0 },
    };
    return json(answers[path]);
  });
  return () => vi.useRealTimers();
});

function Page({ tab }: { tab: Tab }) {
  const list = useImageList(`creations/${tab}`);
  return (
    <TrackerProvider>
      <BulkProvider>
        <Creations tab={tab} list={list} />
        <output>{list.images.length} in the list</output>
      </BulkProvider>
    </TrackerProvider>
  );
}

const open = (tab: Tab = "all") =>
  render(
    <SessionProvider config={CONFIG}>
      <Page tab={tab} />
    </SessionProvider>,
  );
const pass = (ms: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
    await new Promise((resolve) => realTimeout(resolve)); // answers are read in real time
  });
const shows = (find: () => HTMLElement) =>
  vi.waitFor(async () => {
    await pass(10);
    return find();
  });

it("never says that nothing is there beside a count of what is", async () => {
  [count, images] = [2, []];
  let answer: () => void = vi.fn();
  held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  open();
  await shows(() => screen.getByText("2", { selector: "[aria-current] .tab-count" }));
  expect(screen.queryByText(EMPTY)).toBeNull();
  answer();
  await shows(() => screen.getByRole("status", { name: "Loading your images" }));
  await pass(100);
  expect(lists).toBe(1);
  expect(screen.queryByText(EMPTY)).toBeNull();
});

it("reads a list again that differs from its count, until they agree", async () => {
  [count, images] = [2, []];
  open();
  await shows(() => screen.getByRole("status", { name: "Loading your images" }));
  images = [image(2), image(1)];
  await shows(() => screen.getByText("2 in the list"));
  const read = lists;
  await pass(120_000);
  expect(lists).toBe(read);
});

it("reads ever less often while they go on to differ", async () => {
  [count, images] = [3, [image(2), image(1)]];
  open();
  await shows(() => screen.getByText("2 in the list"));
  for (let second = 0; second < 600; second += 5) {
    await pass(5_000);
  }
  expect(lists).toBeGreaterThan(5);
  expect(lists).toBeLessThan(35);
});

it("says that nothing is there once both say so", async () => {
  [count, images] = [0, []];
  open("private");
  await shows(() => screen.getByText(/None of your images is private/));
  await pass(60_000);
  expect(lists).toBe(1);
});
