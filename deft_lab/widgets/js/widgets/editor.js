// The anywidget entry of the TreeEditor.
import { h, render as paint } from "preact";
import { Tree } from "../core/tree.js";
import { Editor } from "../editor/editor.js";

function render({ model, el }) {
  let hover = null;
  const setHover = (next) => {
    hover = next;
    draw();
  };
  const select = (labels) => {
    model.set("selection", labels);
    model.save_changes();
    draw();
  };
  function draw() {
    const tree = Tree.fromJSON(model.get("document"));
    const [plans, views, selection, theme] = ["plans", "views", "selection", "theme"].map((name) => model.get(name));
    paint(h(Editor, { tree, plans, views, hover, setHover, selection, select, theme }), el);
  }
  const watched = ["document", "plans", "views", "selection", "theme"].map((name) => `change:${name}`);
  watched.forEach((event) => model.on(event, draw));
  draw();
  return () => {
    watched.forEach((event) => model.off(event, draw));
    paint(null, el);
  };
}

export default { render };
