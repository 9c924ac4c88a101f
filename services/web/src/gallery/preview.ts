/** An image's preview, asked for each time it comes into view: what was taken away is never shown from memory. */

import { useEffect, useRef, useState } from "react";
import { ApiError, asApiError, problemOf } from "../api/problem";
import type { Image } from "../api/schema";
import { onWake } from "../session/awake";

const ANSWER_WITHIN_MS = 15_000;
const TRIES = 4;
const ASK_AGAIN_AFTER_MS = 4_000;
/** What only flies past isn't asked for: each ask is a decision and bytes for nobody. */
export const STAYED_MS = 50;

type PreviewState = "loading" | "shown" | "gone" | "failed";

interface Preview {
  url: string | null;
  state: PreviewState;
}

async function load(id: string, width: number, cache: RequestCache, signal: AbortSignal): Promise<Blob> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(`/v1/previews/${encodeURIComponent(id)}?width=${width}`, {
        cache,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
        headers: { Accept: width === 1024 ? "image/jpeg" : "image/webp,image/jpeg" },
      });
      if (answer.ok) {
        return await answer.blob();
      }
      throw await problemOf(answer);
    } catch (thrown) {
      const error = asApiError(thrown);
      if (signal.aborted || attempt === TRIES || !(error instanceof ApiError) || !error.isPassing) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 400 * 2 ** attempt));
    }
  }
}

/**
 * One's own public image may be made private one day, so the browser doesn't hold it. Asking for a private one drops
 * what the browser still holds from when it was public: its answer isn't to be stored.
 */
export function cacheFor(image: Image, userId: string | null): RequestCache {
  return image.owner_id === userId && image.visibility === "public" ? "no-store" : "no-cache";
}

interface Wanted {
  id: string;
  width: number;
  /** Another version is asked for anew. */
  version: unknown;
  cache: RequestCache;
  onGone: (id: string) => void;
  afterMs?: number;
}

/** Show a preview for as long as the component is there, after it stayed `afterMs`. */
export function usePreview({ id, width, version, cache, onGone, afterMs = 0 }: Wanted): Preview {
  const [preview, setPreview] = useState<Preview>({ url: null, state: "loading" });
  const gone = useRef(onGone);
  useEffect(() => {
    gone.current = onGone;
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: another version of the image is asked for anew
  useEffect(() => {
    const ended = new AbortController();
    let url: string | null = null;
    let askedAt = performance.now();
    const ask = async () => {
      askedAt = performance.now();
      try {
        const blob = await load(id, width, cache, ended.signal);
        if (ended.signal.aborted) {
          return;
        }
        const before = url;
        url = URL.createObjectURL(blob);
        setPreview({ url, state: "shown" });
        if (before !== null) {
          URL.revokeObjectURL(before);
        }
      } catch (error) {
        if (ended.signal.aborted) {
          return;
        }
        const isGone = error instanceof ApiError && error.status === 404;
        if (isGone || url === null) {
          setPreview({ url: null, state: isGone ? "gone" : "failed" });
        }
        if (isGone) {
          gone.current(id);
        }
      }
    };
    const askAgain = () => {
      if (performance.now() - askedAt > ASK_AGAIN_AFTER_MS) {
        void ask();
      }
    };
    const first = setTimeout(() => void ask(), afterMs);
    // Scrolling on is a use as well: what stayed in view is asked for again.
    addEventListener("scrollend", askAgain, { capture: true, passive: true });
    const stop = onWake(askAgain);
    return () => {
      clearTimeout(first);
      ended.abort();
      removeEventListener("scrollend", askAgain, { capture: true });
      stop();
      if (url !== null) {
        URL.revokeObjectURL(url);
      }
    };
  }, [id, width, version, cache, afterMs]);

  return preview;
}
