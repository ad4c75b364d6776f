// The anywidget entry of the StepPlayer.
import { run } from "../player/run.js";

export default { render: (context) => run(context) };
