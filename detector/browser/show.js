// A result as the page shows it: the elements and classes of detector/report/templates/result.html, with the same style.

import { cutsOf } from "./judge.js";
import { ofHundred } from "./numbers.js";
import { canvasFrom } from "./photo.js";

/** An element: properties, then children, which are elements or text; what is null or false is left out. */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = Object.assign(document.createElement(tag || "div"), properties);
  made.classList.add(...classes.filter(Boolean));
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const icon = (verdict) => document.getElementById(`icon-${verdict}`).content.firstElementChild.cloneNode(true);

/** Places of an element on another, as shares. */
function placed(element, { left, top, width, height }) {
  const shares = Object.entries({ left, top, width, height }).filter(([, share]) => share !== undefined);
  for (const [side, share] of shares) element.style[side] = `${(100 * share).toFixed(2)}%`;
  return element;
}

export class ResultView {
  /** @param language of words.js. */
  constructor(rules, language) {
    this.rules = rules;
    this.language = language;
    this.cuts = cutsOf(rules.model.bands);
  }

  text(key, values) {
    return this.language.say({ key, values });
  }

  say(said) {
    return this.language.say(said);
  }

  list(key) {
    return h("ul", {}, this.language.table.lists[key].map((line) => h("li", {}, line)));
  }

  /** A calm card for a file that could not be checked. */
  refusal(said, name) {
    return h("section.fc-result", {}, h(".fc-card.fc-verdict.fc-not_analysed.fc-refusal", {},
      this.headline("not_analysed", this.text("headline.unreadable")),
      name ? h("p.fc-file", {}, name) : null,
      h("p.fc-reason", { role: "alert" }, this.say(said))));
  }

  /** @param result of check.js, with `name`, `report` (an address of its JSON) and the pictures made by `pictured`. */
  result(result) {
    const { faces, deciding, verdict } = result;
    const lead = deciding === null ? null : faces[deciding];
    const quiet = verdict === "no_clear_signs" || verdict === "inconclusive";
    const answer = h(".fc-answer", {},
      this.headline(verdict, this.headlineOf(result)),
      lead && this.gauge(lead, this.text("score.of_file")),
      h("p.fc-reason", {}, this.say(result.reason)),
      result.quarters > 0 && h("p.fc-note", {}, this.text("turned", { degrees: 360 - 90 * result.quarters })));
    return h("section.fc-result", {},
      h(`.fc-card.fc-verdict.fc-with-photo.fc-${verdict}`, {}, answer, this.photo(result)),
      quiet && h("p.fc-knows", {}, this.text("knows")),
      faces.length > 0 && h("h3", {}, this.text("face_by_face")),
      h(".fc-faces", {}, this.order(result).map((index) => this.card(result, index))),
      this.folds(result, lead));
  }

  headline(verdict, text) {
    return h("h2", { id: "fc-verdict", tabIndex: -1 }, icon(verdict), h("span", {}, text));
  }

  headlineOf({ verdict, faces }) {
    if (verdict !== "not_analysed") return this.text(`headline.${verdict}`);
    return this.text(faces.length ? "headline.no_usable_face" : "headline.no_face");
  }

  photo({ frame, faces, images, name }) {
    const analysed = faces.filter((face) => face.p_fake !== null).length;
    const found = faces.length ? { key: "found", values: { count: faces.length, analysed } } : { parts: [] };
    const alt = this.text("picture", { count: faces.length, what: { key: "picture.what" } });
    return h("figure.fc-photo", {},
      h(".", {}, h("img", { src: images.photo, alt }), faces.map((face, index) => this.box(face, index + 1, frame))),
      h("figcaption", {}, this.text("picture.caption", { name: { verbatim: name }, found })));
  }

  box({ box, verdict }, number, { width, height }) {
    const [left, top] = [Math.max(0, box.left) / width, Math.max(0, box.top) / height];
    const [right, bottom] = [Math.min(width, box.right) / width, Math.min(height, box.bottom) / height];
    const label = h(`b${top < 0.1 ? ".fc-inside" : ""}`, {}, icon(verdict), String(number));
    const marked = h(`span.fc-box.fc-${verdict}`, { ariaHidden: "true" }, label);
    return placed(marked, { left, top, width: right - left, height: bottom - top });
  }

