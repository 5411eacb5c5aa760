// The page: a photo comes in by choosing, dropping or pasting, and its result is shown. Nothing leaves the device.

import { checkPhoto } from "./check.js";
import { loadEngine } from "./engine.js";
import { checkBrowser, kept, largeFiles } from "./loading.js";
import { readPhoto, Refused } from "./photo.js";
import { h, pictured, ResultView } from "./show.js";
import { Language, preferred } from "./words.js";

const SLICE_MS = 40;
const MB = 1e6;

const find = (id) => document.getElementById(id);
const json = async (name) => (await fetch(new URL(`../${name}`, import.meta.url))).json();

class Superseded extends Error {}

class App {
  constructor(rules, words) {
    this.rules = rules;
    this.words = words;
    this.run = 0;
    this.state = null;
    this.shown = null;
    this.speak(preferred(navigator.languages, Object.keys(words)));
  }

  /** Say everything in the language of that code. */
  speak(code) {
    this.language = new Language(this.words[code]);
    this.view = new ResultView(this.rules, this.language);
    document.documentElement.lang = code;
    document.title = this.language.say({ key: "title" });
    for (const element of document.querySelectorAll("[data-say]")) {
      element.textContent = this.language.say({ key: element.dataset.say });
    }
    for (const list of document.querySelectorAll("[data-list]")) {
      list.replaceChildren(...this.language.table.lists[list.dataset.list].map((line) => h("li", {}, line)));
    }
    for (const input of document.querySelectorAll("#fc-language input")) {
      input.checked = input.value === code;
      input.parentElement.classList.toggle("selected", input.checked);
    }
    find("fc-language").ariaLabel = this.language.say({ key: "language" });
    this.showState();
    this.showResult();
  }

  tell(key, values = {}) {
    this.state = { key, values };
    this.showState();
  }

  showState() {
    find("fc-state").textContent = this.state ? this.language.say(this.state) : "";
  }

  showResult() {
    const { shown, view } = this;
    find("fc-output").replaceChildren(...(shown ? [shown.refused ? view.refusal(shown.refused, shown.name) : view.result(shown)] : []));
  }

  /** Load everything once; the page can take a photo meanwhile, which waits. */
  async load() {
    checkBrowser();
    const offline = await kept();
    const files = await largeFiles(this.rules.large_files, (done, total) =>
      this.tell("state.loading", { done: Math.floor(done / MB), total: Math.ceil(total / MB) }));
    this.tell("state.preparing");
    await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
    this.engine = await loadEngine(this.rules, files);
    this.ready = offline ? "state.ready" : "state.ready_online";
    this.tell(this.ready);
  }

  begin() {
    this.loading = this.load();
    this.loading.catch((error) => this.fail(error, null, "refused.not_loaded"));
  }

  /** Check a list of files, of which one is wanted. */
  async check(files) {
    const run = ++this.run;
    this.forget();
    const [file] = files;
    const name = file?.name ?? null;
    try {
      if (!files.length) throw new Refused("refused.no_file");
      if (files.length > 1) throw new Refused("refused.several");
      await this.loading;
      const result = await this.checked(file, async () => this.pause(run));
      if (run !== this.run) return;
      this.shown = result;
      this.tell("checked_here");
    } catch (error) {
      if (run === this.run) this.fail(error, name, this.engine ? "refused.failed" : "refused.not_loaded");
    }
    if (run !== this.run) return;
    this.showResult();
    find("fc-verdict")?.focus({ preventScroll: true });
    find("fc-output").scrollIntoView({ behavior: "smooth", block: "nearest" });
  }

  async checked(file, pause) {
    this.tell("state.reading");
    const frame = await readPhoto(file, this.rules.reading);
    this.tell("state.checking");
    const found = await checkPhoto(frame, this.engine, this.rules, pause);
    const result = { ...found, name: file.name, images: await pictured(found, this.rules.reading.PHOTO_SIDE) };
    return { ...result, report: await this.reportOf(result, file) };
  }

  /** Let the browser answer now and then; a check whose photo was replaced ends here. */
  async pause(run) {
    if (run !== this.run) throw new Superseded();
    if (performance.now() - (this.since ?? 0) < SLICE_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.since = performance.now();
  }

  fail(error, name, fallback) {
    if (error instanceof Superseded) return;
    if (!(error instanceof Refused)) console.error(error);
    this.shown = { refused: error instanceof Refused ? error.said : { key: fallback }, name };
    if (this.engine) this.tell(this.ready);
    else this.state = null;
    this.showState();
    this.showResult();
  }

  /** What was shown is of another photo. */
  forget() {
    const { images, report } = this.shown ?? {};
    for (const address of [images?.photo, ...(images?.crops ?? []), report]) if (address) URL.revokeObjectURL(address);
    this.shown = null;
    this.showResult();
  }

  /** Address of the result as JSON. */
  async reportOf(result, file) {
    const english = new Language(Object.values(this.words)[0]);
    const faces = result.faces.map(({ box, verdict, reason, p_fake, quality, stability }) =>
      ({ box, verdict, reason: english.say(reason), p_fake, quality, stability }));
    const digest = crypto.subtle && new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    const sha256 = digest ? [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") : null;
    const report = {
      program: this.rules.program,
      checked_in: "browser",
      made_at: new Date().toISOString(),
      input: { name: file.name, sha256, bytes: file.size, width: result.frame.width, height: result.frame.height },
      verdict: result.verdict,
      reason: english.say(result.reason),
      p_fake: result.p_fake,
      faces,
      options: { model: this.rules.model, quality_gates: this.rules.gates },
    };
    return URL.createObjectURL(new Blob([JSON.stringify(report, null, 1)], { type: "application/json" }));
  }

  listen() {
    const input = find("fc-file");
    const drop = find("fc-drop");
    const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    input.addEventListener("change", () => {
      const files = [...input.files];
      // So that the same file can be chosen again.
      input.value = "";
      if (files.length) this.check(files);
    });
    find("fc-language").addEventListener("change", (event) => this.speak(event.target.value));
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.toggle("fc-over", isFile(event));
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? drop.classList.remove("fc-over"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("fc-over");
      this.check([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => this.check([...event.clipboardData.files]));
  }
}

const [rules, words] = await Promise.all([json("rules.json"), json("words.json")]);
const app = new App(rules, words);
find("fc-late").remove();
find("fc-check").hidden = false;
app.listen();
app.begin();
