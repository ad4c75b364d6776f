// The dialog that opens a tree: a file, or what is pasted into it, a link or JSON.
import { Component, createRef, h } from "preact";
import { chooseFile, loadText } from "./files.js";

export class Opening extends Component {
  field = createRef();
  box = createRef();
  state = { refused: "" };

  componentDidMount() {
    this.field.current?.focus();
  }

  done = (loaded) => {
    if (loaded) this.props.close();
    else this.setState({ refused: this.props.session.message.words });
  };

  take = () => {
    const text = this.field.current.value.trim();
    if (!text) this.setState({ refused: "paste a link that an editor copied, or the text of a saved file" });
    else this.done(loadText(this.props.session, text, text.startsWith("{") ? "pasted" : "link"));
  };

  key = (event) => {
    const { key, target, shiftKey } = event;
    if (key === "Escape") this.props.close();
    else if (key === "Enter" && target === this.field.current) this.take();
    else if (key === "Tab") {
      const stops = [...this.box.current.querySelectorAll("input, button")];
      const next = stops.indexOf(target) + (shiftKey ? -1 : 1);
      stops[(next + stops.length) % stops.length].focus();
    } else {
      event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  render({ id, session, close }, { refused }) {
    const button = (name, words, onClick) =>
      h("button", { type: "button", class: `deft-button ${name}`, onClick }, words);
    return h(
      "div",
      { class: "deft-opening", ref: this.box, role: "dialog", "aria-modal": "true", "aria-label": "open a tree", onKeyDown: this.key },
      h("label", { class: "title", for: `${id}-link` }, "Open a tree from a link or a file"),
      h(
        "div",
        { class: "deft-bar" },
        h("input", {
          id: `${id}-link`, ref: this.field, type: "text", "data-field": "link", spellcheck: false,
          placeholder: "...#deft_tree=1_...", "aria-describedby": `${id}-why`,
        }),
        button("take", "Open", this.take),
      ),
      h(
        "p",
        { id: `${id}-why`, class: refused ? "deft-refused" : "muted", role: refused ? "alert" : undefined },
        refused || "Paste what Copy link gave, here, in another notebook or on an offline page; or JSON.",
      ),
      h(
        "div",
        { class: "deft-bar" },
        button("file", "Choose a file ...", () => chooseFile(session, this.done)),
        h("span", { class: "deft-space" }),
        button("close", "Cancel", close),
      ),
    );
  }
}
