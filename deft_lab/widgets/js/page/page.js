// The page of `python -m deft_lab view`: the editor with its linked views, without Jupyter and without a kernel.
import { h, render as paint } from "preact";
import { FRAGMENT } from "../core/link.js";
import { words } from "../core/plans.js";
import { loadText } from "../editor/files.js";
import { LocalModel, mount } from "../editor/mount.js";

const THEMES = [["auto", "as the system"], ["light", "light"], ["dark", "dark"]];

/** Start the page; `values` are the editor's traits, as Python gives them. Returns the editor's session. */
export function start(values, document = globalThis.document) {
  words.stale = "Of the tree that this page was made for: plans need Python. Save the tree and run python -m deft_lab view tree.json for its own.";
  const model = new LocalModel(values);
  const wear = (theme) => {
    document.documentElement.dataset.theme = theme;
    model.push({ theme });
  };
  paint(h(Themes, { theme: values.theme, wear }), document.getElementById("theme"));
  wear(values.theme);
  const { session } = mount(document.getElementById("editor"), model);
  const follow = () => location.hash.includes(FRAGMENT) && loadText(session, location.hash, "link");
  globalThis.addEventListener("hashchange", follow);
  follow();
  return session;
}

function Themes({ theme, wear }) {
  return h("label", null, "Theme ", h("select", { onChange: (event) => wear(event.target.value) },
    THEMES.map(([name, title]) => h("option", { value: name, selected: name === theme }, title))));
}
