// A drawing that many marks share: plain shapes as SVG, or on a canvas where they are too many, a rim around
// what is lit, one tab stop, arrow keys that walk from mark to mark.
//
// mark: {x, y, w, h, kind, label, query, words, paint}; kind "node" has a paint of its own, other kinds are
// CSS classes. Only marks with words can be hovered; words are a function, called when they are. scene: {width, height, marks, texts, lines}.
import { Component, h } from "preact";
import { useId, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { px } from "../core/layout.js";
import { HATCHES, PALETTE, textOn } from "../core/theme.js";

export const MOST_SHAPES = 250; // as SVG; more nodes go on a canvas
const [FEW, LEAST] = [60, 4]; // so few lit marks are drawn at least so large, px
const HATCHED = 7; // px: smaller marks are plain

export function Scene({ scene, title, desc, hover, setHover, select, faded }) {
  const id = useId();
  const at = useRef(-1);
  const walk = useMemo(() => scene.marks.filter((mark) => mark.words), [scene]);
  const tell = (mark) => setHover?.(mark ? { labels: new Set(mark.labels ?? []), query: mark.query ?? null, words: mark.words() } : null);
  const choose = (mark) => {
    if (mark?.act) mark.act();
    else if (mark?.labels?.length) select?.(mark.labels);
  };
  const keys = (event) => {
    const next = stepped(event.key, at.current, walk.length);
    if (event.key === "Escape") tell(null);
    else if (event.key === "Enter" && walk[at.current]) choose(walk[at.current]);
    else if (next === null) return;
    else tell(walk[(at.current = next)]);
    event.preventDefault();
    event.stopPropagation();
  };
  const point = (event) => {
    const mark = markAt(scene, event);
    if (mark === at.last) return;
    at.last = mark;
    at.current = mark ? walk.indexOf(mark) : at.current;
    tell(mark);
  };
  const leave = () => {
    at.last = null;
    tell(null);
  };
  const click = (event) => choose(markAt(scene, event));
  return h(
    "div",
    {
      class: `deft-scene${faded ? " faded" : ""}`,
      tabIndex: 0,
      role: "group",
      "aria-label": `${title}: ${walk.length} parts, arrow keys walk through them`,
      style: { aspectRatio: `${scene.width} / ${scene.height}` },
      onPointerMove: point,
      onPointerDown: point,
      onPointerLeave: leave,
      onClick: click,
      onKeyDown: keys,
      onBlur: leave,
    },
    h(Shapes, { scene, id, title, desc }),
    h(Lit, { scene, hover }),
  );
}

function stepped(key, at, n) {
  if (!n) return null;
  const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: n - 1 }[key];
  return to === undefined ? null : Math.max(0, Math.min(n - 1, to));
}

