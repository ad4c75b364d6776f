// Bars of bytes; the one that is chosen shows its source lines, which are in the picture already.

function render({ model, el }) {
  el.classList.add("deft", "deft-views");
  const status = document.createElement("p");
  status.className = "deft-status";
  status.setAttribute("role", "status");
  const picture = document.createElement("div");
  Object.assign(picture, { className: "deft-picture", tabIndex: 0, role: "group", ariaLabel: "Picture" });
  picture.innerHTML = model.get("svg");
  picture.setAttribute("data-lm-suppress-shortcuts", "true"); // else JupyterLab takes Enter
  el.replaceChildren(status, picture);
  const links = [...picture.querySelectorAll("a[data-pane]")];

  const show = () => {
    const pick = model.get("pick");
    status.textContent =
      model.get("words")[pick] ?? "Choose the bars of a role (click, or Tab and Enter) to see its source lines.";
    picture.firstElementChild.classList.toggle("choosing", pick !== "");
    for (const part of picture.querySelectorAll("[data-pane]")) {
      part.classList.toggle("chosen", part.dataset.pane === pick);
    }
    for (const link of links) {
      if (link.dataset.pane === pick) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  picture.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-pane]");
    if (!link) return;
    event.preventDefault(); // the address stays that of the notebook
    event.stopPropagation();
    model.set("pick", link.dataset.pane);
    model.save_changes();
  });
  model.on("change:pick", show);
  show();
  return () => model.off("change:pick", show);
}

export default { render };
