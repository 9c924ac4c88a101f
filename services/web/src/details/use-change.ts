/** Changing one image: shown only as far as the server confirmed it, watched while a place is pending. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { api, dataOf } from "../api/client";
import { HISTORY_KEY, IMAGE_KEY } from "../api/keys";
import { inWords } from "../api/problem";
import type { Image, Visibility } from "../api/schema";
import { answered, failed, mustReadAgain, type Outcome } from "../changes/outcome";
import { reachedInWords } from "../changes/wording";
import { announce } from "../frame/notices";
import { showVisibility } from "../gallery/lists";

const ASK_EVERY_MS = 1_000;

export function useVisibilityChange(image: Image) {
  const client = useQueryClient();
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  const change = useCallback(
    async (to: Visibility) => {
      setOutcome({ state: "asking", to });
      let result: Outcome;
      try {
        // The version that the person saw: what was changed elsewhere since isn't overwritten unseen.
        const answer = await dataOf(
          api.PATCH("/v1/images/{image_id}", {
            params: {
              path: { image_id: image.id },
              header: image.version === undefined ? {} : { "If-Match": `"${image.version}"` },
            },
            body: { visibility: to },
          }),
        );
        result = answered(to, answer, new Date());
        client.setQueryData([...IMAGE_KEY, image.id], answer.image);
        showVisibility(client, answer.image, to);
        announce(`${to === "private" ? "Private" : "Public"}. ${reachedInWords(answer.change.places, to)}.`);
      } catch (error) {
        result = failed(to, error);
        announce(`Nothing was changed. ${inWords(error)}`);
      }
      setOutcome(result);
      if (mustReadAgain(result)) {
        void client.invalidateQueries({ queryKey: [...IMAGE_KEY, image.id] });
      }
      void client.invalidateQueries({ queryKey: [...HISTORY_KEY, image.id] });
    },
    [client, image],
  );

  const pendingId = outcome?.state === "pending" ? outcome.changeId : null;
  useEffect(() => {
    if (pendingId === null) {
      return;
    }
    const timer = setInterval(async () => {
      try {
        const now = await dataOf(api.GET("/v1/changes/{change_id}", { params: { path: { change_id: pendingId } } }));
        setOutcome((before) => {
          if (before?.state !== "pending" || before.changeId !== pendingId) {
            return before;
          }
          return now.state === "enforced"
            ? { state: "enforced", to: before.to, places: now.places }
            : { ...before, places: now.places };
        });
      } catch {
        // It stays pending on the page until the server says otherwise.
      }
    }, ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, [pendingId]);

  return { outcome, change };
}
