// Numbers as detector/sentences.py writes them.

/** Like Python's format(value, ".2f"): exact, and halves go to the even digit. */
export function fixed(value, digits) {
  const text = value.toFixed(digits);
  const exact = value.toFixed(Math.min(100, digits + 40));
  const point = exact.indexOf(".");
  const isHalf = /^50*$/.test(exact.slice(point + 1 + digits));
  // A half is rounded away from zero by toFixed; where that gives an odd digit, the even one lies towards zero.
  if (!isHalf || Number(text.at(-1)) % 2 === 0) return text;
  return exact.slice(0, digits ? point + 1 + digits : point);
}

/** On which side of each further number the first one lies. */
const sides = ([value, ...cuts]) => cuts.map((cut) => Math.sign(value - cut)).join();

/** A value and its cuts with as few decimals as still show on which side of each cut the value lies. */
export function apart(value, cut, digits, rules) {
  let shown;
  for (let decimals = digits; decimals <= rules.MOST_DECIMALS; decimals++) {
    shown = [value, cut].map((each) => fixed(each, decimals));
    if (sides(shown.map(Number)) === sides([value, cut])) break;
  }
  return shown;
}

/** A score and its cuts, in [0, 1], as shares of 100: the score whole, and with decimals where a cut is near. */
export function ofHundred(score, cuts, rules) {
  const value = Math.min(Math.max(100 * score, rules.SURE), 100 - rules.SURE);
  const others = cuts.map((cut) => 100 * cut);
  const near = others.some((other) => Math.abs(value - other) < rules.NEAR);
  let [shown, bounds] = ["", []];
  for (let decimals = 1; decimals <= rules.MOST_DECIMALS; decimals++) {
    shown = near ? fixed(value, decimals) : fixed(Math.min(Math.max(value, 1), 99), 0);
    if (near && [0, 100].includes(Number(shown))) continue;
    bounds = others.map((other) => fixed(other, decimals).replace(/0+$/, "").replace(/\.$/, ""));
    if (!near || sides([shown, ...bounds].map(Number)) === sides([value, ...others])) break;
  }
  return [shown, ...bounds];
}
