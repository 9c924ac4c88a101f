/** Where sign-in is: the one place to change when a sign-in proxy takes the development issuer's place. */

export interface SignInAction {
  /** GET: the browser goes there. Otherwise the page sends a request. */
  method: "GET" | "POST" | "DELETE";
  url: string;
}

export interface Config {
  /** Answers `{user_id}`, or 401 when nobody is signed in. */
  session: string;
  /** Accounts that a picker offers; null where the proxy asks for them itself. */
  accounts: string | null;
  sign_in: SignInAction;
  sign_out: SignInAction;
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) {
    throw new Error("The page's settings can't be read.");
  }
  return (await answer.json()) as Config;
}
