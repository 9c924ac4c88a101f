/** Drawing a rectangle over the gallery with the mouse selects what it covers. */

import { type PointerEvent, type RefObject, useRef, useState } from "react";
import { covered, type Row } from "./layout";
import type { Selection } from "./selection";

const BEGINS_AFTER_PX = 8;

interface DragOptions {
  frame: RefObject<HTMLDivElement | null>;
  rows: readonly Row[];
  begin: () => Selection;
  cover: (before: Selection, indices: number[]) => void;
  isOn: boolean;
}

interface Started {
  x: number;
  y: number;
  before: Selection;
  isDrawing: boolean;
}

interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

export function useDrag({ frame, rows, begin, cover, isOn }: DragOptions) {
  const started = useRef<Started | null>(null);
  const [area, setArea] = useState<Area | null>(null);

  const point = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  };
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      const isPlain = event.pointerType === "mouse" && event.button === 0 && !event.shiftKey;
      started.current = isOn && isPlain ? { ...point(event), before: begin(), isDrawing: false } : null;
    },
    onPointerMove: (event: PointerEvent) => {
      const from = started.current;
      if (from === null) {
        return;
      }
      const to = point(event);
      if (!from.isDrawing && Math.hypot(to.x - from.x, to.y - from.y) < BEGINS_AFTER_PX) {
        return;
      }
      if (!from.isDrawing) {
        from.isDrawing = true;
        frame.current?.setPointerCapture(event.pointerId);
      }
      const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
      const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
      setArea({ left, top, width: right - left, height: bottom - top });
      cover(from.before, covered(rows, { left, top, right, bottom }));
    },
    onPointerUp: () => {
      setArea(null);
      if (started.current?.isDrawing === false) {
        started.current = null;
      }
    },
    onPointerCancel: () => {
      setArea(null);
      started.current = null;
    },
    onClickCapture: (event: { preventDefault: () => void; stopPropagation: () => void }) => {
      // The click that ends a drawing isn't one on the image below.
      if (started.current?.isDrawing) {
        event.preventDefault();
        event.stopPropagation();
      }
      started.current = null;
    },
  };
  return { area, handlers };
}
