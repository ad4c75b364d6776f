// Where the nodes of a tree lie: every node a bar as wide as the square root of its tokens, children to
// the right of their parent, leaves below each other. Folded nodes hide what is below them.

export const MOST_NODES = 5000;
export const FOLD_ABOVE = 1000; // nodes; larger trees open folded
const LINK = 30;
const LEAST = 3; // px of a node of few tokens

/** Labels to fold so that at most `most` nodes show: whole levels, the deepest first. */
export function autoFold(tree, most = FOLD_ABOVE) {
  if (tree.nNodes <= most) return [];
  const perLevel = [];
  for (const depth of tree.depth) perLevel[depth] = (perLevel[depth] ?? 0) + 1;
  let shown = 0;
  let last = 0;
  while (last < perLevel.length && shown + perLevel[last] <= most) shown += perLevel[last++];
  const level = Math.max(last - 1, 0);
  return tree.label.filter((_, i) => tree.depth[i] === level && tree.children[i].length);
}

/** Indices of the nodes to draw, ascending: of the subtree in focus, without what folded nodes hide. */
export function visible(tree, folded = new Set(), focus = null) {
  const first = focus === null || !tree.has(focus) ? 0 : tree.index(focus);
  const shown = [];
  for (let i = first; i < tree.subtreeStop[first];) {
    shown.push(i);
    i = folded.has(tree.label[i]) ? tree.subtreeStop[i] : i + 1;
  }
  return shown;
}

/**
 * Lay out the visible nodes; `row` is the height of a leaf's row, or a function that gives it for so many leaves.
 * Returns {nodes, byIndex, width, height, row, perRoot}; a node is {index, label, x, y, width, thickness,
 * folded, hidden}, y being its middle and `hidden` how many nodes lie folded below it.
 */
export function layout(tree, { width = 800, folded = new Set(), focus = null, row: wanted = 24, labels = 110 } = {}) {
  const shown = visible(tree, folded, focus);
  const isLeaf = (i) => !tree.children[i].length || folded.has(tree.label[i]);
  const row = typeof wanted === "function" ? wanted(shown.filter(isLeaf).length) : wanted;
  const isShown = new Set(shown);
  const top = tree.depth[shown[0]];
  const deepest = shown.reduce((most, i) => Math.max(most, tree.depth[i] - top), 0);
  const room = Math.max(200, width - labels - 20);
  const link = Math.min(LINK, (0.35 * room) / Math.max(1, deepest));
  const least = Math.min(LEAST, (0.2 * room) / (deepest + 1));
  const roots = new Map(shown.map((i) => [i, Math.sqrt(tree.length[i])]));
  const perRoot = tightest(tree, shown, roots, room, { link, least, top });
  const byIndex = new Map();
  let nextRow = 0;
  for (const i of shown) {
    const above = byIndex.get(tree.parent[i]);
    const isFolded = folded.has(tree.label[i]) && tree.children[i].length > 0;
    const kids = isFolded ? [] : tree.children[i].filter((child) => isShown.has(child));
    const bar = Math.max(perRoot * roots.get(i), tree.length[i] ? least : least / 2);
    const hidden = isFolded ? tree.subtreeStop[i] - i - 1 : 0;
    const x = above ? above.x + above.width + link : 10;
    const node = { index: i, label: tree.label[i], x, y: 0, width: bar, folded: isFolded, hidden, kids };
    if (!kids.length) node.y = row * (nextRow++ + 0.5) + 8;
    byIndex.set(i, node);
  }
  for (const i of [...shown].reverse()) {
    const node = byIndex.get(i);
    if (!node.kids.length) continue;
    const [first, last] = [node.kids[0], node.kids[node.kids.length - 1]].map((kid) => byIndex.get(kid));
    node.y = (first.y + last.y) / 2;
  }
  const nodes = shown.map((i) => byIndex.get(i));
  for (const node of nodes) node.thickness = Math.min(14, 0.7 * row * Math.max(1, node.kids.length));
  const height = row * nextRow + 16;
  return { nodes, byIndex, width, height, row, perRoot, link };
}

function tightest(tree, shown, roots, room, { link, least, top }) {
  const along = new Map();
  let perRoot = Infinity;
  for (const i of shown) {
    const sum = (along.get(tree.parent[i]) ?? 0) + roots.get(i);
    along.set(i, sum);
    const level = tree.depth[i] - top;
    const free = room - level * link - (level + 1) * least;
    perRoot = Math.min(perRoot, free / Math.max(sum, 1e-9));
  }
  return Math.max(0, perRoot);
}

/** The path of the link from a node to its child. */
export function linkPath(from, to) {
  const x = from.x + from.width;
  const middle = (x + to.x) / 2;
  return `M${px(x)},${px(from.y)}C${px(middle)},${px(from.y)} ${px(middle)},${px(to.y)} ${px(to.x)},${px(to.y)}`;
}

export const px = (value) => Math.round(value * 100) / 100;
