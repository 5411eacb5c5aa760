// A face cut out as the square that the model sees, and how good the cut is: detector/faces/crops.py and flatness.py.

import { cut, grey, picture, resized, sampled, sharpnessOf, shrunk } from "./pixels.js";
import { box, clip, rollOf, round, square, turnOf } from "./squares.js";

/** {picture, source, face, quality}; the picture has `spec.size` pixels a side. */
export function cropFace(frame, face, spec, rules) {
  const quality = measureQuality(frame, face, rules);
  const tilted = Math.abs(quality.roll_deg) > spec.upright_above_deg;
  const turned = tilted ? turnedSquare(frame, face.box, spec.margin, quality.roll_deg) : null;
  const made = turned ? cutTurned(frame, turned, spec.size) : cutUpright(frame, face.box, spec);
  return { ...made, face, quality };
}

/** How much the face has to offer, before any gate. */
export function measureQuality(frame, face, rules) {
  const { left, top, right, bottom, width, height } = face.box;
  const inside = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top)),
    Math.min(frame.width, Math.ceil(right)), Math.min(frame.height, Math.ceil(bottom))];
  const wide = inside[2] - inside[0];
  const high = inside[3] - inside[1];
  const levels = grey(cut(frame, ...inside));
  const scale = rules.crops.SHARPNESS_SIDE / Math.max(width, height);
  const size = [Math.max(1, round(wide * scale)), Math.max(1, round(high * scale))];
  const fixed = greyResized(levels, wide, high, size, scale < 1);
  const [right_eye, left_eye, nose] = face.points;
  const line = [left_eye[0] - right_eye[0], left_eye[1] - right_eye[1]];
  const apart = Math.hypot(...line);
  const direction = apart > 0 ? line.map((each) => each / apart) : [1, 0];
  const offset = [0, 1].reduce((sum, i) => sum + (nose[i] - (right_eye[i] + left_eye[i]) / 2) * direction[i], 0);
  return {
    size_px: Math.min(width, height),
    sharpness: sharpnessOf(fixed, ...size),
    brightness: levels.reduce((sum, each) => sum + each, 0) / levels.length,
    roll_deg: rollOf(face.points),
    yaw: offset / Math.max(apart, 0.05 * Math.min(width, height)),
  };
}

/** A grey picture at another size, by way of three equal channels. */
function greyResized(levels, width, height, [toWidth, toHeight], shrinks) {
  const three = picture(width, height);
  levels.forEach((level, i) => three.data.fill(level, 3 * i, 3 * i + 3));
  const made = shrinks ? shrunk(three, toWidth, toHeight) : resized(three, [toWidth, toHeight]);
  return made.data.filter((_, i) => i % 3 === 0);
}

function cutUpright(frame, of, spec) {
  const { width, height } = frame;
  const side = Math.max(1, Math.min(round(Math.max(of.width, of.height) * (1 + 2 * spec.margin)), width, height));
  const left = Math.min(Math.max(0, round(of.x - side / 2)), width - side);
  const top = Math.min(Math.max(0, round(of.y - side / 2)), height - side);
  const made = resized(cut(frame, left, top, left + side, top + side), [spec.size, spec.size]);
  return { picture: made, source: box(left, top, left + side, top + side) };
}

/** The largest turned square inside the picture that holds the face's own (turned) square; null if there is none. */
function turnedSquare(frame, of, margin, roll) {
  const { width, height } = frame;
  const faceSide = Math.max(of.width, of.height);
  const [cos, sin] = turnOf({ roll });
  const spread = Math.abs(cos) + Math.abs(sin);
  const steps = 32;
  for (let step = 0; step <= steps; step++) {
    const side = faceSide * (1 + 2 * margin * (1 - step / steps));
    const reach = (side * spread) / 2;
    if (2 * reach > Math.min(width, height)) continue;
    const [x, y] = [clip(of.x, reach, width - reach), clip(of.y, reach, height - reach)];
    const [dx, dy] = [x - of.x, y - of.y];
    const shift = Math.max(Math.abs(cos * dx + sin * dy), Math.abs(cos * dy - sin * dx));
    if (shift <= (side - faceSide) / 2 + 1e-9) return square(x, y, side, roll);
  }
  return null;
}

function cutTurned(frame, turned, size) {
  const [cos, sin] = turnOf(turned);
  const reach = (turned.side * (Math.abs(cos) + Math.abs(sin))) / 2;
  // Shrinking comes second: sampling that shrinks would skip pixels.
  const native = Math.max(size, round(turned.side));
  const upright = sampled(frame, turned, native, [1, 1], true);
  const source = box(turned.x - reach, turned.y - reach, turned.x + reach, turned.y + reach);
  return { picture: resized(upright, [size, size]), source };
}

/** Share of the pixels that have one of the most frequent colours; cut-off black and white left aside. */
export function flatShare({ data }, { COLOURS, SHIFT, DARK, BRIGHT }) {
  const counts = new Map();
  for (let i = 0; i < data.length; i += 3) {
    const [red, green, blue] = data.subarray(i, i + 3);
    if (Math.max(red, green, blue) <= DARK || Math.min(red, green, blue) >= BRIGHT) continue;
    const colour = ((red >> SHIFT) << 16) | ((green >> SHIFT) << 8) | (blue >> SHIFT);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const most = [...counts.values()].sort((one, other) => other - one).slice(0, COLOURS);
  return most.reduce((sum, count) => sum + count, 0) / (data.length / 3);
}
