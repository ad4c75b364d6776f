"""Accounts: bytes, operations and time of a plan, or bytes of a whole run, without running anything."""

from .accounts import ACCOUNTS, flops, run_traffic, step_traffic, traffic
from .counts import Counts, count, count_run, count_steps
from .latency import Constants, Phase, Prediction, predict
from .programs import Launch, Tiles, launches
from .rota import Rota, rota, unit_rota
from .schedule import Span, TimedLaunch, Timeline, schedule
from .traffic import ROLES, Flops, Traffic

__all__ = [
    "ACCOUNTS",
    "ROLES",
    "Constants",
    "Counts",
    "Flops",
    "Launch",
    "Phase",
    "Prediction",
    "Rota",
    "Span",
    "Tiles",
    "TimedLaunch",
    "Timeline",
    "Traffic",
    "count",
    "count_run",
    "count_steps",
    "flops",
    "launches",
    "predict",
    "run_traffic",
    "rota",
    "schedule",
    "step_traffic",
    "traffic",
    "unit_rota",
]
