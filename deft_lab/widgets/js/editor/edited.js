// What an edit did, in a line.
import { count, number } from "../core/words.js";

const WORDS = {
  add: ({ node }) => `added a child below node ${node}`,
  fork: ({ node, k = 2 }) => `forked node ${node} into ${k} more`,
  prune: ({ node }) => `pruned node ${node} and what was below it`,
  move: ({ node, parent }) => `moved node ${node} under node ${parent}`,
  split: ({ node, k }) => `split node ${node} after ${count(k, "token")}`,
  merge: ({ node }) => `merged node ${node} with its only child`,
  set_length: ({ node, length }) => `node ${node} now holds ${count(length, "token")}`,
  grow: ({ n = 1 }) => `every query grew by ${count(n, "token")}`,
  load: ({ name, options = {} }) => {
    const numbers = Object.entries(options).map(([option, value]) => `${option} ${value}`);
    return numbers.length ? `loaded ${name} (${numbers.join(", ")})` : `loaded ${name}`;
  },
  all: ({ commands }) => commands.map((command) => words(command)).join(", "),
};

const words = (command) => WORDS[command.op](command);

/** The edit, and how the tokens changed that per-branch attention reads; `after` null: the edit alone. */
export function edited(command, before, after) {
  if (!command) return "";
  if (!after) return words(command);
  const was = number(before.nPathTokens);
  const now = number(after.nPathTokens);
  const read = was === now ? `${now} read per branch` : `${was} -> ${now} read per branch`;
  return `${words(command)}; ${count(after.nTokens, "token")} stored, ${read}`;
}
