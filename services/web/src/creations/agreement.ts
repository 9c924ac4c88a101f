/** A list and its count are two answers: while they differ, both are asked for again. */

import { useEffect, useRef } from "react";
import type { ImageList } from "../gallery/lists";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export function useAgreement(list: ImageList, count: number | undefined, isCounting: boolean): void {
  const { isWhole, isReading, readAt, images, error, readAgain } = list;
  const differs = isWhole && count !== undefined && error === null && count !== images.length;
  const pause = useRef(FIRST_PAUSE_MS);
  const isSettled = !isReading && !isCounting;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was read anew and still differs is read once more
  useEffect(() => {
    if (!isSettled) {
      return;
    }
    if (!differs) {
      pause.current = FIRST_PAUSE_MS;
      return;
    }
    const timer = setTimeout(() => {
      pause.current = Math.min(pause.current * 2, LONGEST_PAUSE_MS);
      readAgain();
    }, pause.current);
    return () => clearTimeout(timer);
  }, [differs, isSettled, readAt, readAgain]);
}
