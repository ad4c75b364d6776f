// Answers tests/test_players_page.py: where keys lead, and players as HTML, driven by a model without a browser.
import { readFileSync } from "node:fs";
import { Player, heldAt, kernel, lineOf, overOf, targetOf } from "../../deft_lab/widgets/static/player.js";
import { textOf } from "./text.mjs";

const { state, steps, keys, holds, wait = null, playing = false } = JSON.parse(readFileSync(0, "utf8"));
const model = (step) => ({ get: (name) => (name === "step" ? step : state[name]), set() {}, save_changes() {} });
const more = (step) => (state.listing?.length ? kernel(model(step), {}, "p") : {});
const html = steps.map((step) =>
  textOf(Player({ id: "p", ...state, step, playing, speed: 1, wait, moves: {}, ...more(step) })),
);
const targets = keys.map(([key, shiftKey, step]) => targetOf({ key, shiftKey }, step, state.frames, more(step).jumps));
const held = holds.map(([step, target, waiting, insisted]) => heldAt(step, target, waiting, insisted));
const lines = state.lines ?? [];
const over = steps.map((step) => (lines.length ? [overOf(lines, step), overOf(lines, step, true)] : null));
const line = steps.map((step) => (lines.length ? lineOf(lines, step, lines[step][0], lines[step][1]) : null));
process.stdout.write(JSON.stringify({ html, targets, held, over, line }));
