// Ties the decode player to its model: keys, controls and the clock write `step`; all is drawn from it.
import { h, render as paint } from "preact";
import { pressed } from "../core/keys.js";
import { onPaper, onScreen } from "../core/paper.js";
import { targetOf } from "./film.js";
import { DecodeView } from "./player.js";

const TRAITS = ["film", "step", "account", "theme", "live"];
const PACE = 400; // ms a step at speed 1

export function run({ model, el }) {
  const id = `deft-decode-${Math.random().toString(36).slice(2)}`;
  let [playing, speed, clock, hover, width, frame] = [false, 1, null, null, 800, null];
  const get = (name) => model.get(name);

  function set(name, value) {
    if (get(name) === value) return;
    model.set(name, value);
    model.save_changes();
  }
  function move(target) {
    set("step", Math.max(0, Math.min(get("film").n_steps, target)));
    draw();
  }
  function tick() {
    if (get("step") >= get("film").n_steps) pause();
    else move(get("step") + 1);
  }
  function pause() {
    clearInterval(clock);
    [playing, clock] = [false, null];
    draw();
  }
  function play() {
    if (playing) return pause();
    if (get("step") === get("film").n_steps) move(0);
    playing = true;
    clock = setInterval(tick, PACE / speed);
    draw();
  }
  // the mouse leaves the focus on the player, so that Space goes on to mean "next"
  const refocus = (event) => event?.detail && el.querySelector(".deft-decode")?.focus({ preventScroll: true });
  const moves = {
    go(target, event) {
      move(target);
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
    account: (name) => set("account", name),
    hover(label) {
      if (hover === label) return;
      hover = label;
      draw();
    },
    decode() {
      if (playing) pause();
      model.send({ type: "decode" });
    },
    stop: () => model.send({ type: "stop" }),
    key(event) {
      const on = event.target.tagName;
      if (on === "SELECT") return;
      if ((on === "BUTTON" || on === "SUMMARY") && (event.key === " " || event.key === "Enter")) return;
      const scrolls = event.target.classList.contains("deft-decode-tree") || event.target.classList.contains("deft-table");
      if (scrolls && /^(Arrow|Page|Home|End)/.test(event.key)) return;
      pressed(event, el, { play, move, targetOf: (key) => targetOf(key, get("step"), get("film")) });
    },
  };
  function paintNow() {
    const values = Object.fromEntries(TRAITS.map((name) => [name, get(name)]));
    paint(h(DecodeView, { id, ...values, playing, speed, width, hover, moves }), el);
  }
  function draw() {
    frame ??= requestAnimationFrame(() => {
      frame = null;
      paintNow();
    });
  }
  function measure(paintIt = draw) {
    const now = Math.min(1100, onScreen(Math.round(el.clientWidth)));
    if (!now || Math.abs(now - width) < 4) return;
    width = now;
    paintIt();
  }
  const resized = new ResizeObserver(() => measure());
  resized.observe(el);
  const forget = onPaper(() => measure(paintNow));
  const watched = TRAITS.map((name) => `change:${name}`);
  watched.forEach((event) => model.on(event, draw));
  draw();
  return () => {
    clearInterval(clock);
    cancelAnimationFrame(frame);
    resized.disconnect();
    forget();
    watched.forEach((event) => model.off(event, draw));
    paint(null, el);
  };
}
