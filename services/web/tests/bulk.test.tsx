import { act, render, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { BulkProvider, useBulk } from "../src/creations/bulk";
import { Notices } from "../src/frame/notices";
import { SessionProvider, useSession } from "../src/session/session";
import type { TabMessage } from "../src/session/tabs";
import { CONFIG, change, json } from "./builders";

const realTimeout = setTimeout;

let signedInAs: string;
let isDone: boolean;
let asked: number;
/** How many of a thousand are done at the next answer. */
let done: number;
/** What the next answer about it waits for. */
let held: Promise<void>;
let otherTab: BroadcastChannel;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  [signedInAs, isDone, asked, done] = ["ann", false, 0, 0];
  held = Promise.resolve();
  otherTab = new BroadcastChannel("private-generations");
  vi.stubGlobal("fetch", async (request: Request | string) => {
    const path = typeof request === "string" ? request : new URL(request.url).pathname;
    if (path.startsWith("/v1/changes")) {
      asked += 1;
      await held;
      const counts = { total: 1_000, pending: 1_000 - done, changed: done, unchanged: 0, refused: 0 };
      return json(change({ state: isDone ? "enforced" : "pending", counts }));
    }
    return json({ user_id: signedInAs });
  });
  return () => {
    otherTab.close();
    vi.useRealTimers();
  };
});

function Page() {
  const { userId } = useSession();
  const { start } = useBulk();
  return (
    <>
      <p>{userId}</p>
      <button type="button" onClick={() => start({ to: "private", count: 3, which: { image_ids: [] } })}>
        Make private
      </button>
    </>
  );
}

const pass = (ms: number) =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
    await new Promise((resolve) => realTimeout(resolve)); // answers are read in real time
  });
const until = (isSo: () => unknown) =>
  vi.waitFor(async () => {
    await pass(100);
    isSo();
  });

const open = () =>
  render(
    <SessionProvider config={CONFIG}>
      <BulkProvider>
        <Page />
      </BulkProvider>
      <Notices />
    </SessionProvider>,
  );

it("reads out how far it is a few times, not at each look, and then what it did", async () => {
  open();
  await until(() => screen.getByText("ann"));
  const said = new Set<string | null>();
  const listener = new MutationObserver(() => said.add(screen.getByTestId("live").textContent));
  listener.observe(screen.getByTestId("live"), { subtree: true, childList: true, characterData: true });
  screen.getByRole("button").click();
  for (done = 0; done < 1_000; done += 50) {
    const before = asked;
    await until(() => expect(asked).toBeGreaterThan(before));
  }
  isDone = true;
  await until(() => expect(said).toContain("1,000 images made private."));
  listener.disconnect();
  const progress = [...said].filter((it) => it?.endsWith(" of 1,000 images done"));
  expect(progress.length).toBeGreaterThanOrEqual(3);
  expect(progress.length).toBeLessThanOrEqual(4);
});

it("asks and says nothing for who is gone while their change of many is under way", async () => {
  open();
  await until(() => screen.getByText("ann"));
  screen.getByRole("button").click();
  await until(() => expect(asked).toBeGreaterThan(1));
  let release = () => {};
  held = new Promise((resolve) => {
    release = resolve;
  });
  const unheld = asked;
  await until(() => expect(asked).toBeGreaterThan(unheld));

  signedInAs = "ben";
  otherTab.postMessage({ about: "session", isOver: false } satisfies TabMessage);
  await until(() => screen.getByText("ben"));
  const before = asked;
  done = 500;
  release();
  await pass(100);
  isDone = true;
  for (let turn = 0; turn < 10; turn++) {
    await pass(1_000);
  }
  expect(asked).toBeLessThanOrEqual(before + 1);
  expect(screen.getByTestId("live").textContent).toBe("");
});
