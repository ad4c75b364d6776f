// Ties a player to its model: keys, controls and the clock write `step`, and everything is drawn from it.
import { h, render as paint } from "preact";
import { pressed } from "../core/keys.js";
import { heldAt, jumpOf, targetOf } from "./moves.js";
import { Player } from "./player.js";

const TRAITS = ["title", "frames", "parts", "columns", "sheet", "height", "step", "held", "theme"];
const PACE = 1400; // ms a step at speed 1

/** Start a player in `el`; `more(model, moves)` gives further props. Returns what stops it. */
export function run({ model, el }, more = () => ({}), moreTraits = []) {
  const id = `deft-player-${Math.random().toString(36).slice(2)}`;
  let [playing, speed, wait, wanted, clock] = [false, 1, null, null, null];
  const get = (name) => model.get(name);
  const props = () => more(model, moves, id);

  function move(target) {
    const ends = heldAt(get("step"), target, get("held"), wait);
    if (ends.wait !== null) {
      pause();
      model.send({ type: "look" }); // by now the prediction may be there
    }
    [wait, wanted] = [ends.wait, target];
    if (ends.step !== get("step")) {
      model.set("step", ends.step);
      model.save_changes();
    }
    draw();
  }
  function tick() {
    if (get("step") >= get("frames").length - 1) pause();
    else move(get("step") + 1);
    if (props().stops?.includes(get("step"))) pause();
  }
  function pause() {
    clearInterval(clock);
    [playing, clock] = [false, null];
    draw();
  }
  function play() {
    if (playing) return pause();
    if (get("step") === get("frames").length - 1) move(0);
    playing = true;
    clock = setInterval(tick, PACE / speed);
    draw();
  }
  // the mouse leaves the focus on the player, so that Space goes on to mean "next"
  const refocus = (event) => event?.detail && el.querySelector(".deft-player")?.focus({ preventScroll: true });
  const moves = {
    go(target, event) {
      move(target);
      refocus(event);
    },
    jump(name, event) {
      move(jumpOf(props().jumps[name], get("step"), event.shiftKey));
      refocus(event);
    },
    play(event) {
      play();
      refocus(event);
    },
    speed(value) {
      speed = value;
      if (playing) {
        clearInterval(clock);
        clock = setInterval(tick, PACE / speed);
      }
      draw();
    },
    key(event) {
      const on = event.target.tagName;
      if (on === "SELECT" || event.target.type === "text" || event.target.tagName === "TEXTAREA") return;
      if ((on === "BUTTON" || on === "SUMMARY") && event.key === " ") return;
      if (event.target.classList.contains("deft-scrolls") && /^(Arrow(Up|Down)|Home|End)$/.test(event.key)) return;
      pressed(event, el, { play, move, targetOf: (key) => targetOf(key, get("step"), get("frames"), props().jumps) });
    },
    draw: () => draw(),
  };
  function draw() {
    const values = Object.fromEntries(TRAITS.map((name) => [name, get(name)]));
    paint(h(Player, { id, ...values, playing, speed, wait, moves, ...props() }), el);
  }
  function looked() {
    // what waited is there now: go on
    if (wait !== null && !get("held").includes(wait)) move(wanted);
    draw();
  }
  const watched = [...TRAITS, ...moreTraits].filter((name) => name !== "held").map((name) => `change:${name}`);
  watched.forEach((event) => model.on(event, draw));
  model.on("change:held", looked);
  draw();
  return () => {
    clearInterval(clock);
    watched.forEach((event) => model.off(event, draw));
    model.off("change:held", looked);
    paint(null, el);
  };
}
