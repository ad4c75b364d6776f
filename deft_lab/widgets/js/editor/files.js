// Saving, loading, links: by Python where the kernel answers, else by the browser.
import { FRAGMENT, decode, encode } from "../core/link.js";
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

/** Ask for a file, and load it. */
export function open(session) {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: ".json,application/json" });
  input.addEventListener("change", () => input.files[0] && loadFile(session, input.files[0]));
  input.click();
}

export async function loadFile(session, file) {
  const text = await file.text();
  loadText(session, text.trim(), file.name);
}

/** Load a tree from JSON or from a link; what is neither is refused in words. */
export function loadText(session, text, name) {
  try {
    const tree = text.startsWith("{") ? Tree.fromJSON(text) : decode(text);
    session.do({ op: "load", name, document: tree.toJSON() });
  } catch (bad) {
    if (!(bad instanceof TreeError)) throw bad;
    session.refuse(`${name}: ${bad.message}`);
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

/** Load a preset: at once where the page has it, else Python makes it. */
export function preset(session, name) {
  const found = (session.model.get("presets") ?? []).find((one) => one.name === name);
  if (!found) return;
  if (found.code) session.do({ op: "load", name, document: decode(found.code).toJSON() });
  else session.model.send({ kind: "preset", name });
}
