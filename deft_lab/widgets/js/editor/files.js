// Saving, loading, links: by Python where the kernel answers, else by the browser.
import { FRAGMENT, decode, encode } from "../core/link.js";
import { changed, treeOf } from "../core/shapes.js";
import { Tree, TreeError } from "../core/tree.js";

const PATIENCE = 1500; // ms that Python may take to save

/** Save to the path that the editor was given, or download. */
export function save(session) {
  const path = session.model.get("path");
  if (!path) return download(session);
  const late = setTimeout(() => {
    session.answer = null;
    download(session, "Python does not answer, so the file was downloaded");
  }, PATIENCE);
  session.answer = (content) => {
    if (content?.kind !== "said" && content?.kind !== "refused") return;
    clearTimeout(late);
    session.answer = null;
  };
  return session.model.send({ kind: "save" });
}

function download(session, words = "downloaded tree.json") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${session.tree.toJSON()}\n`], { type: "application/json" }));
  link.download = "tree.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  session.say(words);
}

/** Ask for a file, load it, and say whether that went well. */
export function chooseFile(session, done) {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: ".json,application/json" });
  input.addEventListener("change", async () => input.files[0] && done(await loadFile(session, input.files[0])));
  input.click();
}

export async function loadFile(session, file) {
  const text = await file.text();
  return loadText(session, text.trim(), file.name);
}

/** Load a tree from JSON or from a link; what is neither is refused in words. True if it was loaded. */
export function loadText(session, text, name) {
  try {
    const tree = text.startsWith("{") ? Tree.fromJSON(text) : decode(text);
    return session.do({ op: "load", name, document: tree.toJSON() });
  } catch (bad) {
    if (!(bad instanceof TreeError)) throw bad;
    session.refuse(`${name}: ${bad.message}`);
    return false;
  }
}

export const link = (session) => {
  const page = typeof location === "undefined" ? "" : location.href.split("#")[0].split("?")[0];
  return `${page}#${FRAGMENT}${encode(session.tree)}`;
};

export async function copyLink(session) {
  const text = link(session);
  try {
    await navigator.clipboard.writeText(text);
    session.say(`copied a link of ${text.length} characters; paste it onto an editor to load the tree`);
  } catch {
    session.say(`the browser lets nothing be copied here; the link is ${text}`);
  }
}

/** The preset that was loaded last, with its numbers; null: the tree came from elsewhere. */
export function presetNow({ model, history }) {
  const presets = model.get("presets") ?? [];
  const loads = history.done.map(({ command }) => command).filter(({ op }) => op === "load");
  const { name, options } = loads[loads.length - 1] ?? model.get("source") ?? {};
  const preset = presets.find((one) => one.name === name);
  return preset ? { preset, values: options ?? {} } : null;
}

/** Load a preset: at once where the page can make it, else Python does. True if it was, or Python was asked. */
export function preset(session, name, values = {}) {
  const found = (session.model.get("presets") ?? []).find((one) => one.name === name);
  if (!found) return false;
  try {
    const [tree, options] = [treeOf(found, values), changed(found, values)];
    const shaped = Object.keys(options).length ? { options } : {};
    if (tree) return session.do({ op: "load", name, ...shaped, document: tree.toJSON() });
    askPython(session, name, options);
    return true;
  } catch (bad) {
    if (!(bad instanceof TreeError)) throw bad;
    session.refuse(`${name}: ${bad.message}`);
    return false;
  }
}

function askPython(session, name, options) {
  const words = `${name}: Python makes a tree of these numbers, and it does not answer; start the kernel`;
  const late = setTimeout(() => {
    session.answer = null;
    session.refuse(words);
  }, PATIENCE);
  session.answer = (content) => {
    if (content?.kind !== "said" && content?.kind !== "refused") return;
    clearTimeout(late);
    session.answer = null;
  };
  session.model.send({ kind: "preset", name, options });
}
