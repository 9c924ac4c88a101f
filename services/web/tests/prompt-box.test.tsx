import { act, fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { PromptBox } from "../src/generating/prompt-box";
import { TrackerProvider } from "../src/generating/tracking";
import { SessionProvider } from "../src/session/session";
import { CONFIG, json, plan } from "./builders";

/** What `/v1/preferences` answers, once it does. */
let preferences: Promise<Response>;
let answer: (response: Response) => void;
let sent: unknown[];

function askAgain() {
  preferences = new Promise((resolve) => {
    answer = resolve;
  });
}

beforeEach(() => {
  askAgain();
  sent = [];
  vi.stubGlobal("fetch", async (request: Request | string) => {
    const path = typeof request === "string" ? request : new URL(request.url).pathname;
    if (path === "/v1/preferences") {
      return preferences;
    }
    if (path === "/v1/generations" && typeof request !== "string" && request.method === "POST") {
      sent.push(await request.json());
    }
    const answers: Record<string, unknown> = {
      "/dev/session": { user_id: "ann" },
      "/v1/entitlement": plan({ plan: "plus" }),
      "/v1/generations": { items: [], next_cursor: null },
    };
    return json(answers[path]);
  });
});

async function typed(): Promise<HTMLButtonElement> {
  render(
    <SessionProvider config={CONFIG}>
      <TrackerProvider>
        <PromptBox />
      </TrackerProvider>
    </SessionProvider>,
  );
  fireEvent.change(await screen.findByLabelText("Prompt"), { target: { value: "a quiet lake" } });
  return screen.getByRole<HTMLButtonElement>("button", { name: "Generate" });
}

it("takes no click that it would lose: the button waits for the remembered visibility", async () => {
  const button = await typed();
  expect(button.disabled).toBe(true);

  await act(async () => answer(json({ visibility: "private" })));
  await vi.waitFor(() => expect(button.disabled).toBe(false));
  fireEvent.click(button);

  await vi.waitFor(() => expect(sent).toMatchObject([{ prompt: "a quiet lake", visibility: "private" }]));
});

it("names no visibility that may be wrong: until the remembered one is known the button says that it isn't", async () => {
  await typed();
  const visibility = () => screen.getByRole<HTMLButtonElement>("button", { name: /^Visibility: / });
  expect(visibility().textContent).toBe("…");
  expect(visibility().getAttribute("aria-label")).toBe("Visibility: being read");
  expect(visibility().getAttribute("aria-busy")).toBe("true");
  expect(visibility().disabled).toBe(true);

  await act(async () => answer(json({ visibility: "private" })));
  await vi.waitFor(() => expect(visibility().textContent).toBe("Private"));
  expect(visibility().getAttribute("aria-label")).toBe("Visibility: Private");
  expect(visibility().disabled).toBe(false);
});

it("says why nothing can be sent when the remembered visibility can't be read, and asks again", async () => {
  const button = await typed();
  await act(async () => answer(json({ code: "not_allowed", detail: "Not now." }, 403)));
  expect((await screen.findByRole("alert")).textContent).toContain("can't be read, so nothing is sent");
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Visibility: unknown" }).disabled).toBe(true);
  expect(button.disabled).toBe(true);

  askAgain();
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await act(async () => answer(json({ visibility: "public" })));

  await vi.waitFor(() => expect(button.disabled).toBe(false));
  expect(screen.queryByRole("alert")).toBeNull();
  expect(screen.getByRole("button", { name: "Visibility: Public" }).textContent).toBe("Public");
});
