// The script of the offline page; it finds the editor's traits in the page as JSON.
import { start } from "../page/page.js";

globalThis.session = start(JSON.parse(document.getElementById("values").textContent));
