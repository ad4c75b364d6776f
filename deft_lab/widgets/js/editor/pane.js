// The tree under the hand: measures itself, keeps the cursor in sight, and turns pointers into gestures.
import { Component, createRef, h } from "preact";
import { placeLabels } from "../core/labels.js";
import { layout, px } from "../core/layout.js";
import { onPaper, onScreen } from "../core/paper.js";
import { grouped } from "../core/tree.js";
import { treeInWords } from "../core/words.js";
import { Gesture, Handles, Hatches, Links, NodeMark, lookOf } from "./canvas.js";
import { pointerCancel, pointerDown, pointerMove, pointerUp } from "./drag.js";
import { illegalTarget } from "./keys.js";
import { Sight } from "./sight.js";
import { whyNotMerge } from "./toolbar.js";

const [ROOMY, TIGHT] = [26, 13]; // px of a leaf's row
const NONE = new Set();
const ROOM = 440; // px of height before rows become tight

export class TreePane extends Component {
  box = createRef();
  svg = createRef();
  ghost = createRef();
  sight = new Sight();
  scrolled = 0;
  state = { width: 800 };

  componentDidMount() {
    this.scroll();
    if (typeof ResizeObserver === "undefined") return;
    const measure = () => {
      if (!this.box.current) return;
      const width = onScreen(Math.round(this.box.current.clientWidth));
      this.sight.measure(this.box.current);
      if (width > 0 && width !== this.state.width) this.setState({ width });
      else this.look();
    };
    this.observer = new ResizeObserver(measure);
    this.observer.observe(this.box.current);
    this.forget = onPaper(measure);
  }

  componentWillUnmount() {
    this.observer?.disconnect();
    this.forget?.();
  }

  componentDidUpdate() {
    this.scroll();
  }

  /** Bring into sight what was drawn to be there. */
  scroll() {
    const { sight, box } = this;
    if (!box.current || sight.top === this.scrolled) return;
    box.current.scrollTop = sight.top;
    this.scrolled = sight.top = box.current.scrollTop;
  }

  scrolledByHand = () => {
    this.scrolled = this.sight.top = this.box.current.scrollTop;
    this.look();
  };

  /** Draw the part that is in sight now, if another one is drawn. */
  look() {
    if (!this.part) return;
    const { above, below } = this.sight.part(this.placed);
    if (above !== this.part.above || below !== this.part.below) this.forceUpdate();
  }

  /** The layout; made anew only when what it depends on changed. */
  place({ tree, folded, focused, row }, width) {
    const key = [width, row, focused, [...folded].join(",")].join("|");
    if (this.key === key && this.laidOut === tree) return this.placed;
    const narrow = width < 560;
    const rowOf = (n) => row ?? Math.min(ROOMY, Math.max(TIGHT, ROOM / n));
    const options = { width, folded, focus: focused, labels: narrow ? 84 : 120 };
    this.placed = layout(tree, { ...options, row: rowOf });
    this.labels = placeLabels(tree, this.placed);
    Object.assign(this, { key, laidOut: tree });
    return this.placed;
  }

  /** The nodes that are drawn: those in sight, and the path to the cursor. */
  inSight(placed, { tree, cursor }) {
    const at = placed.byIndex.get(tree.index(cursor));
    if (cursor !== this.lastCursor && at) this.sight.follow(at, placed);
    this.lastCursor = cursor;
    const { above, below } = (this.part = this.sight.part(placed));
    const path = new Set(tree.path(tree.index(cursor)));
    return placed.nodes.filter(({ y, index }) => (above < y && y < below) || path.has(index));
  }

  get hands() {
    return { svg: this.svg.current, placed: this.placed, ghost: this.ghost.current };
  }

  hoverOver(event) {
    const { session } = this.props;
    if (session.gesture) return;
    const label = event.target.closest?.("[data-node]")?.dataset.node;
    const now = label === undefined ? null : Number(label);
    const before = session.hover?.from === this ? [...session.hover.labels][0] : null;
    if (now === before) return;
    session.setHover(
      now === null
        ? null
        : { labels: new Set([now]), query: null, words: session.nodeInWords(now), from: this },
    );
  }

