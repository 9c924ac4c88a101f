/** Every view has an address: what an address means, and how to go there. */

import { type MouseEvent, useSyncExternalStore } from "react";
import type { Tab } from "../api/schema";

export type Route =
  | { view: "explore"; imageId: string | null }
  | { view: "creations"; tab: Tab; imageId: string | null }
  | { view: "account" }
  | { view: "nowhere" };

const TABS: readonly string[] = ["all", "public", "private"];

export function parseRoute(path: string): Route {
  const [first = "", second, third, ...rest] = path.split("/").filter((part) => part !== "");
  if (rest.length === 0) {
    if ((first === "" || first === "explore") && third === undefined) {
      return { view: "explore", imageId: second ?? null };
    }
    if (first === "images" && second !== undefined && third === undefined) {
      return { view: "explore", imageId: second };
    }
    if (first === "creations" && (second === undefined || TABS.includes(second))) {
      return { view: "creations", tab: (second ?? "all") as Tab, imageId: third ?? null };
    }
    if (first === "account" && second === undefined) {
      return { view: "account" };
    }
  }
  return { view: "nowhere" };
}

export function addressOf(route: Exclude<Route, { view: "nowhere" }>): string {
  switch (route.view) {
    case "explore":
      return route.imageId === null ? "/explore" : `/explore/${encodeURIComponent(route.imageId)}`;
    case "creations":
      return `/creations/${route.tab}${route.imageId === null ? "" : `/${encodeURIComponent(route.imageId)}`}`;
    case "account":
      return "/account";
  }
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}

/** Go to an address; `replace` for steps that Back shouldn't stop at. */
export function go(address: string, options: { replace?: boolean } = {}): void {
  if (address !== location.pathname) {
    if (options.replace) {
      history.replaceState(history.state, "", address);
    } else {
      history.pushState({ from: location.pathname }, "", address);
    }
  }
  for (const listener of listeners) {
    listener();
  }
}

/** Leave an opened image: back to where it was opened, or up when the address was pasted. */
export function closeTo(address: string): void {
  const from = (history.state as { from?: string } | null)?.from;
  if (from === address) {
    history.back();
  } else {
    go(address, { replace: true });
  }
}

/** Leave no image's id in the address or in what came before it: whose it was isn't here any more. */
export function leaveImage(): void {
  const route = parseRoute(location.pathname);
  const isOfImage = "imageId" in route && route.imageId !== null;
  history.replaceState(null, "", isOfImage ? addressOf({ ...route, imageId: null }) : location.pathname);
  for (const listener of listeners) {
    listener();
  }
}

/** Let a link be followed by the page itself; a new tab, a download and the like stay the browser's. */
export function follow(event: MouseEvent<HTMLAnchorElement>): void {
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!isPlain || event.defaultPrevented) {
    return;
  }
  event.preventDefault();
  go(event.currentTarget.pathname);
}
