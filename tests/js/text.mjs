// Writes a component as HTML without a browser: enough of a renderer for components without state.

const escape = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const VOID = new Set(["input", "br", "img"]);

export function textOf(node) {
  if (node === null || node === undefined || typeof node === "boolean") return "";
  if (Array.isArray(node)) return node.map(textOf).join("");
  if (typeof node !== "object") return escape(node);
  const { type, props } = node;
  if (typeof type === "function") {
    // a fragment gives back its children
    return textOf(type.prototype?.render ? new type(props).render(props) : type(props));
  }
  const { children, dangerouslySetInnerHTML: raw, ...rest } = props;
  const attributes = Object.entries(rest)
    .filter(([name, value]) => !/^on[A-Z]/.test(name) && value !== null && value !== undefined && value !== false)
    .map(([name, value]) => ` ${name}="${escape(typeof value === "object" ? styleOf(value) : value === true ? "" : value)}"`);
  const inner = raw ? raw.__html : type === "style" ? String(children ?? "") : textOf(children);
  return VOID.has(type) ? `<${type}${attributes.join("")}>` : `<${type}${attributes.join("")}>${inner}</${type}>`;
}

const styleOf = (style) => Object.entries(style).map(([name, value]) => `${name}:${value}`).join(";");
