/** Who is signed in. Everything that a person's data is kept in lives under their key, and is dropped with it. */

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { whenSignedOut } from "../api/client";
import { ApiError, inWords } from "../api/problem";
import type { Config } from "../config";
import { dropNotices } from "../frame/notices";
import { leaveImage } from "../frame/route";
import { onWake } from "./awake";
import { signIn, signOut, whoAmI } from "./sign-in";
import { onTabMessage, tellTabs } from "./tabs";

interface Session {
  config: Config;
  userId: string | null;
  signIn: (userId: string) => Promise<void>;
  signOut: () => Promise<void>;
}

const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) {
    throw new Error("used outside of a session");
  }
  return session;
}

type Known = { userId: string | null } | { error: string } | null;

export function SessionProvider({ config, children }: { config: Config; children: ReactNode }) {
  const [known, setKnown] = useState<Known>(null);
  /** Who was here last: a session that ran out leaves their drafts and their address for when they are back. */
  const last = useRef<string | null>(null);

  const forget = useCallback(() => {
    sessionStorage.clear();
    dropNotices();
    leaveImage();
    last.current = null;
    setKnown({ userId: null });
  }, []);
  const look = useCallback(async () => {
    try {
      const userId = await whoAmI(config);
      if (userId !== null && last.current !== null && userId !== last.current) {
        forget();
      }
      last.current = userId ?? last.current;
      setKnown((before) => (before !== null && "userId" in before && before.userId === userId ? before : { userId }));
    } catch (error) {
      // Who was known stays known while the server can't be asked.
      setKnown((before) => (before !== null && "userId" in before ? before : { error: inWords(error) }));
    }
  }, [config, forget]);

  useEffect(() => {
    void look();
    whenSignedOut(() => void look());
    // A page from the browser's history shows what it held when it was left: nothing of it before it is known for whom.
    const restore = (event: PageTransitionEvent) => {
      if (event.persisted) {
        flushSync(() => setKnown(null));
        void look();
      }
    };
    addEventListener("pageshow", restore);
    const stops = [
      () => removeEventListener("pageshow", restore),
      onWake(() => void look()),
      onTabMessage((message) => {
        if (message.about === "session") {
          // Each tab has drafts of its own, and whoever signed out needn't wait until the server can be asked.
          if (message.isOver) {
            forget();
          }
          void look();
        }
      }),
    ];
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }, [look, forget]);

  const userId = known !== null && "userId" in known ? known.userId : null;
  const session = useMemo<Session>(
    () => ({
      config,
      userId,
      signIn: async (wanted) => {
        await signIn(config, wanted);
        tellTabs({ about: "session", isOver: false });
        await look();
      },
      signOut: async () => {
        await signOut(config);
        tellTabs({ about: "session", isOver: true });
        // Nothing of the person is on the page any more when the browser puts it away for its Back button.
        flushSync(forget);
        location.replace("/explore");
      },
    }),
    [config, userId, look, forget],
  );

  if (known === null) {
    return <Starting />;
  }
  if ("error" in known) {
    return (
      <main className="starting-failed">
        <h1>Private Generations</h1>
        <p role="alert">{known.error}</p>
        <button type="button" className="button" onClick={() => void look()}>
          Try again
        </button>
      </main>
    );
  }
  return (
    <SessionContext value={session}>
      <PersonsData key={known.userId ?? ""}>{children}</PersonsData>
    </SessionContext>
  );
}

/** The same as in index.html, so that nothing moves when the page takes over. */
function Starting() {
  return (
    <div className="frame" role="status" aria-label="Loading">
      <div className="nav">
        <span className="brand">
          <img src="/icon.svg" alt="" width="30" height="30" />
          <span>Private Generations</span>
        </span>
      </div>
    </div>
  );
}

/** Make the cache of one person's data; another person gets another one. */
function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        gcTime: 5 * 60_000,
        retry: (failures, error) => failures < 3 && error instanceof ApiError && error.isPassing,
        retryDelay: (failures, error) =>
          error instanceof ApiError && error.retryAfterS !== null
            ? Math.min(error.retryAfterS, 10) * 1_000
            : Math.min(500 * 2 ** failures, 8_000),
        networkMode: "always",
        refetchOnWindowFocus: true,
        refetchOnReconnect: true,
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}

function PersonsData({ children }: { children: ReactNode }) {
  const [client] = useState(createQueryClient);
  // With the page itself: an effect of the usual kind ends a moment after it.
  useLayoutEffect(() => () => client.clear(), [client]);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
