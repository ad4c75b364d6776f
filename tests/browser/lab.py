"""Drive JupyterLab in headless Chromium: serve a folder, open a notebook, run it, read what it shows.

Nothing of the user's is read or written, and no request leaves loopback: those that try are cut off and
listed in `Notebook.left_loopback`.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_ARGS = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LOOPBACK = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:")
SETTINGS = "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
# a notebook is ready when its kernel is connected and idle; run earlier, JupyterLab asks for a kernel
READY = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.context?.sessionContext;
  const kernel = context?.session?.kernel;
  return Boolean(context?.isReady && kernel?.connectionStatus === "connected" && kernel?.status === "idle");
}"""
# run code in the kernel of the notebook: [what it printed, its error]
EXECUTE = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false });
  let printed = "";
  let error = "";
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") printed += content.text;
    if (header.msg_type === "error") error = `${content.ename}: ${content.evalue}`;
  };
  await future.done;
  return [printed, error];
}"""
# read from the model: cells far from the screen have no elements
CELLS = """() => Array.from(window.jupyterapp.shell.currentWidget.content.model.cells)
  .filter((cell) => cell.type === "code" && cell.sharedModel.source.trim())
  .map((cell) => ({
    ran: cell.executionCount !== null && cell.executionState !== "running",
    errors: cell.outputs.toJSON().filter((out) => out.output_type === "error")
      .map((out) => `${out.ename}: ${out.evalue}`),
  }))"""


@dataclass
class Notebook:
    """A notebook on the screen; `page` is Playwright's."""

    page: Any
    left_loopback: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)

    def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab without waiting for it to end."""
        self.page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args) }", [name, arguments]
        )

    def run_all(self, timeout: float = 180) -> float:
        """Run every cell anew; seconds that it took. Fails with the errors that cells show."""
        self.page.wait_for_function(READY, timeout=90_000)
        # the numbers of an earlier run would look like cells that have run
        self.command("notebook:clear-all-cell-outputs")
        self.page.wait_for_function(f"() => ({CELLS})().every((cell) => !cell.ran)")
        began = time.monotonic()
        self.command("notebook:run-all-cells")
        while time.monotonic() - began < timeout:
            cells = self.page.evaluate(CELLS)
            errors = [f"cell {i}: {error}" for i, cell in enumerate(cells) for error in cell["errors"]]
            assert not errors, "; ".join(errors)
            if all(cell["ran"] for cell in cells) and self.page.evaluate(READY):
                return time.monotonic() - began
            time.sleep(0.2)
        raise TimeoutError(
            f"{sum(not c['ran'] for c in cells)} of {len(cells)} cells have not run in {timeout} s"
        )

    def python(self, code: str) -> str:
        """What the code prints in the notebook's kernel."""
        printed, error = self.page.evaluate(EXECUTE, code)
        assert not error, error
        return printed.strip()

    def theme(self, name: str, dark: bool) -> None:
        """Switch JupyterLab's theme, such as "JupyterLab Dark", and wait until the page has it."""
        self.command("apputils:change-theme", theme=name)
        attribute = f'body[data-jp-theme-light="{str(not dark).lower()}"]'
        self.page.wait_for_selector(attribute, state="attached", timeout=15_000)
        self.page.wait_for_timeout(500)  # the style sheet follows the attribute

    def screenshot(self, path: Path) -> None:
        """What is on the screen now."""
        self.page.screenshot(path=str(path))


@dataclass(frozen=True)
class Lab:
    """A running server."""

    url: str
    token: str
    folder: Path
    chromium: str

    @contextmanager
    def open(self, notebook: Path, width: int = 1200, height: int = 1800) -> Iterator[Notebook]:
        """Copy the notebook into the served folder and open it alone, without side bars."""
        from playwright.sync_api import sync_playwright

        shutil.copy(notebook, self.folder / notebook.name)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=self.chromium, headless=True, args=CHROMIUM_ARGS
            )
            page = browser.new_context(viewport={"width": width, "height": height}).new_page()
            opened = Notebook(page)
            _watch(opened)
            page.goto(f"{self.url}/doc/tree/{notebook.name}?token={self.token}&reset")
            page.wait_for_selector(".jp-Notebook", timeout=90_000)
            try:
                yield opened
            finally:
                browser.close()


def _watch(opened: Notebook) -> None:
    """Cut off and list what would leave loopback; list errors of the page."""

    def route(handler: Any) -> None:
        if LOOPBACK.match(handler.request.url):
            handler.continue_()
        else:
            opened.left_loopback.append(handler.request.url)
            handler.abort()

    def websocket(socket_: Any) -> None:
        if not LOOPBACK.match(socket_.url):
            opened.left_loopback.append(socket_.url)

    page = opened.page
    page.context.route("**/*", route)
    page.on("websocket", websocket)
    page.on("console", lambda m: opened.console_errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: opened.console_errors.append(str(error)))


@contextmanager
def serve(folder: Path, chromium: str) -> Iterator[Lab]:
    """Start JupyterLab on a free port of loopback, with configuration and workspaces of its own."""
    served, private = folder / "served", folder / "private"
    served.mkdir()
    news = private / SETTINGS
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={served}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    log = folder / "lab.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, env=_environment(private), stdout=out, stderr=out)
        try:
            _wait(f"{url}/api?token={token}", server, log)
            yield Lab(url, token, served, chromium)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _environment(private: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {
        "PYTHONPATH": path,
        "JUPYTER_CONFIG_DIR": str(private),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
        "IPYTHONDIR": str(private / "ipython"),
    }


def _wait(url: str, server: subprocess.Popen, log: Path, seconds: float = 120) -> None:
    began = time.monotonic()
    while time.monotonic() - began < seconds and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).read()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab does not answer:\n{log.read_text()[-3000:]}")
