// A menu of presets and a slider for each number; a fixed one is disabled and says why.
const LABELS = { prompt: ["Prompt", "token"], width: ["Branches", ""], length: ["Branch length", "token"] };

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

// JupyterLab would take arrow keys and letters for its own: with `dd` it deletes the cell
function keepKeys(control) {
  control.setAttribute("data-lm-suppress-shortcuts", "true");
  return control;
}

function count(value, unit) {
  const number = value.toLocaleString("en");
  return unit ? `${number} ${unit}${value === 1 ? "" : "s"}` : number;
}

function render({ model, el }) {
  const id = `deft-controls-${Math.random().toString(36).slice(2)}`; // every widget loads this file anew
  el.classList.add("deft", "deft-controls");
  const menu = keepKeys(element("select", { id: `${id}-preset` }));
  model.get("menu").forEach(([name, title]) => menu.append(element("option", { value: name, textContent: title })));
  menu.addEventListener("change", () => send("preset", menu.value));
  const rows = Object.entries(LABELS).map(([name, [label, unit]]) => {
    const slider = keepKeys(element("input", { type: "range", id: `${id}-${name}` }));
    const shown = element("span", { className: "deft-value", ariaHidden: "true" }); // said as aria-valuetext
    const reason = element("span", { id: `${id}-${name}-reason`, className: "deft-reason" });
    slider.addEventListener("input", () => send(name, slider.valueAsNumber));
    return { name, unit, slider, shown, reason, label: element("label", { htmlFor: slider.id, textContent: label }) };
  });
  el.replaceChildren(element("label", { htmlFor: menu.id, textContent: "Preset" }), menu);
  rows.forEach(({ label, slider, shown, reason }) => el.append(label, slider, shown, reason));

  function send(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  function draw() {
    menu.value = model.get("preset");
    for (const { name, unit, slider, shown, reason } of rows) {
      const value = model.get(name);
      const why = model.get("fixed")[name] ?? "";
      [slider.min, slider.max, slider.step] = model.get("ranges")[name];
      slider.value = value;
      slider.disabled = why !== "";
      shown.textContent = why ? "–" : count(value, unit); // the tree has another value, or none
      slider.setAttribute("aria-valuetext", why ? "not used" : shown.textContent);
      const saidAt = rows.find((row) => why && model.get("fixed")[row.name] === why)?.reason ?? reason;
      slider.setAttribute("aria-describedby", saidAt.id);
      reason.textContent = saidAt === reason ? why : ""; // once for all that it holds for
    }
  }

  const watched = ["preset", "prompt", "width", "length", "ranges", "fixed"].map((name) => `change:${name}`);
  watched.forEach((event) => model.on(event, draw));
  draw();
  return () => watched.forEach((event) => model.off(event, draw));
}

export default { render };
