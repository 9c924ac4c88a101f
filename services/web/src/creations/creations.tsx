/** Creations: one's own images in three tabs, to look at, select and change. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { LapseNote } from "../account/lapse-note";
import type { Tab } from "../api/schema";
import { addressOf, follow } from "../frame/route";
import { Gallery } from "../gallery/gallery";
import { ListFailed } from "../gallery/list-failed";
import { dropImages, type ImageList } from "../gallery/lists";
import { among, NONE, type Selection } from "../gallery/selection";
import { useIsExpecting } from "../generating/tracking";
import { useCounts } from "../session/queries";
import { CreationsIcon, GlobeIcon, LockIcon } from "../ui/icons";
import { number } from "../ui/time";
import { useAgreement } from "./agreement";
import { BulkResult } from "./bulk";
import { SelectionPanel } from "./selection-panel";

const TABS: readonly { tab: Tab; name: string }[] = [
  { tab: "all", name: "All" },
  { tab: "public", name: "Public" },
  { tab: "private", name: "Private" },
];

const EMPTY_WORDS: Record<Tab, string> = {
  all: "Nothing here yet. Describe an image above, and it appears here.",
  public: "None of your images is public.",
  private: "None of your images is private. Choose Private in the Prompt Box, or change one that you have.",
};

export function Creations({ tab, list }: { tab: Tab; list: ImageList }) {
  const client = useQueryClient();
  const counts = useCounts();
  const count = counts.data?.[tab];
  useAgreement(list, count, counts.isFetching);
  const isExpecting = useIsExpecting(tab, list.readAt);
  const [chosen, setChosen] = useState<Selection>(NONE);
  const order = useMemo(() => list.images.map((image) => image.id), [list.images]);
  const selection = useMemo(() => among(chosen, order), [chosen, order]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab begins with nothing selected
  useEffect(() => setChosen(NONE), [tab]);

  return (
    <div className="view">
      <h1 className="visually-hidden">Creations</h1>
      <nav className="tabs" aria-label="Creations by visibility">
        {TABS.map((one) => (
          <a
            key={one.tab}
            href={addressOf({ view: "creations", tab: one.tab, imageId: null })}
            className="tab"
            aria-current={one.tab === tab ? "page" : undefined}
            onClick={follow}
          >
            {one.tab === "private" ? <LockIcon /> : null}
            {one.name}
            <span className="tab-count">{counts.data === undefined ? "" : number(counts.data[one.tab])}</span>
          </a>
        ))}
      </nav>
      <LapseNote />
      <BulkResult />
      {list.error !== null && list.images.length === 0 ? (
        <ListFailed error={list.error} retry={list.retry} />
      ) : list.images.length === 0 && (list.isLoading || (count ?? 0) > 0) ? (
        <Loading count={count ?? 0} />
      ) : list.images.length === 0 && isExpecting ? null : list.images.length === 0 ? (
        <div className="empty">
          {tab === "private" ? <LockIcon /> : tab === "public" ? <GlobeIcon /> : <CreationsIcon />}
          <p>{EMPTY_WORDS[tab]}</p>
        </div>
      ) : (
        <Gallery
          label={`Your images: ${tab}`}
          images={list.images}
          addressOf={(id) => addressOf({ view: "creations", tab, imageId: id })}
          hasMore={list.hasMore}
          loadMore={list.loadMore}
          onGone={(id) => dropImages(client, [id])}
          selection={selection}
          onSelection={setChosen}
        />
      )}
      <SelectionPanel
        tab={tab}
        images={list.images}
        total={count ?? order.length}
        selection={selection}
        onSelection={setChosen}
      />
    </div>
  );
}

const BLANKS_AT_MOST = 8;

/** Images are there, as their count says, and are being read. */
function Loading({ count }: { count: number }) {
  return (
    <div className="gallery-blanks" role="status" aria-label="Loading your images">
      {Array.from({ length: Math.min(count, BLANKS_AT_MOST) }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name yet
        <div key={index} className="gallery-blank" />
      ))}
    </div>
  );
}