  /** The face that decides first, then the more suspicious before the less. */
  order({ faces, deciding }) {
    const rank = (index) => [index !== deciding, this.rules.WORST_FIRST.indexOf(faces[index].verdict), -(faces[index].p_fake ?? 0)];
    return faces.map((_, index) => index).sort((one, other) => {
      const [a, b] = [rank(one), rank(other)];
      const first = a.findIndex((value, i) => value !== b[i]);
      return first < 0 ? one - other : a[first] - b[first];
    });
  }

  card({ faces, deciding, images }, index) {
    const face = faces[index];
    const leads = index === deciding || faces.length === 1;
    const open = leads || face.verdict === "some_signs" || face.verdict === "strong_signs";
    const subject = this.text("face", { number: index + 1 });
    const caption = this.text(face.p_fake === null ? "crop_not_checked" : "crop");
    const points = face.p_fake !== null && h("span.fc-points", {}, this.score(face.p_fake));
    return h(`details.fc-card.fc-face.fc-${face.verdict}`, { open },
      h("summary", {}, h("span.fc-number", {}, subject), " ",
        h("span.fc-name", {}, icon(face.verdict), " ", this.text(`headline.${face.verdict}`)), " ", points),
      h(".fc-inner", {},
        h("figure.fc-crop", {},
          h("img", { src: images.crops[index], alt: this.text("described", { subject: { verbatim: subject }, caption: { verbatim: caption } }) }),
          h("figcaption", {}, caption)),
        h(".fc-words", {},
          !leads && face.p_fake !== null && this.gauge(face, this.text("score.of_face", { one: { key: "face", values: { number: index + 1 } } })),
          !leads && h("p", {}, this.say(face.reason)),
          face.stability?.holds && h("p.fc-finding", {}, this.holds(face.stability)))));
  }

  share(score) {
    return ofHundred(score, this.cuts, this.rules.sentences)[0];
  }

  score(score) {
    return this.text("score", { score: this.share(score) });
  }

  holds({ lowest, highest }) {
    const [low, high] = [this.share(lowest), this.share(highest)];
    return low === high ? this.text("holds.at", { score: low }) : this.text("holds.between", { low, high });
  }

  /** The scale with its bands by name, the score, and the span of the scores after tiny changes. */
  gauge({ p_fake: score, verdict, stability }, label) {
    const meaning = this.text("score.meaning", { score: { verbatim: this.score(score) }, band: { key: `band.${verdict}` } });
    const meter = h(`.fc-meter`, { role: "meter", ariaLabel: label, ariaValueMin: "0", ariaValueMax: "100",
      ariaValueNow: (100 * score).toFixed(2), ariaValueText: meaning });
    const bands = this.rules.model.scale;
    for (const { verdict: of, start, end } of bands) meter.append(placed(h(`i.fc-${of}`), { left: start, width: end - start }));
    if (stability) {
      const [left, right] = [Math.min(score, stability.lowest), Math.max(score, stability.highest)].map((each) => this.place(each));
      meter.append(placed(h("b.fc-spread"), { left, width: right - left }));
    }
    meter.append(placed(h("span"), { left: this.place(score) }));
    const ends = bands.map((band) =>
      h("span", {}, h("b", {}, this.language.value(band.from_score)), " ", this.text(`band.${band.verdict}`)));
    return h(".fc-score", {}, h("p", {}, h("strong", {}, this.score(score))), meter, h(".fc-ends", { ariaHidden: "true" }, ends));
  }

  /** Share of the scale's length at which a score lies: every band is as wide as the next. */
  place(score) {
    const ends = [0, ...this.cuts, 1].filter((end, i, all) => i === 0 || end > all[i - 1]);
    const last = ends.length - 2;
    const found = ends.slice(1).findIndex((end) => score < end);
    const index = found < 0 ? last : found;
    return (index + (Math.min(score, 1) - ends[index]) / (ends[index + 1] - ends[index])) / (last + 1);
  }

