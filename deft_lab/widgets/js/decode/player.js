// The decode player: what happens at a step, the tree, the pool, the bytes, and the controls that move it.
import { h } from "preact";
import { number, times } from "../core/words.js";
import { chaptersOf, nodeWords } from "./film.js";
import { heightOf } from "./layout.js";
import { Bytes, Pool, TextTree } from "./views.js";
import css from "./decode.css";

export const SPEEDS = [0.5, 1, 2, 4, 8];
const MOST_HEIGHT = 440; // px of the tree, before it scrolls
const KEYS = [
  ["Space", "next step"], ["Shift-Space", "step before"], ["← →", "back and forth"], ["PageUp PageDown", "ten steps"],
  ["Home End", "first and last"], ["1 … 9", "forks and prunes"], ["P", "play or pause"], ["?", "these keys"],
];

/** A pure function of its props; `moves` are the callbacks of the controls. */
export function DecodeView({ id, film, step: asked, account, theme, live = {}, playing, speed, width = 800, hover = null, moves }) {
  const step = Math.min(asked, film.n_steps);
  const inner = Math.max(240, width - 26);
  const node = hover === null ? undefined : film.nodes.find(({ label }) => label === hover);
  const common = { film, step, width: inner, hover, setHover: moves.hover };
  return h(
    "section",
    { class: "deft deft-played deft-decode", "data-theme": theme, tabIndex: 0, "aria-label": `${film.title}, step by step`, "data-lm-suppress-shortcuts": "true", onKeyDown: moves.key },
    h("style", null, css),
    h("h3", null, film.title),
    film.note ? h("p", { class: "deft-note" }, film.note) : null,
    live.state ? h(Live, { live, moves }) : null,
    h("p", { class: "deft-sentence", role: "status", "aria-live": playing || live.state === "running" ? "off" : "polite" }, h("b", null, `Step ${step}. `), film.sentences[step]),
    h("div", { class: "deft-decode-tree", tabIndex: 0, role: "region", "aria-label": "The tree with its texts", style: { minHeight: `${Math.min(MOST_HEIGHT, heightOf(film, inner))}px` } },
      h(TextTree, { ...common, id: `${id}t` })),
    h("p", { class: "deft-under deft-hint" }, node ? nodeWords(film, node, step) : "Point at a node or a page to see what it holds."),
    h("h4", null, "KV memory"),
    h("p", { class: "deft-line" }, memoryWords(film, step)),
    h(Pool, { ...common, id: `${id}p` }),
    h("h4", null, h("label", { for: `${id}-account` }, "Bytes of all decodes so far, account "), h("span", { class: "deft-on-paper" }, account),
      h("select", { id: `${id}-account`, onChange: (event) => moves.account(event.target.value) },
        Object.keys(film.bytes).map((name) => h("option", { value: name, selected: name === account }, name)))),
    h(Bytes, { film, account, step, width: inner }),
    h(Scrub, { id, film, step, moves }),
    h(Transport, { id, film, step, playing, speed, moves }),
    h(Steps, { film }),
    h("details", { class: "deft-keys" }, h("summary", null, "Keys"),
      h("p", null, KEYS.flatMap(([key, what], i) => [i ? ", " : "", h("kbd", null, key), ` ${what}`]), "; they work while the player has the focus.")),
  );
}

function memoryWords(film, step) {
  const [stored, copies] = [film.stored[step], film.copies[step]];
  const shared = copies > stored ? `; a copy for each branch would hold ${number(copies)}, ${times(copies / stored)} times as many` : "";
  return `${number(stored)} tokens stored, in pages of ${film.page_size}${shared}.`;
}

function Live({ live, moves }) {
  const runs = live.state === "running" || live.state === "checking";
  return h("div", { class: `deft-live ${live.state}` },
    h("button", { type: "button", class: "deft-go", onClick: runs ? moves.stop : moves.decode }, runs ? "■ Stop" : live.state === "ready" ? "▶ Decode" : "↻ Decode again"),
    h("p", { role: "status" }, live.words),
    live.checks?.length ? h("details", { open: true }, h("summary", null, "Tree against sequential, branch by branch"),
      h("div", { class: "deft-table", tabIndex: 0, role: "region", "aria-label": "Tree against sequential" },
        h("table", null,
          h("thead", null, h("tr", null, ["branch", "tokens", "same tokens", "largest difference of logits", ""].map((head) => h("th", { scope: "col" }, head)))),
          h("tbody", null, live.checks.map((row) => h("tr", { key: row.leaf },
            h("td", null, `n${row.leaf}`), h("td", null, row.tokens), h("td", null, row.same), h("td", null, row.difference.toExponential(1)),
            h("td", { class: row.equal ? "good" : "bad" }, row.equal ? "✓ equal" : "✗ differs"))))))) : null);
}

function Scrub({ id, film, step, moves }) {
  const last = Math.max(1, film.n_steps);
  const jumps = chaptersOf(film);
  return h("div", { class: "deft-scrub" },
    h("input", { type: "range", id: `${id}-scrub`, min: 0, max: film.n_steps, value: step, "aria-label": "Step", "aria-valuetext": `step ${step} of ${film.n_steps}`, onInput: (event) => moves.go(event.target.valueAsNumber) }),
    h("div", { class: "deft-marks", "aria-hidden": "true" }, film.marks.map(([at, kind, words]) =>
      h("span", { key: at, class: kind, title: `step ${at}: ${words}`, style: { left: `${(100 * at) / last}%` }, onClick: (event) => moves.go(at, event) },
        jumps.includes(at) ? jumps.indexOf(at) + 1 : ""))));
}

function Transport({ id, film, step, playing, speed, moves }) {
  const last = film.n_steps;
  const button = (label, sign, target) =>
    h("button", { type: "button", "aria-label": label, title: label, disabled: target === step, onClick: (event) => moves.go(target, event) }, sign);
  return h("div", { class: "deft-transport" },
    button("First step", "|◀", 0), button("Step before", "◀", Math.max(0, step - 1)),
    h("button", { type: "button", "aria-pressed": String(playing), onClick: moves.play }, playing ? "❚❚ Pause" : "▶ Play"),
    button("Next step", "▶", Math.min(last, step + 1)), button("Last step", "▶|", last),
    h("label", { for: `${id}-speed` }, "Speed"),
    h("select", { id: `${id}-speed`, onChange: (event) => moves.speed(Number(event.target.value)) },
      SPEEDS.map((each) => h("option", { value: each, selected: each === speed }, `${each}×`))),
    h("span", { class: "deft-count" }, `step ${step} of ${last}`));
}

function Steps({ film }) {
  const rows = film.sentences.map((sentence, i) => h("tr", { key: i }, h("td", null, i), h("td", null, sentence), h("td", null, number(film.copies[i]))));
  return h("details", null, h("summary", null, "All steps as a table"),
    h("div", { class: "deft-table", tabIndex: 0, role: "region", "aria-label": "All steps" },
      h("table", null, h("thead", null, h("tr", null, ["step", "what happens", "tokens with a copy per branch"].map((head) => h("th", { scope: "col" }, head)))), h("tbody", null, rows))));
}
