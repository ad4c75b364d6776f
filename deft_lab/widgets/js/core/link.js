// A tree as a short text that fits into a link: arrays as runs, all characters safe in a fragment.
//   1_-1.0*20_4000.20*20_1~20_0~21_21   parents, lengths, seats, labels, next label
//   20*3 is 20, 20, 20;  1~3 is 1, 2, 3
import { Tree, TreeError } from "./tree.js";

const VERSION = "1";
const MOST = 1_000_000; // numbers in one array

export const FRAGMENT = "deft_tree=";

function runs(values) {
  const parts = [];
  for (let i = 0; i < values.length;) {
    let same = 1;
    let rising = 1;
    while (values[i + same] === values[i]) same += 1;
    while (values[i + rising] === values[i] + rising) rising += 1;
    const n = Math.max(same, rising);
    if (n < 2) parts.push(`${values[i]}`);
    else parts.push(`${values[i]}${same >= rising ? "*" : "~"}${n}`);
    i += n;
  }
  return parts.join(".");
}

function unrolled(text) {
  const values = [];
  for (const part of text.split(".")) {
    const found = /^(-?\d{1,10})(?:([*~])(\d{1,7}))?$/.exec(part);
    if (!found)
      throw new TreeError(`'${part}' is no run of numbers; the link may be cut short, copy it again`);
    const n = found[2] ? Number(found[3]) : 1;
    if (values.length + n > MOST) throw new TreeError("the link holds more numbers than a tree has nodes");
    for (let i = 0; i < n; i++) values.push(Number(found[1]) + (found[2] === "~" ? i : 0));
  }
  return values;
}

/** The tree as text for a link. */
export function encode(tree) {
  const arrays = [tree.parent, tree.length, tree.callersSeat, tree.label].map(runs);
  return [VERSION, ...arrays, tree.nextLabel].join("_");
}

/** The tree in a link, in its fragment, or in what encode wrote. */
export function decode(text) {
  const at = text.lastIndexOf(FRAGMENT);
  if (at < 0 && (text.includes("://") || text.startsWith("#"))) {
    throw new TreeError(
      `the link holds no tree: '${FRAGMENT}' is not in it; copy one with the editor's button Copy link`,
    );
  }
  const given = (at < 0 ? text : text.slice(at + FRAGMENT.length)).trim().split("&")[0];
  const code = given.replaceAll("%2A", "*").replaceAll("%7E", "~"); // some programs write them so
  const parts = code.split("_");
  if (parts[0] !== VERSION || parts.length !== 6) {
    throw new TreeError(`a link of a tree has 6 parts and begins with '${VERSION}_'; copy the whole link`);
  }
  const [parent, length, seat, label, [nextLabel]] = parts.slice(1).map(unrolled);
  return new Tree({ parent, length, seat, label, nextLabel });
}
