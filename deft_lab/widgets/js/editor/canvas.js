// The tree as SVG: bars, links, names, queries as dots; and what shows while the hand works on it.
import { Component, h } from "preact";
import { afterBar, queryName } from "../core/labels.js";
import { linkPath, px } from "../core/layout.js";
import { BLACK, PALETTE, SMALL, nodePaint, textOn, textWidth } from "../core/theme.js";
import { count, nodeInWords, number } from "../core/words.js";

/** All that a mark shows of its node, but for its place, as one text: equal texts are equal drawings. */
export function lookOf(tree, node, label) {
  const { index, x, y, width, thickness, folded, hidden, kids } = node;
  const siblings = index ? tree.children[tree.parent[index]] : [0];
  const written = label && [label.text, label.inside, px(label.x - x), px(label.y - y)];
  const seat = tree.queriesAt(index).length ? queryName(tree, index) : "";
  const said = [tree.length[index], tree.qStop[index] - tree.qFirst[index], tree.depth[index], siblings.indexOf(index)];
  return [px(width), px(thickness), ...said, siblings.length, folded, hidden, kids.length, tree.children[index].length, seat, written].join();
}

/** One node, drawn anew only when something of it changes. One that merely moves keeps its shapes. */
export class NodeMark extends Component {
  shouldComponentUpdate({ look, x, y, state, preview }) {
    const { props } = this;
    return look !== props.look || x !== props.x || y !== props.y || state !== props.state || preview !== props.preview;
  }

  render({ tree, node, label, id, state, preview, look, x, y }) {
    return h(
      "g",
      { ...aria(tree, node, state), id, class: `node ${state}`, "data-node": node.label, transform: `translate(${x},${y})` },
      h(Shapes, { tree, node, label, id, preview, look }),
    );
  }
}

// relative to the left end of the bar, at half its height
class Shapes extends Component {
  shouldComponentUpdate({ look, preview }) {
    return look !== this.props.look || preview !== this.props.preview;
  }

  render({ tree, node, label, id, preview }) {
    const { thickness } = node;
    const width = preview ? preview.width : node.width;
    const paint = nodePaint(tree, node.label);
    const thin = Math.min(width, thickness) < 3 ? " thin" : "";
    const words = preview && count(preview.length, "token");
    const named = label && !preview;
    const behind = named && !label.inside && !node.kids.length;
    const place = { x: 0, y: px(-thickness / 2), width: px(width), height: px(thickness) };
    return [
      h("rect", { class: "hit", x: -2, y: -11, width: px(width + 14), height: 22 }),
      h("rect", { class: `bar c${paint.color}${thin}`, ...place, rx: Math.min(2, width / 2) }),
      paint.hatch > 0 &&
        !thin &&
        h("rect", { class: "hatched", fill: `url(#${id.slice(0, id.lastIndexOf("-"))}-hatch-${paint.hatch})`, ...place }),
      // what stands behind the bar is moved as a whole when the bar grows
      (behind || tree.queriesAt(node.index).length > 0) && h("g", { transform: `translate(${px(width)},0)` },
        h(Seats, { tree, node }),
        named && behind && h("text", { class: "rim", x: px(label.x - node.x - node.width), y: 4 }, label.text)),
      // while the hand pulls at its end, above the bar: behind it there is a query, and the picture may end
      preview && h("text", { class: "rim strong", x: px(Math.max(0, width - textWidth(words))), y: px(-thickness / 2 - 3) }, words),
      named && label.inside && paint.hatch > 0 && h("rect", { fill: PALETTE[paint.color], ...backing(node, label) }),
      named && !behind &&
        h("text", { class: label.inside ? onBar(paint) : "rim", x: px(label.x - node.x), y: px(label.y - node.y) }, label.text),
      node.folded && h(Folded, { tree, node, right: width }),
    ];
  }
}

/** Black or white on the colour of the bar. */
const onBar = ({ color }) => (textOn(PALETTE[color]) === BLACK ? "dark" : "light");

function aria(tree, node, state) {
  const siblings = node.index ? tree.children[tree.parent[node.index]] : [0];
  const kids = tree.children[node.index].length;
  return {
    role: "treeitem",
    "aria-label": nodeInWords(tree, node.label),
    "aria-level": tree.depth[node.index] + 1,
    "aria-posinset": siblings.indexOf(node.index) + 1,
    "aria-setsize": siblings.length,
    "aria-selected": String(state.includes("selected")),
    ...(kids ? { "aria-expanded": String(!node.folded) } : {}),
  };
}

/** A plain place below a name, which keeps hatching away from it; as in Python's pictures. */
function backing(node, label) {
  const [x, y] = [label.x - node.x - 2, label.y - node.y - 9.75];
  return { class: "backing", x: px(x), y: px(y), width: px(textWidth(label.text, SMALL) + 1), height: SMALL + 0.5 };
}

function Seats({ tree, node }) {
  if (!tree.queriesAt(node.index).length) return null;
  const text =
    !node.kids.length &&
    h("text", { class: "muted rim", x: 11, y: 4 }, queryName(tree, node.index));
  return [h("circle", { class: "seat", cx: 5, cy: 0, r: 3 }), text];
}

