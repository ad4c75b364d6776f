// A tree and the arrays of its plan. What is pointed at, or picked from the menu, lights up in both.

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function render({ model, el }) {
  el.classList.add("deft", "deft-views");
  const status = element("p", { className: "deft-status" });
  status.setAttribute("role", "status");
  const id = `deft-pick-${Math.random().toString(36).slice(2)}`; // every widget loads this file anew
  const menu = element("select", { id });
  menu.setAttribute("data-lm-suppress-shortcuts", "true"); // else JupyterLab takes its keys
  const words = model.get("words");
  menu.append(element("option", { value: "", textContent: "nothing" }));
  for (const name of Object.keys(words)) menu.append(element("option", { value: name, textContent: name }));
  const chooser = element("p", { className: "deft-account" });
  chooser.append(element("label", { htmlFor: id, textContent: "Light up" }), menu);
  const picture = element("div", { className: "deft-picture", tabIndex: 0, role: "group", ariaLabel: "Picture", innerHTML: model.get("svg") });
  for (const text of picture.querySelectorAll("text")) text.style.pointerEvents = "none"; // the cell is meant
  el.replaceChildren(chooser, status, picture);

  // a node lights up its tokens and the cells that are about it; a query its path and its own cells
  function light(name) {
    picture.querySelectorAll(".lit").forEach((shape) => shape.classList.remove("lit"));
    status.textContent = words[name] ?? "Point at a number or at a node, or choose one from the menu.";
    if (!name) return;
    const isQuery = name.startsWith("q");
    const nodes = new Set((isQuery ? model.get("paths")[name] : [name.slice(1)]).map(String));
    for (const shape of picture.querySelectorAll("[data-node], [data-nodes]")) {
      const { node, nodes: about, query } = shape.dataset;
      let lit = node !== undefined && nodes.has(node);
      if (query !== undefined) lit = isQuery ? `q${query}` === name : about.split(" ").includes(name.slice(1));
      else if (about !== undefined) lit = !isQuery && about.split(" ").includes(name.slice(1));
      shape.classList.toggle("lit", lit);
    }
  }

  function named(target) {
    const { node, query } = target?.dataset ?? {};
    if (query !== undefined) return `q${query}`;
    return node === undefined ? "" : `n${node}`;
  }

  const show = () => {
    menu.value = model.get("pick");
    light(menu.value);
  };
  picture.addEventListener("pointerover", (event) => light(named(event.target) || model.get("pick")));
  picture.addEventListener("pointerleave", show);
  picture.addEventListener("click", (event) => {
    model.set("pick", named(event.target));
    model.save_changes();
  });
  menu.addEventListener("change", () => {
    model.set("pick", menu.value);
    model.save_changes();
  });
  model.on("change:pick", show);
  show();
  return () => model.off("change:pick", show);
}

export default { render };
