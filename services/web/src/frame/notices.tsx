/** Short messages to the person: shown for a while, and read out by screen readers. */

import { useSyncExternalStore } from "react";
import { CloseIcon } from "../ui/icons";

interface Notice {
  id: number;
  text: string;
  isError: boolean;
  /** It is said to go with the next view; any other is over with the view that it was said in. */
  isLeading: boolean;
}

const SHOWN_MS = 9_000;

let notices: readonly Notice[] = [];
let spoken = "";
let nextId = 1;
const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) {
    listener();
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function dismiss(id: number): void {
  notices = notices.filter((notice) => notice.id !== id);
  changed();
}

/** Show a message. */
export function notify(text: string, options: { isError?: boolean; isLeading?: boolean } = {}): void {
  const notice = { id: nextId++, text, isError: options.isError ?? false, isLeading: options.isLeading ?? false };
  notices = [...notices.filter((other) => other.text !== text), notice].slice(-3);
  setTimeout(() => dismiss(notice.id), SHOWN_MS);
  changed();
}

/** Say something to screen readers alone. */
export function announce(text: string): void {
  spoken = text;
  changed();
}

/** Another view is shown: what was said in the one before is over. */
export function leaveNoticesBehind(): void {
  notices = notices.filter((notice) => notice.isLeading).map((notice) => ({ ...notice, isLeading: false }));
  changed();
}

/** Another person is here: what was said to the one before isn't theirs to read or hear. */
export function dropNotices(): void {
  notices = [];
  spoken = "";
  changed();
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices);
  const said = useSyncExternalStore(subscribe, () => spoken);
  return (
    <>
      <div className="visually-hidden" role="status" aria-live="polite" data-testid="live">
        {said}
      </div>
      <div className="notices">
        {shown.map((notice) => (
          <div
            key={notice.id}
            className={notice.isError ? "notice notice-error" : "notice"}
            role={notice.isError ? "alert" : "status"}
          >
            <span>{notice.text}</span>
            <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(notice.id)}>
              <CloseIcon />
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
