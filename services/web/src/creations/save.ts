/** Saving files: one image in a format, or archives of many. */

import { asApiError, problemOf } from "../api/problem";
import type { Format } from "../api/schema";

const BEGINS_WITHIN_MS = 30_000;
const ARCHIVE_AT_MOST = 500;

async function fetchFile(url: string, init: RequestInit): Promise<Blob> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new DOMException("late", "TimeoutError")), BEGINS_WITHIN_MS);
  try {
    const answer = await fetch(url, { cache: "no-store", signal: late.signal, ...init });
    if (!answer.ok) {
      throw await problemOf(answer);
    }
    clearTimeout(timer); // it has begun; a large archive may take its time
    return await answer.blob();
  } catch (error) {
    throw asApiError(error);
  } finally {
    clearTimeout(timer);
  }
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export async function saveImage(id: string, format: Format): Promise<void> {
  save(await fetchFile(`/v1/downloads/${encodeURIComponent(id)}?format=${format}`, {}), `image.${format}`);
}

/** Save as many archives as it takes; `onProgress` hears which one is being made. */
export async function saveArchives(
  ids: readonly string[],
  format: Format,
  onProgress: (part: number, parts: number) => void,
): Promise<void> {
  const parts = Math.ceil(ids.length / ARCHIVE_AT_MOST);
  for (let part = 0; part < parts; part++) {
    onProgress(part + 1, parts);
    const image_ids = ids.slice(part * ARCHIVE_AT_MOST, (part + 1) * ARCHIVE_AT_MOST);
    const file = await fetchFile("/v1/archives", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ image_ids, format }),
    });
    save(file, parts === 1 ? "images.zip" : `images-${part + 1}.zip`);
  }
}
