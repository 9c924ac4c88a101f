/** The frame around every view: skip link, navigation, the Prompt Box above lists, messages. */

import { type ReactNode, useEffect, useRef } from "react";
import { planName, useMyPlan } from "../session/queries";
import { useSession } from "../session/session";
import { AccountIcon, CreationsIcon, ExploreIcon } from "../ui/icons";
import { leaveNoticesBehind } from "./notices";
import { follow, type Route } from "./route";

interface FrameProps {
  view: Route["view"];
  isCovered: boolean;
  children: ReactNode;
}

export function Frame({ view, isCovered, children }: FrameProps) {
  const { userId } = useSession();
  const plan = useMyPlan();
  const before = useRef(view);
  useEffect(() => {
    document.title = `${TITLES[view]} · Private Generations`;
    if (before.current !== view) {
      before.current = view;
      scrollTo(0, 0);
      leaveNoticesBehind();
    }
  }, [view]);
  return (
    <div className="frame" inert={isCovered}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <nav className="nav" aria-label="Main">
        <a className="brand" href="/explore" onClick={follow} aria-label="Private Generations">
          <img src="/icon.svg" alt="" width="30" height="30" />
          <span>Private Generations</span>
        </a>
        <NavLink href="/explore" name="Explore" isCurrent={view === "explore"} icon={<ExploreIcon />} />
        <NavLink href="/creations/all" name="Creations" isCurrent={view === "creations"} icon={<CreationsIcon />} />
        <a
          className="nav-link nav-account"
          href="/account"
          aria-current={view === "account" ? "page" : undefined}
          onClick={follow}
        >
          {userId === null ? (
            <AccountIcon />
          ) : (
            <span className="avatar" aria-hidden="true">
              {userId.slice(0, 1).toUpperCase()}
            </span>
          )}
          <span className="nav-short">{userId === null ? "Sign in" : "Account"}</span>
          <span className="nav-who">
            {userId === null ? null : <span className="visually-hidden">Account: </span>}
            <span>{userId ?? "Sign in"}</span>
            {plan.data === undefined ? null : <span className="nav-plan">{planName(plan.data.plan)} plan</span>}
          </span>
        </a>
      </nav>
      <main id="main" tabIndex={-1} className="main">
        {children}
      </main>
    </div>
  );
}

const TITLES: Record<Route["view"], string> = {
  explore: "Explore",
  creations: "Creations",
  account: "Account",
  nowhere: "Not found",
};

function NavLink(props: { href: string; name: string; isCurrent: boolean; icon: ReactNode }) {
  return (
    <a className="nav-link" href={props.href} aria-current={props.isCurrent ? "page" : undefined} onClick={follow}>
      {props.icon}
      <span>{props.name}</span>
    </a>
  );
}
