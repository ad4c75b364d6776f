"""Modelled times of a plan, where the cost model is there; None where it is not."""

from typing import Any

from ...geometry import Geometry
from ...plan import Plan

MODELLED = {"H200": "h200", "A100": "a100", "RTX 4090": "rtx4090"}


def modelled_us(plan: Plan, geometry: Geometry, pack_heads: bool | None) -> dict[str, float] | None:
    """Microseconds that the model gives one attention call over `plan`, by machine."""
    try:
        from ...cost.latency import predict
        from ...hardware import find_hardware
    except ImportError:
        return None
    more: dict[str, Any] = {} if pack_heads is None else {"pack_heads": pack_heads}
    return {
        title: round(1e6 * predict(plan, geometry, find_hardware(name), **more).seconds, 3)
        for title, name in MODELLED.items()
    }
