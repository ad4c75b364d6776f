// Who runs on which SM and when: the programs of one attention call, in the colours of the nodes they read.
// Slots lie below each other: the first ones of all SMs, then the second ones.
import { h } from "preact";
import { describe, hasTimeline, inSeconds, whyOld, runs, unpack } from "../core/plans.js";
import { count, number } from "../core/words.js";
import { SMALL, textWidth } from "../core/theme.js";
import { axis, DEFAULTS, Figure, Menu } from "./figure.js";
import { pushNode } from "./memory.js";

const [LEFT, TOP] = [40, 18];

/** `most`: seconds that the axis reaches at least, so that several timelines have one scale. */
export function Timeline({ tree, plans, choice = DEFAULTS, setChoice, menus, title, most = 0, ...hand }) {
  const info = unpack(plans);
  const found = info?.methods[choice.method];
  const method = found && hasTimeline(found) ? found : null;
  const waits = found && !method ? `The timeline of ${found.title} is not here: Python has not answered yet.` : null;
  const menu = (name) =>
    h(Menu, {
      label: name,
      value: choice[name],
      options: name === "method" ? menus.method.filter(([key]) => info?.methods[key]) : menus[name],
      onChange: (value) => setChoice(name, value),
    });
  return h(Figure, {
    ...hand,
    name: "timeline",
    title: title ?? "Who runs where and when",
    sentence: method ? sentence(info, method) : "No plans yet: they come from Python.",
    old: waits ?? whyOld(info, tree, choice, menus),
    controls: setChoice && menus && [menu("method"), menu("hardware")],
    make: (width) => (method ? timelineScene(info, method, width, most) : found && emptyScene(width)),
    by: [info, choice.method, most],
    table: () => (method ? timelineTable(info, method) : { columns: [], rows: [] }),
  });
}

function sentence(info, method) {
  const programs = method.launches.map(({ name, programs: n }) => `${name} (${number(n)})`).join(", ");
  return (
    `${method.title} on ${info.hardware}, modelled, a layer: ${inSeconds(method.seconds)}, ` +
    `${method.idle}. Programs: ${programs}.`
  );
}

const heightOf = (width) => Math.round(Math.min(240, Math.max(150, 0.42 * width)));

/** Room for the drawing that is on its way, so that nothing jumps. */
function emptyScene(width) {
  const height = heightOf(width);
  const track = { x: LEFT, y: TOP, w: width - LEFT - 6, h: height, kind: "track" };
  return { width, height: TOP + height + 22, marks: [track], texts: [], lines: [] };
}

/** The drawing. */
export function timelineScene(info, method, width, most = 0) {
  const height = heightOf(width);
  const end = Math.max(method.seconds, most);
  const scale = (width - LEFT - 6) / end;
  const scene = { width, height: TOP + height + 22, marks: [], texts: [], lines: [] };
  let free = 0;
  for (const launch of method.launches) {
    const [x, w] = [LEFT + scale * launch.begin, scale * (launch.end - launch.begin)];
    scene.marks.push({ x, y: TOP, w, h: height, kind: "track" });
    const at = Math.max(free, Math.min(x, width - 4 - textWidth(launch.name, SMALL)));
    if (method.launches.length > 1 && at <= x + w) {
      scene.texts.push({ x: at, y: TOP - 5, text: launch.name, kind: "muted" });
      free = at + textWidth(launch.name, SMALL) + 6;
    }
  }
  const piece = method.pieces;
  for (let p = 0; 5 * p < piece.length; p++) {
    const [number_, group, label, first, slots] = piece.subarray(5 * p, 5 * p + 5);
    const launch = method.launches[number_];
    const [begin, stop] = method.times.subarray(2 * p, 2 * p + 2);
    const box = {
      x: LEFT + scale * begin,
      y: TOP + (height * first) / launch.n_slots,
      w: scale * (stop - begin),
      h: (height * slots) / launch.n_slots,
    };
    const when = () => `${inSeconds(begin)} to ${inSeconds(stop)}, ${onSms(first, slots, info.nSms)}`;
    if (label < 0) {
      scene.marks.push({ ...box, kind: "queries", words: () => `${launch.name}: ${when()}` });
      continue;
    }
    const words = () => `${describe(info.tree, label, info, method.name)}; here group ${number(group)}, ${when()}`;
    const above = scene.marks[scene.marks.length - 1]; // named once, not on every group
    const nameless = above.label === label && above.x === box.x && Math.abs(above.y + above.h - box.y) < 0.01;
    pushNode(scene, info.tree, label, { ...box, words, nameless });
  }
  drawSlots(scene, info, method, height);
  const ticks = axis({ left: LEFT, right: width - 6, y: TOP + height + 2, most: end * 1e6, words: (n) => inSeconds(n / 1e6, true) });
  scene.lines.push(...ticks.lines);
  scene.texts.push(...ticks.texts);
  return scene;
}

function onSms(first, slots, nSms) {
  const [from, to] = [Math.floor(first / nSms), Math.floor((first + slots - 1) / nSms)];
  if (from !== to) return `on ${count(slots, "slot")}`;
  const sm = first % nSms;
  return slots === 1 ? `on SM ${sm}` : `on SM ${runs(Array.from({ length: slots }, (_, i) => sm + i))}`;
}

/** Slots are named as those of the first launch. */
function drawSlots(scene, info, method, height) {
  const perSm = method.launches[0].n_slots / info.nSms;
  const step = Math.max(1, Math.ceil((14 * perSm) / height));
  for (let slot = 0; slot < perSm; slot += step) {
    const y = TOP + (height * slot) / perSm;
    scene.texts.push({ x: LEFT - 6, y: y + 11, text: perSm > 1 ? `slot ${slot}` : "SMs", kind: "muted", anchor: "end" });
    scene.lines.push({ d: `M2,${y.toFixed(1)}H${LEFT}`, kind: "tick" });
  }
}

function timelineTable(info, method) {
  const columns = ["launch", "group", "node", "first SM", "slots", "begins, µs", "ends, µs"];
  const rows = [];
  for (let p = 0; 5 * p < method.pieces.length; p++) {
    const [launch, group, label, first, slots] = method.pieces.subarray(5 * p, 5 * p + 5);
    const [begin, end] = method.times.subarray(2 * p, 2 * p + 2);
    const of = label < 0 ? ["none", "none"] : [group, `n${label}`];
    rows.push([method.launches[launch].name, ...of, first % info.nSms, slots, (1e6 * begin).toFixed(2), (1e6 * end).toFixed(2)]);
  }
  return { columns, rows };
}
