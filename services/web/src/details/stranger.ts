/** What a stranger gets: real requests without the cookie, put into words. Nothing here is worked out or assumed. */

import { asApiError } from "../api/problem";

const ANSWER_WITHIN_MS = 10_000;
const NEWEST = 100;

export interface Finding {
  surface: string;
  answer: string;
  isVisible: boolean | null;
}

async function anonymously(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(path, {
    credentials: "omit",
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    ...init,
  });
}

/** Ask every surface as somebody who isn't signed in, and the same of an id that never existed. */
export async function viewAsStranger(imageId: string): Promise<Finding[]> {
  const nobodys = `img_${crypto.randomUUID().replaceAll("-", "")}`;
  const surfaces: [string, (id: string) => string][] = [
    ["Its details", (id) => `/v1/images/${id}`],
    ["Its history", (id) => `/v1/images/${id}/history`],
    ["Small preview", (id) => `/v1/previews/${id}?width=256`],
    ["Large preview", (id) => `/v1/previews/${id}?width=1024`],
    ["Download as JPG", (id) => `/v1/downloads/${id}?format=jpg`],
    ["List of formats", (id) => `/v1/downloads/${id}/formats`],
  ];
  const asked = surfaces.map(async ([surface, path]) => finding(surface, path(imageId), path(nobodys)));
  return Promise.all([...asked, onExplore(imageId), inArchive(imageId)]);
}

async function finding(surface: string, path: string, nobodys: string): Promise<Finding> {
  try {
    const [answer, control] = await Promise.all([anonymously(path), anonymously(nobodys)]);
    if (answer.ok) {
      await answer.arrayBuffer();
      return { surface, answer: "A stranger gets it", isVisible: true };
    }
    const [said, saidOfNone] = await Promise.all([answer.text(), control.text()]);
    if (answer.status === 401) {
      return { surface, answer: "Asks to sign in, whichever image it is", isVisible: false };
    }
    const isSame = answer.status === control.status && said === saidOfNone;
    return {
      surface,
      answer: isSame ? "“Not found”, word for word as for an image that never existed" : `Answers ${answer.status}`,
      isVisible: answer.status === 404 ? false : null,
    };
  } catch (error) {
    return unanswered(surface, error);
  }
}

async function onExplore(imageId: string): Promise<Finding> {
  const surface = "Explore";
  try {
    const answer = await anonymously(`/v1/explore?limit=${NEWEST}`);
    const { items } = (await answer.json()) as { items: { id: string }[] };
    const isThere = items.some((item) => item.id === imageId);
    return {
      surface,
      answer: isThere ? "It is in the feed" : `Not among the newest ${items.length}`,
      isVisible: isThere,
    };
  } catch (error) {
    return unanswered(surface, error);
  }
}

async function inArchive(imageId: string): Promise<Finding> {
  const surface = "Archive";
  try {
    const answer = await anonymously("/v1/archives", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ image_ids: [imageId], format: "jpg" }),
    });
    const bytes = await answer.arrayBuffer();
    const isThere = answer.ok && bytes.byteLength > 1_000;
    return { surface, answer: isThere ? "The archive holds it" : "Left out of the archive", isVisible: isThere };
  } catch (error) {
    return unanswered(surface, error);
  }
}

function unanswered(surface: string, error: unknown): Finding {
  const isLost = asApiError(error) !== error;
  return { surface, answer: isLost ? "No answer came: try again" : "The answer couldn't be read", isVisible: null };
}
