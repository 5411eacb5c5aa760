// The two programs of others that run here: mediapipe finds faces, LiteRT runs the model. Both are WebAssembly.

import { FaceFinder } from "./finder.js";
import { imageData } from "./photo.js";

const MEDIAPIPE = new URL("../lib/mediapipe/", import.meta.url);
const LITERT = new URL("../lib/litert/", import.meta.url);

/**
 * What Emscripten starts a program with: its code, which is fetched already, and nobody to write to. Both write a line to the
 * console for each step, as errors; what fails is thrown as well.
 */
const starts = (wasmBinary) => (self.Module = { wasmBinary, print() {}, printErr() {} });

/** @param files bytes by path: three models and two programs. */
export async function loadEngine(rules, files) {
  const finder = await loadFinder(rules, files);
  const model = await loadModel(rules.model, files);
  return { finder, model };
}

async function loadFinder(rules, files) {
  const { FaceDetector } = await import(new URL("vision_bundle.js", MEDIAPIPE));
  const fileset = {
    wasmLoaderPath: new URL("vision_wasm_internal.js", MEDIAPIPE).href,
    wasmBinaryPath: new URL("vision_wasm_internal.wasm", MEDIAPIPE).href,
  };
  const open = async (name) => {
    starts(files["lib/mediapipe/vision_wasm_internal.wasm"]);
    const detector = await FaceDetector.createFromOptions(fileset, {
      baseOptions: { modelAssetBuffer: files[`models/${rules.face_detectors[name]}`], delegate: "CPU" },
      runningMode: "IMAGE",
      minDetectionConfidence: rules.finder.MIN_PROPOSAL_SCORE,
      minSuppressionThreshold: rules.finder.MIN_SUPPRESSION,
    });
    return (shown) => detector.detect(imageData(shown)).detections;
  };
  return new FaceFinder({ short: await open("short_range"), full: await open("full_range") }, rules);
}

async function loadModel(spec, files) {
  const { loadLiteRt, loadAndCompile, Tensor } = await import(new URL("index.js", LITERT));
  const code = Object.keys(files).find((path) => path.startsWith("lib/litert/wasm/"));
  starts(files[code]);
  await loadLiteRt(new URL(`../${code.replace(/wasm$/, "js")}`, import.meta.url).href);
  const model = await loadAndCompile(files[`models/${spec.file}`], { accelerator: "wasm" });
  const shape = [1, spec.crop.size, spec.crop.size, 3];
  /** Fake logit of a crop, uncalibrated: the file gives that of "genuine". */
  return async ({ data }) => {
    const input = new Tensor(data, shape);
    const [output] = await model.run(input);
    const [logit] = output.toTypedArray();
    input.delete();
    output.delete();
    return -logit;
  };
}
