// Answers tests/test_widgets_golden.py: what the page computes of trees, and what its edits do.
import { readFileSync } from "node:fs";
import { METHODS, traffic } from "../../deft_lab/widgets/js/core/accounts.js";
import { applied, apply, begin, redo, restore, said, undo } from "../../deft_lab/widgets/js/core/history.js";
import { decode, encode } from "../../deft_lab/widgets/js/core/link.js";
import { maskByNode, maskByToken } from "../../deft_lab/widgets/js/core/mask.js";
import { duplicated, pages, unique } from "../../deft_lab/widgets/js/core/memory.js";
import { PALETTE, HATCHES, nodePaint } from "../../deft_lab/widgets/js/core/theme.js";
import { treeOf } from "../../deft_lab/widgets/js/core/shapes.js";
import { Tree } from "../../deft_lab/widgets/js/core/tree.js";
import { inBytes, nodeInWords, treeInWords } from "../../deft_lab/widgets/js/core/words.js";

const { cases, geometry, pageSize, wrong, bytes, shaped, broken } = JSON.parse(readFileSync(0, "utf8"));

function attempt(make) {
  try {
    return make();
  } catch (refused) {
    return { refused: refused.message };
  }
}

function derived(tree) {
  const names = ["depth", "subtreeStop", "qFirst", "qStop", "leaves", "start", "seat", "queryOrder"];
  const arrays = Object.fromEntries(names.map((name) => [name, tree[name]]));
  const { nTokens, nPathTokens, sharing, nPathTokensOfQuery, nQueries, nNodes } = tree;
  const path = tree.path(tree.nNodes - 1);
  return { ...arrays, nTokens, nPathTokens, sharing, nPathTokensOfQuery, nQueries, nNodes, path };
}

function accounts(tree) {
  const each = (account) =>
    Object.fromEntries(Object.keys(METHODS).map((name) => [name, traffic(tree, name, geometry, account)]));
  return { paper: each("paper"), unique: each("unique") };
}

// every command is tried; the next one starts from what the last legal one made
function edits(tree, commands) {
  let history = begin(tree);
  const answers = commands.map((command) => {
    const next = attempt(() => apply(history, command));
    if (next.refused === undefined) history = next;
    return { said: said(command), ...(next.refused === undefined ? { document: next.tree.toJSON() } : next) };
  });
  const legal = history.done.map((entry) => entry.command);
  let back = history;
  while (back.done.length) back = undo(back);
  const atStart = back.tree.toJSON();
  while (back.undone.length) back = redo(back);
  const kept = restore({ start: atStart, commands: legal.slice(0, 1), undone: legal.slice(1).reverse() });
  let ahead = kept;
  while (ahead.undone.length) ahead = redo(ahead);
  return { answers, atStart, atEnd: back.tree.toJSON(), restored: ahead.tree.toJSON() };
}

function answer({ document, commands }) {
  const tree = Tree.fromJSON(document);
  const pieces = unique(tree);
  return {
    document: tree.toJSON(),
    derived: derived(tree),
    accounts: accounts(tree),
    unique: pieces.map((piece) => [piece.label, piece.start, piece.stop]),
    duplicated: duplicated(tree).map((copy) => copy.map((piece) => [piece.label, piece.start, piece.stop])),
    pages: pages(pieces, pageSize).map((page) => page.map((piece) => [piece.label, piece.start, piece.stop])),
    mask: maskByNode(tree).map((row) => [...row].join("")),
    tokens: tree.nTokens * tree.nQueries < 20000 ? maskByToken(tree).map((row) => [...row].join("")) : null,
    paints: tree.label.map((label) => Object.values(nodePaint(tree, label))),
    words: [treeInWords(tree), nodeInWords(tree, tree.label[tree.nNodes - 1])],
    link: encode(tree),
    linked: decode(`https://example.org/lab#x=1&deft_tree=${encode(tree)}`).toJSON(),
    edits: edits(tree, commands),
  };
}

process.stdout.write(
  JSON.stringify({
    cases: cases.map(answer),
    wrong: wrong.map((text) => attempt(() => Tree.fromJSON(text).toJSON())),
    methods: METHODS,
    palette: [PALETTE, HATCHES],
    bytes: bytes.map(inBytes),
    shaped: shaped.map(([preset, values]) => attempt(() => treeOf(preset, values)?.toJSON() ?? null)),
    broken: broken.map((text) => attempt(() => decode(text).toJSON())),
    unknown: attempt(() => applied(Tree.fromJSON(cases[0].document), { op: "grwo" })),
  }),
);
