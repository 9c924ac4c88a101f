/** The tracker of who is signed in, for the views: it catches up when the page wakes and when another tab sends. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useState, useSyncExternalStore } from "react";
import type { Tab } from "../api/schema";
import { announce } from "../frame/notices";
import { readListsAgain } from "../gallery/lists";
import { onWake } from "../session/awake";
import { useSession } from "../session/session";
import { onTabMessage } from "../session/tabs";
import { isExpecting, type Sent, Tracker } from "./tracker";

const TrackerContext = createContext<Tracker | null>(null);

function tell(client: QueryClient, one: Sent): void {
  if (one.state === "succeeded") {
    announce(`${one.request.visibility === "private" ? "Private" : "Public"} images are ready.`);
    void readListsAgain(client);
  } else if (one.state === "failed") {
    announce(`A generation failed. ${one.problem ?? ""}`);
  }
}

export function TrackerProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const { userId } = useSession();
  const [tracker, setTracker] = useState<Tracker | null>(null);
  useEffect(() => {
    const made = new Tracker((one) => tell(client, one));
    setTracker(made);
    if (userId === null) {
      return () => made.close();
    }
    const catchUp = () => void made.catchUp().catch(() => undefined); // the cards of this tab are there all the same
    catchUp();
    const stops = [
      onWake(catchUp),
      onTabMessage((message) => {
        if (message.about === "generations") {
          catchUp();
        }
      }),
    ];
    return () => {
      for (const stop of stops) {
        stop();
      }
      made.close();
    };
  }, [client, userId]);
  return tracker === null ? null : <TrackerContext value={tracker}>{children}</TrackerContext>;
}

export function useTracker(): Tracker {
  const tracker = use(TrackerContext);
  if (tracker === null) {
    throw new Error("used outside of the tracker");
  }
  return tracker;
}

export function useSent(): readonly Sent[] {
  const tracker = useTracker();
  return useSyncExternalStore(tracker.subscribe, tracker.all);
}

/** A list that is read too early to hold what is being made isn't to be called empty. */
export function useIsExpecting(which: Tab, readAt: number): boolean {
  const tracker = useTracker();
  return useSyncExternalStore(tracker.subscribe, () => isExpecting(tracker.all(), which, readAt));
}
