/** Moments at which a page may have missed something: it was asleep, hidden, offline, or taken from history. */

const LEAST_MS_BETWEEN = 1_000;

export function onWake(listener: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  const wake = () => {
    const now = performance.now();
    if (document.visibilityState === "visible" && now - last >= LEAST_MS_BETWEEN) {
      last = now;
      listener();
    }
  };
  document.addEventListener("visibilitychange", wake);
  addEventListener("focus", wake);
  addEventListener("online", wake);
  addEventListener("pageshow", wake);
  return () => {
    document.removeEventListener("visibilitychange", wake);
    removeEventListener("focus", wake);
    removeEventListener("online", wake);
    removeEventListener("pageshow", wake);
  };
}
