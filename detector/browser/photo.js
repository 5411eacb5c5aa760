// A file's bytes to upright RGB pixels in sRGB, decoded by the browser; and pixels through JPEG.

import { picture } from "./pixels.js";

/** A refusal to read a file: `said` is for the reader. */
export class Refused extends Error {
  constructor(key, values = {}) {
    super(key);
    this.said = { key, values };
  }
}

const STRIP = 1 << 22;

const canvasOf = (width, height) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  // In memory: what a graphics card gives back may be rounded.
  return [canvas, canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" })];
};

/** Whether pixels come back as they were drawn; some browsers change them, so that pages cannot recognise a device. */
export function pixelsAreKept() {
  const [, pen] = canvasOf(16, 16);
  const drawn = pen.createImageData(16, 16);
  drawn.data.forEach((_, i) => (drawn.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256));
  pen.putImageData(drawn, 0, 0);
  return pen.getImageData(0, 0, 16, 16).data.every((level, i) => level === drawn.data[i]);
}

/** The picture of a file. */
export async function readPhoto(file, { MAX_FILE_BYTES, KEPT_PIXELS, MAX_SIDE, MIN_SIDE }) {
  if (!file.size) throw new Refused("refused.empty");
  if (file.size > MAX_FILE_BYTES) throw new Refused("refused.large_file", { size: file.size / 2 ** 20, most: Math.floor(MAX_FILE_BYTES / 2 ** 20), cure: { key: "refused.smaller" } });
  let bitmap;
  try {
    // As the file says it stands upright, and in sRGB.
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image", premultiplyAlpha: "none" });
  } catch {
    throw new Refused("refused.unreadable");
  }
  try {
    const { width, height } = bitmap;
    if (width * height > KEPT_PIXELS || Math.max(width, height) > MAX_SIDE) {
      throw new Refused("refused.large_photo", { width, height, most: Math.floor(KEPT_PIXELS / 1e6) });
    }
    if (Math.min(width, height) < MIN_SIDE) throw new Refused("refused.small_photo", { width, height, least: MIN_SIDE });
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** Strip by strip: phones bound the size of a canvas. What is transparent is filled with white. */
function pixelsOf(bitmap) {
  const { width, height } = bitmap;
  const made = picture(width, height);
  const high = Math.min(height, Math.max(1, Math.floor(STRIP / width)));
  const [, pen] = canvasOf(width, high);
  for (let top = 0; top < height; top += high) {
    const rows = Math.min(high, height - top);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, width, high);
    pen.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
    keepRgb(pen.getImageData(0, 0, width, rows).data, made.data, 3 * top * width);
  }
  return made;
}

function keepRgb(rgba, rgb, to) {
  for (let at = 0; at < rgba.length; at += 4, to += 3) {
    rgb[to] = rgba[at];
    rgb[to + 1] = rgba[at + 1];
    rgb[to + 2] = rgba[at + 2];
  }
}

/** As ImageData, which canvases and mediapipe take. */
export function imageData({ data, width, height }) {
  const made = new ImageData(width, height);
  for (let at = 0, to = 0; at < data.length; at += 3, to += 4) {
    made.data[to] = data[at];
    made.data[to + 1] = data[at + 1];
    made.data[to + 2] = data[at + 2];
    made.data[to + 3] = 255;
  }
  return made;
}

/** A canvas that shows the picture. */
export function canvasFrom(shown) {
  const [canvas, pen] = canvasOf(shown.width, shown.height);
  pen.putImageData(imageData(shown), 0, 0);
  return canvas;
}

/** The pixels as they are after being saved as JPEG once, at a quality of 100. */
export async function throughJpeg(from, quality) {
  const canvas = canvasFrom(from);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality / 100));
  const bitmap = await createImageBitmap(blob);
  try {
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}
