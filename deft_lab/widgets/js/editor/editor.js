// The editor: two rows of buttons, the tree, the linked views, and a line that says what is under the hand.
import { Component, createRef, h } from "preact";
import { treeInWords } from "../core/words.js";
import { VIEWS } from "../views/index.js";
import viewsCss from "../views/views.css";
import css from "./editor.css";
import { copyLink, loadFile, loadText, preset, presetNow, save } from "./files.js";
import { Help } from "./help.js";
import { onKey, passOn } from "./keys.js";
import { Numbers } from "./numbers.js";
import { Opening } from "./opening.js";
import { TreePane } from "./pane.js";
import { FileRow, NodeRow } from "./toolbar.js";

let instances = 0;

export class Editor extends Component {
  root = createRef();
  canvas = createRef();
  id = `deft-${(instances += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  state = { help: false, opening: false, over: false, form: null };

  constructor(props) {
    super(props);
    const { session } = props;
    this.unsubscribe = session.subscribe(() => this.forceUpdate());
    this.ui = {
      canvas: this.canvas,
      toTree: () => this.canvas.current?.focus({ preventScroll: true }),
      ask: (what) => this.ask(what),
      help: (help) => this.setState({ help }, () => !help && this.ui.toTree()),
      save: () => save(session),
      open: (opening) => this.setState({ opening }, () => !opening && this.ui.toTree()),
      copyLink: () => copyLink(session),
      zoom: (by) =>
        session.set({ row: Math.min(40, Math.max(6, Math.round((session.row ?? 20) * 1.25 ** by))) }),
      preset: (select) => {
        if (preset(session, select.value)) this.showNumbers(select.value, {});
        select.value = "";
        this.ui.toTree();
      },
      numbers: () => this.toggleNumbers(),
      number: (name, value) =>
        this.setState(({ form }) => ({ form: { ...form, values: { ...form.values, [name]: value } } })),
      build: () => preset(session, this.state.form.preset.name, this.state.form.values),
    };
  }

  componentWillUnmount() {
    this.unsubscribe();
  }

  showNumbers(name, values) {
    const found = (this.props.session.model.get("presets") ?? []).find((one) => one.name === name);
    this.setState({ form: found?.options?.length ? { preset: found, values } : null });
  }

  /** Show the numbers of the preset that was loaded last, and go to the first; from there, take them away. */
  toggleNumbers() {
    const { session } = this.props;
    const now = presetNow(session);
    if (this.state.form) this.setState({ form: null }, this.ui.toTree);
    else if (!now?.preset.options.length) session.refuse("this tree is of no preset with numbers; choose one of the menu");
    else {
      this.showNumbers(now.preset.name, now.values);
      this.setState({}, () => this.ask("numbers"));
    }
  }

  ask(what) {
    const field = this.root.current?.querySelector(`[data-field="${what}"]`);
    field?.focus();
    field?.select?.();
  }

  key = (event) => {
    const { session } = this.props;
    const { target } = event;
    const typing = target.closest("input, select, textarea");
    const onTree = target === this.canvas.current;
    const isCommand = event.ctrlKey || event.metaKey;
    if (typing || event.defaultPrevented) return;
    if (onTree || isCommand || event.key === "?") {
      if (event.key !== "Tab" && onKey(session, event, this.ui)) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
    }
    passOn(event);
  };

  drop = (event) => {
    event.preventDefault();
    this.setState({ over: false });
    const { files } = event.dataTransfer;
    if (files.length) loadFile(this.props.session, files[0]);
    else loadText(this.props.session, event.dataTransfer.getData("text").trim(), "link");
  };

  paste = (event) => {
    if (event.target.closest("input")) return;
    const text = event.clipboardData?.getData("text").trim();
    if (!text) return;
    event.preventDefault();
    event.stopPropagation();
    loadText(this.props.session, text, text.startsWith("{") ? "clipboard" : "link");
  };

  // JupyterLab takes keys for its own where the element in focus does not say this: with `dd` it deletes the cell
  focus = (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true");

  render({ session }, { help, opening, over, form }) {
    const { tree, message, line, selection, model } = session;
    const [views, plans, theme, presets] = ["views", "plans", "theme", "presets"].map((name) =>
      model.get(name),
    );
    const props = viewProps(session, plans ?? {}, theme);
    const events = {
      onKeyDown: this.key,
      onFocusIn: this.focus,
      onDragOver: (event) => (event.preventDefault(), !over && this.setState({ over: true })),
      onDragLeave: () => over && this.setState({ over: false }),
      onDrop: this.drop,
      onPaste: this.paste,
    };
    return h(
      "div",
      {
        class: `deft deft-editor${over ? " over" : ""}`,
        "data-theme": theme ?? "auto",
        ref: this.root,
        ...events,
      },
      h("style", null, css, viewsCss),
      h(FileRow, { session, ui: this.ui, presets: presets ?? [], numbers: form !== null }),
      form && h(Numbers, { form, ui: this.ui }),
      h(NodeRow, { session, ui: this.ui }),
      h(TreePane, { session, id: this.id, ui: this.ui }),
      h(
        "p",
        { class: `deft-status${line.refused ? " deft-refused" : ""}`, "aria-hidden": "true" },
        line.words || treeInWords(tree),
      ),
      h("p", { class: "deft-spoken", role: "status", "aria-live": "polite" }, message.words),
      views?.length > 0 && h(Views, { views, props }),
      help && h(Help, { close: () => this.ui.help(false) }),
      opening && h(Opening, { id: this.id, session, close: () => this.ui.open(false) }),
      selection.length > 1 && h("p", { class: "deft-spoken" }, `${selection.length} nodes selected`),
    );
  }
}

/** The linked views, and under them the words of what is under the hand. Drawn anew only when their input changed. */
class Views extends Component {
  shouldComponentUpdate({ views, props }) {
    const { choice, ...now } = props;
    const { choice: chosen, ...before } = this.props.props;
    return views !== this.props.views || differ(now, before) || differ(choice ?? {}, chosen ?? {});
  }

  render({ views, props }) {
    return [
      h("div", { class: "deft-linked" }, views.filter((name) => VIEWS[name]).map((name) => h(VIEWS[name], { key: name, ...props }))),
      h("p", { class: "deft-follow", "aria-hidden": "true" }, props.hover?.words),
    ];
  }
}

// functions are made for each drawing, and do the same
const differ = (now, before) =>
  Object.keys(now).some((name) => now[name] !== before[name] && typeof now[name] !== "function");

/** What a view is given. */
export function viewProps(session, plans, theme) {
  const { tree, hover, model } = session;
  const [method, hardware, account, menus] = ["method", "hardware", "account", "menus"].map((name) => model.get(name));
  const choice = method ? { method, hardware, account } : undefined;
  const setChoice = (name, value) => {
    model.set(name, value);
    model.save_changes();
    session.changed();
  };
  const setHover = (next) => session.setHover(next);
  const select = (labels) => session.select([...labels]);
  return { tree, plans, choice, setChoice, menus, hover, setHover, select, theme };
}
