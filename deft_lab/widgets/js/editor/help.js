// The overlay that lists every key, and what does the same with the mouse.
import { Component, createRef, h } from "preact";
import { HELP } from "./keys.js";

export class Help extends Component {
  button = createRef();
  scroll = createRef();

  componentDidMount() {
    this.button.current?.focus();
  }

  key = (event) => {
    const { key, target } = event;
    if (key === "Escape" || key === "?") this.props.close();
    else if (key === "Tab") (target === this.button.current ? this.scroll : this.button).current.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  render({ close }) {
    return h(
      "div",
      {
        class: "deft-help",
        role: "dialog",
        "aria-modal": "true",
        "aria-label": "keys of the tree editor",
        onKeyDown: this.key,
      },
      h("div", { class: "title" }, "Edit the tree with keys or with the hand"),
      h(
        "div",
        { class: "deft-scroll", tabIndex: 0, ref: this.scroll },
        h(
          "table",
          null,
          h(
            "thead",
            null,
            h(
              "tr",
              null,
              ["keys, with the focus on the tree", "what they do", "with the mouse"].map((text) =>
                h("th", { scope: "col" }, text),
              ),
            ),
          ),
          h(
            "tbody",
            null,
            HELP.map(([keys, what, mouse]) =>
              h(
                "tr",
                { key: keys },
                h("td", null, h("kbd", null, keys)),
                h("td", null, what),
                h("td", null, mouse),
              ),
            ),
          ),
        ),
        h(
          "p",
          { class: "muted" },
          "Python does the same: editor.move(5, 2), editor.undo(), editor.tree, editor.history.",
        ),
      ),
      h("button", { type: "button", class: "deft-button", ref: this.button, onClick: close }, "Close"),
    );
  }
}
