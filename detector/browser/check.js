// From a photo to a result, all stages in the order in which they run: detector/pipeline/photo.py.
// What it leaves out: heatmaps, the test of single regions, the scores of other models, and what the file says about itself.

import { cropFace, flatShare } from "./crops.js";
import { calibrate, judgeFace, judgeFile, judgeQuality, judgeStability, withholdOfDrawing } from "./judge.js";
import { mirrored } from "./pixels.js";
import { throughJpeg } from "./photo.js";
import { views } from "./views.js";

/**
 * @param frame the upright picture.
 * @param engine {finder, model}.
 * @param pause called often; lets the page answer meanwhile.
 * @returns the result: verdict, reason, p_fake, deciding, faces, and the frame as its faces stand upright.
 */
export async function checkPhoto(frame, engine, rules, pause) {
  const found = await engine.finder.findUpright(frame, pause);
  const faces = [];
  for (const face of found.faces) faces.push(await checkFace(found.frame, face, engine.model, rules, pause));
  return { ...judgeFile(faces, rules), faces, frame: found.frame, quarters: found.quarters };
}

async function checkFace(frame, face, model, rules, pause) {
  const { crop: spec, bands } = rules.model;
  const crop = cropFace(frame, face, spec, rules);
  const made = { box: face.box, crop: crop.picture, quality: crop.quality };
  const refused = judgeQuality(crop.quality, rules.gates, rules);
  if (refused) return { ...made, ...refused, verdict: "not_analysed", p_fake: null, stability: null };
  const cut = await views(frame, face, spec, rules, throughJpeg);
  const { p_fake, scores } = await scored(crop.picture, cut, model, rules, pause);
  let [verdict, reason] = judgeFace(p_fake, bands, rules, crop.quality.sharpness);
  let stability;
  [verdict, reason, stability] = judgeStability(verdict, reason, p_fake, scores, bands, rules);
  [verdict, reason] = withholdOfDrawing(verdict, reason, p_fake, flatShare(crop.picture, rules.flatness), rules);
  return { ...made, verdict, reason, p_fake, stability };
}

/** The score, the mean of the crop's logit and its mirror image's, and p_fake by view. */
async function scored(crop, cut, model, rules, pause) {
  const { calibration } = rules.model;
  const logits = [];
  for (const each of [crop, mirrored(crop), ...cut]) {
    await pause();
    logits.push(await model(each));
  }
  const [asIs, inMirror, ...changed] = logits;
  const logit = (asIs + inMirror) / 2;
  // The change is taken to be the same in the mirror image.
  const each = [asIs, inMirror, ...changed.map((other) => logit + other - asIs)];
  const scores = Object.fromEntries(rules.stability.VIEWS.map((name, i) => [name, calibrate(each[i], calibration)]));
  return { p_fake: calibrate(logit, calibration), scores };
}