function Folded({ tree, node, right }) {
  const words = `+${number(node.hidden)}`;
  const width = textWidth(words, SMALL) + 8;
  const x = right + afterBar(tree, node) - width - 4;
  return h(
    "g",
    { class: "folded", "data-handle": "fold" },
    h("rect", { x: px(x), y: -8, width: px(width), height: 16, rx: 8 }),
    h("text", { x: px(x + 4), y: 4 }, words),
  );
}

/** From every node to its children, where something of it lies between the heights `above` and `below`. */
export class Links extends Component {
  shouldComponentUpdate(next) {
    return ["placed", "above", "below", "without"].some((name) => next[name] !== this.props[name]);
  }

  render({ placed, above, below, without }) {
    const lies = (node, kid) => Math.min(node.y, kid.y) < below && Math.max(node.y, kid.y) > above;
    let d = "";
    for (const node of placed.nodes) {
      if (without.has(node.label)) continue;
      for (const index of node.kids) {
        const kid = placed.byIndex.get(index);
        if (lies(node, kid) && !without.has(kid.label)) d += linkPath(node, kid);
      }
    }
    return d ? h("path", { class: "link", d }) : null;
  }
}

/** What the hand takes hold of, at the one node that is selected. */
export function Handles({ tree, node, placed, canMerge }) {
  const { x, y, width, thickness } = node;
  const below = y + thickness / 2 + 5;
  const top = below + 24 > placed.height ? y - thickness / 2 - 29 : below;
  const chips = [
    ["add", "M12,6v12M6,12h12", "add a child (Enter)"],
    ["fork", "M5,12h5l7,-5M10,12l7,5M17,7h2M17,17h2", "fork into two; drag to the right for more (F)"],
    ...(canMerge ? [["merge", "M5,12h13M10,7l-5,5l5,5M19,7v10", "merge with the only child (J)"]] : []),
    ...(node.index ? [["prune", "M7,7l10,10M17,7l-10,10", "prune the subtree (Delete)"]] : []),
  ];
  const left = Math.max(2, Math.min(x, placed.width - 26 * chips.length - 2));
  return h(
    "g",
    { class: "handles", "aria-hidden": "true" },
    h(
      "g",
      { "data-handle": "length", class: "grip" },
      h("title", null, "drag: tokens of the node (L)"),
      h("rect", { class: "hit", x: px(x + width - 4), y: px(y - 12), width: 12, height: 24 }),
      h("rect", { class: "knob", x: px(x + width - 2), y: px(y - 9), width: 5, height: 18, rx: 2.5 }),
    ),
    tree.length[node.index] > 1 &&
      h(
        "g",
        { "data-handle": "cut", class: "cut" },
        h("title", null, "drag along the bar: split the node (S)"),
        h("rect", { class: "hit", x: px(x - 8), y: px(y - thickness / 2 - 14), width: 16, height: 16 }),
        h("path", { d: `M${px(x - 5)},${px(y - thickness / 2 - 11)}h10l-5,9z` }),
      ),
    chips.map(([name, icon, words], i) =>
      h(
        "g",
        {
          key: name,
          "data-handle": name,
          class: `chip ${name}`,
          transform: `translate(${px(left + 26 * i)},${px(top)})`,
        },
        h("title", null, words),
        h("rect", { width: 24, height: 24, rx: 5 }),
        h("path", { d: icon }),
      ),
    ),
  );
}

/** The cut or the fork under the hand, or the lasso. */
export function Gesture({ gesture, node, tree, placed }) {
  if (gesture.kind === "lasso") {
    const { x, y, width, height } = gesture.box;
    return h("rect", { class: "lasso", x: px(x), y: px(y), width: px(width), height: px(height) });
  }
  if (!node) return null;
  const { x, y, thickness } = node;
  const length = tree.length[node.index];
  if (gesture.kind === "cut") {
    const at = x + (Math.max(node.width, gesture.span) * gesture.k) / length;
    const words = `${number(gesture.k)} | ${number(length - gesture.k)}`;
    const middle = Math.min(Math.max(at, 40), placed.width - 40);
    return h(
      "g",
      { class: "cutting" },
      node.width < gesture.span &&
        h("rect", {
          class: "stretched",
          x: px(x),
          y: px(y - thickness / 2),
          width: gesture.span,
          height: px(thickness),
        }),
      h("path", { d: `M${px(at)},${px(y - thickness / 2 - 8)}v${px(thickness + 16)}` }),
      h(
        "text",
        { class: "rim strong", x: px(middle), y: px(y - thickness / 2 - 11), "text-anchor": "middle" },
        words,
      ),
    );
  }
  if (gesture.kind === "fork") {
    return h(
      "text",
      { class: "rim strong", x: px(x), y: px(y - thickness / 2 - 6) },
      `fork into ${gesture.k}`,
    );
  }
  return null;
}

export function Hatches({ id }) {
  const tiles = ["M-1,5L5,-1M3,9L9,3", "M-1,3L5,9M3,-1L9,5"];
  return h(
    "defs",
    null,
    tiles.map((d, i) =>
      h(
        "pattern",
        { id: `${id}-hatch-${i + 1}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
        h("path", { class: "hatch", d }),
      ),
    ),
  );
}
