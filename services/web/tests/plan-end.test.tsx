import { act, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Account } from "../src/account/account";
import type { MyPlan } from "../src/api/schema";
import { useCatchUp } from "../src/session/catch-up";
import { lookAgainInMs } from "../src/session/queries";
import { SessionProvider } from "../src/session/session";
import { CONFIG, json, plan } from "./builders";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const inMs = (ms: number) => new Date(NOW + ms).toISOString();
const cancelling = (ms: number) =>
  plan({ plan: "plus", state: "cancelling", ends_at: inMs(ms), scheduled: { plan: "free", at: inMs(ms) } });
const ended = plan({ plan: "free", state: "ended" });

let mine: MyPlan;
let asked: number;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  asked = 0;
  vi.stubGlobal("fetch", async (request: Request | string) => {
    const path = typeof request === "string" ? request : new URL(request.url).pathname;
    asked += path === "/v1/entitlement" ? 1 : 0;
    const answers: Record<string, unknown> = {
      "/dev/session": { user_id: "ann" },
      "/v1/entitlement": mine,
      "/v1/creations/counts": { all: 3, public: 1, private: 2 },
    };
    return json(answers[path] ?? { items: [] });
  });
  return () => vi.useRealTimers();
});

function Page() {
  useCatchUp();
  return <Account />;
}

async function open(with_: MyPlan) {
  mine = with_;
  render(
    <SessionProvider config={CONFIG}>
      <Page />
    </SessionProvider>,
  );
  await shows(/^(Plus|Basic|Free) plan/);
}

/** Answers are read in real time, which stands still for the page. */
const shows = (text: RegExp) =>
  vi.waitFor(async () => {
    await pass(10);
    return screen.getByText(text);
  });
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

describe("a plan that ends while its page is open", () => {
  it("is seen to have ended at its instant, without anybody touching the page", async () => {
    await open(cancelling(90_000));
    await shows(/^Plus plan, cancelled: it ends on/);
    const before = asked;
    await pass(85_000);
    expect(asked).toBe(before);
    mine = ended;
    await pass(5_500);
    expect(asked).toBe(before + 1);
    await shows(/your subscription has ended/);
    await shows(/2 images that are private stay private/);
  });

  it("is told apart from a plan that never allowed private images", async () => {
    await open(plan({ plan: "basic" }));
    await shows(/The Basic plan doesn't include private images. Your 2 images that are private stay private/);
    expect(screen.queryByText(/has ended/)).toBeNull();
  });

  it("is asked about again, ever less often, while the server's clock says that it goes on", async () => {
    await open(cancelling(1_000));
    await pass(10 * 60_000);
    expect(asked).toBeGreaterThan(5);
    expect(asked).toBeLessThan(25);
    mine = ended;
    await pass(60_000);
    await shows(/your subscription has ended/);
  });

  it.each(["focus", "online", "pageshow"])("is looked at when the page wakes by %s", async (event) => {
    await open(cancelling(90_000));
    mine = ended;
    window.dispatchEvent(new Event(event));
    await shows(/your subscription has ended/);
  });
});

describe("when to look again", () => {
  it("waits no longer than a timer can count, and not at all for what isn't scheduled", () => {
    expect(lookAgainInMs(cancelling(30 * 24 * 60 * 60_000), NOW)).toBe(60 * 60_000);
    expect(lookAgainInMs(plan({ plan: "plus", period_end: inMs(1_000) }), NOW)).toBe(false);
    expect(lookAgainInMs(undefined, NOW)).toBe(false);
  });

  it("looks every second while a change is on its way", () => {
    expect(lookAgainInMs(plan({ change: { id: "chg_1", state: "pending", places: [] } }), NOW)).toBe(1_000);
  });
});
