// What a film shows at a step: pure functions of the film, as Python packs it, and the step.

/** Tokens of a node at a step. */
export function lengthAt(node, step) {
  let length = node.length;
  for (const [first, tokens, steps] of node.runs) {
    length += tokens * Math.max(0, Math.min(steps, step - first + 1));
  }
  return length;
}

export const aliveAt = (node, step) => node.born <= step && (node.died === null || step < node.died);

/** Whether a query sits at the node's end. */
export const seatedAt = (node, step) =>
  node.spans.some(([first, stop]) => first <= step && (stop === null || step < stop));

/** The text of a node at a step; "" where no tokens were recorded. */
export const textAt = (node, step) => node.pieces.slice(0, lengthAt(node, step)).join("");

/** Letters at the end of a node's text that are new at a step; of a prompt none. */
export function newAt(node, step) {
  if (step === 0 || !aliveAt(node, step)) return 0;
  const before = node.born < step ? lengthAt(node, step - 1) : 0;
  return Array.from(node.pieces.slice(before, lengthAt(node, step)).join("")).length;
}

/** [page] its node's label and how full it is, 0 to 1; null where it is free. */
export function poolAt(film, step) {
  const pages = new Array(film.n_pages).fill(null);
  const byLabel = new Map(film.nodes.map((node) => [node.label, node]));
  for (const [page, label, number, taken, freed] of film.takes) {
    if (taken > step || (freed !== null && step >= freed)) continue;
    const rest = lengthAt(byLabel.get(label), step) - number * film.page_size;
    pages[page] = { label, full: Math.min(film.page_size, rest) / film.page_size };
  }
  return pages;
}

/** {ours, theirs}: bytes of all decodes up to a step. */
export function bytesAt(film, account, step) {
  const spent = film.bytes[account];
  return { ours: spent[film.method[0]][step], theirs: spent[film.baseline[0]][step] };
}

/** A node at a step, as a line of text. */
export function nodeWords(film, node, step) {
  if (!aliveAt(node, step)) return `n${node.label} has just been pruned`;
  const tokens = lengthAt(node, step);
  const pages = Math.ceil(tokens / film.page_size);
  const text = textAt(node, step).replaceAll("\n", "↵");
  const said = text ? `: “${text.length > 90 ? `…${text.slice(-89)}` : text}”` : "";
  const reads = seatedAt(node, step) ? ", decodes now" : "";
  return `n${node.label}: ${count(tokens, "token")} in ${count(pages, "page")}${reads}${said}`;
}

const count = (n, one) => `${n.toLocaleString("en-US")} ${one}${n === 1 ? "" : "s"}`;

/** Steps that the keys 1 to 9 lead to: at most nine marks, spread over all. */
export function chaptersOf(film) {
  const steps = film.marks.map(([step]) => step);
  if (steps.length <= 9) return steps;
  return [...Array(9).keys()].map((i) => steps[Math.round((i * (steps.length - 1)) / 8)]);
}

/** The step that a key leads to; null: the key means nothing here. */
export function targetOf(event, step, film) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const inside = (target) => Math.max(0, Math.min(film.n_steps, target));
  if (event.key === " ") return inside(step + (event.shiftKey ? -1 : 1));
  if (event.key === "ArrowRight" || event.key === "ArrowDown") return inside(step + 1);
  if (event.key === "ArrowLeft" || event.key === "ArrowUp") return inside(step - 1);
  if (event.key === "PageDown") return inside(step + 10);
  if (event.key === "PageUp") return inside(step - 10);
  if (event.key === "Home") return 0;
  if (event.key === "End") return film.n_steps;
  if (/^[1-9]$/.test(event.key)) return chaptersOf(film)[Number(event.key) - 1] ?? null;
  return null;
}
