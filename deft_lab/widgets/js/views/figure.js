// The frame of every view: heading, controls, a sentence, the drawing, and its numbers as a table.
import { h } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { onPaper, onScreen } from "../core/paper.js";
import { number } from "../core/words.js";
import { Scene } from "./scene.js";

const MOST_ROWS = 100;
const SOON = 300; // ms
export const DEFAULTS = { method: "deft_flatten", hardware: "h200", account: "requested" };
export const WIDTH = 640; // where nothing can be measured

/** The width of an element in px, kept up to date. */
export function useWidth() {
  const place = useRef(null);
  const [width, setWidth] = useState(WIDTH);
  useEffect(() => {
    if (!place.current || typeof ResizeObserver === "undefined") return undefined;
    const measure = () => setWidth(onScreen(Math.max(240, Math.round(place.current?.clientWidth || WIDTH))));
    const watcher = new ResizeObserver(measure);
    watcher.observe(place.current);
    measure();
    const forget = onPaper(measure);
    return () => {
      watcher.disconnect();
      forget();
    };
  }, []);
  return [place, width];
}

/** Whether something has been waited for so long that the page may move for it: an answer most often comes sooner. */
function useLate(waits) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setTimeout(() => setLate(true), SOON);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [waits]);
  return waits && late;
}

/**
 * A view. `make(width)` gives the scene, anew when one of `by` has changed; `table()` gives {columns, rows}
 * once the reader asks for it.
 */
export function Figure({ name, title, sentence, old, controls, make, by, table, ...hand }) {
  const [place, width] = useWidth();
  const late = useLate(Boolean(old));
  const scene = useMemo(() => make(width), [width, ...by]);
  return h(
    "figure",
    { class: `deft-view deft-${name}`, "data-view": name },
    h("figcaption", null, h("span", { class: "title" }, title), controls && h("span", { class: "controls" }, controls)),
    h("p", { class: "muted small" }, sentence),
    old && h("p", { class: `deft-stale small${late ? "" : " over"}`, role: "status" }, old),
    h(
      "div",
      { ref: place, class: "deft-place" },
      scene && h(Scene, { scene, title, desc: sentence, faded: late, ...hand }),
    ),
    h(Numbers, { table, title }),
  );
}

function Numbers({ table, title }) {
  const [open, setOpen] = useState(false);
  return h(
    "details",
    { class: "deft-numbers", onToggle: (event) => setOpen(event.currentTarget.open) },
    h("summary", null, "Numbers"),
    open && h(Table, { title, ...table() }),
  );
}

/** A table of at most 100 rows; it says how many it leaves out. */
export function Table({ title, columns, rows }) {
  const shown = rows.slice(0, MOST_ROWS);
  const cell = (value) => (value === null ? "not counted" : typeof value === "number" ? number(value) : value);
  return h(
    "div",
    { class: "deft-table", tabIndex: 0, role: "group", "aria-label": `${title}, as a table` },
    h(
      "table",
      null,
      h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col" }, column)))),
      h("tbody", null, shown.map((row) => h("tr", null, row.map((value) => h("td", null, cell(value)))))),
    ),
    rows.length > shown.length && h("p", { class: "small" }, `... and ${number(rows.length - shown.length)} more rows`),
  );
}

/** A menu: [[value, words]]. */
export function Menu({ label, value, options, onChange }) {
  return h(
    "label",
    { class: "small" },
    `${label} `,
    h(
      "select",
      { value, onChange: (event) => onChange(event.currentTarget.value), onKeyDown: (event) => event.stopPropagation() },
      options.map(([name, words]) => h("option", { value: name, selected: name === value }, words)),
    ),
  );
}

/** Ticks at 0 and at most five round numbers up to `most`: lines and texts of a scene. */
export function axis({ left, right, y, most, words }) {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  const step = [1, 2, 5, 10].map((part) => part * power).find((size) => most / size <= 5) ?? most;
  const perUnit = (right - left) / most;
  const ticks = [];
  for (let n = 0; n * step <= most * (1 + 1e-9); n++) ticks.push(n * step);
  const marks = ticks.map((n) => `M${left + perUnit * n},${y}v4`).join("");
  const texts = ticks.map((n) => ({
    x: Math.min(left + perUnit * n, right - 14),
    y: y + 15,
    text: n ? words(n) : "0",
    kind: "muted",
    anchor: "middle",
  }));
  return { lines: [{ d: `M${left},${y}H${right}${marks}`, kind: "tick" }], texts };
}
