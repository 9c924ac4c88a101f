import { act, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { announce, Notices, notify } from "../src/frame/notices";
import { SessionProvider, useSession } from "../src/session/session";
import type { TabMessage } from "../src/session/tabs";
import { CONFIG, json } from "./builders";

let signedInAs: string | null;
let otherTab: BroadcastChannel;

beforeEach(() => {
  signedInAs = "ann";
  otherTab = new BroadcastChannel("private-generations");
  vi.stubGlobal("fetch", async () =>
    signedInAs === null
      ? json({ status: 401, code: "sign_in_required", detail: "" }, 401)
      : json({ user_id: signedInAs }),
  );
  return () => otherTab.close();
});

function Page() {
  return (
    <>
      <p>{useSession().userId ?? "nobody"}</p>
      <Notices />
    </>
  );
}

/** Ann at an opened image of hers, with all that may be left of her. */
async function annIsHere() {
  history.replaceState({ from: "/creations/private/img_before" }, "", "/creations/private/img_hers");
  sessionStorage.setItem("draft/ann", "typed by ann");
  render(
    <SessionProvider config={CONFIG}>
      <Page />
    </SessionProvider>,
  );
  await screen.findByText("ann");
  act(() => {
    notify("said to ann");
    announce("read out to ann");
  });
}

const fromOtherTab = (message: TabMessage) => otherTab.postMessage(message);
const wake = () => act(async () => void window.dispatchEvent(new Event("focus")));
const left = () => [
  location.pathname,
  JSON.stringify(history.state),
  JSON.stringify({ ...sessionStorage }),
  document.body.textContent,
];

it("leaves nothing of who was here when another tab signed somebody else in", async () => {
  await annIsHere();
  signedInAs = "ben";
  await wake();
  await screen.findByText("ben");
  expect(location.pathname).toBe("/creations/private");
  expect(left().join()).not.toMatch(/ann|img_/);
});

it("leaves no id in the address when another tab signed out", async () => {
  await annIsHere();
  signedInAs = null;
  fromOtherTab({ about: "session", isOver: true });
  await screen.findByText("nobody");
  expect(left().join()).not.toMatch(/ann|img_/);
});

it("keeps draft and address for who comes back after a session that ran out, and for nobody else", async () => {
  await annIsHere();
  signedInAs = null;
  await wake();
  await screen.findByText("nobody");
  expect(location.pathname).toBe("/creations/private/img_hers");
  expect(sessionStorage.getItem("draft/ann")).toBe("typed by ann");
  signedInAs = "ben";
  fromOtherTab({ about: "session", isOver: false });
  await screen.findByText("ben");
  expect(left().join()).not.toMatch(/ann|img_/);
});

it("shows nothing of a page from the browser's history until it is known for whom", async () => {
  await annIsHere();
  const answer = vi.fn(() => Promise.reject(new TypeError("offline")));
  vi.stubGlobal("fetch", answer);
  act(() => {
    window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });
  expect(document.body.textContent).not.toMatch(/ann/);
  await waitFor(() => expect(answer).toHaveBeenCalled());
  await screen.findByText(/The server can't be reached/);
  expect(document.body.textContent).not.toMatch(/ann/);
});
