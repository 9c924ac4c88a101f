/** Explore: what everybody shows, newest first. */

import { useQueryClient } from "@tanstack/react-query";
import { addressOf } from "../frame/route";
import { Gallery } from "../gallery/gallery";
import { ListFailed } from "../gallery/list-failed";
import { dropImages, type ImageList } from "../gallery/lists";
import { useIsExpecting } from "../generating/tracking";
import { ExploreIcon } from "../ui/icons";

export function Explore({ list }: { list: ImageList }) {
  const client = useQueryClient();
  const isExpecting = useIsExpecting("public", list.readAt);
  return (
    <div className="view">
      <h1 className="visually-hidden">Explore</h1>
      {list.error !== null && list.images.length === 0 ? (
        <ListFailed error={list.error} retry={list.retry} />
      ) : list.images.length === 0 && isExpecting ? null : list.images.length === 0 && !list.isLoading ? (
        <div className="empty">
          <ExploreIcon />
          <p>Nobody has shown an image yet. Yours could be the first.</p>
        </div>
      ) : (
        <Gallery
          label="Public images"
          images={list.images}
          addressOf={(id) => addressOf({ view: "explore", imageId: id })}
          hasMore={list.hasMore}
          loadMore={list.loadMore}
          onGone={(id) => dropImages(client, [id])}
        />
      )}
    </div>
  );
}
