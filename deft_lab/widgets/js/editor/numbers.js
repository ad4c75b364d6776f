// The numbers of a preset: a row of fields, and the button that makes the tree of them.
import { h } from "preact";

/** `form`: {preset, values}, values as typed. */
export function Numbers({ form, ui }) {
  const { preset, values } = form;
  const key = (event) => {
    if (event.key === "Enter" && event.target.tagName !== "BUTTON") ui.build();
    else if (event.key === "Escape") ui.toTree();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return h(
    "div",
    { class: "deft-bar deft-numbers-row", role: "group", "aria-label": `numbers of ${preset.title}`, onKeyDown: key },
    h("strong", { title: preset.title }, preset.title.split(":")[0]),
    preset.options.map((option, i) =>
      h(Field, { key: `${preset.name}-${option.name}`, option, first: i === 0, value: values[option.name] ?? option.value, ui })),
    h("button", { type: "button", class: "deft-button build", title: "make the tree of these numbers (Enter)", onClick: () => ui.build() }, "Build"),
  );
}

function Field({ option, first, value, ui }) {
  const { name, least, most, choices } = option;
  const common = { "data-option": name, "data-field": first ? "numbers" : undefined };
  const words = name.replaceAll("_", " ").replace("n nodes", "nodes").replace(/^n /, "");
  if (choices.length) {
    return h("label", { class: "deft-select" }, words,
      h("select", { ...common, onChange: (event) => ui.number(name, event.target.value) },
        choices.map((choice) => h("option", { key: choice, value: choice, selected: choice === value }, choice))));
  }
  return h("label", { class: "deft-number", title: `${least} to ${most.toLocaleString("en-US")}` }, words,
    h("input", {
      ...common, type: "number", min: least, max: most, step: 1, value,
      onInput: (event) => ui.number(name, event.target.value === "" ? NaN : Number(event.target.value)),
    }));
}
