/** A change of many images: asked for once, watched until every place has it, told, undone. */

import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, dataOf, newKey } from "../api/client";
import { ApiError, inWords } from "../api/problem";
import type { Change, Tab, Target } from "../api/schema";
import { pendingInWords, progressInWords, reachedInWords, resultInWords } from "../changes/wording";
import { announce } from "../frame/notices";
import { dropImages, readListsAgain } from "../gallery/lists";
import { CloseIcon } from "../ui/icons";
import { clock, images } from "../ui/time";

export interface Wanted {
  to: Target;
  count: number;
  which: { image_ids: string[] } | { select: { visibility: Tab; before: string; exclude: string[] } };
}

interface Running {
  key: string;
  wanted: Wanted | { undo: string; count: number };
  change: Change | null;
  error: unknown;
}

const ASK_EVERY_MS = 400;
const SLOWEST_MS = 5_000;
/** Progress is read out this often at the most: each time would be without end. */
const SAID_IN_PARTS = 4;

interface Bulk {
  running: Running | null;
  start: (wanted: Wanted) => void;
  undo: (changeId: string, count: number) => void;
  again: () => void;
  dismiss: () => void;
}

const BulkContext = createContext<Bulk | null>(null);

export function useBulk(): Bulk {
  const bulk = use(BulkContext);
  if (bulk === null) {
    throw new Error("used outside of the bulk provider");
  }
  return bulk;
}

async function ask(running: Running): Promise<Change> {
  const header = { "Idempotency-Key": running.key };
  const { wanted } = running;
  if ("undo" in wanted) {
    return dataOf(api.POST("/v1/changes/{change_id}/undo", { params: { path: { change_id: wanted.undo }, header } }));
  }
  return dataOf(api.POST("/v1/changes", { params: { header }, body: { ...wanted.which, visibility: wanted.to } }));
}

function partDone({ counts }: Change): number {
  return Math.floor((SAID_IN_PARTS * (counts.total - counts.pending)) / Math.max(1, counts.total));
}

export function BulkProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [running, setRunning] = useState<Running | null>(null);
  /** Its owner is gone: nothing is asked or said for them any more. */
  const isOver = useRef(false);
  useEffect(() => {
    isOver.current = false;
    return () => {
      isOver.current = true;
    };
  }, []);

  const run = useCallback(
    async (began: Running) => {
      const show = (change: Partial<Running>) =>
        setRunning((now) => (now?.key === began.key ? { ...now, ...change } : now));
      setRunning({ ...began, error: null });
      try {
        let change = await ask(began);
        show({ change });
        let wait = ASK_EVERY_MS;
        let said = -1;
        while (change.state === "pending") {
          const part = partDone(change);
          if (part > said && !isOver.current) {
            said = part;
            announce(progressInWords(change));
          }
          await new Promise((resolve) => setTimeout(resolve, wait));
          if (isOver.current) {
            return;
          }
          try {
            change = await dataOf(api.GET("/v1/changes/{change_id}", { params: { path: { change_id: change.id } } }));
            wait = ASK_EVERY_MS;
          } catch (error) {
            if (!(error instanceof ApiError) || !error.isPassing) {
              throw error;
            }
            wait = Math.min(wait * 2, SLOWEST_MS);
          }
          show({ change, error: null });
        }
        if (isOver.current) {
          return;
        }
        announce(resultInWords(change));
        if (change.visibility === "deleted") {
          dropImages(
            client,
            change.items.filter((item) => item.result === "changed").map((item) => item.image_id),
          );
        }
      } catch (error) {
        if (isOver.current) {
          return;
        }
        show({ error });
        announce(inWords(error));
      }
      await readListsAgain(client);
    },
    [client],
  );

  const bulk = useMemo<Bulk>(
    () => ({
      running,
      start: (wanted) => void run({ key: newKey(), wanted, change: null, error: null }),
      undo: (changeId, count) =>
        void run({ key: newKey(), wanted: { undo: changeId, count }, change: null, error: null }),
      again: () => {
        if (running !== null) {
          void run(running);
        }
      },
      dismiss: () => setRunning(null),
    }),
    [running, run],
  );
  return <BulkContext value={bulk}>{children}</BulkContext>;
}

/** How far it is, then what it did, with Undo. */
export function BulkResult() {
  const { running, undo, again, dismiss } = useBulk();
  const box = useRef<HTMLElement>(null);
  const key = running?.key;
  useEffect(() => {
    // What was pressed is gone, the panel or Undo: whoever uses the keyboard goes on from here.
    if (key !== undefined && document.activeElement === document.body) {
      box.current?.focus();
    }
  }, [key]);
  if (running === null) {
    return null;
  }
  const { change, error } = running;
  if (error !== null) {
    return (
      <section className="bulk-result" aria-label="Change of many" ref={box} tabIndex={-1}>
        <p role="alert">{inWords(error)}</p>
        <div className="bulk-buttons">
          <button type="button" className="button button-small" onClick={again}>
            Try again
          </button>
          <Close onClick={dismiss} />
        </div>
      </section>
    );
  }
  const isDone = change?.state === "enforced";
  const done = change === null ? 0 : change.counts.total - change.counts.pending;
  const to = change?.visibility ?? "public";
  return (
    <section className="bulk-result" aria-label="Change of many" ref={box} tabIndex={-1}>
      <div className="bulk-text">
        <p>
          {change === null
            ? `Changing ${images(running.wanted.count)}`
            : isDone
              ? resultInWords(change)
              : progressInWords(change)}
        </p>
        {isDone ? (
          change.counts.changed > 0 && change.visibility !== null && change.visibility !== undefined ? (
            <p className="bulk-places">{reachedInWords(change.places, to)}</p>
          ) : null
        ) : (
          <>
            <progress value={done} max={change?.counts.total ?? 1} aria-label="Progress of the change" />
            {change === null ? null : (
              <p className="bulk-places">{pendingInWords(change.places, clock(new Date(change.created_at)))}</p>
            )}
          </>
        )}
      </div>
      <div className="bulk-buttons">
        {isDone && change.counts.changed > 0 && change.visibility !== "deleted" && change.visibility != null ? (
          <button
            type="button"
            className="button button-quiet button-small"
            onClick={() => undo(change.id, change.counts.changed)}
          >
            Undo
          </button>
        ) : null}
        {isDone ? <Close onClick={dismiss} /> : null}
      </div>
    </section>
  );
}

function Close({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" className="icon-button" aria-label="Dismiss the result" onClick={onClick}>
      <CloseIcon />
    </button>
  );
}
