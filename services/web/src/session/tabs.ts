/** Tabs of the same browser tell each other what changed, so that they agree without being reloaded. */

export type TabMessage =
  | { about: "session"; isOver: boolean }
  | { about: "images" }
  | { about: "generations" }
  | { about: "preferences" }
  | { about: "plan" };

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("private-generations");

export function tellTabs(message: TabMessage): void {
  channel?.postMessage(message);
}

export function onTabMessage(listener: (message: TabMessage) => void): () => void {
  const heard = (event: MessageEvent<TabMessage>) => listener(event.data);
  channel?.addEventListener("message", heard);
  return () => channel?.removeEventListener("message", heard);
}
