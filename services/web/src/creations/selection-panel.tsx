/** The panel below the gallery: how many are selected, and what can be done with them. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { inWords } from "../api/problem";
import { FORMATS, type Format, type Image, type Tab, type Target } from "../api/schema";
import { notify } from "../frame/notices";
import { go } from "../frame/route";
import { idsOf, readListsAgain } from "../gallery/lists";
import { beforeOf, countOf, isSelected, NONE, type Selection } from "../gallery/selection";
import { useMayBePrivate, useMyPlan } from "../session/queries";
import { Dialog } from "../ui/dialog";
import { CloseIcon, DeleteIcon, DownloadIcon, GlobeIcon, LockIcon, MoreIcon } from "../ui/icons";
import { Menu, MenuItem } from "../ui/menu";
import { images as counted, number } from "../ui/time";
import { useBulk } from "./bulk";
import { saveArchives } from "./save";

interface PanelProps {
  tab: Tab;
  images: readonly Image[];
  total: number;
  selection: Selection;
  onSelection: (selection: Selection) => void;
}

export function SelectionPanel({ tab, images, total, selection, onSelection }: PanelProps) {
  const client = useQueryClient();
  const bulk = useBulk();
  const plan = useMyPlan();
  const [isDeleting, setDeleting] = useState(false);
  const [saving, setSaving] = useState<string | null>(null);
  const count = countOf(selection);
  const before = beforeOf(images[0]);
  const isPrivateAllowed = useMayBePrivate();
  if (count === 0) {
    return null;
  }

  const change = (to: Target) => {
    const which =
      selection.kind === "some"
        ? { image_ids: [...selection.ids] }
        : { select: { visibility: tab, before: before ?? new Date().toISOString(), exclude: [...selection.except] } };
    bulk.start({ to, count, which });
    onSelection(NONE);
  };
  const makePrivate = () => {
    if (isPrivateAllowed) {
      change("private");
    } else {
      notify("Private images need the Plus plan or higher. Nothing was changed.", { isLeading: true });
      go("/account");
    }
  };
  const download = async (format: Format) => {
    setSaving("Preparing the archive");
    try {
      const ids: string[] = [];
      if (selection.kind === "some") {
        ids.push(...images.map((image) => image.id).filter((id) => isSelected(selection, id)));
      } else {
        for await (const id of idsOf(tab, before ?? new Date().toISOString())) {
          if (isSelected(selection, id)) {
            ids.push(id);
          }
        }
      }
      await saveArchives(ids, format, (part, parts) =>
        setSaving(parts === 1 ? "Downloading the archive" : `Downloading archive ${part} of ${parts}`),
      );
    } catch (error) {
      notify(inWords(error), { isError: true });
      void readListsAgain(client);
    }
    setSaving(null);
  };

  return (
    <section className="panel" aria-label="Selected images">
      <button type="button" className="icon-button" aria-label="Select nothing" onClick={() => onSelection(NONE)}>
        <CloseIcon />
      </button>
      <p className="panel-count" role="status">
        {saving ?? `${number(count)} selected`}
      </p>
      {selection.kind === "some" && total > count ? (
        <button
          type="button"
          className="button button-quiet button-small"
          aria-label={`Select all ${number(total)} matching`}
          onClick={() => onSelection({ kind: "matching", except: new Set(), total })}
        >
          Select all {number(total)} <span className="panel-word">matching</span>
        </button>
      ) : null}
      <span className="panel-space" />
      <Menu
        label="Download as"
        align="end"
        trigger={
          <button
            type="button"
            className="button button-quiet button-small"
            aria-label="Download"
            disabled={saving !== null}
          >
            <DownloadIcon />
            <span className="panel-word">Download</span>
          </button>
        }
      >
        {FORMATS.map((format) => {
          const isAllowed = format === "jpg" || (plan.data?.capabilities.formats[format]?.allowed ?? true);
          return (
            <MenuItem
              key={format}
              about={isAllowed ? undefined : "Needs the Plus plan or higher: see the plans"}
              onSelect={() => (isAllowed ? void download(format) : go("/account"))}
            >
              Zip of {format.toUpperCase()}
            </MenuItem>
          );
        })}
      </Menu>
      <Menu
        label="More"
        align="end"
        trigger={
          <button type="button" className="icon-button" aria-label="More">
            <MoreIcon />
          </button>
        }
      >
        <MenuItem
          icon={<LockIcon />}
          about={isPrivateAllowed ? "Only you can see them" : "Needs the Plus plan or higher: see the plans"}
          onSelect={makePrivate}
        >
          Make private
        </MenuItem>
        <MenuItem icon={<GlobeIcon />} about="Anyone can see them on Explore" onSelect={() => change("public")}>
          Make public
        </MenuItem>
        <MenuItem icon={<DeleteIcon />} isDangerous onSelect={() => setDeleting(true)}>
          Delete
        </MenuItem>
      </Menu>
      {isDeleting ? (
        <Dialog
          title={`Delete ${counted(count)}?`}
          confirm="Delete"
          isDangerous
          onConfirm={() => change("deleted")}
          onClose={() => setDeleting(false)}
        >
          <p>They are removed for everybody, with their files. This can't be undone.</p>
        </Dialog>
      ) : null}
    </section>
  );
}
