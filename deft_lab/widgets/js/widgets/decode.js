// The anywidget entry of the DecodePlayer.
import { run } from "../decode/run.js";

export default { render: (context) => run(context) };
