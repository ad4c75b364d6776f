// Answers, for a film and steps: where the boxes lie, who holds the pages, and the whole player as HTML.
import { readFileSync } from "node:fs";
import { poolAt, targetOf } from "../../deft_lab/widgets/js/decode/film.js";
import { columns, place } from "../../deft_lab/widgets/js/decode/layout.js";
import { DecodeView } from "../../deft_lab/widgets/static/decode.js";
import { textOf } from "./text.mjs";

const { film, steps, width, account, live, keys = [] } = JSON.parse(readFileSync(0, "utf8"));
const room = columns(film, width);
const answer = steps.map((step) => ({
  boxes: place(film, step, room).boxes.map((box) => [film.nodes[box.node].label, box.x, box.y, box.width, box.height, box.lines, box.new, box.ghost]),
  pages: poolAt(film, step).map((page) => page && [page.label, page.full]),
  html: textOf(DecodeView({ id: "d", film, step, account, theme: "auto", live, playing: false, speed: 1, width, moves: {} })),
}));
const targets = keys.map(([key, shiftKey, step]) => targetOf({ key, shiftKey }, step, film));
process.stdout.write(JSON.stringify({ room, answer, targets }));
