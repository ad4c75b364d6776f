// The anywidget entry of the TreeEditor.
import { mount } from "../editor/mount.js";

export default { render: ({ model, el }) => mount(el, model).remove };
