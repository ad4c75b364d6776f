// Presets whose shape the page knows by itself; the twin of those builders, and of what options allow.
import { decode } from "./link.js";
import { Tree, TreeError } from "./tree.js";

const MOST_NODES = 5000;

function fewShot({ prompt, width, length }) {
  return new Tree({
    parent: [-1, ...Array(width).fill(0)],
    length: [prompt, ...Array(width).fill(length)],
  });
}

function chain({ length, n_nodes: n }) {
  const cut = (i) => Math.floor((i * length) / n);
  return new Tree({
    parent: Array.from({ length: n }, (_, i) => i - 1),
    length: Array.from({ length: n }, (_, i) => cut(i + 1) - cut(i)),
  });
}

/** Labels count level by level, as the library's builder makes the nodes; indices are the preorder. */
function kAry({ k, depth, length, prompt }) {
  const first = [0]; // label of the first node of a level
  for (let level = 0; level <= depth; level++) first.push(first[level] + k ** level);
  const n = first[depth + 1];
  if (n > MOST_NODES) throw new TreeError(`k=${k}, depth=${depth} make ${n} nodes; at most ${MOST_NODES} can be shown`);
  const [parent, label] = [[], []];
  const add = (above, level, place) => {
    const me = parent.push(above) - 1;
    label.push(first[level] + place);
    for (let kid = 0; level < depth && kid < k; kid++) add(me, level + 1, k * place + kid);
  };
  add(-1, 0, 0);
  return new Tree({ parent, length: parent.map((above) => (above < 0 ? prompt : length)), label });
}

const SHAPES = { chain, few_shot: fewShot, star: (given) => fewShot({ ...given, length: 1 }), k_ary: kAry };

/** Why an option may not have a value, in the words of the library; null if it may. */
export function refusal({ name, least, most, choices }, value) {
  if (choices.length) return choices.includes(value) ? null : `${name}='${value}'; choose one of ${choices.join(", ")}`;
  if (Number.isInteger(value) && least <= value && value <= most) return null;
  return `${name}=${value}; it must be an integer from ${least} to ${most}`;
}

/** {name: value} of what differs from the defaults. */
export function changed(preset, values) {
  return Object.fromEntries(
    preset.options.filter(({ name, value }) => (values[name] ?? value) !== value).map(({ name }) => [name, values[name]]),
  );
}

/** The tree of a preset; null where only Python can make it. */
export function treeOf(preset, values = {}) {
  const all = Object.fromEntries(preset.options.map(({ name, value }) => [name, values[name] ?? value]));
  for (const option of preset.options) {
    const why = refusal(option, all[option.name]);
    if (why) throw new TreeError(why);
  }
  if (preset.code && !Object.keys(changed(preset, values)).length) return decode(preset.code);
  return SHAPES[preset.name]?.(all) ?? null;
}
