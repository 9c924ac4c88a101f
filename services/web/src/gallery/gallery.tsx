/** A gallery of any length: only the rows in view are there. Arrow keys move, and select where that is possible. */

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Image } from "../api/schema";
import { useDrag } from "./drag";
import { layOut, neighbour } from "./layout";
import { allLoaded, dragged, extended, isSelected, NONE, type Selection, toggled } from "./selection";
import { Tile } from "./tile";

const GAP = 8;

interface GalleryProps {
  label: string;
  images: readonly Image[];
  addressOf: (id: string) => string;
  hasMore: boolean;
  loadMore: () => void;
  onGone: (id: string) => void;
  selection?: Selection;
  onSelection?: (selection: Selection) => void;
}

export function Gallery(props: GalleryProps) {
  const { images, addressOf, hasMore, loadMore, onGone, selection = NONE, onSelection } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);
  const [active, setActive] = useState(0);
  const order = useMemo(() => images.map((image) => image.id), [images]);
  const rows = useMemo(() => layOut(images, width, width < 560 ? 170 : 250, GAP), [images, width]);
  const selecting = selection.kind === "matching" || selection.ids.size > 0;

  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) {
      return;
    }
    const measure = () => {
      setWidth(element.clientWidth);
      setTop(element.getBoundingClientRect().top + scrollY);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => (rows[index]?.height ?? 0) + GAP,
    overscan: 3,
    scrollMargin: top,
    // Rows that come with the next frame are soon enough; made at once they would hold up the scrolling.
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows have other heights
  useLayoutEffect(() => virtual.measure(), [rows]);
  const shown = virtual.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    // Without a width there are no rows yet, however many images there are.
    if (hasMore && width > 0 && lastShown >= rows.length - 6) {
      loadMore();
    }
  }, [hasMore, width, lastShown, rows.length, loadMore]);

  const latest = useRef({ order, selection, onSelection });
  useEffect(() => {
    latest.current = { order, selection, onSelection };
  });
  // The same function for ever: selecting one image draws that one anew, not all.
  const select = useCallback((index: number, event: { shiftKey: boolean }) => {
    const { order, selection, onSelection } = latest.current;
    const id = order[index];
    if (id !== undefined) {
      onSelection?.(event.shiftKey ? extended(selection, order, id) : toggled(selection, id));
    }
  }, []);
  const focusOn = useCallback(
    (index: number) => {
      setActive(index);
      const row = rows.findIndex((it) => it.boxes.some((box) => box.index === index));
      virtual.scrollToIndex(row);
      // The row may only now come to be.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus()),
      );
    },
    [rows, virtual],
  );

  const press = (event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey;
    const last = images.length - 1;
    const targets: Record<string, number> = {
      ArrowLeft: Math.max(0, active - 1),
      ArrowRight: Math.min(last, active + 1),
      ArrowUp: neighbour(rows, active, -1),
      ArrowDown: neighbour(rows, active, 1),
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    const id = target === undefined ? undefined : order[target];
    if (target !== undefined && id !== undefined) {
      event.preventDefault();
      if (event.shiftKey && onSelection !== undefined) {
        const start = order[active];
        const from = selecting || start === undefined ? selection : toggled(selection, start);
        onSelection(extended(from, order, id));
      }
      focusOn(target);
    } else if (onSelection !== undefined && event.key === " ") {
      event.preventDefault();
      select(active, event);
    } else if (onSelection !== undefined && command && event.key.toLowerCase() === "a") {
      event.preventDefault();
      onSelection(allLoaded(order));
    } else if (onSelection !== undefined && event.key === "Escape" && selecting) {
      event.preventDefault();
      onSelection(NONE);
    }
  };

  const drag = useDrag({
    frame,
    rows,
    begin: () => selection,
    cover: (before, indices) =>
      onSelection?.(
        dragged(
          before,
          indices.map((index) => order[index]).filter((id) => id !== undefined),
        ),
      ),
    isOn: onSelection !== undefined,
  });

  return (
    <div
      ref={frame}
      role="grid"
      tabIndex={-1}
      aria-label={props.label}
      aria-rowcount={hasMore ? -1 : rows.length}
      aria-multiselectable={onSelection === undefined ? undefined : true}
      className="gallery"
      style={{ height: virtual.getTotalSize() }}
      onKeyDown={press}
      {...drag.handlers}
    >
      {shown.map((item) => {
        const row = rows[item.index];
        return row === undefined ? null : (
          <div
            key={item.key}
            role="row"
            aria-rowindex={item.index + 1}
            className="gallery-row"
            style={{ transform: `translateY(${row.top}px)`, height: row.height }}
          >
            {row.boxes.map((box) => {
              const image = images[box.index];
              return image === undefined ? null : (
                <Tile
                  key={image.id}
                  image={image}
                  index={box.index}
                  address={addressOf(image.id)}
                  width={box.width}
                  height={row.height}
                  isActive={box.index === Math.min(active, images.length - 1)}
                  isSelected={onSelection !== undefined && isSelected(selection, image.id)}
                  isSelecting={onSelection === undefined ? null : selecting}
                  onSelect={select}
                  onGone={onGone}
                  onFocus={setActive}
                />
              );
            })}
          </div>
        );
      })}
      {drag.area === null ? null : <div className="gallery-drag" style={drag.area} />}
    </div>
  );
}
