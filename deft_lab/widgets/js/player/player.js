// The player: what a step says and shows, and the controls that move it. All of it follows from `step`.
import { h } from "preact";
import { chaptersOf, marksOf } from "./moves.js";
import css from "./player.css";

export const SPEEDS = [0.5, 1, 2, 4];
const KEYS = [
  ["Space", "next step"], ["Shift-Space", "step before"], ["← →", "back and forth"], ["Home End", "first and last"],
  ["1 … 9", "chapters"], ["P", "play or pause"], ["?", "these keys"],
];

/** A pure function of its props; `moves` are the callbacks of the controls. */
export function Player({ id, title, frames, parts, columns, sheet, height, step, playing, speed, wait, theme, moves, aside, below, jumps = {} }) {
  const frame = frames[step];
  return h(
    "section",
    {
      class: "deft deft-played deft-player", "data-theme": theme, tabIndex: 0, "aria-label": `${title}, step by step`,
      "data-lm-suppress-shortcuts": "true", onKeyDown: moves.key,
    },
    h("style", null, css),
    h("h3", null, title),
    h(Chapters, { frames, frame, moves }),
    h(
      "div",
      { class: "deft-said", role: "status", "aria-live": playing ? "off" : "polite" },
      h("p", { class: "deft-sentence" }, frame.sentence),
      frame.formula ? h("pre", { class: "deft-formula" }, frame.formula) : null,
      wait === null ? null : h("p", { class: "deft-wait" }, "A prediction is waiting for this step. Enter your number first, or press once more to go on without one."),
    ),
    aside ?? null,
    h(Stage, { id, frame, parts, sheet, height }),
    h(Scrub, { id, frames, step, moves }),
    h(Transport, { id, frames, frame, step, playing, speed, moves, jumps }),
    below ?? null,
    h(Data, { frame, parts, columns }),
    h(
      "details",
      { class: "deft-keys" },
      h("summary", null, "Keys"),
      h("p", null, [...KEYS, ...Object.values(jumps).map(({ key, title: what }) => [key.toUpperCase(), what])].flatMap(
        ([key, what], i) => [i ? ", " : "", h("kbd", null, key), ` ${what}`],
      ), "; they work while the player has the focus."),
    ),
  );
}

function Chapters({ frames, frame, moves }) {
  const chapters = chaptersOf(frames);
  if (chapters.length < 2) return null;
  return h("nav", { class: "deft-chapters", "aria-label": "Chapters" }, chapters.map(([name, first], i) =>
    h("button", { key: name, type: "button", "aria-current": String(name === frame.chapter), onClick: (event) => moves.go(first, event) },
      i < 9 ? `${i + 1} ${name}` : name)));
}

/** The picture: shapes that Python drew; its words are the sentence above. */
function Stage({ id, frame, parts, sheet, height }) {
  const shapes = frame.picture.map((part) => parts[part]).join("").replaceAll("@@", id);
  return h("div", { class: "deft-stage", tabIndex: 0, role: "region", "aria-label": "Picture" }, h("svg", {
    class: "deft-fig", role: "img", viewBox: `0 0 800 ${height}`, "aria-label": `${frame.sentence} ${frame.formula}`,
    dangerouslySetInnerHTML: { __html: `<style>${sheet}</style><rect class="bg" width="100%" height="100%"/>${shapes}` },
  }));
}

function Scrub({ id, frames, step, moves }) {
  const last = Math.max(1, frames.length - 1);
  let end = -100; // of the last label, in percent
  const ticks = marksOf(frames).map(([mark, at]) => {
    const place = (100 * at) / last;
    const half = (mark.length * 0.62 * 10.5 * 50) / 800;
    const far = place - half < end;
    if (!far) end = place + half + 1;
    const edge = place - half < 0 ? "translateX(-8px)" : place + half > 100 ? "translateX(calc(8px - 100%))" : undefined;
    return h("span", { key: at, class: far ? "far" : "", title: mark, style: { left: `${place}%`, transform: far ? undefined : edge }, onClick: (event) => moves.go(at, event) }, mark);
  });
  return h(
    "div",
    { class: "deft-scrub" },
    h("input", {
      type: "range", min: 0, max: frames.length - 1, value: step, "aria-label": "Step", id: `${id}-scrub`,
      "aria-valuetext": `step ${step} of ${frames.length - 1}, ${frames[step].chapter}`,
      onInput: (event) => moves.go(event.target.valueAsNumber),
    }),
    h("div", { class: "deft-ticks", "aria-hidden": "true" }, ticks),
  );
}

function Transport({ id, frames, frame, step, playing, speed, moves, jumps }) {
  const last = frames.length - 1;
  const button = (label, sign, target) =>
    h("button", { type: "button", "aria-label": label, title: label, disabled: target === step, onClick: (event) => moves.go(target, event) }, sign);
  const marks = marksOf(frames);
  return h(
    "div",
    { class: "deft-transport" },
    button("First step", "|◀", 0),
    button("Step before", "◀", Math.max(0, step - 1)),
    h("button", { type: "button", onClick: moves.play, "aria-pressed": String(playing) }, playing ? "❚❚ Pause" : "▶ Play"),
    button("Next step", "▶", Math.min(last, step + 1)),
    button("Last step", "▶|", last),
    Object.entries(jumps).filter(([, jump]) => jump.label).map(([name, jump]) =>
      h("button", { key: name, type: "button", title: `${jump.title} (${jump.key.toUpperCase()})`, onClick: (event) => moves.jump(name, event) }, jump.label)),
    h("label", { for: `${id}-speed` }, "Speed"),
    h("select", { id: `${id}-speed`, onChange: (event) => moves.speed(Number(event.target.value)) },
      SPEEDS.map((each) => h("option", { value: each, selected: each === speed }, `${each}×`))),
    marks.length ? h("label", { for: `${id}-marks` }, "Go to") : null,
    marks.length
      ? h("select", { id: `${id}-marks`, onChange: (event) => moves.go(Number(event.target.value)) },
          h("option", { value: step, selected: !frame.mark }, "…"),
          marks.map(([mark, at]) => h("option", { value: at, selected: at === step }, mark)))
      : null,
    h("span", { class: "deft-count" }, `step ${step} of ${last}`, frame.bytes ? `, ${frame.bytes} so far` : ""),
  );
}

function Data({ frame, parts, columns }) {
  if (!frame.rows.length) return null;
  const head = `<thead><tr>${columns[frame.columns].map((name) => `<th scope="col">${escaped(name)}</th>`).join("")}</tr></thead>`;
  const body = frame.rows.map((row) => `<tr>${parts[row]}</tr>`).join("");
  return h("details", null, h("summary", null, "Numbers of this step"),
    h("div", { class: "deft-table", tabIndex: 0, role: "region", "aria-label": "Numbers of this step" },
      h("table", { dangerouslySetInnerHTML: { __html: `${head}<tbody>${body}</tbody>` } })));
}

export const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
