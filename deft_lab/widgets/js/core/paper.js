// A page of paper is narrower than a screen, and nothing measures it: what is about to be printed is drawn for it.

export const PAPER = 690; // px between the margins of A4 and of a letter

let printing = false;
globalThis.addEventListener?.("beforeprint", () => (printing = true));
globalThis.addEventListener?.("afterprint", () => (printing = false));

export const isPrinted = () => printing;

/** A width that was measured on the screen, or that of paper while the page is printed. */
export const onScreen = (width) => (printing ? PAPER : width);

/** Calls `draw` when the page is about to be printed, and when it has been; returns what ends that. */
export function onPaper(draw) {
  globalThis.addEventListener?.("beforeprint", draw);
  globalThis.addEventListener?.("afterprint", draw);
  return () => {
    globalThis.removeEventListener?.("beforeprint", draw);
    globalThis.removeEventListener?.("afterprint", draw);
  };
}
