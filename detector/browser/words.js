// Sentences in the reader's language, from the catalogues of detector/words. What is said is {key, values} or {parts}; values may
// be sentences themselves, numbers, or text such as "97.5".

import { fixed } from "./numbers.js";

const NUMBER = /^-?[\d:]*\d\.\d+$/;
const FIELD = /\{(\w+)(?::\.(\d+)f)?\}/g;

export class Language {
  /** @param table of one language in words.json. */
  constructor(table) {
    this.code = table.code;
    this.table = table;
  }

  say(said) {
    if (said.parts) return said.parts.map((part) => this.say(part)).join(" ");
    const { key, values = {} } = said;
    let template = this.table.texts[key];
    if (template === undefined) throw new Error(`words: no text for ${key}`);
    if (Array.isArray(template)) template = template[this.table.plural[Math.min(values.count, this.table.plural.length - 1)]];
    return template.replace(FIELD, (_, name, digits) => this.value(values[name], digits));
  }

  value(value, digits) {
    if (value !== null && typeof value === "object") return "verbatim" in value ? value.verbatim : this.say(value);
    if (digits !== undefined) return fixed(value, Number(digits)).replace(".", this.table.decimal);
    const text = String(value);
    return NUMBER.test(text) ? text.replace(".", this.table.decimal) : text;
  }
}

/** The code of the language that the browser likes best of those there are. */
export function preferred(wanted, codes) {
  for (const tag of wanted) {
    for (let parts = tag.toLowerCase().split("-"); parts.length; parts = parts.slice(0, -1)) {
      const found = codes.find((code) => code.toLowerCase() === parts.join("-"));
      if (found) return found;
    }
  }
  return codes[0];
}
