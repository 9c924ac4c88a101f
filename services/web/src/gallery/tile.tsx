/** One image in a gallery: its picture, its lock, and the mark that selects it. */

import { type MouseEvent, memo } from "react";
import type { Image } from "../api/schema";
import { follow } from "../frame/route";
import { useSession } from "../session/session";
import { CheckIcon, LockIcon } from "../ui/icons";
import { moment } from "../ui/time";
import { cacheFor, STAYED_MS, usePreview } from "./preview";

interface TileProps {
  image: Image;
  index: number;
  address: string;
  width: number;
  height: number;
  isActive: boolean;
  isSelected: boolean;
  /** Something is selected, so a click selects as well; null where nothing can be selected. */
  isSelecting: boolean | null;
  onSelect: (index: number, event: { shiftKey: boolean }) => void;
  onGone: (id: string) => void;
  onFocus: (index: number) => void;
}

export function nameOf(image: Image): string {
  const kind = image.visibility === "private" ? "Private image" : "Public image";
  return `${kind} of ${moment(image.created_at)}`;
}

export const Tile = memo(function Tile(props: TileProps) {
  const { image, index, address, width, height, isActive, isSelected, isSelecting, onSelect, onGone, onFocus } = props;
  const { userId } = useSession();
  const preview = usePreview({
    id: image.id,
    width: width * devicePixelRatio > 300 ? 512 : 256,
    version: image.version,
    cache: cacheFor(image, userId),
    onGone,
    afterMs: STAYED_MS,
  });

  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    if (isSelecting !== null && (isSelecting || event.shiftKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSelect(index, event);
      return;
    }
    follow(event);
  };

  return (
    <div
      role="gridcell"
      aria-selected={isSelecting === null ? undefined : isSelected}
      className={isSelected ? "tile tile-selected" : "tile"}
      style={{ width, height }}
      data-image={image.id}
    >
      <a
        href={address}
        className="tile-link"
        tabIndex={isActive ? 0 : -1}
        data-index={index}
        aria-label={`${nameOf(image)}${isSelected ? ", selected" : ""}`}
        onClick={click}
        onFocus={() => onFocus(index)}
        draggable={false}
      >
        {preview.url === null ? null : <img src={preview.url} alt="" draggable={false} decoding="async" />}
        {preview.state === "failed" ? <span className="tile-failed">Can't be shown now</span> : null}
      </a>
      {image.visibility === "private" ? (
        <span className="tile-lock" title="Private: only you can see it">
          <LockIcon />
        </span>
      ) : null}
      {isSelecting === null ? null : (
        <button
          type="button"
          tabIndex={-1}
          className="tile-mark"
          aria-label={isSelected ? "Don't select" : "Select"}
          aria-pressed={isSelected}
          onClick={(event) => onSelect(index, event)}
        >
          <CheckIcon />
        </button>
      )}
    </div>
  );
});