  render({ session, id, ui }, { width }) {
    const { tree, gesture, mode, cursor, selection } = session;
    if (session.tooLarge) return h(TooLarge, { tree });
    const placed = this.place(session, width);
    const shown = this.inSight(placed, session);
    const height = this.sight.room(placed);
    const lifted = gesture?.kind === "move" ? gesture.labels : NONE;
    const mark = (node) => this.mark(node, placed);
    const current = placed.byIndex.get(tree.index(cursor));
    const alone = selection.length < 2 && !gesture && !mode;
    const acting = gesture && placed.nodes.find((node) => node.label === gesture.label);
    const pointers = {
      onPointerDown: (event) => (ui.toTree(), pointerDown(session, event, this.hands)),
      onPointerMove: (event) =>
        session.gesture ? pointerMove(session, event, this.hands) : this.hoverOver(event),
      onPointerUp: (event) => pointerUp(session, event, this.hands),
      onPointerCancel: () => pointerCancel(session),
      onPointerLeave: () => !session.gesture && session.setHover(null),
      onDblClick: (event) => this.doubleClick(event),
    };
    return h(
      "div",
      { class: "deft-tree", ref: this.box, onScroll: this.scrolledByHand },
      h(
        "div",
        {
          class: "deft-canvas",
          role: "tree",
          tabIndex: 0,
          "aria-label": `decoding tree: ${treeInWords(tree)}`,
          "aria-multiselectable": "true",
          "aria-activedescendant": current ? `${id}-${cursor}` : undefined,
          ref: ui.canvas,
        },
        h(
          "svg",
          {
            role: "presentation",
            ref: this.svg,
            viewBox: `0 0 ${placed.width} ${height}`,
            width: placed.width,
            height,
            class: gesture ? `doing-${gesture.kind}` : "",
            ...pointers,
          },
          h(Hatches, { id }),
          h(Links, { placed, ...this.part, without: lifted }),
          shown.map((node) => !lifted.has(node.label) && mark(node)),
          alone &&
            current &&
            h(Handles, { tree, node: current, placed, canMerge: !whyNotMerge(tree, current.index) }),
          gesture && h(Gesture, { gesture, node: acting, tree, placed }),
          lifted.size > 0 &&
            h(
              "g",
              {
                class: "ghost",
                ref: this.ghost,
                transform: `translate(${gesture.offset?.x ?? 0},${gesture.offset?.y ?? 0})`,
              },
              placed.nodes.map((node) => lifted.has(node.label) && mark(node)),
            ),
        ),
      ),
    );
  }

  mark(node, placed) {
    const { session, id } = this.props;
    const { tree, gesture, mode, selection, hover, cursor } = session;
    const { label } = node;
    const moving = gesture?.kind === "move" ? gesture : mode?.kind === "move" ? mode : null;
    const states = [
      selection.includes(label) && "selected",
      label === cursor && "cursor",
      hover?.labels.has(label) && "lit",
      moving && (illegalTarget(tree, moving.nodes, label) ? "illegal" : "legal"),
      moving?.target === label && "target",
    ];
    const length = gesture?.kind === "length" && gesture.label === label ? gesture.length : null;
    const preview =
      length === null ? null : { length, width: Math.max(placed.perRoot * Math.sqrt(length), 2) };
    return h(NodeMark, {
      key: label,
      id: `${id}-${label}`,
      tree,
      node,
      look: (node.look ??= lookOf(tree, node, this.labels.get(label))),
      x: px(node.x),
      y: px(node.y),
      label: this.labels.get(label),
      state: states.filter(Boolean).join(" "),
      preview,
    });
  }

  doubleClick(event) {
    const { session } = this.props;
    const mark = event.target.closest("[data-node]") ?? { dataset: { node: session.cursor } };
    const label = Number(mark.dataset.node);
    if (session.tree.has(label) && event.target.closest("[data-handle]") === null) session.fold(label);
  }
}

function TooLarge({ tree }) {
  return h(
    "p",
    { class: "deft-refused" },
    `${grouped(tree.nNodes)} nodes are more than a picture can show (5,000); fold nodes, or focus on a subtree: editor.focus_on(label)`,
  );
}
