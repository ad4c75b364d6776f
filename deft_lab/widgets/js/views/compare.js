// Methods beside each other on one tree: a table of what they cost, their bytes, and for each its mask,
// memory, groups and timeline, all under one hand.
import { h } from "preact";
import { inSeconds, unpack } from "../core/plans.js";
import { count, inBytes, number, times, treeInWords } from "../core/words.js";
import { bars, Bytes } from "./bytes.js";
import { DEFAULTS, Menu } from "./figure.js";
import { Groups } from "./groups.js";
import { Mask } from "./mask.js";
import { Memory } from "./memory.js";
import { Timeline } from "./timeline.js";
import css from "./views.css";

const LAYOUTS = { copies: "a copy for each query", unpaged: "once, contiguous", paged: "once, in pages" };

/** A pure function of its props: those of a view, and `selection`. */
export function Compare({ tree, plans, choice = DEFAULTS, setChoice, menus, hover = null, theme = "auto", ...hand }) {
  const info = unpack(plans);
  const rows = bars(tree, info, choice.account).filter((row) => info?.methods[row.name]);
  const names = info ? Object.keys(info.methods) : [];
  const most = Math.max(0, ...names.map((name) => info.methods[name].seconds));
  const common = { tree, plans, hover, ...hand };
  const machine = setChoice && menus && h(Menu, {
    label: "hardware", value: choice.hardware, options: menus.hardware, onChange: (value) => setChoice("hardware", value),
  });
  return h(
    "div",
    { class: "deft deft-compare", "data-theme": theme },
    h("style", null, css),
    h("p", { class: "title" }, `${names.length} methods on one tree`, " ", machine),
    h("p", { class: "muted small" }, treeInWords(tree)),
    info && h(Costs, { rows, info, account: choice.account }),
    h(Bytes, { ...common, choice, setChoice, menus }),
    h(
      "div",
      { class: "deft-cards" },
      names.map((name) => h(Card, { key: name, name, info, common, choice, most, chosen: name === choice.method })),
    ),
    h("p", { class: "deft-status deft-hint", role: "status" }, hover?.words ?? "Point at anything, or walk with Tab and the arrow keys."),
  );
}

function Card({ name, info, common, choice, most, chosen }) {
  const of = info.methods[name];
  const props = { ...common, choice: { ...choice, method: name } };
  const only = of.layout === "copies" ? "duplicated" : "unique";
  return h(
    "section",
    { class: `deft-card${chosen ? " chosen" : ""}`, "aria-label": of.title, "data-method": name },
    h("h3", null, of.title),
    h(Mask, { ...props, title: "Mask" }),
    h(Memory, { ...props, only, title: `Memory: ${LAYOUTS[of.layout]}` }),
    h(Groups, { ...props, title: `Groups: ${number(of.n_groups)}` }),
    h(Timeline, { ...props, most, title: `Time: ${inSeconds(of.seconds)} a layer, modelled` }),
  );
}

function Costs({ rows, info, account }) {
  const least = Math.min(...rows.map((row) => row.total));
  const columns = ["method", "KV in memory", "groups", "partials", "pairs", "KV", `bytes, “${account}”`, "× least", "time"];
  const body = rows.map((row) => {
    const of = info.methods[row.name];
    const cells = [
      LAYOUTS[of.layout], number(of.n_groups), number(of.n_partials), number(of.computed), inBytes(row.roles.kv ?? 0),
      inBytes(row.total), times(row.total / least), inSeconds(of.seconds),
    ];
    return h("tr", { key: row.name }, h("th", { scope: "row" }, of.title), cells.map((cell) => h("td", null, cell)));
  });
  return h(
    "div",
    { class: "deft-table wide", tabIndex: 0, role: "group", "aria-label": `Costs of ${count(rows.length, "method")}` },
    h("table", null, h("thead", null, h("tr", null, columns.map((name) => h("th", { scope: "col" }, name)))), h("tbody", null, body)),
  );
}

