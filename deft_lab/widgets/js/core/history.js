// One document and one log of commands. A command is plain JSON, {op, ...}; undoing takes it back whole.
// A history is a value: {tree, done, undone}, where done and undone list {command, before, after}.
import { fork, grow, merge, move, prune, setLength, split } from "./edits.js";
import { Tree, TreeError } from "./tree.js";

const OPS = {
  add: (tree, { node, length = 1 }) => fork(tree, { node, k: 1, length }),
  fork,
  prune,
  move,
  split,
  merge,
  set_length: setLength,
  grow,
  load: (_, { document }) => Tree.fromJSON(document),
  all: (tree, { commands }) => commands.reduce(applied, tree),
};

/** The tree that a command makes of a tree. */
export function applied(tree, command) {
  const op = Object.hasOwn(OPS, command.op) ? OPS[command.op] : null;
  if (!op) throw new TreeError(`no command '${command.op}'; choose one of ${Object.keys(OPS).join(", ")}`);
  return op(tree, command);
}

export const begin = (tree) => ({ tree, done: [], undone: [] });

export function apply(history, command) {
  const after = applied(history.tree, command);
  const entry = { command, before: history.tree, after };
  return { tree: after, done: [...history.done, entry], undone: [] };
}

export function undo(history) {
  const entry = history.done[history.done.length - 1];
  if (!entry) throw new TreeError("nothing to undo");
  return { tree: entry.before, done: history.done.slice(0, -1), undone: [...history.undone, entry] };
}

export function redo(history) {
  const entry = history.undone[history.undone.length - 1];
  if (!entry) throw new TreeError("nothing to redo");
  return { tree: entry.after, done: [...history.done, entry], undone: history.undone.slice(0, -1) };
}

/** The history of a stored document: its start, the commands done, and those undone, the next to redo last. */
export function restore({ start, commands, undone }) {
  let history = commands.reduce(apply, begin(Tree.fromJSON(start)));
  history = [...undone].reverse().reduce(apply, history);
  for (let i = 0; i < undone.length; i++) history = undo(history);
  return history;
}

/** A command as a call in Python: move(5, 2). */
export function said(command) {
  if (command.op === "all") return command.commands.map(said).join("; ");
  if (command.op === "load") return `load(${[quoted(command.name), ...optionsOf(command)].join(", ")})`;
  const order = ["node", "parent", "k", "length", "n"].filter((name) => command[name] !== undefined);
  const named = { fork: ["k", "length"], add: ["length"], grow: [] }[command.op] ?? [];
  const words = order.map((name) => (named.includes(name) ? `${name}=${command[name]}` : command[name]));
  return `${command.op}(${words.join(", ")})`;
}

const optionsOf = ({ options = {} }) =>
  Object.entries(options).map(([name, value]) => `${name}=${typeof value === "string" ? quoted(value) : value}`);

const quoted = (text) =>
  `'${String(text ?? "")
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")}'`;
