/** The smaller parts of the Details Panel: prompt, downloads, history, deletion. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, dataOf } from "../api/client";
import { COUNTS_KEY, FORMATS_KEY, GENERATION_KEY, HISTORY_KEY } from "../api/keys";
import { inWords } from "../api/problem";
import type { Format, HistoryEntry, Image } from "../api/schema";
import { pendingInWords, reachedInWords } from "../changes/wording";
import { saveImage } from "../creations/save";
import { announce, notify } from "../frame/notices";
import { go } from "../frame/route";
import { dropImages } from "../gallery/lists";
import { tellTabs } from "../session/tabs";
import { Dialog } from "../ui/dialog";
import { CopyIcon, DeleteIcon, DownloadIcon } from "../ui/icons";
import { Menu, MenuItem } from "../ui/menu";
import { clock, moment } from "../ui/time";

export function PromptPart({ generationId }: { generationId: string }) {
  const generation = useQuery({
    queryKey: [...GENERATION_KEY, generationId],
    queryFn: ({ signal }) =>
      dataOf(api.GET("/v1/generations/{generation_id}", { params: { path: { generation_id: generationId } }, signal })),
  });
  const prompt = generation.data?.prompt;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(prompt ?? "");
      notify("Prompt copied.");
    } catch {
      notify("The browser didn't allow copying. Select the text and copy it.", { isError: true });
    }
  };
  return (
    <section className="details-part" aria-labelledby="prompt-title">
      <div className="details-part-head">
        <h3 id="prompt-title">Prompt</h3>
        {prompt == null ? null : (
          <button type="button" className="icon-button" aria-label="Copy the prompt" onClick={() => void copy()}>
            <CopyIcon />
          </button>
        )}
      </div>
      {generation.error === null ? (
        <p className="details-prompt">{prompt ?? (generation.isLoading ? "" : "The prompt is gone.")}</p>
      ) : (
        <p className="details-hint">{inWords(generation.error)}</p>
      )}
      <p className="details-hint">
        Only you can read it.{generation.data?.seed == null ? "" : ` Seed ${generation.data.seed}.`}
      </p>
    </section>
  );
}

export function DownloadMenu({ image, isSignedIn }: { image: Image; isSignedIn: boolean }) {
  const [saving, setSaving] = useState<Format | null>(null);
  const formats = useQuery({
    queryKey: [...FORMATS_KEY, image.id],
    queryFn: async ({ signal }) =>
      (await dataOf(api.GET("/v1/downloads/{image_id}/formats", { params: { path: { image_id: image.id } }, signal })))
        .items,
    staleTime: 0,
  });
  const save = async (format: Format) => {
    setSaving(format);
    try {
      await saveImage(image.id, format);
      announce("Downloaded.");
    } catch (error) {
      notify(inWords(error), { isError: true });
    }
    setSaving(null);
  };
  return (
    <Menu
      label="Download as"
      align="end"
      trigger={
        <button type="button" className="button button-quiet" disabled={saving !== null}>
          <DownloadIcon />
          {saving === null ? "Download" : "Downloading"}
        </button>
      }
    >
      {formats.error === null ? null : (
        <MenuItem isDisabled onSelect={() => undefined}>
          {inWords(formats.error)}
        </MenuItem>
      )}
      {(formats.data ?? []).map(({ format, allowed }) => (
        <MenuItem
          key={format}
          about={
            allowed
              ? undefined
              : isSignedIn
                ? "Needs the Plus plan or higher: see the plans"
                : "For members of Plus or higher"
          }
          onSelect={() => (allowed ? void save(format) : go("/account"))}
        >
          {format.toUpperCase()}
        </MenuItem>
      ))}
    </Menu>
  );
}

const WHY: Record<string, string> = {
  generated: "when it was generated",
  owner: "by you",
  bulk: "by you, with others",
  undo: "by undoing a change",
  reaffirmed: "confirmed again",
  restored: "restored from a backup",
};

export function HistoryPart({ imageId }: { imageId: string }) {
  const history = useQuery({
    queryKey: [...HISTORY_KEY, imageId],
    queryFn: async ({ signal }) =>
      (await dataOf(api.GET("/v1/images/{image_id}/history", { params: { path: { image_id: imageId } }, signal })))
        .items,
  });
  return (
    <section className="details-part" aria-labelledby="history-title">
      <h3 id="history-title">History</h3>
      {history.error === null ? null : <p className="details-hint">{inWords(history.error)}</p>}
      <ol className="history">
        {(history.data ?? []).map((entry) => (
          <li key={entry.version}>
            <span className={`history-dot history-${entry.to}`} />
            <span>
              <strong>{entry.to === "private" ? "Private" : "Public"}</strong> {WHY[entry.why] ?? entry.why}
              <span className="details-hint">
                {moment(entry.at)}
                {placesOf(entry)}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function placesOf(entry: HistoryEntry): string {
  const places = entry.places ?? [];
  if (entry.from === null || places.length === 0) {
    return "";
  }
  const pending = pendingInWords(places, clock(new Date(entry.at)));
  return `. ${reachedInWords(places, entry.to)}${pending === null ? "" : `. ${pending}`}`;
}

export function DeletePart({ image, onDeleted }: { image: Image; onDeleted: () => void }) {
  const client = useQueryClient();
  const [isAsked, setAsked] = useState(false);
  const remove = async () => {
    try {
      await api.DELETE("/v1/images/{image_id}", { params: { path: { image_id: image.id } } });
      notify("The image is deleted.");
      onDeleted();
      dropImages(client, [image.id]);
      void client.invalidateQueries({ queryKey: COUNTS_KEY });
      tellTabs({ about: "images" });
    } catch (error) {
      notify(inWords(error), { isError: true });
    }
  };
  return (
    <>
      <button type="button" className="button button-quiet button-danger-quiet" onClick={() => setAsked(true)}>
        <DeleteIcon />
        Delete
      </button>
      {isAsked ? (
        <Dialog
          title="Delete this image?"
          confirm="Delete"
          isDangerous
          onConfirm={() => void remove()}
          onClose={() => setAsked(false)}
        >
          <p>It is removed for everybody, with its files. This can't be undone.</p>
        </Dialog>
      ) : null}
    </>
  );
}
