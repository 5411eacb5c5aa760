// Pictures as bytes, and how they are resampled: to the level what OpenCV gives detector/faces, which a canvas would not.
// A picture is {data, width, height} with three bytes, RGB, for each pixel.

import { clip, round, toFrame, turnOf } from "./squares.js";

export const picture = (width, height, data = new Uint8Array(3 * width * height)) => ({ data, width, height });

/** A copy of a part that lies inside. */
export function cut(from, left, top, right, bottom) {
  const part = picture(right - left, bottom - top);
  for (let y = top; y < bottom; y++) {
    const row = 3 * (y * from.width + left);
    part.data.set(from.data.subarray(row, row + 3 * part.width), 3 * (y - top) * part.width);
  }
  return part;
}

/** Each pixel of a new picture comes from the place that `source(x, y)` names. */
function rearranged(from, width, height, source) {
  const made = picture(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const at = 3 * source(x, y);
      made.data[to] = from.data[at];
      made.data[to + 1] = from.data[at + 1];
      made.data[to + 2] = from.data[at + 2];
    }
  }
  return made;
}

export const mirrored = (from) => rearranged(from, from.width, from.height, (x, y) => y * from.width + from.width - 1 - x);

/** Turned counter-clockwise by so many quarters, as by numpy.rot90. */
export function turned(from, quarters) {
  const { width, height } = from;
  if (quarters % 4 === 0) return from;
  if (quarters % 4 === 2) return rearranged(from, width, height, (x, y) => (height - 1 - y) * width + width - 1 - x);
  if (quarters % 4 === 1) return rearranged(from, height, width, (x, y) => x * width + width - 1 - y);
  return rearranged(from, height, width, (x, y) => (height - 1 - x) * width + y);
}

/** Pixel-area averaging when the picture shrinks, bicubic when it grows. */
export function resized(from, [width, height]) {
  return from.width > width ? shrunk(from, width, height) : grown(from, width, height);
}

/** cv2.INTER_AREA: each new pixel is the mean of the area that it covers. */
export function shrunk(from, width, height) {
  if (from.width === 2 * width && from.height === 2 * height) return halved(from, width, height);
  const [across, down] = [shares(from.width, width), shares(from.height, height)];
  const made = picture(width, height);
  const rows = new Float32Array(3 * from.width);
  for (let y = 0; y < height; y++) {
    rows.fill(0);
    for (const [row, share] of down[y]) {
      const start = 3 * row * from.width;
      for (let i = 0; i < rows.length; i++) rows[i] += share * from.data[start + i];
    }
    for (let x = 0, to = 3 * y * width; x < width; x++, to += 3) {
      let [red, green, blue] = [0, 0, 0];
      for (const [column, share] of across[x]) {
        red += share * rows[3 * column];
        green += share * rows[3 * column + 1];
        blue += share * rows[3 * column + 2];
      }
      made.data[to] = round(red);
      made.data[to + 1] = round(green);
      made.data[to + 2] = round(blue);
    }
  }
  return made;
}

/** For each new place, the old ones that it covers, [place, share]. */
function shares(before, after) {
  const scale = before / after;
  return Array.from({ length: after }, (_, place) => {
    const [start, end] = [place * scale, Math.min(before, (place + 1) * scale)];
    const covered = [];
    for (let old = Math.floor(start); old < Math.min(before, Math.ceil(end)); old++) {
      const share = (Math.min(end, old + 1) - Math.max(start, old)) / (end - start);
      if (share > 1e-6) covered.push([old, share]);
    }
    return covered;
  });
}

function halved(from, width, height) {
  const made = picture(width, height);
  const line = 3 * from.width;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, at = 2 * y * line; x < width; x++, at += 6) {
      for (let channel = at; channel < at + 3; channel++, to++) {
        const sum = from.data[channel] + from.data[channel + 3] + from.data[channel + line] + from.data[channel + line + 3];
        made.data[to] = (sum + 2) >> 2;
      }
    }
  }
  return made;
}

/** cv2.INTER_CUBIC of cv2.resize: edges are repeated. */
function grown(from, width, height) {
  const [across, down] = [taps(from.width, width), taps(from.height, height)];
  const made = picture(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++, to++) made.data[to] = blended(from, across[x], down[y], channel);
    }
  }
  return made;
}

const taps = (before, after) =>
  Array.from({ length: after }, (_, place) => tapsAt(((place + 0.5) * before) / after - 0.5, before));

