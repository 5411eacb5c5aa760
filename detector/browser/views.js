// The small changes that a score must survive: detector/probes/stability.py. The JPEG is the browser's own.

import { cropFace } from "./crops.js";
import { cut, shrunk } from "./pixels.js";
import { box, round } from "./squares.js";

/**
 * One face cut anew from its changed picture: a crop for each of the rules' `CUT_VIEWS`.
 *
 * @param throughJpeg (picture, quality of 100) -> promise of the picture as it is after being saved as JPEG once.
 */
export async function views(frame, face, spec, rules, throughJpeg) {
  const { QUALITY, CUT_VIEWS } = rules.stability;
  const [part, there] = around(frame, face, spec, rules);
  const saved = await throughJpeg(part, QUALITY);
  const half = halfSize(part);
  const scale = [half.width / part.width, half.height / part.height];
  const made = {
    jpeg: cropFace(saved, there, spec, rules),
    half_size: cropFace(half, moved(there, [0, 0], scale), spec, rules),
    shifted: cropFace(part, aside(there, spec, Math.min(part.width, part.height), rules.stability), spec, rules),
  };
  return CUT_VIEWS.map((name) => made[name].picture);
}

function halfSize(part) {
  const long = Math.max(part.width, part.height);
  const scale = Math.min(1, Math.max(1, Math.floor(long / 2)) / long);
  return shrunk(part, Math.max(1, round(part.width * scale)), Math.max(1, round(part.height * scale)));
}

/** The part of the picture that holds every square a view may cut, and the face's place in it. */
function around(frame, face, spec, rules) {
  const of = face.box;
  const side = Math.max(of.width, of.height);
  const reach = side * ((0.5 + spec.margin) * Math.SQRT2 + spec.margin + rules.stability.AROUND) + 2;
  let left = Math.max(0, Math.min(Math.floor(of.x - reach), frame.width - Math.ceil(2 * reach)));
  let top = Math.max(0, Math.min(Math.floor(of.y - reach), frame.height - Math.ceil(2 * reach)));
  // Even, since a half is rounded to the even number: an odd step would move the square by a pixel.
  left -= left % 2;
  top -= top % 2;
  const right = Math.min(frame.width, left + Math.ceil(2 * reach) + 1);
  const bottom = Math.min(frame.height, top + Math.ceil(2 * reach) + 1);
  return [cut(frame, left, top, right, bottom), moved(face, [-left, -top])];
}

function moved(face, by = [0, 0], scale = [1, 1]) {
  const { left, top, right, bottom } = face.box;
  const place = ([x, y]) => [(x + by[0]) * scale[0], (y + by[1]) * scale[1]];
  const points = face.points.map((point) => place(point).map(Math.fround));
  return { ...face, box: box(...place([left, top]), ...place([right, bottom])), points };
}

/** A slightly smaller box, up and to the side; it also fits into the part, which may have cut the square. */
function aside(face, spec, partSide, { TIGHTER, ASIDE }) {
  const of = face.box;
  const side = Math.max(of.width, of.height);
  const scale = TIGHTER * Math.min(1, partSide / (side * (1 + 2 * spec.margin)));
  const [x, y] = [of.x + ASIDE * side, of.y - ASIDE * side];
  const [wide, high] = [(of.width * scale) / 2, (of.height * scale) / 2];
  return { ...face, box: box(x - wide, y - high, x + wide, y + high) };
}
