"""What people with other colour vision see: Chromium simulates it, and the palette's colours stay apart."""

import base64
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from gallery import offline_page

from deft_lab.viz.theme import PALETTE

# simulated vision -> the least distance of two of the palette's colours, CIE76; about 2.3 can be told apart
LEAST = {"none": 25, "protanopia": 20, "deuteranopia": 16, "tritanopia": 16}
READ = """async ([source, count]) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const { width, height } = image;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const at = (i) => [...context.getImageData(20 + 40 * i, 20, 1, 1).data].slice(0, 3);
  return [...Array(count).keys()].map(at);
}"""


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of sRGB, 0 to 255."""
    c = rgb / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("vision", LEAST)
def test_the_palette_stays_apart(chromium, tmp_path: Path, vision):
    swatches = "".join(f'<i style="background:{c};width:40px;height:40px;float:left"></i>' for c in PALETTE)
    path = tmp_path / "palette.html"
    path.write_text(f"<!doctype html><body style='margin:0'>{swatches}")
    with offline_page(chromium, path) as (page, _, _):
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": vision})
        picture = base64.b64encode(page.screenshot()).decode()
        seen = page.evaluate(READ, [f"data:image/png;base64,{picture}", len(PALETTE)])
    colours = lab_of(np.array(seen, dtype=float))
    least, pair = min(
        (float(np.linalg.norm(colours[a] - colours[b])), (PALETTE[a], PALETTE[b]))
        for a, b in combinations(range(len(PALETTE)), 2)
    )
    print(f"{vision}: {least:.1f} {pair}")
    assert least >= LEAST[vision], f"{vision}: {pair} are {least:.1f} apart"
