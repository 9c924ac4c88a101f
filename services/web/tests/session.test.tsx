import { useQuery, useQueryClient } from "@tanstack/react-query";
import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { SessionProvider, useSession } from "../src/session/session";
import { CONFIG, json } from "./builders";

let signedInAs: string | null;
let asked: string[];
const caches: ReturnType<typeof useQueryClient>[] = [];

beforeEach(() => {
  signedInAs = "ann";
  asked = [];
  caches.length = 0;
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    const method = init.method ?? "GET";
    asked.push(`${method} ${url}`);
    if (method === "DELETE") {
      signedInAs = null;
      return new Response(null, { status: 204 });
    }
    return signedInAs === null
      ? json({ status: 401, code: "sign_in_required", detail: "" }, 401)
      : json({ user_id: signedInAs });
  });
  vi.stubGlobal("location", { ...window.location, replace: vi.fn() });
});

function Secret() {
  const session = useSession();
  const client = useQueryClient();
  if (!caches.includes(client)) {
    caches.push(client);
  }
  const secret = useQuery({
    queryKey: ["secret"],
    queryFn: () => `secret of ${session.userId}`,
    enabled: session.userId !== null,
  });
  return (
    <>
      <p>{session.userId ?? "nobody"}</p>
      <p>{secret.data}</p>
      <button type="button" onClick={() => void session.signOut()}>
        Sign out
      </button>
    </>
  );
}

const show = () =>
  render(
    <SessionProvider config={CONFIG}>
      <Secret />
    </SessionProvider>,
  );

it("leaves nothing after sign-out: cache, drafts and what is on the page", async () => {
  show();
  await screen.findByText("secret of ann");
  sessionStorage.setItem("draft/ann", "{}");
  await userEvent.click(screen.getByRole("button", { name: "Sign out" }));
  await waitFor(() => expect(location.replace).toHaveBeenCalledWith("/explore"));
  expect(asked).toContain("DELETE /dev/session");
  expect(screen.queryByText("secret of ann")).toBeNull();
  expect(sessionStorage).toHaveLength(0);
  expect(caches).toHaveLength(2);
  expect(caches[0]?.getQueryCache().getAll()).toEqual([]);
});

it("drops what it had when another tab signed somebody else in", async () => {
  show();
  await screen.findByText("secret of ann");
  signedInAs = "ben";
  await act(async () => {
    window.dispatchEvent(new Event("focus"));
  });
  await screen.findByText("secret of ben");
  expect(screen.queryByText("secret of ann")).toBeNull();
  expect(caches[0]?.getQueryCache().getAll()).toEqual([]);
});

it("keeps who was signed in while the server can't be reached", async () => {
  show();
  await screen.findByText("secret of ann");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
  await act(async () => {
    window.dispatchEvent(new Event("focus"));
  });
  expect(screen.getByText("secret of ann")).toBeDefined();
});

it("forgets the person when another tab signed out, and doesn't wait for the server to say so", async () => {
  show();
  await screen.findByText("secret of ann");
  sessionStorage.setItem("draft/ann", "{}");
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
  const keptWhenGone: unknown[] = [];
  const page = new MutationObserver(() => {
    if (screen.queryByText("nobody") !== null) {
      keptWhenGone.push(caches[0]?.getQueryCache().getAll());
    }
  });
  page.observe(document.body, { childList: true, subtree: true, characterData: true });
  const otherTab = new BroadcastChannel("private-generations");
  otherTab.postMessage({ about: "session", isOver: true });
  await screen.findByText("nobody");
  otherTab.close();
  page.disconnect();
  expect(screen.queryByText("secret of ann")).toBeNull();
  expect(sessionStorage).toHaveLength(0);
  expect(keptWhenGone[0]).toEqual([]);
});
