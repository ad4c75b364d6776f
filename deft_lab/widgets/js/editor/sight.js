// A tall tree is drawn as far as it is in sight, and a little further; on paper, and where nothing can be measured, whole.
import { isPrinted } from "../core/paper.js";

const HIGH = 478; // px, as .deft-tree in editor.css without its border
const [BEYOND, STEP] = [160, 80]; // px drawn beyond what is in sight; px by which that part moves on
const ROOM = 40; // px by which the picture grows

export class Sight {
  top = 0; // px scrolled away
  height = typeof ResizeObserver === "undefined" ? Infinity : HIGH;

  /** Ask the box that scrolls how high it is. */
  measure(box) {
    this.height = isPrinted() ? Infinity : Math.max(HIGH, box.clientHeight);
  }

  /** Have this node in sight, too. */
  follow({ y }, { height }) {
    if (this.height >= height) return;
    const top = Math.min(this.top, height - this.height);
    this.top = y - 30 < top ? Math.max(0, y - 30) : Math.max(top, y + 40 - this.height);
  }

  /** The height of the picture; that of a tall one changes in steps, for its texts are laid out anew each time. */
  room({ height }) {
    return this.height < height ? ROOM * Math.ceil(height / ROOM) : height;
  }

  /** {above, below}: what is drawn, in px from the top of the picture. */
  part({ height }) {
    if (this.height === Infinity) return { above: -Infinity, below: Infinity };
    const top = Math.max(0, Math.min(this.top, height - this.height));
    const rounded = (px) => STEP * Math.round(px / STEP);
    return { above: rounded(top - BEYOND), below: rounded(top + this.height + BEYOND) };
  }
}
