// Squares of a picture, possibly turned: the same geometry as detector/faces/geometry.py. Pixels; degrees clockwise.

/** Like Python's round(): halves go to the even number. */
export function round(value) {
  const below = Math.floor(value);
  const half = value - below;
  if (half !== 0.5) return half < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export const clip = (value, low, high) => Math.min(Math.max(value, low), high);

const radians = (degrees) => (degrees * Math.PI) / 180;

/** {x, y, side, roll}: what a search window covers. */
export const square = (x, y, side, roll = 0) => ({ x, y, side, roll });

/** [cos, sin] of a square's roll. */
export const turnOf = ({ roll }) => [Math.cos(radians(roll)), Math.sin(radians(roll))];

/** A point given as shares of the square, in pixels of the picture. */
export function toFrame(of, [u, v]) {
  const [cos, sin] = turnOf(of);
  const [dx, dy] = [(u - 0.5) * of.side, (v - 0.5) * of.side];
  return [cos * dx - sin * dy + of.x, sin * dx + cos * dy + of.y];
}

/** Shared area over the smaller area, turns ignored. */
export function overlap(one, other) {
  const reach = (one.side + other.side) / 2;
  const wide = Math.min(reach - Math.abs(one.x - other.x), one.side, other.side);
  const high = Math.min(reach - Math.abs(one.y - other.y), one.side, other.side);
  return wide <= 0 || high <= 0 ? 0 : (wide * high) / Math.min(one.side, other.side) ** 2;
}

/** Tilt of the eye line in degrees, positive clockwise as seen. */
export function rollOf(points) {
  const [[x0, y0], [x1, y1]] = points;
  return (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI;
}

/** {left, top, right, bottom} with what is read from it. */
export function box(left, top, right, bottom) {
  return { left, top, right, bottom, width: right - left, height: bottom - top, x: (left + right) / 2, y: (top + bottom) / 2 };
}
