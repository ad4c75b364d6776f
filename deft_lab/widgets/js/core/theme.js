// Colours and sizes, those of deft_lab/viz/theme.py; a node has one colour everywhere.

export const PALETTE = ["#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442"];
export const HATCHES = ["", "M-1,5L5,-1M3,9L9,3", "M-1,3L5,9M3,-1L9,5"]; // tiles of 8 px
export const BLACK = "#111111";
export const WHITE = "#FFFFFF";
export const [TITLE, TEXT, SMALL] = [14, 12, 11]; // font sizes, px
export const CHAR = 0.62; // width of a character in font sizes, of a wide font

/** {color, hatch} of a node: indices into PALETTE and HATCHES, by label; as node_paints of deft_lab/viz. */
export function nodePaint(tree, label) {
  if (label === tree.label[0]) return { color: 0, hatch: 0 };
  const colors = PALETTE.length - 1;
  const n = label - 1;
  const turn = Math.floor(n / colors);
  const modulo = (value, of) => ((value % of) + of) % of; // as Python's
  return { color: 1 + modulo(n, colors), hatch: modulo(turn, HATCHES.length) };
}

/** "#RRGGBB" of a node. */
export function nodeColour(tree, label) {
  return PALETTE[nodePaint(tree, label).color];
}

function luminance(color) {
  const linear = [1, 3, 5].map((i) => {
    const c = parseInt(color.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

/** WCAG contrast of two colours, 1 to 21. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Black or white, whichever reads better on `color`. */
export function textOn(color) {
  if (!reads.has(color)) reads.set(color, contrast(BLACK, color) >= contrast(WHITE, color) ? BLACK : WHITE);
  return reads.get(color);
}
const reads = new Map();

/** Px that a text may need; rather too much than too little. */
export const textWidth = (text, size = TEXT) => text.length * size * CHAR;
