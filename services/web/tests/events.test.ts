import { beforeEach, describe, expect, it, vi } from "vitest";
import { EventParser, watchProgress } from "../src/api/events";
import type { Progress } from "../src/api/schema";
import { json } from "./builders";

const event = (revision: number, progress: Partial<Progress>) =>
  `event: progress\r\nid: ${revision}\r\nretry: 1000\r\ndata: ${JSON.stringify({ generation_id: "gen_1", status: "running", image_ids: [], failure: null, progress: 0, ...progress })}\r\n\r\n`;

function stream(...parts: string[]): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      for (const part of parts) {
        controller.enqueue(encoder.encode(part));
      }
      controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

describe("parsing", () => {
  it("puts events together that came in pieces, and skips pings", () => {
    const parser = new EventParser();
    expect(parser.feed("id: 4\nda")).toEqual([]);
    expect(parser.feed("ta: one\n\n: ping\n\nid: 5\ndata: two\n\nid: 6")).toEqual([
      { id: "4", data: "one" },
      { id: "5", data: "two" },
    ]);
  });

  it("isn't confused by a line's end that is cut in two", () => {
    const parser = new EventParser();
    const text = event(7, { progress: 0.5 });
    const events = [...text].flatMap((letter) => parser.feed(letter));
    expect(events).toHaveLength(1);
    expect(events[0]?.id).toBe("7");
  });
});

describe("watching", () => {
  const answers: (() => Response | Promise<Response>)[] = [];
  const sent: (string | null)[] = [];
  const pauses: number[] = [];

  beforeEach(() => {
    answers.length = sent.length = pauses.length = 0;
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
      sent.push(new Headers(init.headers).get("Last-Event-ID"));
      const answer = answers.shift();
      return answer === undefined ? Promise.reject(new Error("asked too often")) : Promise.resolve().then(answer);
    });
  });

  const watch = async (signal = new AbortController().signal) => {
    const seen: Progress[] = [];
    const interruptions: boolean[] = [];
    await watchProgress({
      generationId: "gen_1",
      signal,
      onProgress: (progress) => seen.push(progress),
      onInterrupted: (isInterrupted) => interruptions.push(isInterrupted),
      pause: async (ms) => void pauses.push(ms),
    });
    return { seen, interruptions };
  };

  it("tells real progress until it is final, then stops", async () => {
    answers.push(() =>
      stream(event(1, { progress: 0.2 }), event(2, { progress: 0.7 }), event(3, { status: "succeeded", progress: 1 })),
    );
    const { seen } = await watch();
    expect(seen.map((it) => it.progress)).toEqual([0.2, 0.7, 1]);
    expect(sent).toEqual([null]);
  });

  it("goes on after the last event that it saw when the connection is lost", async () => {
    answers.push(
      () => stream(event(1, { progress: 0.2 })),
      () => Promise.reject(new TypeError("lost")),
      () => stream(event(5, { status: "failed", failure: { code: "x", detail: "why" } })),
    );
    const { seen, interruptions } = await watch();
    expect(sent).toEqual([null, "1", "1"]);
    expect(interruptions).toContain(true);
    expect(interruptions.at(-1)).toBe(false);
    expect(seen.at(-1)?.failure?.detail).toBe("why");
  });

  it("waits longer each time that it is refused for the moment", async () => {
    const busy = () => json({ code: "too_many_streams", detail: "", status: 503 }, 503);
    answers.push(busy, busy, busy, () => stream(event(1, { status: "succeeded" })));
    await watch();
    expect(pauses).toEqual([500, 1_000, 2_000]);
  });

  it("ends with the reason when it is refused for good", async () => {
    answers.push(() => json({ code: "not_found", detail: "", status: 404 }, 404));
    await expect(watch()).rejects.toMatchObject({ code: "not_found" });
  });
});
