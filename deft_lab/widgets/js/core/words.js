// Numbers in words, as deft_lab/viz/words.py.
import { grouped } from "./tree.js";

export const number = grouped;

/** (1, "node") -> 1 node; (20, "query", "queries") -> 20 queries. */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** A number with so many decimals, rounded as Python rounds: an exact tie goes to the even digit. */
export function fixed(value, digits) {
  const ofTwos = value * 2 ** (digits + 1);
  const isTie = Number.isInteger(ofTwos) && ofTwos % 2 !== 0;
  const below = Math.floor(value * 10 ** digits);
  const rounded = isTie ? (below + (below % 2 === 0 ? 0 : 1)) / 10 ** digits : value;
  const [whole, decimals] = rounded.toFixed(digits).split(".");
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return decimals ? `${thousands}.${decimals}` : thousands;
}

/** A ratio with two decimals. */
export const times = (ratio) => fixed(ratio, 2);

const UNITS = ["B", "kB", "MB", "GB", "TB"]; // powers of 1000

/** Bytes with four figures: 329318400 -> 329.3 MB. */
export function inBytes(value) {
  if (value < 1000) return `${Math.round(value)} B`;
  let power = 1;
  while (power < UNITS.length - 1 && value >= 999.95 * 1000 ** power) power += 1;
  const scaled = value / 1000 ** power;
  const digits = scaled < 99.995 ? 2 : 1;
  const shown = fixed(scaled, digits);
  return `${shown} ${UNITS[power]}`;
}

/** Words with commas, the rest counted. */
export function listed(words, most = 8) {
  if (words.length <= most) return words.join(", ");
  return `${words.slice(0, most - 2).join(", ")}, ... (${number(words.length)} in all)`;
}

/** One node, as a tip or a line of text. */
export function nodeInWords(tree, label) {
  const node = tree.index(label);
  const seenBy = tree.qStop[node] - tree.qFirst[node];
  const tokens = count(tree.length[node], "token");
  return `node ${label}: ${tokens}, seen by ${count(seenBy, "query", "queries")}`;
}

/** What a reader should take from a tree; `in_words` of deft_lab/widgets. */
export function treeInWords(tree) {
  return (
    `${count(tree.nNodes, "node")}, ${count(tree.nQueries, "query", "queries")}: ` +
    `${count(tree.nTokens, "token")} stored, ${number(tree.nPathTokens)} read by per-branch attention: ` +
    `${times(tree.sharing)} times as many.`
  );
}
