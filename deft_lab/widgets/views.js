// Shows `svgs` below each other and says `status`. The node under the mouse is marked in every picture.

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function render({ model, el }) {
  const id = `deft-account-${Math.random().toString(36).slice(2)}`; // every widget loads this file anew
  el.classList.add("deft", "deft-views");
  const status = element("p", { className: "deft-status" });
  status.setAttribute("role", "status");
  const chooser = element("p", { className: "deft-account" });
  const menu = element("select", { id });
  menu.setAttribute("data-lm-suppress-shortcuts", "true"); // else JupyterLab takes its keys
  model.get("accounts").forEach((name) => menu.append(element("option", { value: name, textContent: name })));
  menu.addEventListener("change", () => {
    model.set("account", menu.value);
    model.save_changes();
  });
  chooser.append(element("label", { htmlFor: id, textContent: "Account: who counts the bytes" }), menu);
  el.replaceChildren(status);
  let pictures = [];
  let shown = [];

  function draw() {
    const svgs = model.get("svgs");
    if (pictures.length !== svgs.length) {
      pictures = svgs.map(() => element("div", { className: "deft-picture", tabIndex: 0, role: "group", ariaLabel: "Picture" }));
      el.replaceChildren(status, ...pictures);
      pictures.at(-1)?.before(chooser); // the bytes are the last picture
      shown = [];
    }
    pictures.forEach((picture, i) => {
      if (svgs[i] !== shown[i]) picture.innerHTML = svgs[i];
    });
    shown = svgs;
  }

  function say() {
    status.textContent = model.get("status");
    menu.value = model.get("account");
  }

  function mark(event) {
    const node = event.type === "pointerover" ? event.target.dataset?.node : undefined;
    el.querySelectorAll(".lit").forEach((shape) => shape.classList.remove("lit"));
    if (node === undefined) return;
    el.querySelectorAll(`[data-node="${node}"]`).forEach((shape) => shape.classList.add("lit"));
  }

  el.addEventListener("pointerover", mark);
  el.addEventListener("pointerleave", mark);
  model.on("change:svgs", draw);
  model.on("change:status", say);
  model.on("change:account", say);
  draw();
  say();
  return () => {
    model.off("change:svgs", draw);
    model.off("change:status", say);
    model.off("change:account", say);
  };
}

export default { render };
