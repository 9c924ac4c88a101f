/** The one way to the API: typed by its OpenAPI documents, bounded in time, failures as ApiError. */

import createClient from "openapi-fetch";
import { asApiError, problemOf } from "./problem";
import type { Paths } from "./schema";

/** Changes wait for every place that shows an image; no answer takes longer than that. */
const ANSWER_WITHIN_MS = 20_000;

async function boundedFetch(request: Request): Promise<Response> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  let answer: Response;
  try {
    answer = await fetch(request, { signal });
  } catch (error) {
    throw asApiError(error);
  }
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (answer.status === 401) {
      onSignedOut();
    }
    throw problem;
  }
  return answer;
}

let onSignedOut: () => void = () => undefined;

/** Say what happens when the server no longer knows who this is. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

export const api = createClient<Paths>({
  baseUrl: globalThis.location?.origin ?? "",
  fetch: boundedFetch,
  credentials: "same-origin",
  cache: "no-store",
});

/** Give the data of an answer; failures were thrown before. */
export async function dataOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) {
    throw new TypeError("an answer without a body");
  }
  return data;
}

export function newKey(): string {
  return crypto.randomUUID();
}
