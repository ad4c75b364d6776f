// Answers tests/test_widgets_linked.py: what the linked views draw, without a browser.
import { readFileSync } from "node:fs";
import { ACCOUNTS, Compare, ROLE_PAINTS, Tree, VIEWS, bars, describe, h, inSeconds, readersOf, renderToString, shareOfNode, unpack } from "./text.bundle.mjs";

const { document, plans, account = "requested", menus, lit, seconds = [] } = JSON.parse(readFileSync(0, "utf8"));
const tree = Tree.fromJSON(document);
const info = unpack(plans);
const choice = { method: "deft_flatten", hardware: "h200", account };

const draw = (hover = null) =>
  Object.fromEntries(
    Object.entries(VIEWS).map(([name, View]) => [name, renderToString(h(View, { tree, plans, choice, menus, hover, selection: [] }))]),
  );
const labelsIn = (html) => [...new Set([...html.matchAll(/data-node="(\d+)"/g)].map((found) => Number(found[1])))];
const html = draw();
const answer = { html, labels: {}, lit: {}, totals: {}, described: {}, rolePaints: ROLE_PAINTS };
for (const [name, drawn] of Object.entries(html)) answer.labels[name] = labelsIn(drawn);
if (lit !== undefined) answer.lit = draw({ labels: new Set([lit]), query: null, words: "" });
if (info) {
  for (const name of ["requested", "logged", ...ACCOUNTS]) {
    answer.totals[name] = Object.fromEntries(bars(tree, info, name).map((row) => [row.name, row.total]));
  }
  for (const method of Object.keys(info.methods)) {
    answer.described[method] = tree.label.map((label) => ({
      ...readersOf(info, method, label),
      words: describe(tree, label, info, method),
    }));
  }
  answer.shares = Object.fromEntries(
    bars(tree, info, "requested").map((row) => [row.name, tree.label.map((label) => shareOfNode(tree, info, row, label, "requested"))]),
  );
  answer.compare = renderToString(h(Compare, { tree, plans, choice, selection: [] }));
}
answer.seconds = seconds.map((value) => [inSeconds(value), inSeconds(value, true)]);
process.stdout.write(JSON.stringify(answer));
