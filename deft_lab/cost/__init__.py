"""Accounts: bytes and operations of a plan or of a whole run, without running anything."""

from .accounts import ACCOUNTS, flops, run_traffic, traffic
from .counts import Counts, count, count_run
from .traffic import ROLES, Flops, Traffic

__all__ = [
    "ACCOUNTS",
    "ROLES",
    "Counts",
    "Flops",
    "Traffic",
    "count",
    "count_run",
    "flops",
    "run_traffic",
    "traffic",
]
