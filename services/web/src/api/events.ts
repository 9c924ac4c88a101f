/** Progress by server-sent events, read with `fetch`: it goes on where it was after a lost connection. */

import { ApiError, asApiError, problemOf } from "./problem";
import type { Progress } from "./schema";

/** The server sends a ping every 15 s; when two are missing the connection is dead. */
const SILENT_AT_MOST_MS = 40_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const FINAL = new Set(["succeeded", "failed", "cancelled"]);

interface ServerEvent {
  id: string | null;
  data: string;
}

export function isFinal(status: Progress["status"]): boolean {
  return FINAL.has(status);
}

/** Cut a stream of text into events; `feed` gives those that are complete. */
export class EventParser {
  private rest = "";

  feed(chunk: string): ServerEvent[] {
    const blocks = (this.rest + chunk).replaceAll("\r\n", "\n").split("\n\n");
    this.rest = blocks.pop() ?? "";
    // A carriage return whose line feed is still to come must not end a line twice.
    return blocks.map(parseBlock).filter((event) => event !== null);
  }
}

function parseBlock(block: string): ServerEvent | null {
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [field, ...value] = line.split(":");
    const text = value.join(":").replace(/^ /, "");
    if (field === "data") {
      data.push(text);
    } else if (field === "id") {
      id = text;
    }
  }
  return data.length === 0 ? null : { id, data: data.join("\n") };
}

export interface Watch {
  generationId: string;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** The connection is lost (true) or back (false). */
  onInterrupted?: (isInterrupted: boolean) => void;
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Watch a generation until it is final; ends early when `signal` does, or when it is refused for good. */
export async function watchProgress(watch: Watch): Promise<void> {
  const pause = watch.pause ?? pauseUnlessOnline;
  let lastId: string | null = null;
  let wait = FIRST_PAUSE_MS;
  while (!watch.signal.aborted) {
    try {
      for await (const event of eventsOf(watch.generationId, lastId, watch.signal)) {
        lastId = event.id ?? lastId;
        wait = FIRST_PAUSE_MS;
        watch.onInterrupted?.(false);
        const progress = JSON.parse(event.data) as Progress;
        watch.onProgress(progress);
        if (isFinal(progress.status)) {
          return;
        }
      }
    } catch (error) {
      if (watch.signal.aborted) {
        return;
      }
      if (error instanceof ApiError && !error.isPassing) {
        throw error;
      }
      watch.onInterrupted?.(true);
    }
    await pause(wait, watch.signal);
    wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
  }
}

async function* eventsOf(id: string, lastId: string | null, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(new DOMException("silent", "TimeoutError")), SILENT_AT_MOST_MS);
  try {
    const answer = await fetch(`/v1/generations/${encodeURIComponent(id)}/events`, {
      headers: { Accept: "text/event-stream", ...(lastId === null ? {} : { "Last-Event-ID": lastId }) },
      cache: "no-store",
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!answer.ok || answer.body === null) {
      throw await problemOf(answer);
    }
    const parser = new EventParser();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(new DOMException("silent", "TimeoutError")), SILENT_AT_MOST_MS);
      yield* parser.feed(part.value);
    }
  } catch (error) {
    throw asApiError(error);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** Wait, but no longer than until the connection is back. */
function pauseUnlessOnline(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
