/** The Public/Private button of the Details Panel, and what the last change did. */

import { inWords } from "../api/problem";
import type { Image, Visibility } from "../api/schema";
import { shownVisibility } from "../changes/outcome";
import { pendingInWords, reachedInWords } from "../changes/wording";
import { notify } from "../frame/notices";
import { go } from "../frame/route";
import { VISIBILITY_NAMES, visibilityOptions } from "../generating/visibility-menu";
import { useMayBePrivate } from "../session/queries";
import { CheckIcon, DownIcon, GlobeIcon, LockIcon } from "../ui/icons";
import { Menu, MenuChoice } from "../ui/menu";
import { clock } from "../ui/time";
import { useVisibilityChange } from "./use-change";

export function VisibilityButton({ image }: { image: Image }) {
  const { outcome, change } = useVisibilityChange(image);
  const shown = shownVisibility(image, outcome);
  const isAllowed = useMayBePrivate();
  const isAsking = outcome?.state === "asking";

  const choose = (to: Visibility) => {
    if (to === shown || isAsking) {
      return;
    }
    if (to === "private" && !isAllowed && !mayUndo(image)) {
      notify("Private images need the Plus plan or higher. Nothing was changed.", { isLeading: true });
      go("/account");
      return;
    }
    void change(to);
  };

  return (
    <div className="visibility">
      <Menu
        label="Visibility of this image"
        trigger={
          <button type="button" className={`chip chip-large chip-${shown}`} aria-busy={isAsking}>
            {shown === "private" ? <LockIcon /> : <GlobeIcon />}
            {isAsking ? `Making it ${outcome.to}` : VISIBILITY_NAMES[shown]}
            <DownIcon />
          </button>
        }
      >
        <MenuChoice
          value={shown}
          onChange={choose}
          options={
            isAllowed || mayUndo(image)
              ? visibilityOptions(true)
              : shown === "private"
                ? KEPT
                : visibilityOptions(false)
          }
        />
      </Menu>
      <p className="visibility-result" data-testid="change-result">
        {outcome?.state === "enforced" ? (
          <>
            <CheckIcon />
            {reachedInWords(outcome.places, outcome.to)}
          </>
        ) : outcome?.state === "pending" ? (
          <>
            {reachedInWords(outcome.places, outcome.to)}. {pendingInWords(outcome.places, clock(outcome.since))}
          </>
        ) : outcome?.state === "refused" ? (
          <span role="alert">{inWords(outcome.error)}</span>
        ) : outcome?.state === "unknown" ? (
          <span role="alert">
            No answer came, so it isn't known whether it was changed. What you see is read again.
          </span>
        ) : shown === "private" ? (
          "Only you can see it"
        ) : (
          "Anyone can see it"
        )}
      </p>
    </div>
  );
}

/** Of a private image whose owner has no plan for it any more. */
const KEPT = visibilityOptions(true).map((option) => ({
  ...option,
  about:
    option.value === "private"
      ? "Only you can see it. It stays so without a plan."
      : "Anyone can see it on Explore. Without Plus you can take that back for ten minutes only.",
}));

/** A lapsed owner may take back having made an image public, within ten minutes: the server decides. */
function mayUndo(image: Image): boolean {
  return image.visibility === "public" && (image.version ?? 1) > 1;
}
