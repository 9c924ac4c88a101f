/** The Prompt Box: selecting the prompt opens the settings; sending never loses what was typed. */

import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { inWords } from "../api/problem";
import type { AspectRatio, Visibility } from "../api/schema";
import { notify } from "../frame/notices";
import { follow, go } from "../frame/route";
import { useMayBePrivate, usePreferredVisibility } from "../session/queries";
import { useSession } from "../session/session";
import { SparkIcon } from "../ui/icons";
import { type Draft, keepDraft, loadDraft, MAX_PROMPT, seedProblem } from "./draft";
import { useTracker } from "./tracking";
import { UnknownVisibility, VisibilityMenu } from "./visibility-menu";

const RATIOS: readonly AspectRatio[] = ["1:1", "4:3", "3:2", "16:9", "3:4", "2:3", "9:16"];

export function PromptBox() {
  const { userId } = useSession();
  const tracker = useTracker();
  const isPrivateAllowed = useMayBePrivate();
  const preferred = usePreferredVisibility();
  const [draft, setDraft] = useState<Draft>(() => loadDraft(userId));
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLFormElement>(null);
  const seedNote = useId();
  // Until the remembered value is known nobody may guess it; who isn't signed in has none, and images are public.
  const visibility: Visibility | null = userId === null ? "public" : (preferred.data ?? null);
  const isUnreadable = visibility === null && preferred.isError;
  const isAllowed = visibility !== "private" || isPrivateAllowed;
  const problem = seedProblem(draft.seed);
  const isReady = draft.prompt.trim() !== "" && problem === null && isAllowed && visibility !== null;

  useEffect(() => keepDraft(userId, draft), [userId, draft]);
  useEffect(() => {
    // By the click, not by the press: closing moves what is below, and a press on it would become no click at all.
    const leave = (event: MouseEvent) => {
      const target = event.target as Element;
      if (!box.current?.contains(target) && target.closest(".menu") === null) {
        setOpen(false);
      }
    };
    document.addEventListener("click", leave);
    return () => document.removeEventListener("click", leave);
  }, []);

  const edit = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (userId === null) {
      notify("Sign in to generate; what you typed is kept.", { isLeading: true });
      go("/account");
      return;
    }
    if (!isReady) {
      return;
    }
    const sent = draft;
    setDraft({ ...draft, prompt: "" });
    void tracker
      .send({
        prompt: sent.prompt.trim(),
        visibility,
        count: sent.count,
        aspect_ratio: sent.aspectRatio,
        seed: sent.seed.trim() === "" ? null : Number(sent.seed),
      })
      .then((state) => {
        if (state === "refused") {
          setDraft((now) => (now.prompt === "" ? { ...now, prompt: sent.prompt } : now));
        }
      });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      setOpen(false);
    }
  };

  return (
    <form
      ref={box}
      className={isOpen ? "prompt-box prompt-box-open" : "prompt-box"}
      onSubmit={send}
      aria-label="Generate"
    >
      <div className="prompt-line">
        <textarea
          className="prompt-text"
          aria-label="Prompt"
          placeholder="Describe an image"
          rows={1}
          // Nothing for the browser to keep and offer to whoever is here next.
          autoComplete="off"
          maxLength={MAX_PROMPT}
          value={draft.prompt}
          onFocus={() => setOpen(true)}
          onClick={() => setOpen(true)}
          onChange={(event) => edit({ prompt: event.target.value })}
          onKeyDown={press}
        />
        {visibility === null ? (
          <UnknownVisibility isUnreadable={isUnreadable} />
        ) : (
          <VisibilityMenu value={visibility} isSignedIn={userId !== null} />
        )}
        <button type="submit" className="button prompt-send" disabled={userId !== null && !isReady}>
          <SparkIcon />
          Generate
        </button>
      </div>
      {isAllowed ? null : (
        <p className="prompt-note" role="status">
          Your plan doesn't include private images now, and nothing is made public in their place. Choose Public, or{" "}
          <a href="/account" onClick={follow}>
            see the plans
          </a>
          .
        </p>
      )}
      {isUnreadable ? (
        <p className="prompt-note" role="alert">
          Which visibility you chose can't be read, so nothing is sent. {inWords(preferred.error)}{" "}
          <button type="button" className="button button-quiet" onClick={() => void preferred.refetch()}>
            Try again
          </button>
        </p>
      ) : null}
      {isOpen ? (
        <div className="prompt-settings">
          <fieldset className="segments">
            <legend>Images</legend>
            {[1, 2, 3, 4].map((count) => (
              <label key={count}>
                <input type="radio" name="count" checked={draft.count === count} onChange={() => edit({ count })} />
                <span>{count}</span>
              </label>
            ))}
          </fieldset>
          <fieldset className="segments">
            <legend>Shape</legend>
            {RATIOS.map((ratio) => (
              <label key={ratio}>
                <input
                  type="radio"
                  name="ratio"
                  checked={draft.aspectRatio === ratio}
                  onChange={() => edit({ aspectRatio: ratio })}
                />
                <span>
                  <i className={`ratio ratio-${ratio.replace(":", "-")}`} aria-hidden="true" />
                  {ratio}
                </span>
              </label>
            ))}
          </fieldset>
          <label className="field">
            <span>Seed</span>
            <input
              inputMode="numeric"
              autoComplete="off"
              placeholder="New each time"
              value={draft.seed}
              aria-invalid={problem !== null}
              aria-describedby={problem === null ? undefined : seedNote}
              onChange={(event) => edit({ seed: event.target.value })}
            />
          </label>
          {problem === null ? null : (
            <p id={seedNote} className="prompt-note" role="alert">
              {problem}
            </p>
          )}
        </div>
      ) : null}
    </form>
  );
}
