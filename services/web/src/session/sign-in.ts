/** Signing in and out, at the addresses of the configuration. */

import { ApiError, asApiError, problemOf } from "../api/problem";
import type { Config, SignInAction } from "../config";

const ANSWER_WITHIN_MS = 10_000;

export interface Account {
  user_id: string;
  about: string;
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      cache: "no-store",
      credentials: "same-origin",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...init,
    });
  } catch (error) {
    throw asApiError(error);
  }
  if (!answer.ok) {
    throw await problemOf(answer);
  }
  return answer;
}

/** Give who is signed in; null for nobody. */
export async function whoAmI(config: Config): Promise<string | null> {
  try {
    const answer = await ask(config.session);
    return ((await answer.json()) as { user_id: string }).user_id;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      if (error.code === "token_invalid") {
        await act(config.sign_out); // or the browser would go on sending a cookie that every answer refuses
      }
      return null;
    }
    throw error;
  }
}

export async function accountsOf(config: Config): Promise<Account[]> {
  if (config.accounts === null) {
    return [];
  }
  return ((await (await ask(config.accounts)).json()) as { items: Account[] }).items;
}

export async function signIn(config: Config, userId: string): Promise<void> {
  await act(config.sign_in, { user_id: userId });
}

export async function signOut(config: Config): Promise<void> {
  await act(config.sign_out);
}

async function act(action: SignInAction, body?: object): Promise<void> {
  if (action.method === "GET") {
    location.assign(action.url);
    return;
  }
  await ask(action.url, {
    method: action.method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
}
