// Answers tests/test_editor_in_node.py: the whole editor, as bundled for the notebook, worked by keys in Node.
import { readFileSync } from "node:fs";
import { touched } from "./dom.mjs";
import editor from "../../deft_lab/widgets/static/editor.js";

const { traits, steps } = JSON.parse(readFileSync(0, "utf8"));
const listeners = new Map();
const sent = [];
const model = {
  get: (name) => traits[name],
  set: (name, value) => (traits[name] = value),
  save_changes: () => sent.push(traits.document),
  send: () => {},
  on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
  off: (event, listener) => listeners.set(event, listeners.get(event).filter((other) => other !== listener)),
};
const root = document.createElement("div");
const close = editor.render({ model, el: root });
const settled = () => new Promise((done) => setTimeout(done, 20));
const figures = () => root.querySelectorAll("[data-view]");
const of = (figure) => figure.getAttribute("data-view");

function answer() {
  const canvas = root.querySelector(".deft-canvas");
  return {
    ...Object.fromEntries(["document", "commands", "undone", "selection"].map((name) => [name, traits[name]])),
    says: canvas.getAttribute("aria-label"),
    status: root.querySelector(".deft-status").textContent,
    refused: root.querySelector(".deft-status").matches(".deft-refused"),
    nodes: canvas.querySelectorAll("[data-node]").map((mark) => Number(mark.getAttribute("data-node"))),
    views: Object.fromEntries(figures().map((figure) => [of(figure), figure.textContent])),
    old: figures().filter((figure) => figure.querySelector(".deft-stale")).map(of),
    drawn: figures().filter((figure) => touched.some((node) => figure.contains(node))).map(of),
    help: root.querySelector(".deft-help") !== null,
    sent: sent.length,
  };
}

const answers = [];
for (const step of [{}, ...steps]) {
  if (answers.length) touched.length = 0;
  if (step.key) root.querySelector(".deft-canvas").dispatch("keydown", step);
  for (const [name, value] of Object.entries(step.push ?? {})) {
    traits[name] = value;
    listeners.get(`change:${name}`)?.forEach((listener) => listener());
  }
  await settled();
  answers.push(answer());
}
close();
const left = [...listeners.values()].reduce((sum, of) => sum + of.length, 0);
process.stdout.write(JSON.stringify({ answers, left, empty: root.childNodes.length === 0 }));