  folds(result, lead) {
    const { verdict } = result;
    const shaky = lead?.stability?.decided && verdict === "inconclusive";
    return h(".fc-folds", {},
      this.fold("what_it_means", h("p", {}, this.text(shaky ? "means.shaky" : `means.${verdict}`))),
      this.fold("what_it_does_not", h("p", {}, this.text(`means_not.${verdict}`))),
      result.p_fake !== null && this.fold("how_often", h("p", {}, this.language.table.lists[`rates.${verdict}`].join(" "))),
      this.fold("what_next", this.list(`next.${verdict}`), this.elsewhere()),
      this.fold("technical", result.faces.map((face, index) => this.details(face, index + 1)), this.reading(), this.facts(result)));
  }

  fold(key, ...content) {
    return h("details.fc-fold", {}, h("summary", {}, this.text(key)), h(".", {}, content));
  }

  /** Pages of others. */
  elsewhere() {
    const labels = this.language.table.lists.links;
    const link = (href, i) => h("li", {}, h("a", { href, target: "_blank", rel: "noopener noreferrer" }, labels[i]));
    return [h("p", {}, this.text("elsewhere")), h("ul.fc-links", {}, this.rules.links.map(link)),
      h("h4", {}, this.text("ask_an_expert")), this.list("how_to_ask")];
  }

  details(face, number) {
    const views = Object.entries(face.stability?.scores ?? {});
    const line = ([name, score]) => h("li", {}, this.text("view", { view: { key: `view.${name}` }, score: this.share(score) }));
    return [h("h4", {}, this.text("face", { number })),
      views.length > 0 && [h("p.fc-models", {}, this.text("each_view")), h("ul", {}, views.map(line))],
      h("p.fc-quality", {}, this.quality(face.quality))];
  }

  quality({ size_px: size, brightness, sharpness, yaw, roll_deg: roll }) {
    const { FRONTAL, ASIDE, TILTED } = this.rules.pose;
    const turn = Math.abs(yaw);
    let pose = { key: turn < FRONTAL ? "pose.frontal" : turn <= ASIDE ? "pose.aside" : "pose.far_aside" };
    const tilt = Math.round(Math.abs(roll));
    if (tilt >= TILTED) pose = { key: "pose.tilted", values: { pose, tilt } };
    return this.text("quality", { size, pose, brightness, sharpness });
  }

  reading() {
    return [h("h4", {}, this.text("how_to")), h("ul", {}, h("li", {}, this.text("bands")), h("li", {}, this.text("gates"))),
      h("h4", {}, this.text("limits")), this.list("limits")];
  }

  facts({ report, name }) {
    const stem = name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_ -]/gu, "").slice(0, 60).trim() || "photo";
    const { name: model, architecture, sha256 } = this.rules.model;
    return [h("h4", {}, this.text("facts")),
      h("dl.fc-facts", {}, h("dt", {}, this.text("model")), h("dd", {}, `${model} (${architecture})`),
        h("dt", {}, this.text("weights_sha256")), h("dd", {}, sha256)),
      h("p", {}, h("a.fc-download", { href: report, download: `${stem}-report.json` }, this.text("save")))];
  }
}

/** Addresses of pictures for the result: the photo made smaller, and every crop as it was scored. */
export async function pictured({ frame, faces }, most) {
  const full = canvasFrom(frame);
  const scale = Math.min(1, most / Math.max(frame.width, frame.height));
  const small = document.createElement("canvas");
  [small.width, small.height] = [frame.width, frame.height].map((side) => Math.max(1, Math.round(side * scale)));
  const pen = small.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(full, 0, 0, small.width, small.height);
  const address = (canvas, type) =>
    new Promise((resolve) => canvas.toBlob((blob) => resolve(URL.createObjectURL(blob)), type, 0.9));
  return {
    photo: await address(small, "image/jpeg"),
    crops: await Promise.all(faces.map(({ crop }) => address(canvasFrom(crop), "image/png"))),
  };
}
