"""The browser tests run a real JupyterLab in a real Chromium; without either they are skipped."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from lab import serve

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; skips without it, or without what drives it."""
    missing = [name for name in ("playwright", "jupyterlab") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: pip install -e '.[dev]'")
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium fonts-dejavu-core")
    return CHROMIUM


@pytest.fixture(scope="session")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory):
    """A JupyterLab that serves an empty folder on loopback."""
    with serve(tmp_path_factory.mktemp("lab"), chromium) as running:
        yield running


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where pictures of the screen go: the folder named by DEFT_LAB_SCREENSHOTS, or a temporary one."""
    folder = Path(os.environ.get("DEFT_LAB_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
