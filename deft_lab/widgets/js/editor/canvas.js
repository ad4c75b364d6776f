// The tree as SVG: bars, links, labels, queries as dots.
import { h } from "preact";
import { linkPath, px } from "../core/layout.js";
import { nodePaint, textOn, PALETTE, SMALL, textWidth } from "../core/theme.js";
import { nodeInWords, number } from "../core/words.js";

/** A node: its bar, its name, its queries. */
export function NodeMark({ tree, node, lit, selected, hoverProps }) {
  const paint = nodePaint(tree, node.label);
  const { x, y, width, thickness } = node;
  const name = `n${node.label} · ${number(tree.length[node.index])}`;
  const inside = thickness >= SMALL + 1 && width >= textWidth(name, SMALL) + 8;
  const queries = tree.queriesAt(node.index).length;
  const after = px(x + width + (queries ? 10 : 4));
  return h(
    "g",
    { class: `node${selected ? " selected" : ""}`, "data-node": node.label, ...hoverProps },
    h("title", null, nodeInWords(tree, node.label)),
    h("rect", { class: `c${paint.color}${lit ? " lit" : ""}`, x: px(x), y: px(y - thickness / 2), width: px(width), height: px(thickness), rx: 2 }),
    queries > 0 && h("circle", { class: "seat", cx: px(x + width + 5), cy: px(y), r: 3 }),
    inside
      ? h("text", { x: px(x + 5), y: px(y + 4), style: { fill: textOn(PALETTE[paint.color]) } }, name)
      : node.kids.length
        ? h("text", { class: "rim", x: px(x), y: px(y - thickness / 2 - 3) }, name)
        : h("text", { class: "rim", x: after, y: px(y + 4) }, name),
  );
}

export function Links({ placed }) {
  const paths = placed.nodes.filter((node) => placed.byIndex.has(node.parentIndex));
  const d = placed.nodes.flatMap((node) => node.kids.map((kid) => linkPath(node, placed.byIndex.get(kid)))).join("");
  return paths && d ? h("path", { class: "link", d }) : null;
}
