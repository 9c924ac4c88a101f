/** An opened image with its Details Panel; what is behind it can't be reached meanwhile. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useRef } from "react";
import { api, dataOf } from "../api/client";
import { IMAGE_KEY } from "../api/keys";
import { ApiError, inWords } from "../api/problem";
import type { Image } from "../api/schema";
import { announce } from "../frame/notices";
import { closeTo, go } from "../frame/route";
import { dropImages } from "../gallery/lists";
import { cacheFor, usePreview } from "../gallery/preview";
import { nameOf } from "../gallery/tile";
import { useSession } from "../session/session";
import { BackIcon, CloseIcon, ForwardIcon, GlobeIcon } from "../ui/icons";
import { moment } from "../ui/time";
import { DeletePart, DownloadMenu, HistoryPart, PromptPart } from "./parts";
import { StrangerView } from "./stranger-view";
import { VisibilityButton } from "./visibility-button";

interface DetailsProps {
  imageId: string;
  images: readonly Image[];
  hasMore: boolean;
  loadMore: () => void;
  addressOf: (imageId: string | null) => string;
}

export function Details({ imageId, images, hasMore, loadMore, addressOf }: DetailsProps) {
  const client = useQueryClient();
  const panel = useRef<HTMLDivElement>(null);
  const index = images.findIndex((image) => image.id === imageId);
  const previous = index > 0 ? images[index - 1] : undefined;
  const next = index === -1 ? undefined : images[index + 1];
  const query = useQuery({
    queryKey: [...IMAGE_KEY, imageId],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/v1/images/{image_id}", { params: { path: { image_id: imageId } }, signal })) as Promise<Image>,
    // Opening is a use: what was known of it before isn't shown without asking.
    staleTime: 0,
    gcTime: 0,
  });
  const isGone = query.error instanceof ApiError && query.error.status === 404;

  const close = useCallback(() => closeTo(addressOf(null)), [addressOf]);
  useEffect(() => {
    const opener = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) {
        opener.focus({ preventScroll: true });
      }
    };
  }, []);
  useEffect(() => {
    if (index !== -1 && index >= images.length - 3 && hasMore) {
      loadMore();
    }
  }, [index, images.length, hasMore, loadMore]);
  useEffect(() => {
    if (isGone) {
      dropImages(client, [imageId]);
      announce("This image is no longer there.");
    }
  }, [client, imageId, isGone]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as Element;
      if (event.defaultPrevented || target.closest("input, textarea, dialog, [role=menu]") !== null) {
        return;
      }
      if (event.key === "Escape") {
        close();
      } else if (event.key === "ArrowLeft" && previous !== undefined) {
        go(addressOf(previous.id), { replace: true });
      } else if (event.key === "ArrowRight" && next !== undefined) {
        go(addressOf(next.id), { replace: true });
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [close, previous, next, addressOf]);

  const step = (to: Image | undefined, name: string, icon: ReactNode) => (
    <button
      type="button"
      className="icon-button"
      aria-label={name}
      disabled={to === undefined}
      onClick={() => to !== undefined && go(addressOf(to.id), { replace: true })}
    >
      {icon}
    </button>
  );
  return (
    <div ref={panel} className="details" role="dialog" aria-modal="true" aria-label="Image details" tabIndex={-1}>
      <div className="details-bar">
        {step(previous, "Previous image", <BackIcon />)}
        {step(next, "Next image", <ForwardIcon />)}
        <span className="panel-space" />
        <button type="button" className="icon-button" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </div>
      {query.data === undefined ? (
        <div className="details-none" role={query.error === null ? undefined : "alert"}>
          {query.error === null ? null : (
            <>
              <p>{inWords(query.error)}</p>
              {isGone ? null : (
                <button type="button" className="button" onClick={() => void query.refetch()}>
                  Try again
                </button>
              )}
            </>
          )}
        </div>
      ) : (
        <Opened key={imageId} image={query.data} onGone={() => void query.refetch()} onDeleted={close} />
      )}
    </div>
  );
}

function Opened({ image, onGone, onDeleted }: { image: Image; onGone: () => void; onDeleted: () => void }) {
  const { userId } = useSession();
  const isMine = image.generation_id !== undefined;
  const preview = usePreview({
    id: image.id,
    width: 1024,
    version: image.version,
    cache: cacheFor(image, userId),
    onGone,
  });
  return (
    <>
      <div className="details-image">
        {preview.url === null ? (
          <p className="details-hint">
            {preview.state === "failed" ? "The picture can't be shown now; it is tried again." : ""}
          </p>
        ) : (
          <img src={preview.url} width={image.width} height={image.height} alt={nameOf(image)} />
        )}
      </div>
      <aside className="details-panel" aria-label="Details">
        <div className="details-actions">
          {isMine ? (
            <VisibilityButton image={image} />
          ) : (
            <p className="details-owner">
              <GlobeIcon />
              Public, by {image.owner_id}
            </p>
          )}
          <DownloadMenu image={image} isSignedIn={userId !== null} />
        </div>
        {image.generation_id === undefined ? null : <PromptPart generationId={image.generation_id} />}
        {isMine ? <StrangerView key={image.version} image={image} /> : null}
        {isMine ? <HistoryPart imageId={image.id} /> : null}
        <div className="details-foot">
          <p className="details-hint">
            {moment(image.created_at)}, {image.width} × {image.height}
          </p>
          {isMine ? <DeletePart image={image} onDeleted={onDeleted} /> : null}
        </div>
      </aside>
    </>
  );
}
