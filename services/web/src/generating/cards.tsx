/** A card for each generation of this visit: how far it is, with which visibility it was sent, what became of it. */

import { useQueryClient } from "@tanstack/react-query";
import type { AspectRatio, Image } from "../api/schema";
import { addressOf, follow } from "../frame/route";
import { dropImages } from "../gallery/lists";
import { usePreview } from "../gallery/preview";
import { CloseIcon, GlobeIcon, LockIcon } from "../ui/icons";
import { hasEnded, type Sent } from "./tracker";
import { useSent, useTracker } from "./tracking";

export function Cards() {
  const sent = useSent();
  if (sent.length === 0) {
    return null;
  }
  return (
    <section className="cards" aria-label="Your generations">
      {sent.map((one) => (
        <Card key={one.key} one={one} />
      ))}
    </section>
  );
}

function statusInWords(one: Sent): string {
  if (one.isInterrupted && !hasEnded(one)) {
    return "Connection lost, trying again";
  }
  switch (one.state) {
    case "sending":
      return "Sending";
    case "queued":
      return "Waiting for its turn";
    case "running":
      return `${Math.round(one.progress * 100)} %`;
    case "succeeded":
      return "Done";
    case "cancelled":
      return "Cancelled";
    case "refused":
      return "Not sent";
    case "failed":
      return "Failed";
  }
}

function Card({ one }: { one: Sent }) {
  const tracker = useTracker();
  const isPrivate = one.request.visibility === "private";
  const isOver = hasEnded(one);
  const count = one.request.count ?? 1;
  const percent = Math.round(one.progress * 100);
  return (
    <article className="card" data-state={one.state} aria-label={`${isPrivate ? "Private" : "Public"} generation`}>
      <div className="card-images">
        {one.state === "succeeded"
          ? one.imageIds.map((id) => <Finished key={id} id={id} isPrivate={isPrivate} />)
          : Array.from({ length: count }, (_, index) => (
              <div
                // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name yet
                key={index}
                className={`card-blank ratio-box-${(one.request.aspect_ratio as AspectRatio).replace(":", "-")}`}
              >
                <div className="card-fill" style={{ transform: `scaleY(${one.progress})` }} />
              </div>
            ))}
      </div>
      <div className="card-about">
        <p className="card-prompt" title={one.request.prompt}>
          {one.request.prompt}
        </p>
        <p className="card-state">
          <span className={`badge badge-${one.request.visibility}`}>
            {isPrivate ? <LockIcon /> : <GlobeIcon />}
            {isPrivate ? "Private" : "Public"}
          </span>
          <span>{statusInWords(one)}</span>
        </p>
        {isOver ? null : (
          <progress className="visually-hidden" value={percent} max={100} aria-label="Progress">
            {percent} %
          </progress>
        )}
        {one.problem === null ? null : <p className="card-problem">{one.problem}</p>}
        <div className="card-buttons">
          {one.state === "queued" || one.state === "running" ? (
            <button
              type="button"
              className="button button-quiet button-small"
              disabled={one.isCancelling}
              onClick={() => void tracker.cancel(one)}
            >
              Cancel
            </button>
          ) : null}
          {one.state === "refused" || one.state === "failed" ? (
            <button type="button" className="button button-small" onClick={() => void tracker.retry(one)}>
              Try again
            </button>
          ) : null}
        </div>
      </div>
      {isOver ? (
        <button
          type="button"
          className="icon-button card-close"
          aria-label="Dismiss"
          onClick={() => tracker.dismiss(one.key)}
        >
          <CloseIcon />
        </button>
      ) : null}
    </article>
  );
}

function Finished({ id, isPrivate }: { id: Image["id"]; isPrivate: boolean }) {
  const client = useQueryClient();
  const preview = usePreview({
    id,
    width: 256,
    version: null,
    cache: "no-store",
    onGone: (gone) => dropImages(client, [gone]),
  });
  if (preview.state === "gone") {
    return null;
  }
  return (
    <a
      className="card-image"
      href={addressOf({ view: "creations", tab: "all", imageId: id })}
      aria-label={`Open the ${isPrivate ? "private" : "public"} image`}
      onClick={follow}
    >
      {preview.url === null ? null : <img src={preview.url} alt="" />}
    </a>
  );
}
