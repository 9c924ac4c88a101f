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
let otherTab: BroadcastChannel;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  [signedInAs, isDone, asked] = ["ann", false, 0];
  otherTab = new BroadcastChannel("private-generations");
  vi.stubGlobal("fetch", async (request: Request | string) => {
    const path = typeof request === "string" ? request : new URL(request.url).pathname;
    if (path.startsWith("/v1/changes")) {
      asked += 1;
      return json(change({ state: isDone ? "enforced" : "pending" }));
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

it("asks and says nothing for who is gone while their change of many is under way", async () => {
  render(
    <SessionProvider config={CONFIG}>
      <BulkProvider>
        <Page />
      </BulkProvider>
      <Notices />
    </SessionProvider>,
  );
  await until(() => screen.getByText("ann"));
  screen.getByRole("button").click();
  await until(() => expect(asked).toBeGreaterThan(1));

  signedInAs = "ben";
  otherTab.postMessage({ about: "session", isOver: false } satisfies TabMessage);
  await until(() => screen.getByText("ben"));
  const before = asked;
  isDone = true;
  for (let turn = 0; turn < 10; turn++) {
    await pass(1_000);
  }
  expect(asked).toBeLessThanOrEqual(before + 1);
  expect(screen.getByTestId("live").textContent).toBe("");
});
