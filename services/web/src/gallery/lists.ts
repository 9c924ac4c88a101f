/** The two lists of images, Explore and Creations, and how changes get into them. */

import { type InfiniteData, type QueryClient, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { api, dataOf } from "../api/client";
import { COUNTS_KEY, IMAGE_KEY, LISTS_KEY } from "../api/keys";
import type { Image, Tab, Visibility } from "../api/schema";
import { onWake } from "../session/awake";
import { onTabMessage, tellTabs } from "../session/tabs";
import { joined, type Page, type Pages, withFreshHead, without, withVisibility } from "./pages";

const PAGE_SIZE = 100;
/** Longer lists are refreshed at their head only: reading all of it again would take longer than anybody looks. */
const READ_AGAIN_AT_MOST_PAGES = 4;

type ListName = "explore" | `creations/${Tab}`;

const listKey = (name: ListName) => [...LISTS_KEY, name] as const;

async function readPage(name: ListName, cursor: string | null, signal?: AbortSignal): Promise<Page> {
  const query = { limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) };
  const options = signal === undefined ? {} : { signal };
  if (name === "explore") {
    return dataOf(api.GET("/v1/explore", { params: { query }, ...options }));
  }
  const visibility = name.slice("creations/".length);
  return dataOf(api.GET("/v1/creations", { params: { query: { ...query, visibility } }, ...options }));
}

export interface ImageList {
  images: Image[];
  isLoading: boolean;
  isReading: boolean;
  readAt: number;
  error: Error | null;
  hasMore: boolean;
  /** It is there to its end, and short enough to be read again as a whole. */
  isWhole: boolean;
  loadMore: () => void;
  retry: () => void;
  /** Catch up with what changed; counts too. */
  readAgain: () => void;
}

export function useImageList(name: ListName, enabled = true): ImageList {
  const client = useQueryClient();
  const query = useInfiniteQuery({
    queryKey: listKey(name),
    queryFn: ({ pageParam, signal }) => readPage(name, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  useEffect(() => {
    if (!enabled) {
      return;
    }
    void refreshList(client, name); // what an earlier visit left in memory may have changed meanwhile
    const refresh = () => void refreshList(client, name);
    const stops = [
      onWake(refresh),
      onTabMessage((message) => {
        if (message.about === "images" || message.about === "generations") {
          refresh();
        }
      }),
    ];
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }, [client, name, enabled]);
  const images = useMemo(() => joined(query.data?.pages ?? []), [query.data]);
  const readAgain = useCallback(() => void refreshList(client, name), [client, name]);
  return {
    images,
    isLoading: query.isLoading,
    isReading: query.isFetching,
    readAt: query.dataUpdatedAt,
    error: query.error,
    hasMore: query.hasNextPage,
    isWhole: query.data !== undefined && !query.hasNextPage && query.data.pages.length <= READ_AGAIN_AT_MOST_PAGES,
    loadMore: () => {
      if (query.hasNextPage && !query.isFetching) {
        void query.fetchNextPage();
      }
    },
    retry: () => void query.refetch(),
    readAgain,
  };
}

/** Catch up with what changed while nobody looked; counts too. */
async function refreshList(client: QueryClient, name: ListName): Promise<void> {
  const known = client.getQueryData<Pages>(listKey(name));
  if (known === undefined) {
    return;
  }
  if (name !== "explore") {
    void client.invalidateQueries({ queryKey: COUNTS_KEY });
  }
  if (known.pages.length <= READ_AGAIN_AT_MOST_PAGES) {
    await client.refetchQueries({ queryKey: listKey(name) });
    return;
  }
  try {
    const head = await readPage(name, null);
    update(client, name, (pages) => withFreshHead(pages, head));
  } catch {
    // What is shown stays; its images are asked for one by one anyway.
  }
}

function update(client: QueryClient, name: ListName, change: (pages: Pages) => Pages): void {
  client.setQueryData<InfiniteData<Page, string | null>>(listKey(name), (known) =>
    known === undefined ? known : change(known),
  );
}

const LISTS: readonly ListName[] = ["explore", "creations/all", "creations/public", "creations/private"];

/** An image isn't there any more, or not for this person. */
export function dropImages(client: QueryClient, ids: readonly string[]): void {
  for (const name of LISTS) {
    update(client, name, (pages) => without(pages, new Set(ids)));
  }
}

/** The server confirmed an image's visibility: every list shows it. */
export function showVisibility(client: QueryClient, image: Image, to: Visibility): void {
  for (const name of LISTS) {
    const tab = name === "explore" ? "public" : (name.slice("creations/".length) as Tab);
    update(client, name, (pages) => withVisibility(pages, tab, image, to));
  }
  void client.invalidateQueries({ queryKey: COUNTS_KEY });
  tellTabs({ about: "images" });
}

/** Many images changed: every list is read again, in place where that is quick. */
export async function readListsAgain(client: QueryClient): Promise<void> {
  tellTabs({ about: "images" });
  const readAgain = LISTS.map((name) => {
    const known = client.getQueryData<Pages>(listKey(name));
    return known !== undefined && known.pages.length > READ_AGAIN_AT_MOST_PAGES
      ? client.resetQueries({ queryKey: listKey(name) })
      : client.refetchQueries({ queryKey: listKey(name), type: "active" });
  });
  client.removeQueries({ queryKey: LISTS_KEY, type: "inactive" });
  await Promise.all([
    ...readAgain,
    client.invalidateQueries({ queryKey: COUNTS_KEY }),
    client.invalidateQueries({ queryKey: IMAGE_KEY }),
  ]);
}

/** Every id of one's own list, from its first page to its end. */
export async function* idsOf(tab: Tab, before: string): AsyncGenerator<string> {
  let cursor: string | null = null;
  do {
    const page: Page = await readPage(`creations/${tab}`, cursor);
    for (const image of page.items) {
      if (new Date(image.created_at) < new Date(before)) {
        yield image.id;
      }
    }
    cursor = page.next_cursor;
  } while (cursor !== null);
}
