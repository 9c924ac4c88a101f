/** Which view an address shows. */

import { useCallback, useEffect } from "react";
import { Account } from "./account/account";
import { Picker } from "./account/picker";
import { BulkProvider } from "./creations/bulk";
import { Creations } from "./creations/creations";
import { Details } from "./details/details";
import { Explore } from "./explore/explore";
import { Frame } from "./frame/frame";
import { Notices } from "./frame/notices";
import { addressOf, follow, go, parseRoute, usePath } from "./frame/route";
import { useImageList } from "./gallery/lists";
import { Cards } from "./generating/cards";
import { PromptBox } from "./generating/prompt-box";
import { TrackerProvider } from "./generating/tracking";
import { useCatchUp } from "./session/catch-up";
import { useSession } from "./session/session";

export function App() {
  return (
    <TrackerProvider>
      <BulkProvider>
        <Views />
        <Notices />
      </BulkProvider>
    </TrackerProvider>
  );
}

function Views() {
  useCatchUp();
  const { userId } = useSession();
  const route = parseRoute(usePath());
  const { view } = route;
  const tab = view === "creations" ? route.tab : "all";
  const isList = view === "explore" || view === "creations";
  const list = useImageList(
    view === "creations" ? `creations/${tab}` : "explore",
    view === "explore" || (view === "creations" && userId !== null),
  );
  useEffect(() => {
    // The address without more is the view's own.
    if (location.pathname === "/" || location.pathname === "/creations") {
      go(view === "creations" ? "/creations/all" : "/explore", { replace: true });
    }
  }, [view]);
  const addressOfImage = useCallback(
    (imageId: string | null) =>
      view === "creations" ? addressOf({ view, tab, imageId }) : addressOf({ view: "explore", imageId }),
    [view, tab],
  );
  const imageId = isList ? route.imageId : null;
  const mayList = view === "explore" || userId !== null;

  return (
    <>
      <Frame view={view} isCovered={imageId !== null}>
        {isList ? <PromptBox /> : null}
        {isList && userId !== null ? <Cards /> : null}
        {view === "explore" ? <Explore list={list} /> : null}
        {view === "creations" ? (
          userId === null ? (
            <Picker title="Sign in to see your creations" />
          ) : (
            <Creations tab={tab} list={list} />
          )
        ) : null}
        {view === "account" ? <Account /> : null}
        {view === "nowhere" ? <Nowhere /> : null}
      </Frame>
      {imageId === null ? null : (
        <Details
          imageId={imageId}
          images={mayList ? list.images : []}
          hasMore={list.hasMore}
          loadMore={list.loadMore}
          addressOf={addressOfImage}
        />
      )}
    </>
  );
}

function Nowhere() {
  return (
    <div className="view empty">
      <h1>There is nothing at this address</h1>
      <p>
        <a href="/explore" onClick={follow}>
          Go to Explore
        </a>
      </p>
    </div>
  );
}
