// From a face's quality and score to a verdict: the rules of detector/verdict, with the thresholds and sentences that come from
// there. A sentence is {key, values}, put into words by words.js.

import { apart, ofHundred } from "./numbers.js";

const sentence = (key, values = {}) => ({ key, values });
const joined = (...parts) => ({ parts: parts.filter(Boolean) });

/** p_fake of a raw logit. */
export function calibrate(logit, { scale, offset }) {
  if (!Number.isFinite(logit)) throw new Error(`calibrate: expected a finite logit, got ${logit}`);
  const z = scale * logit + offset;
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

export function cutsOf(bands) {
  return [bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from].filter((cut) => cut !== null);
}

/** Why a face cannot be analysed, or null if it can. */
export function judgeQuality(quality, gates, rules) {
  const refuse = (obstacle, value, limit, digits) => {
    const [shown, bound] = apart(value, limit, digits, rules.sentences);
    return { obstacle, reason: sentence(`gate.${obstacle}`, { shown, limit: bound }) };
  };
  const turn = Math.abs(quality.yaw);
  if (!(quality.size_px >= gates.min_size_px)) return refuse("too_small", quality.size_px, gates.min_size_px, 0);
  if (!(quality.brightness >= gates.min_brightness)) return refuse("too_dark", quality.brightness, gates.min_brightness, 0);
  if (!(quality.brightness <= gates.max_brightness)) return refuse("too_bright", quality.brightness, gates.max_brightness, 0);
  if (!(quality.sharpness >= gates.min_sharpness)) return refuse("too_blurred", quality.sharpness, gates.min_sharpness, 0);
  if (!(turn <= gates.max_abs_yaw)) return refuse("turned_away", turn, gates.max_abs_yaw, 1);
  return null;
}

/** The band of a calibrated score, and what that means: [verdict, sentence]. */
export function judgeFace(score, bands, rules, sharpness = Infinity) {
  const { no_clear_signs_below: low, some_signs_from: high, strong_signs_from: strong } = bands;
  const shares = (...cuts) => ofHundred(score, cuts, rules.sentences);
  if (score >= high && !(sharpness >= bands.signs_need_sharpness)) {
    return ["inconclusive", sentence("face.blurred", { shown: shares()[0] })];
  }
  const signs = strong !== null && score >= strong ? ["strong_signs", strong] : score >= high ? ["some_signs", high] : null;
  if (signs) {
    const [shown, cut] = shares(signs[1]);
    return [signs[0], sentence(`face.${signs[0]}`, { shown, cut })];
  }
  if (score >= low) {
    const [shown, cutLow, cutHigh] = shares(low, high);
    return ["inconclusive", sentence("face.inconclusive", { shown, low: cutLow, high: cutHigh })];
  }
  const [shown, cut] = shares(low);
  return ["no_clear_signs", sentence("face.no_clear_signs", { shown, cut })];
}

/** Take a verdict back where it does not survive changes that mean nothing: [verdict, sentence, stability]. */
export function judgeStability(verdict, reason, score, scores, bands, rules) {
  const bandOf = (each) => judgeFace(each, bands, rules)[0];
  const moved = Object.values(scores).filter((each) => Math.abs(each - score) > rules.LEAST_MOVE);
  const seen = new Set([score, ...moved].map(bandOf));
  const lowest = Math.min(...Object.values(scores));
  const highest = Math.max(...Object.values(scores));
  const stability = { scores, lowest, highest, holds: seen.size === 1, decided: false };
  if (stability.holds || verdict !== bandOf(score)) return [verdict, reason, stability];
  stability.decided = true;
  const share = (each) => ofHundred(each, cutsOf(bands), rules.sentences)[0];
  const span = { low: share(Math.min(score, lowest)), high: share(Math.max(score, highest)) };
  if ([...seen].every((each) => each === "some_signs" || each === "strong_signs")) {
    return ["some_signs", sentence("stability.some_signs", { score: share(score), ...span }), stability];
  }
  return ["inconclusive", sentence("stability.inconclusive", span), stability];
}

/** [verdict, sentence]: no "no clear signs" of what is no photograph of a face. */
export function withholdOfDrawing(verdict, reason, score, flat, rules) {
  if (verdict !== "no_clear_signs" || flat < rules.MOST_FLAT) return [verdict, reason];
  return ["inconclusive", sentence("face.drawing", { score: ofHundred(score, [], rules.sentences)[0] })];
}

/** What the most suspicious analysed face says of the file: {verdict, reason, p_fake, deciding}. */
export function judgeFile(faces, rules) {
  const none = { verdict: "not_analysed", p_fake: null, deciding: null };
  const photo = sentence("photo");
  if (!faces.length) return { ...none, reason: joined(sentence("file.no_face", { file: photo }), sentence("file.no_face_cure", { file: photo })) };
  const skipped = faces.filter((face) => face.p_fake === null).length;
  if (skipped === faces.length) {
    const first = faces[0].reason;
    const why = skipped === 1 ? first : sentence("file.first", { reason: first });
    return { ...none, reason: joined(sentence("file.all_failed", { count: skipped }), why) };
  }
  const suspicion = ({ verdict, p_fake: score }) => (score === null ? [-1, 0] : [rules.SEVERITY.indexOf(verdict), score]);
  let deciding = 0;
  faces.forEach((face, index) => {
    const [rank, score] = suspicion(face);
    const [best, bestScore] = suspicion(faces[deciding]);
    if (rank > best || (rank === best && score > bestScore)) deciding = index;
  });
  const { verdict, p_fake, reason } = faces[deciding];
  const parts = [
    faces.length > 1 && sentence("file.decides", { number: deciding + 1 }),
    reason,
    skipped > 0 && sentence("file.skipped", { count: skipped, total: faces.length }),
  ];
  return { verdict, p_fake, deciding, reason: joined(...parts) };
}
