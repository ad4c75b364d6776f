"""Every error that deft_lab raises on purpose.

Each message says what was given, which rule it breaks, and how to mend it.
"""

from collections.abc import Collection, Iterable
from math import isinf, nan
from numbers import Integral, Real
from os import PathLike
from pathlib import Path


class DeftLabError(ValueError):
    """Base class; catch it to catch anything deft_lab says about your input."""


class TreeError(DeftLabError):
    """The nodes do not form a tree, a seat points outside it, or an edit would break it."""


class TraceError(DeftLabError):
    """The events of a trace do not fit the tree they grow."""


class TemplateError(DeftLabError):
    """A file of decoding-tree templates cannot be read or used."""


class PlanError(DeftLabError):
    """A plan misses a (query, token) pair or covers it twice, or a method is unknown."""


class PoolError(DeftLabError):
    """The KV pool cannot serve the request; nothing was changed."""


class AttentionError(DeftLabError):
    """Queries, keys or values do not fit the plan, each other, or the backend."""


class ModelError(DeftLabError):
    """A model cannot be had here, does not fit, or lacks what a decode needs."""


class DecodeError(DeftLabError):
    """A task, a step or an option does not fit the decode; the session is as it was."""


class DraftError(DeftLabError):
    """A token tree cannot be drafted, or its verifier would change what the target says."""


def check_kind(error: type[DeftLabError], kind: type, advice: str, **values: object) -> None:
    """Refuse what is no `kind`; the names of the arguments and how to get one go into the message.

    Raises:
        error: one of them is not.
    """
    for name, value in values.items():
        if not isinstance(value, kind):
            raise error(f"{name} is a {type(value).__name__} where a {kind.__name__} is expected; {advice}")


def check_names(error: type[DeftLabError], **lists: object) -> None:
    """Refuse one name where a list of names is expected (its letters would be taken for names), or no list.

    Raises:
        error: one of them is a string, or cannot be gone through; None stands for a default.
    """
    for argument, names in lists.items():
        if names is not None and not isinstance(names, Iterable):
            raise error(f"{argument}={names!r:.60}; list names")
        if isinstance(names, str):
            raise error(f"{argument}={names!r} is one name where several are expected; write [{names!r}]")


def check_choice(error: type[DeftLabError], among: Collection[str], **choices: object) -> None:
    """Refuse what is not one of these names; what is chosen goes into the message, an underscore as a space.

    Raises:
        error: one of them is not.
    """
    for what, choice in choices.items():
        if not isinstance(choice, str) or choice not in among:
            raise error(f"no {what.replace('_', ' ')} {choice!r:.60}; choose one of {', '.join(among)}")


def check_counts(error: type[DeftLabError], least: int, **counts: object) -> None:
    """Refuse what is no integer of at least `least`; the names of the arguments go into the message.

    Raises:
        error: one of them is not.
    """
    for name, value in counts.items():
        if type(value) is int and value >= least:  # the others ask an abstract class, which takes a while
            continue
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise error(f"{name}={value!r}; it must be an integer of at least {least}")


def check_numbers(
    error: type[DeftLabError], least: float, most: float = float("inf"), **numbers: object
) -> None:
    """Refuse what is no finite number from `least` to `most`; the arguments' names go into the message.

    Raises:
        error: one of them is not.
    """
    for name, value in numbers.items():
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else nan
        if not least <= number <= most or isinf(number):
            end = f"from {least:g} to {most:g}" if most < float("inf") else f"of at least {least:g}"
            raise error(f"{name}={value!r:.60}; it must be a number {end}")


def place_to_read(error: type[DeftLabError], path: object) -> Path:
    """The path of a file to read.

    Raises:
        error: it is no path, or nothing that can be read is there.
    """
    if not isinstance(path, str | PathLike):
        raise error(f"path={path!r:.60}; name a file to read")
    place = Path(path)
    if place.is_dir() or not place.exists():
        there = "it is a folder" if place.is_dir() else "there is no such file"
        raise error(f"cannot read {place}: {there}; name a file to read")
    return place


def place_to_write(error: type[DeftLabError], path: object) -> Path:
    """The path of a file to write.

    Raises:
        error: it is no path, or its folder is not there.
    """
    if not isinstance(path, str | PathLike):
        raise error(f"path={path!r:.60}; name a file to write")
    place = Path(path)
    if not place.parent.is_dir():
        raise error(f"cannot write {place}: there is no folder {place.parent}; make it first")
    return place
