// As much of a document as Preact and the editor ask for: elements, texts, attributes, events that bubble, and
// selectors of one element. `touched` lists the nodes whose attributes, text or children were changed.
export const touched = [];

class Place {
  constructor(kind) {
    Object.assign(this, { nodeType: kind, parentNode: null, childNodes: [], ownerDocument: globalThis.document });
  }

  get firstChild() {
    return this.childNodes[0] ?? null;
  }

  get nextSibling() {
    return this.parentNode?.childNodes[this.parentNode.childNodes.indexOf(this) + 1] ?? null;
  }

  get textContent() {
    return this.childNodes.map((child) => child.textContent).join("");
  }

  contains(other) {
    for (let at = other; at; at = at.parentNode) if (at === this) return true;
    return false;
  }

  insertBefore(child, before) {
    child.remove();
    const at = before ? this.childNodes.indexOf(before) : this.childNodes.length;
    if (at < 0) throw new Error("insertBefore: the other node is no child");
    this.childNodes.splice(at, 0, child);
    child.parentNode = this;
    touched.push(this);
  }

  appendChild(child) {
    this.insertBefore(child, null);
  }

  removeChild(child) {
    const at = this.childNodes.indexOf(child);
    if (at < 0) throw new Error("removeChild: no child");
    this.childNodes.splice(at, 1);
    child.parentNode = null;
    touched.push(this);
  }

  remove() {
    this.parentNode?.removeChild(this);
  }
}

class Words extends Place {
  #data;

  constructor(data) {
    super(3);
    this.#data = String(data);
  }

  get data() {
    return this.#data;
  }

  set data(value) {
    this.#data = String(value);
    touched.push(this);
  }

  get textContent() {
    return this.#data;
  }
}

class Element extends Place {
  #attributes = new Map();
  #listeners = new Map();

  constructor(name, namespace) {
    super(1);
    Object.assign(this, { localName: name, namespaceURI: namespace, style: { setProperty() {} }, value: "" });
    for (const event of EVENTS) this[`on${event}`] = null; // by these Preact knows how an event is spelled
  }

  get attributes() {
    return [...this.#attributes].map(([name, value]) => ({ name, value }));
  }

  getAttribute(name) {
    return this.#attributes.get(name) ?? null;
  }

  setAttribute(name, value) {
    this.#attributes.set(name, String(value));
    touched.push(this);
  }

  removeAttribute(name) {
    this.#attributes.delete(name);
    touched.push(this);
  }

  addEventListener(name, listener) {
    this.#listeners.set(name, listener);
  }

  removeEventListener(name) {
    this.#listeners.delete(name);
  }

  dispatch(type, more) {
    let goesOn = true;
    const event = { type, target: this, defaultPrevented: false, ...more };
    event.preventDefault = () => (event.defaultPrevented = true);
    event.stopPropagation = () => (goesOn = false);
    for (let at = this; at && goesOn; at = at.parentNode) {
      event.currentTarget = at;
      at.#listeners?.get(type)?.call(at, event);
    }
    return event;
  }

  focus() {
    globalThis.document.activeElement = this;
  }

  matches(selectors) {
    return selectors.split(",").some((selector) => {
      const [, tag, rest] = /^\s*([a-z]*)(.*?)\s*$/.exec(selector);
      const classes = [...rest.matchAll(/\.([\w-]+)/g)].map(([, name]) => name);
      const attributes = [...rest.matchAll(/\[([\w-]+)(?:="([^"]*)")?\]/g)];
      const own = (this.getAttribute("class") ?? "").split(" ");
      return (
        (!tag || tag === this.localName) &&
        classes.every((name) => own.includes(name)) &&
        attributes.every(([, name, value]) => (value === undefined ? this.#attributes.has(name) : this.getAttribute(name) === value))
      );
    });
  }

  closest(selectors) {
    for (let at = this; at; at = at.parentNode) if (at.matches(selectors)) return at;
    return null;
  }

  querySelectorAll(selectors) {
    const inside = this.childNodes.filter((child) => child.nodeType === 1);
    return inside.flatMap((child) => [...(child.matches(selectors) ? [child] : []), ...child.querySelectorAll(selectors)]);
  }

  querySelector(selectors) {
    return this.querySelectorAll(selectors)[0] ?? null;
  }
}

const EVENTS =
  "keydown click dblclick change toggle blur drop paste dragover dragleave pointerdown pointermove pointerup pointercancel pointerleave".split(" ");

globalThis.document = {
  createElement: (name) => new Element(name, "http://www.w3.org/1999/xhtml"),
  createElementNS: (namespace, name) => new Element(name, namespace),
  createTextNode: (data) => new Words(data),
};
