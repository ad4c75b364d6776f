// The anywidget entry of the DecodePlayer.
import { DecodeView } from "../decode/player.js";
import { run } from "../decode/run.js";

export default { render: (context) => run(context) };
export { DecodeView };
