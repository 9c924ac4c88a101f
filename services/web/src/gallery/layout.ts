/** Images in justified rows: every row as wide as the gallery, every image in its own shape. Pure. */

import type { Image } from "../api/schema";

export interface Box {
  index: number;
  left: number;
  width: number;
}

export interface Row {
  top: number;
  height: number;
  boxes: Box[];
}

export function layOut(images: readonly Image[], width: number, targetHeight: number, gap: number): Row[] {
  const rows: Row[] = [];
  let top = 0;
  let first = 0;
  let ratios = 0;
  if (width <= 0) {
    return rows;
  }
  const close = (end: number, height: number) => {
    let left = 0;
    const boxes: Box[] = [];
    for (let index = first; index < end; index++) {
      const image = images[index];
      const boxWidth = image === undefined ? 0 : (image.width / image.height) * height;
      boxes.push({ index, left, width: boxWidth });
      left += boxWidth + gap;
    }
    rows.push({ top, height, boxes });
    top += height + gap;
    first = end;
    ratios = 0;
  };
  images.forEach((image, index) => {
    ratios += image.width / image.height;
    const height = (width - gap * (index - first)) / ratios;
    if (height <= targetHeight) {
      close(index + 1, height);
    }
  });
  if (first < images.length) {
    const height = (width - gap * (images.length - first - 1)) / ratios;
    close(images.length, Math.min(height, targetHeight));
  }
  return rows;
}

/** The image above or below another one: the nearest by its middle. */
export function neighbour(rows: readonly Row[], index: number, step: 1 | -1): number {
  const at = rows.findIndex((row) => row.boxes.some((box) => box.index === index));
  const box = rows[at]?.boxes.find((it) => it.index === index);
  const target = rows[at + step];
  if (box === undefined || target === undefined) {
    return index;
  }
  const middle = box.left + box.width / 2;
  const distance = (it: Box) => Math.abs(it.left + it.width / 2 - middle);
  return target.boxes.reduce((best, it) => (distance(it) < distance(best) ? it : best)).index;
}

export function covered(
  rows: readonly Row[],
  area: { left: number; top: number; right: number; bottom: number },
): number[] {
  return rows
    .filter((row) => row.top < area.bottom && row.top + row.height > area.top)
    .flatMap((row) => row.boxes.filter((box) => box.left < area.right && box.left + box.width > area.left))
    .map((box) => box.index);
}
