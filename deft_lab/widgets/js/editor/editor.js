// The editor: the tree, then the linked views, then a line that says what is under the hand.
import { h } from "preact";
import { layout } from "../core/layout.js";
import { nodeInWords, treeInWords } from "../core/words.js";
import { VIEWS } from "../views/index.js";
import { Links, NodeMark } from "./canvas.js";

/** A pure function of its props; `views` names entries of VIEWS. */
export function Editor({ tree, plans = {}, views = [], hover = null, setHover, selection = [], select, theme = "auto", stale = false }) {
  const placed = layout(tree);
  const chosen = new Set(selection);
  return h(
    "div",
    { class: "deft deft-editor", "data-theme": theme },
    h(
      "svg",
      { role: "img", "aria-label": treeInWords(tree), viewBox: `0 0 ${placed.width} ${placed.height}`, width: "100%" },
      h(Links, { placed }),
      placed.nodes.map((node) => {
        const enter = () => setHover?.({ labels: new Set([node.label]), query: null, words: nodeInWords(tree, node.label) });
        const hoverProps = { onPointerEnter: enter, onPointerLeave: () => setHover?.(null), onClick: () => select?.([node.label]) };
        const lit = hover?.labels.has(node.label) ?? false;
        return h(NodeMark, { key: node.label, tree, node, lit, selected: chosen.has(node.label), hoverProps });
      }),
    ),
    views.filter((name) => VIEWS[name]).map((name) =>
      h(VIEWS[name], { key: name, tree, plans, hover, setHover, selection, select, theme, stale }),
    ),
    h("p", { class: "deft-status", role: "status" }, hover?.words ?? treeInWords(tree)),
  );
}
