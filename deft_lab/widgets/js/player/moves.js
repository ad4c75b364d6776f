// Where a player goes: pure functions of the step, a key, and what there is.

/** Chapter -> its first step, in order. */
export function chaptersOf(frames) {
  const found = new Map();
  frames.forEach((frame, i) => found.has(frame.chapter) || found.set(frame.chapter, i));
  return [...found];
}

/** [mark, step] of every step that has a mark. */
export const marksOf = (frames) => frames.flatMap((frame, i) => (frame.mark ? [[frame.mark, i]] : []));

/** The next of some ascending steps after `step`, or before it; `step` itself where there is none. */
export function nextOf(steps, step, backwards = false) {
  const found = backwards ? steps.findLast((each) => each < step) : steps.find((each) => each > step);
  return found ?? step;
}

/** The step that a key leads to; null: the key means nothing here. */
export function targetOf(event, step, frames, jumps = {}) {
  const last = frames.length - 1;
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const inside = (target) => Math.max(0, Math.min(last, target));
  if (event.key === " ") return inside(step + (event.shiftKey ? -1 : 1));
  if (event.key === "ArrowRight" || event.key === "ArrowDown") return inside(step + 1);
  if (event.key === "ArrowLeft" || event.key === "ArrowUp") return inside(step - 1);
  if (event.key === "Home") return 0;
  if (event.key === "End") return last;
  if (/^[1-9]$/.test(event.key)) return chaptersOf(frames)[Number(event.key) - 1]?.[1] ?? null;
  const jump = Object.values(jumps).find(({ key }) => key === event.key.toLowerCase());
  return jump ? jumpOf(jump, step, event.shiftKey) : null;
}

/** Where a jump leads: to the next of its steps, or where its own rule says. */
export const jumpOf = (jump, step, backwards) =>
  jump.to ? jump.to(step, backwards) : nextOf(jump.steps, step, backwards);

/** Where a move ends: before the first step that waits for a prediction, unless the reader insists. */
export function heldAt(step, target, held, insisted = null) {
  const wait = held.find((each) => each > step && each <= target && each !== insisted);
  return wait === undefined ? { step: target, wait: null } : { step: wait - 1, wait };
}
