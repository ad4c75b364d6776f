// The anywidget entry of the players; one with a listing of source lines is a kernel's.
import { h } from "preact";
import { Aside, Breakpoints, lineOf, overOf } from "../player/kernel.js";
import { nextOf } from "../player/moves.js";
import { run } from "../player/run.js";

export { heldAt, targetOf } from "../player/moves.js";
export { Player } from "../player/player.js";
export { lineOf, overOf };

const TRAITS = ["listing", "lines", "jumps", "breakpoint", "hits", "refusal", "answered"];

export function kernel(model, moves, id) {
  const [listing, lines, jumps, breakpoint, hits, refusal, answered] = TRAITS.map((name) => model.get(name));
  const step = model.get("step");
  const own = {
    line: (fn, number, event) => moves.go(lineOf(lines, step, fn, number, event.shiftKey), event),
    stop: (backwards, event) => moves.go(nextOf(hits, step, backwards), event),
    stopWhen(condition) {
      model.set("breakpoint", condition);
      model.save_changes();
    },
  };
  return {
    jumps: {
      ...jumps,
      over: { key: "o", label: "Step over", title: "step over a helper", to: (from, backwards) => overOf(lines, from, backwards) },
      stop: { key: "b", label: "", title: "next breakpoint", steps: hits },
    },
    stops: hits,
    aside: h(Aside, { listing, lines, parts: model.get("parts"), step, moves: own }),
    below: h(Breakpoints, { id, breakpoint, hits, refusal, answered, step, moves: own }),
  };
}

export default {
  render: (context) => (context.model.get("listing")?.length ? run(context, kernel, TRAITS) : run(context)),
};
