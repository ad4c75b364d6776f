// The pictures of the decode player: the tree with its texts, the pool, the bytes. Pure functions.
import { h } from "preact";
import { px } from "../core/layout.js";
import { HATCHES, PALETTE, textOn } from "../core/theme.js";
import { inBytes, times } from "../core/words.js";
import { bytesAt, lengthAt, nodeWords, poolAt, seatedAt } from "./film.js";
import { columns, HEAD, LINE, LINK, place } from "./layout.js";

const CELL = 13; // px of a page of the pool

/** {color, hatch} of a node, as everywhere. */
export function paintOf(film, label) {
  if (label === film.nodes[0].label) return { color: 0, hatch: 0 };
  const n = label - 1;
  const colors = PALETTE.length - 1;
  return { color: 1 + (n % colors), hatch: Math.floor(n / colors) % HATCHES.length };
}

/** The hatchings that these nodes need. */
export function Hatches({ id, film, labels }) {
  const needed = new Map(labels.map((label) => paintOf(film, label)).filter((p) => p.hatch).map((p) => [`${p.color}${p.hatch}`, p]));
  return h("defs", null, [...needed].map(([key, { color, hatch }]) =>
    h("pattern", { key, id: `${id}-${key}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
      h("rect", { width: 8, height: 8, fill: PALETTE[color] }),
      h("path", { d: HATCHES[hatch], fill: "none", stroke: textOn(PALETTE[color]), "stroke-width": 1.1, "stroke-opacity": 0.5 }))));
}

const fillOf = (id, { color, hatch }) => (hatch ? { fill: `url(#${id}-${color}${hatch})` } : undefined);

/** The tree at a step: a box a node, with its text; what is new is bold, what was pruned is pale. */
export function TextTree({ id, film, step, width, hover, setHover }) {
  const placed = place(film, step, columns(film, width));
  const wide = Math.max(width, placed.width);
  return h("svg", { role: "img", "aria-label": `The tree at step ${step}. ${film.sentences[step]}`, width: wide, height: placed.height, viewBox: `0 0 ${px(wide)} ${px(placed.height)}` },
    h(Hatches, { id, film, labels: placed.boxes.map((box) => film.nodes[box.node].label) }),
    placed.boxes.filter((box) => box.parent).map((box) => h("path", { key: `l${box.node}`, class: "link", d: bend(box.parent, box), "stroke-dasharray": box.ghost ? "3 3" : undefined })),
    placed.boxes.map((box) => h(TextBox, { key: box.node, id, film, step, box, hover, setHover })));
}

function bend(from, to) {
  const [x, y, at, half] = [from.x + from.width, from.y + from.height / 2, to.y + to.height / 2, LINK / 2];
  return `M${px(x)},${px(y)}C${px(x + half)},${px(y)} ${px(x + half)},${px(at)} ${px(to.x)},${px(at)}`;
}

function TextBox({ id, film, step, box, hover, setHover }) {
  const node = film.nodes[box.node];
  const paint = paintOf(film, node.label);
  const lit = hover === node.label;
  const tokens = lengthAt(node, step).toLocaleString("en-US");
  return h("g", { "data-node": node.label, class: box.ghost ? "ghost" : "", onPointerEnter: () => setHover?.(node.label), onPointerLeave: () => setHover?.(null) },
    h("title", null, nodeWords(film, node, step)),
    h("rect", { class: `box${lit ? " lit" : ""}`, x: px(box.x), y: px(box.y), width: px(box.width), height: px(box.height), rx: 3 }),
    h("rect", { class: `c${paint.color}`, style: fillOf(id, paint), x: px(box.x), y: px(box.y), width: 5, height: px(box.height) }),
    h("text", { class: "name", x: px(box.x + 9), y: px(box.y + 11) }, box.ghost ? `n${node.label} · pruned` : `n${node.label} · ${tokens}`),
    h(Lines, { box }),
    !box.ghost && seatedAt(node, step) && h("circle", { class: "seat", cx: px(box.x + box.width + 5), cy: px(box.y + box.height / 2), r: 3 }));
}

function Lines({ box }) {
  let left = box.lines.reduce((sum, line) => sum + Array.from(line).length, 0);
  return box.lines.map((line, i) => {
    const all = Array.from(line);
    const old = Math.max(0, Math.min(all.length, left - box.new)); // letters of this line that are not new
    left -= all.length;
    return h("text", { key: i, class: "mono", x: px(box.x + 9), y: px(box.y + HEAD + LINE * (i + 1) - 3), "xml:space": "preserve" },
      all.slice(0, old).join(""), old < all.length && h("tspan", { class: "new" }, all.slice(old).join("")));
  });
}

/** The pool at a step: a cell a page, filled as far as it holds tokens. */
export function Pool({ id, film, step, width, hover, setHover }) {
  const pages = poolAt(film, step);
  const perRow = Math.max(1, Math.floor((width - 8) / CELL));
  const used = pages.filter(Boolean).length;
  const height = CELL * Math.ceil(film.n_pages / perRow) + 2;
  return h("svg", { role: "img", "aria-label": `KV memory: ${used} of ${film.n_pages} pages are taken.`, width, height, viewBox: `0 0 ${width} ${height}` },
    h(Hatches, { id, film, labels: [...new Set(pages.filter(Boolean).map(({ label }) => label))] }),
    pages.map((page, i) => {
      const [x, y] = [4 + CELL * (i % perRow), 1 + CELL * Math.floor(i / perRow)];
      const size = CELL - 2;
      if (!page) return h("rect", { key: i, class: "free", x, y, width: size, height: size });
      const paint = paintOf(film, page.label);
      const tall = Math.max(3, page.full * size);
      return h("g", { key: i, "data-node": page.label, onPointerEnter: () => setHover?.(page.label), onPointerLeave: () => setHover?.(null) },
        h("title", null, `page ${i}: n${page.label}, ${Math.round(page.full * film.page_size)} of ${film.page_size} slots`),
        h("rect", { class: "free", x, y, width: size, height: size }),
        h("rect", { class: `c${paint.color}${hover === page.label ? " lit" : ""}`, style: fillOf(id, paint), x, y: px(y + size - tall), width: size, height: px(tall) }));
    }));
}

/** The bytes so far, of the method and of the baseline, as numbers, bars and lines. */
export function Bytes({ film, account, step, width }) {
  const { ours, theirs } = bytesAt(film, account, step);
  const most = Math.max(1, ...Object.values(bytesAt(film, account, film.n_steps)));
  const row = (kind, name, value) => h("div", { class: "deft-bytes-row" },
    h("span", { class: "who" }, name),
    h("span", { class: "track" }, h("span", { class: `bar ${kind}`, style: { width: `${(100 * value) / most}%` } })),
    h("span", { class: "value" }, inBytes(value)));
  const said = ours ? `${times(theirs / ours)} times as many bytes without the tree` : "no decode yet";
  return h("div", { class: "deft-bytes" },
    row("ours", film.method[1], ours), row("theirs", film.baseline[1], theirs),
    h("p", { class: "ratio" }, said),
    h(Curves, { film, account, step, width }));
}

function Curves({ film, account, step, width }) {
  const [tall, last] = [70, Math.max(1, film.n_steps)];
  const most = Math.max(1, ...Object.values(bytesAt(film, account, film.n_steps)));
  const x = (at) => 4 + ((width - 8) * at) / last;
  const y = (value) => tall - 3 - ((tall - 8) * value) / most;
  const stride = Math.max(1, Math.ceil(last / 200));
  const line = (name) => {
    const points = film.bytes[account][name].flatMap((value, i) => (i % stride === 0 || i === film.n_steps ? [`${px(x(i))},${px(y(value))}`] : []));
    return `M${points.join("L")}`;
  };
  const now = bytesAt(film, account, step);
  return h("svg", { role: "img", "aria-label": `Bytes of all decodes so far, over the steps; at step ${step}: ${inBytes(now.ours)} against ${inBytes(now.theirs)}.`, width, height: tall, viewBox: `0 0 ${width} ${tall}` },
    h("path", { class: "axis", d: `M4,${tall - 2.5}H${width - 4}` }),
    h("path", { class: "axis now", d: `M${px(x(step))},2V${tall - 3}` }),
    h("path", { class: "curve theirs", d: line(film.baseline[0]) }), h("path", { class: "curve ours", d: line(film.method[0]) }),
    h("circle", { class: "spot theirs", cx: px(x(step)), cy: px(y(now.theirs)), r: 3.5 }), h("circle", { class: "spot ours", cx: px(x(step)), cy: px(y(now.ours)), r: 3.5 }));
}
