// What a kernel's player shows beside its picture: the source with the line that ran, and the variables.
import { h } from "preact";

/** The next moment that is not inside a helper that the current one calls. */
export function overOf(lines, step, backwards = false) {
  const depth = lines[step][2];
  const by = backwards ? -1 : 1;
  let at = step + by;
  while (lines[at] && lines[at][2] > depth) at += by;
  return lines[at] ? at : step;
}

/** The next moment at which a line of a function runs. */
export function lineOf(lines, step, fn, number, backwards = false) {
  const ran = ([of, line]) => of === fn && line === number;
  const found = backwards ? lines.slice(0, step).findLastIndex(ran) : lines.findIndex((each, i) => i > step && ran(each));
  return found < 0 ? step : found;
}

/** Source and variables of one moment; a pure function of its props. */
export function Aside({ listing, lines, parts, step, moves }) {
  const [fn, line, , rows, changed] = lines[step];
  return h("div", { class: "deft-kernel" }, h(Source, { listing: listing[fn], fn, line, moves }), h(Variables, { rows, changed, parts, name: listing[fn].name }));
}

function Source({ listing, fn, line, moves }) {
  return h(
    "div",
    { class: "deft-source deft-scrolls", tabIndex: 0, role: "region", "aria-label": `Source of ${listing.name}, line ${line}` },
    h("p", { class: "deft-where" }, `${listing.file}: ${listing.name}`),
    h("ol", { start: listing.first }, listing.lines.map((text, i) => {
      const number = listing.first + i;
      const now = number === line;
      const [code, ...comment] = text.split(/(?=(?:^|\s)#)/);
      return h(
        "li",
        { key: number, class: now ? "now" : "", "aria-current": now ? "step" : undefined, ref: now ? intoView : undefined },
        h("button", {
          type: "button", class: "deft-line", tabIndex: -1, title: "run to this line; with Shift, back to it", "aria-label": `Run to line ${number}`,
          onClick: (event) => moves.line(fn, number, event),
        }, number),
        h("code", null, code, comment.length ? h("span", { class: "deft-comment" }, comment.join("")) : null),
      );
    })),
  );
}

function Variables({ rows, changed, parts, name }) {
  const now = new Set(changed);
  const body = rows.map((part, i) => `<tr class="${now.has(i) ? "now" : ""}">${parts[part]}</tr>`).join("");
  const reveal = (table) => table && intoView(table.querySelector("tr.now"));
  return h(
    "div",
    { class: "deft-variables deft-scrolls", tabIndex: 0, role: "region", "aria-label": `Variables of ${name}` },
    h("p", { class: "deft-where" }, `variables of ${name}; marked: changed by this line`),
    h("table", { ref: reveal, key: body, dangerouslySetInnerHTML: { __html: `<tbody>${body}</tbody>` } }),
  );
}

/** Scroll the box around an element, and nothing else, until the element is in it. */
function intoView(element) {
  const box = element?.closest(".deft-scrolls");
  if (!box) return;
  requestAnimationFrame(() => {
    const [inner, outer] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
    const room = outer.height / 3;
    if (inner.top < outer.top + 24) box.scrollTop -= outer.top - inner.top + room;
    else if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom + room;
  });
}

/** Breakpoints by condition. */
export function Breakpoints({ id, breakpoint, hits, refusal, answered, step, moves }) {
  const ahead = hits.filter((hit) => hit > step).length;
  const asked = breakpoint !== answered ? "asking Python, which must be running" : ""; // a saved page has none
  const said = asked || refusal || (breakpoint ? `${hits.length} ${hits.length === 1 ? "stop" : "stops"}, ${ahead} ahead` : 'such as node(3) and loads("k")');
  return h(
    "div",
    { class: "deft-transport" },
    h("label", { for: `${id}-stop` }, "Stop when"),
    h("input", { id: `${id}-stop`, type: "text", value: breakpoint, spellcheck: false, "aria-describedby": `${id}-stops`, placeholder: "first == 4", onKeyDown: (event) => event.key === "Enter" && moves.stopWhen(event.target.value), onBlur: (event) => moves.stopWhen(event.target.value) }),
    h("button", { type: "button", disabled: !hits.some((hit) => hit < step), onClick: (event) => moves.stop(true, event) }, "◀ stop"),
    h("button", { type: "button", disabled: !ahead, onClick: (event) => moves.stop(false, event) }, "stop ▶"),
    h("span", { id: `${id}-stops`, role: "status", class: refusal ? "deft-refused" : "deft-hint" }, said),
  );
}