/** The uppermost mark with words at the pointer; thin ones within two px. */
export function markAt(scene, event) {
  const box = event.currentTarget.getBoundingClientRect();
  const scale = scene.width / (box.width || scene.width);
  return hit(scene.marks, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
}

export function hit(marks, x, y) {
  for (const slack of [0, 2]) {
    for (let i = marks.length - 1; i >= 0; i--) {
      const mark = marks[i];
      const inside =
        x >= mark.x - slack && x <= mark.x + mark.w + slack && y >= mark.y - slack && y <= mark.y + mark.h + slack;
      if (inside && mark.words && (slack === 0 || mark.kind === "node")) return mark;
    }
  }
  return null;
}

// what hovering does not change
class Shapes extends Component {
  shouldComponentUpdate(next) {
    return ["scene", "id", "title", "desc"].some((name) => next[name] !== this.props[name]);
  }

  render(props) {
    return drawShapes(props);
  }
}

function drawShapes({ scene, id, title, desc }) {
  const { width, height } = scene;
  const nodes = scene.marks.filter((mark) => mark.kind === "node");
  const onCanvas = nodes.length > MOST_SHAPES;
  const shares = scene.marks.filter((mark) => mark.kind.startsWith("share"));
  const plain = scene.marks.filter((mark) => !["node", "row"].includes(mark.kind) && !shares.includes(mark));
  const size = { viewBox: `0 0 ${width} ${height}`, width: "100%" };
  const last = [
    shares.map((mark) => h("rect", { class: mark.kind, ...placed(mark) })),
    scene.lines.map(({ d, kind }) => h("path", { d, class: kind })),
    scene.texts.map(({ x, y, text, kind = "", anchor, fill }) =>
      h("text", { x: px(x), y: px(y), class: kind || undefined, "text-anchor": anchor, style: fill && { fill } }, text),
    ),
  ];
  const words = { role: "img", "aria-labelledby": `${id}-title`, "aria-describedby": `${id}-desc` };
  const said = [h("title", { id: `${id}-title` }, title), h("desc", { id: `${id}-desc` }, desc)];
  const below = [...new Set(plain.map((mark) => mark.kind))].map((kind) => {
    const d = plain.map((mark) => (mark.kind === kind ? outline(mark) : "")).join("");
    return h("path", { key: kind, class: kind, d }); // all of a kind are one element: there may be hundreds, and all change
  });
  if (!onCanvas) {
    const hatches = new Map();
    const shapes = nodes.map((mark) => h("rect", { ...placed(mark), ...look(mark, id, hatches) }));
    const defs = [...hatches.values()];
    return h("svg", { ...size, ...words }, said, defs.length > 0 && h("defs", null, defs), below, shapes, last);
  }
  return [
    h("svg", { ...size, "aria-hidden": "true" }, below),
    h(Painted, { nodes, width, height }),
    h("svg", { ...size, ...words, class: "over" }, said, last),
  ];
}

function placed({ x, y, w, h: high }) {
  return { x: px(x), y: px(y), width: px(w), height: px(high) };
}

const outline = ({ x, y, w, h: high }) => `M${px(x)},${px(y)}h${px(w)}v${px(high)}h${px(-w)}z`;

function look({ paint, w, h: high, label }, id, hatches) {
  const thin = Math.min(w, high) < 3;
  const mark = { class: `c${paint.color}${thin ? " thin" : ""}`, "data-node": label };
  if (!paint.hatch || Math.min(w, high) < HATCHED) return mark;
  const name = `${id}-${paint.color}${paint.hatch}`;
  if (!hatches.has(name)) hatches.set(name, pattern(name, paint));
  return { ...mark, style: { fill: `url(#${name})` } };
}

function pattern(name, paint) {
  const color = PALETTE[paint.color];
  return h(
    "pattern",
    { id: name, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
    h("rect", { width: 8, height: 8, fill: color }),
    h("path", { class: "hatch", stroke: textOn(color), d: HATCHES[paint.hatch] }),
  );
}

function Painted({ nodes, width, height }) {
  const canvas = useRef(null);
  const drawn = useRef(null);
  useLayoutEffect(() => {
    const now = { nodes, width, height };
    if (canvas.current && !alike(now, drawn.current)) draw(canvas.current, nodes, width, height);
    drawn.current = now;
  }, [nodes, width, height]);
  return h("canvas", { ref: canvas, "aria-hidden": "true", "data-marks": nodes.length });
}

function alike(now, before) {
  if (!before || now.width !== before.width || now.height !== before.height) return false;
  return now.nodes.length === before.nodes.length && now.nodes.every((mark, i) => sameMark(mark, before.nodes[i]));
}

const sameMark = (a, b) =>
  a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h && a.paint.color === b.paint.color && a.paint.hatch === b.paint.hatch;

function draw(canvas, nodes, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down }); // this costs a layout
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  for (const { x, y, w, h: high, paint } of nodes) {
    context.fillStyle = PALETTE[paint.color];
    if (paint.hatch && Math.min(w, high) >= HATCHED) context.fillStyle = canvasHatch(context, paint);
    context.fillRect(x, y, Math.max(w, 0.35), Math.max(high, 0.35));
  }
}

const hatched = new Map(); // patterns, for all canvases

function canvasHatch(context, paint) {
  const name = `${paint.color}${paint.hatch}`;
  if (!hatched.has(name)) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const brush = tile.getContext("2d");
    brush.fillStyle = PALETTE[paint.color];
    brush.fillRect(0, 0, 8, 8);
    brush.strokeStyle = textOn(PALETTE[paint.color]);
    brush.globalAlpha = 0.5;
    brush.stroke(new Path2D(HATCHES[paint.hatch]));
    hatched.set(name, context.createPattern(tile, "repeat"));
  }
  return hatched.get(name);
}

/** At least as large as can be seen. */
function grown({ x, y, w, h: high }) {
  const [moreW, moreH] = [Math.max(0, LEAST - w), Math.max(0, LEAST - high)];
  return { x: x - moreW / 2, y: y - moreH / 2, w: w + moreW, h: high + moreH };
}

// What is lit, over a veil that lets the rest step back.
function Lit({ scene, hover }) {
  const { width, height } = scene;
  const query = hover?.query ?? -1;
  const rows = hover ? scene.marks.filter((mark) => mark.kind === "row" && mark.query === query) : [];
  const nodes = hover ? scene.marks.filter((mark) => mark.kind === "node" && hover.labels.has(mark.label)) : [];
  const shapes = nodes.map((mark) => {
    const rim = nodes.length <= FEW || Math.min(mark.w, mark.h) >= LEAST ? "lit" : "thin";
    const shown = nodes.length <= FEW ? grown(mark) : mark;
    return h("rect", { class: `c${mark.paint.color} ${rim}`, "data-lit": mark.label, ...placed(shown) });
  });
  return h(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width: "100%", class: "over", "aria-hidden": "true" },
    shapes.length + rows.length > 0 && h("rect", { class: "veil", width, height }),
    shapes,
    rows.map((mark) => h("rect", { class: "litrow", ...placed(mark) })),
  );
}
