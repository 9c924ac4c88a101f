import { act, render, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import type { Image, Progress, Visibility } from "../src/api/schema";
import { BulkProvider } from "../src/creations/bulk";
import { Creations } from "../src/creations/creations";
import { Explore } from "../src/explore/explore";
import { useImageList } from "../src/gallery/lists";
import { Cards } from "../src/generating/cards";
import { TrackerProvider, useTracker } from "../src/generating/tracking";
import { SessionProvider } from "../src/session/session";
import { CONFIG, image, json, plan } from "./builders";

const EMPTY = /Nothing here yet|Nobody has shown an image yet|None of your images/;

let images: Image[];
/** The connection that tells how far the generation is. */
let events: ReadableStreamDefaultController<Uint8Array>;
/** What the lists' answers wait for. */
let held: Promise<void>;
let release: () => void;

beforeEach(() => {
  images = [];
  release = () => undefined;
  held = Promise.resolve();
  vi.stubGlobal("fetch", async (request: Request | string) => {
    const path = typeof request === "string" ? request : new URL(request.url).pathname;
    if (path === "/v1/generations/gen_1/events") {
      return new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => {
            events = controller;
          },
        }),
      );
    }
    if (path === "/v1/creations" || path === "/v1/explore") {
      await held;
      return json({ items: images, next_cursor: null });
    }
    if (path === "/v1/generations" && typeof request !== "string" && request.method === "POST") {
      return json({ generation_id: "gen_1", status: "queued", progress: 0, image_ids: ["img_1"] }, 202);
    }
    const answers: Record<string, unknown> = {
      "/dev/session": { user_id: "ann" },
      "/v1/entitlement": plan({ plan: "plus" }),
      "/v1/generations": { items: [], next_cursor: null },
      "/v1/creations/counts": { all: images.length, public: images.length, private: 0 },
    };
    return json(answers[path]);
  });
});

function Page({ view }: { view: "all" | "public" | "explore" }) {
  const list = useImageList(view === "explore" ? view : `creations/${view}`);
  const tracker = useTracker();
  const send = (visibility: Visibility) =>
    void tracker.send({ prompt: "a lake", visibility, count: 1, aspect_ratio: "1:1", seed: null });
  return (
    <>
      <button type="button" onClick={() => send("public")}>
        Send a public one
      </button>
      <button type="button" onClick={() => send("private")}>
        Send a private one
      </button>
      <Cards />
      {view === "explore" ? <Explore list={list} /> : <Creations tab={view} list={list} />}
      <output>{list.images.length} in the list</output>
    </>
  );
}

async function opened(view: "all" | "public" | "explore"): Promise<void> {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
  render(
    <SessionProvider config={CONFIG}>
      <TrackerProvider>
        <BulkProvider>
          <Page view={view} />
        </BulkProvider>
      </TrackerProvider>
    </SessionProvider>,
  );
  await screen.findByText(EMPTY);
}

async function sent(visibility: Visibility): Promise<void> {
  act(() => screen.getByText(`Send a ${visibility} one`).click());
  await screen.findByText("Waiting for its turn");
}

const said = (status: Progress["status"]) =>
  act(async () => {
    const progress = { generation_id: "gen_1", status, progress: 1, image_ids: ["img_1"], failure: null };
    events.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(progress)}\n\n`));
  });

it.each(["all", "public", "explore"] as const)("doesn't call %s empty while its first image is made", async (view) => {
  await opened(view);
  await sent("public");
  expect(screen.queryByText(EMPTY)).toBeNull();

  held = new Promise((resolve) => {
    release = resolve;
  });
  await said("succeeded");
  await screen.findByText("Done");
  expect(screen.queryByText(EMPTY)).toBeNull();

  images = [image(1)];
  release();
  await screen.findByText("1 in the list");
});

it("says that nothing is there once it is known that nothing came of it", async () => {
  await opened("all");
  await sent("public");
  await said("failed");
  await screen.findByText(EMPTY);
});

it("says that nothing is there once what was made isn't any more", async () => {
  await opened("all");
  await sent("public");
  await said("succeeded");
  await screen.findByText(EMPTY);
});

it("says of a list that nothing is in it while only what it doesn't show is made", async () => {
  await opened("public");
  await sent("private");
  expect(screen.queryByText(EMPTY)).not.toBeNull();
});
