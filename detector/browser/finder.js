// Find faces with mediapipe, in the two passes of detector/faces/finder.py; its constants come with the rules.

import { mirrored, pyramid, rendered, turned } from "./pixels.js";
import { box, overlap, rollOf, square, toFrame } from "./squares.js";

/**
 * @param eyes {short, full}: each takes a picture and gives what mediapipe detects in it.
 * @param rules the parts "finder", "direction" and "geometry".
 */
export class FaceFinder {
  constructor(eyes, rules) {
    this.eyes = eyes;
    this.rules = rules.finder;
    this.direction = rules.direction;
    this.smallestLevel = rules.geometry.SMALLEST_LEVEL;
  }

  /** The picture turned so that its faces stand upright, these faces, and by how many quarters it was turned. */
  async findUpright(frame, pause) {
    const lies = (face) => Math.abs(rollOf(face.points)) > this.direction.UPRIGHT_DEG;
    const surest = (faces) => Math.max(...faces.map((face) => face.score));
    const found = await this.find(frame, pause);
    let best = { frame, faces: found, quarters: 0 };
    if (found.some((face) => !lies(face))) return best;
    let ways = this.direction.OTHERS;
    if (found.length) {
      const lying = found.reduce((one, other) => (other.score > one.score ? other : one));
      ways = [(Math.round(rollOf(lying.points) / 90) + 4) % 4];
    }
    for (const quarters of ways) {
      const other = turned(frame, quarters);
      const faces = await this.find(other, pause);
      const upright = faces.filter((face) => !lies(face));
      if (upright.length && (!best.quarters || surest(upright) > surest(best.faces))) best = { frame: other, faces, quarters };
    }
    return best;
  }

  /** Every face, in reading order: {box, points, score}. */
  async find(frame, pause = async () => {}) {
    const levels = pyramid(frame, this.smallestLevel);
    const proposals = [];
    for (const window of this.windows(frame.width, frame.height)) {
      await pause();
      proposals.push(...this.detect(this.eyes.short, levels, window, this.rules.SIDE));
    }
    const faces = [];
    for (const place of this.withoutRepeats(proposals).slice(0, this.rules.MAX_PROPOSALS)) {
      await pause();
      const face = this.refined(levels, place);
      if (face) faces.push(face);
    }
    return readingOrder(this.withoutRepeats(faces).map(asFace));
  }

  /** The whole picture, the whole with a border, and layers of overlapping tiles. */
  *windows(width, height) {
    const rules = this.rules;
    const long = Math.max(width, height);
    yield square(width / 2, height / 2, long);
    yield square(width / 2, height / 2, rules.PADDED * long);
    let tile = rules.TILE_SIDE * rules.MIN_FACE * Math.max(1, Math.sqrt((width * height) / rules.FINEST_AREA));
    for (; tile * rules.WORTH_TILING <= long; tile *= rules.TILE_GROWTH) {
      for (const y of this.centers(height, tile)) for (const x of this.centers(width, tile)) yield square(x, y, tile);
    }
  }

  centers(length, tile) {
    if (length <= tile) return [length / 2];
    const steps = Math.ceil((length - tile) / (tile * (1 - this.rules.TILE_OVERLAP)));
    return Array.from({ length: steps + 1 }, (_, step) => tile / 2 + (step * (length - tile)) / steps);
  }

  /** All faces that one model sees in one square of the frame, or in its mirror image (and mirrored back). */
  detect(eye, levels, window, pixels, inMirror = false) {
    const seen = rendered(levels, window, pixels);
    const found = [];
    for (const { boundingBox, keypoints, categories } of eye(inMirror ? mirrored(seen) : seen)) {
      const { originX, originY, width, height } = boundingBox;
      let center = [(originX + width / 2) / pixels, (originY + height / 2) / pixels];
      let points = keypoints.map(({ x, y }) => [x, y]);
      if (inMirror) {
        center = [1 - center[0], center[1]];
        points = this.rules.MIRRORED_KEYPOINTS.map((other) => [1 - points[other][0], points[other][1]]);
      }
      const side = (Math.max(width, height) / pixels) * window.side;
      if (side <= 0) continue;
      const score = Math.min(1, Math.max(0, categories[0].score));
      points = points.map((point) => toFrame(window, point));
      found.push({ square: square(...toFrame(window, center), side, window.roll), points, score });
    }
    return found;
  }

  /** The same face seen upright, in the middle and at the usual scale; null if it then is no face. */
  refined(levels, proposal) {
    const rules = this.rules;
    const seen = proposal.square;
    const window = square(seen.x, seen.y, seen.side * rules.REFINING_SIDE, rollOf(proposal.points));
    const straight = this.best(this.detect(this.eyes.short, levels, window, rules.REFINING_PIXELS), seen);
    if (!straight || straight.score < rules.MIN_ONE_SIDED) return null;
    const face = mean(straight, this.best(this.detect(this.eyes.short, levels, window, rules.REFINING_PIXELS, true), seen));
    if (!face || face.score < rules.MIN_SCORE) return null;
    if (face.score < rules.SURE_SCORE) {
      const wider = square(face.square.x, face.square.y, face.square.side * rules.FULL_RANGE_SIDE, window.roll);
      const other = this.best(this.detect(this.eyes.full, levels, wider, rules.FULL_RANGE_PIXELS), face.square);
      if (!other || other.score < rules.MIN_FULL_RANGE_SCORE) return null;
    }
    return face;
  }

  /** The surest of those that are the same face as `place`. */
  best(proposals, place) {
    const there = proposals.filter((proposal) => overlap(proposal.square, place) > this.rules.SAME_FACE);
    return there.reduce((one, other) => (one && one.score >= other.score ? one : other), null);
  }

  /** Best score first; whatever mostly overlaps a better one is dropped. */
  withoutRepeats(proposals) {
    const kept = [];
    for (const proposal of [...proposals].sort((one, other) => other.score - one.score)) {
      if (kept.every((better) => overlap(proposal.square, better.square) < this.rules.SAME_FACE)) kept.push(proposal);
    }
    return kept;
  }
}

/** Two passes over the same square as one; null if the other saw nothing. */
function mean(one, other) {
  if (!other) return null;
  const [a, b] = [one.square, other.square];
  const points = one.points.map(([x, y], i) => [(x + other.points[i][0]) / 2, (y + other.points[i][1]) / 2]);
  const middle = square((a.x + b.x) / 2, (a.y + b.y) / 2, (a.side + b.side) / 2, a.roll);
  return { square: middle, points, score: (one.score + other.score) / 2 };
}

function asFace({ square: { x, y, side }, points, score }) {
  const half = side / 2;
  // Single precision, as in detector.records.Detection.
  const single = points.map(([px, py]) => [Math.fround(px), Math.fround(py)]);
  return { box: box(x - half, y - half, x + half, y + half), points: single, score };
}

/** Rows from the top, each from the left. */
function readingOrder(faces) {
  const rows = [];
  for (const face of [...faces].sort((one, other) => one.box.y - other.box.y)) {
    const first = rows.at(-1)?.[0].box;
    if (first && face.box.y - first.y < first.height / 2) rows.at(-1).push(face);
    else rows.push([face]);
  }
  return rows.flatMap((row) => row.sort((one, other) => one.box.x - other.box.x));
}
