// What the check needs of the browser and of the network: whether the browser can run it, the large files, and the service worker
// that keeps them for use without a network.

import { pixelsAreKept, Refused } from "./photo.js";

/** Tiny programs that only engines with SIMD, and with relaxed SIMD, take. */
const SIMD = [65, 0, 253, 15, 253, 98, 11];
const RELAXED_SIMD = [65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11];

function takes(code) {
  const body = [1, code.length + 1, 0, ...code];
  const head = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0];
  try {
    return WebAssembly.validate(new Uint8Array([...head, 10, body.length, ...body]));
  } catch {
    return false;
  }
}

/** Throws what stands in the way in this browser. */
export function checkBrowser() {
  if (!takes(SIMD)) throw new Refused("refused.no_simd");
  if (!document.createElement("canvas").getContext("webgl2")) throw new Refused("refused.no_graphics");
  if (!pixelsAreKept()) throw new Refused("refused.changed_pixels");
}

/** Fetch the large files: {path: bytes}. `progress` is told the bytes done and their number. */
export async function largeFiles({ always, relaxed_simd: relaxed, plain_simd: plain }, progress) {
  const wanted = [...always, ...(takes(RELAXED_SIMD) ? relaxed : plain)];
  const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const fetched = {};
  await Promise.all(wanted.map(async ({ path, bytes, integrity }) => {
    // The integrity is that of the build: anything else is not opened.
    const response = await fetch(path, { integrity });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    const content = new Uint8Array(bytes);
    let at = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done: ended, value } = await reader.read();
      if (ended) break;
      content.set(value, at);
      at += value.length;
      done += value.length;
      progress(done, total);
    }
    fetched[path] = content;
  }));
  return fetched;
}

/** Whether the page is kept for use without a network. To be asked before the large files are fetched, so that they are kept too. */
export async function kept() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return false;
  try {
    await serviceWorker.register(new URL("../worker.js", import.meta.url));
    await serviceWorker.ready;
    if (serviceWorker.controller) return true;
    // A new one takes over at once; after a reload that leaves it out, none does.
    return await new Promise((resolve) => {
      serviceWorker.addEventListener("controllerchange", () => resolve(true), { once: true });
      setTimeout(() => resolve(serviceWorker.controller !== null), 3000);
    });
  } catch {
    return false;
  }
}
