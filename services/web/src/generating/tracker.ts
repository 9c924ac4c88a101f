/** The generations of this visit: sent, watched until they are final, cancelled, sent again. */

import { api, dataOf, newKey } from "../api/client";
import { isFinal, watchProgress } from "../api/events";
import { inWords } from "../api/problem";
import type { GenerationRequest, GenerationState, Progress, Tab, Visibility } from "../api/schema";
import { notify } from "../frame/notices";
import { tellTabs } from "../session/tabs";

/** A browser has six connections to one host: more streams would leave none for the rest. */
const STREAMS_AT_MOST = 2;
const RECENT = 12;

export interface Sent {
  /** Stable while it has no id yet. */
  key: string;
  request: GenerationRequest & { visibility: Visibility };
  state: "sending" | "refused" | Progress["status"];
  generationId: string | null;
  progress: number;
  imageIds: readonly string[];
  problem: string | null;
  isInterrupted: boolean;
  isCancelling: boolean;
  /** When this page learnt that it succeeded: a list read before can't hold its images. */
  doneAt: number | null;
}

type Watcher = typeof watchProgress;

export class Tracker {
  private sent: readonly Sent[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly ended = new AbortController();
  private readonly waiting: string[] = [];
  private streaming = 0;

  private readonly onFinished: (sent: Sent) => void;
  private readonly watch: Watcher;

  constructor(onFinished: (sent: Sent) => void, watch: Watcher = watchProgress) {
    this.onFinished = onFinished;
    this.watch = watch;
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly all = () => this.sent;

  close(): void {
    this.ended.abort();
  }

  /** Send one; what is refused stays as a card with its reason. */
  async send(request: Sent["request"], key = newKey()): Promise<Sent["state"]> {
    const one: Sent = {
      key,
      request,
      state: "sending",
      generationId: null,
      progress: 0,
      imageIds: [],
      problem: null,
      isInterrupted: false,
      isCancelling: false,
      doneAt: null,
    };
    this.set([one, ...this.sent.filter((other) => other.key !== key)]);
    try {
      // The same key again makes the same generation: trying twice never generates twice.
      const answer = await dataOf(
        api.POST("/v1/generations", { body: request, params: { header: { "Idempotency-Key": key } } }),
      );
      this.take(key, answer as GenerationState);
      tellTabs({ about: "generations" });
      return "queued";
    } catch (error) {
      this.change(key, { state: "refused", problem: inWords(error) });
      return "refused";
    }
  }

  /** Try again: one that wasn't taken in under its own key, one that failed as a new one. */
  retry(one: Sent): Promise<Sent["state"]> {
    if (one.state === "refused") {
      return this.send(one.request, one.key);
    }
    this.dismiss(one.key);
    return this.send(one.request);
  }

  async cancel(one: Sent): Promise<void> {
    if (one.generationId === null) {
      return;
    }
    this.change(one.key, { isCancelling: true });
    try {
      await api.DELETE("/v1/generations/{generation_id}", { params: { path: { generation_id: one.generationId } } });
    } catch (error) {
      notify(inWords(error), { isError: true });
    }
    this.change(one.key, { isCancelling: false });
  }

  dismiss(key: string): void {
    this.set(this.sent.filter((one) => one.key !== key));
  }

  /** Find what is under way since before this page was opened or was sent in another tab, and what ended unheard. */
  async catchUp(): Promise<void> {
    const { items } = await dataOf(
      api.GET("/v1/generations", { params: { query: { limit: RECENT } }, signal: this.ended.signal }),
    );
    for (const state of items) {
      const known = this.sent.find((one) => one.generationId === state.generation_id);
      if (known === undefined && !isFinal(state.status)) {
        this.set([...this.sent, ofState(state)]);
        this.enqueue(state.generation_id);
      } else if (known !== undefined && !hasEnded(known) && isFinal(state.status)) {
        this.onProgress(state);
      }
    }
  }

  private take(key: string, state: GenerationState): void {
    this.change(key, { state: state.status, generationId: state.generation_id, imageIds: state.image_ids });
    this.enqueue(state.generation_id);
  }

  private enqueue(generationId: string): void {
    this.waiting.push(generationId);
    this.watchNext();
  }

  private watchNext(): void {
    while (this.streaming < STREAMS_AT_MOST && this.waiting.length > 0 && !this.ended.signal.aborted) {
      const generationId = this.waiting.shift() as string;
      this.streaming += 1;
      this.watch({
        generationId,
        signal: this.ended.signal,
        onProgress: (progress) => this.onProgress(progress),
        onInterrupted: (isInterrupted) => this.changeById(generationId, { isInterrupted }),
      })
        .catch((error: unknown) => this.changeById(generationId, { state: "failed", problem: inWords(error) }))
        .finally(() => {
          this.streaming -= 1;
          this.watchNext();
        });
    }
  }

  private onProgress(progress: Progress): void {
    const before = this.sent.find((it) => it.generationId === progress.generation_id);
    if (before === undefined || hasEnded(before)) {
      return;
    }
    this.changeById(progress.generation_id, {
      state: progress.status,
      progress: progress.progress,
      imageIds: progress.image_ids,
      problem: progress.failure?.detail ?? null,
      isInterrupted: false,
      doneAt: progress.status === "succeeded" ? Date.now() : null,
    });
    const one = this.sent.find((it) => it.generationId === progress.generation_id);
    if (one !== undefined && isFinal(progress.status)) {
      this.onFinished(one);
    }
  }

  private changeById(generationId: string, change: Partial<Sent>): void {
    const one = this.sent.find((it) => it.generationId === generationId);
    if (one !== undefined) {
      this.change(one.key, change);
    }
  }

  private change(key: string, change: Partial<Sent>): void {
    this.set(this.sent.map((one) => (one.key === key ? { ...one, ...change } : one)));
  }

  private set(sent: readonly Sent[]): void {
    this.sent = sent;
    for (const listener of this.listeners) {
      listener();
    }
  }
}

export function hasEnded(one: Sent): boolean {
  return one.state === "refused" || (one.state !== "sending" && isFinal(one.state));
}

/** Whether images with this visibility are on their way that a list read at `readAt` can't hold yet. */
export function isExpecting(sent: readonly Sent[], which: Tab, readAt: number): boolean {
  return sent.some(
    (one) =>
      (which === "all" || one.request.visibility === which) &&
      (!hasEnded(one) || (one.doneAt !== null && one.doneAt >= readAt)),
  );
}

function ofState(state: GenerationState): Sent {
  return {
    key: state.generation_id,
    request: {
      prompt: state.prompt ?? "",
      visibility: state.visibility as Visibility,
      count: state.image_ids.length,
      aspect_ratio: state.aspect_ratio,
      seed: state.seed,
    },
    state: state.status,
    generationId: state.generation_id,
    progress: state.progress,
    imageIds: state.image_ids,
    problem: state.failure?.detail ?? null,
    isInterrupted: false,
    isCancelling: false,
    doneAt: null,
  };
}
