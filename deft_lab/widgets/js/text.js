// Views as HTML text, in Node: what their tests need. Built into tests/js/text.bundle.mjs.
export { h } from "preact";
export { renderToString } from "preact-render-to-string";
export { ACCOUNTS } from "./core/accounts.js";
export { describe, inSeconds, readersOf, unpack } from "./core/plans.js";
export { Tree } from "./core/tree.js";
export { bars, ROLE_PAINTS, shareOfNode } from "./views/bytes.js";
export { Compare } from "./views/compare.js";
export { VIEWS } from "./views/index.js";