/** The four places around a coordinate, inside a side of that length, and their cubic weights (a = -0.75). */
function tapsAt(coordinate, length) {
  const first = Math.floor(coordinate);
  const t = coordinate - first;
  const a = -0.75;
  const near = (d) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const weights = [far(t + 1), near(t), near(1 - t)];
  weights.push(1 - weights[0] - weights[1] - weights[2]);
  return { places: [-1, 0, 1, 2].map((by) => clip(first + by, 0, length - 1)), weights };
}

function blended(from, across, down, channel) {
  let sum = 0;
  for (let j = 0; j < 4; j++) {
    const row = down.places[j] * from.width;
    let line = 0;
    for (let i = 0; i < 4; i++) line += across.weights[i] * from.data[3 * (row + across.places[i]) + channel];
    sum += down.weights[j] * line;
  }
  return clip(round(sum), 0, 255);
}

/**
 * Pixels of a square given in pixels of the frame, from the frame shrunk by `shrink` [x, y]: cv2.warpAffine.
 * Linear with black beyond the border, or cubic with the border repeated.
 */
export function sampled(from, square, size, shrink, cubic = false) {
  const [cos, sin] = turnOf(square);
  const step = square.side / size;
  const [firstX, firstY] = toFrame(square, [0.5 / size, 0.5 / size]);
  const [startX, startY] = [firstX * shrink[0] - 0.5, firstY * shrink[1] - 0.5];
  const take = cubic ? cubicAt : linearAt;
  const made = picture(size, size);
  for (let y = 0, to = 0; y < size; y++) {
    for (let x = 0; x < size; x++, to += 3) {
      const atX = step * shrink[0] * (cos * x - sin * y) + startX;
      const atY = step * shrink[1] * (sin * x + cos * y) + startY;
      take(from, atX, atY, made.data, to);
    }
  }
  return made;
}

function cubicAt(from, x, y, data, to) {
  const [across, down] = [tapsAt(x, from.width), tapsAt(y, from.height)];
  for (let channel = 0; channel < 3; channel++) data[to + channel] = blended(from, across, down, channel);
}

function linearAt(from, x, y, data, to) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - left, y - top];
  let [red, green, blue] = [0, 0, 0];
  for (let j = 0; j < 2; j++) {
    for (let i = 0; i < 2; i++) {
      const [column, row] = [left + i, top + j];
      if (column < 0 || row < 0 || column >= from.width || row >= from.height) continue;
      const weight = (i ? u : 1 - u) * (j ? v : 1 - v);
      const at = 3 * (row * from.width + column);
      red += weight * from.data[at];
      green += weight * from.data[at + 1];
      blue += weight * from.data[at + 2];
    }
  }
  data[to] = round(red);
  data[to + 1] = round(green);
  data[to + 2] = round(blue);
}

/** Full, half, quarter... size, so that a square can be sampled fast and without aliasing. */
export function pyramid(from, smallest) {
  const levels = [from];
  for (let last = from; Math.max(last.width, last.height) > smallest; levels.push(last)) {
    last = shrunk(last, Math.max(1, last.width >> 1), Math.max(1, last.height >> 1));
  }
  return levels;
}

/** The square, black where it leaves the picture. */
export function rendered(levels, square, size) {
  const wanted = Math.floor(Math.log2(Math.max(1, square.side / size)));
  const level = levels[Math.min(wanted, levels.length - 1)];
  return sampled(level, square, size, [level.width / levels[0].width, level.height / levels[0].height]);
}

/** One byte for each pixel, with the weights of ITU-R BT.601. */
export function grey(from) {
  const made = new Uint8Array(from.width * from.height);
  for (let i = 0, at = 0; i < made.length; i++, at += 3) {
    made[i] = (9798 * from.data[at] + 19235 * from.data[at + 1] + 3735 * from.data[at + 2] + 16384) >> 15;
  }
  return made;
}

/** Variance of the Laplacian of a grey picture. */
export function sharpnessOf(levels, width, height) {
  // Beyond the border lies what lies before it, the border itself left out.
  const within = (place, length) => (length === 1 ? 0 : place < 0 ? -place : place >= length ? 2 * length - 2 - place : place);
  const at = (x, y) => levels[within(y, height) * width + within(x, width)];
  let [sum, squares] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
      sum += value;
      squares += value * value;
    }
  }
  const count = width * height;
  return squares / count - (sum / count) ** 2;
}
