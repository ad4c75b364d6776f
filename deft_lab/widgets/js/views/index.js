// The linked views by name, in the order in which a menu lists them. A view is a Preact component, a pure
// function of {tree, plans, choice, setChoice, menus, hover, setHover, select, theme}:
//   plans    what deft_lab/widgets/payload.py sends
//   choice   {method, hardware, account}; setChoice(name, value) asks for another one, menus lists them
//   hover    null or {labels, query, words}
import { Bytes } from "./bytes.js";
import { Groups } from "./groups.js";
import { Mask } from "./mask.js";
import { Memory } from "./memory.js";
import { Timeline } from "./timeline.js";

export const VIEWS = { memory: Memory, mask: Mask, groups: Groups, timeline: Timeline, bytes: Bytes };
