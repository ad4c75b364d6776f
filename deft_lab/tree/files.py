"""The file format of a tree: one JSON object, schema-versioned."""

import json
from typing import TYPE_CHECKING, Any

from ..errors import TreeError

if TYPE_CHECKING:
    from .core import Tree

SCHEMA = "deft_lab.tree/1"


def to_json(tree: "Tree") -> str:
    """One line of JSON; seats are written in the caller's query order."""
    seat = tree.callers_seat()
    fields = {"parent": tree.parent, "length": tree.length, "seat": seat, "label": tree.label}
    return json.dumps(
        {"schema": SCHEMA, **{k: v.tolist() for k, v in fields.items()}, "next_label": tree.next_label}
    )


def read_object(text: str, schema: str, fields: set[str], error: type[Exception]) -> dict[str, Any]:
    """Parse a JSON object of a known schema that holds exactly `fields`.

    Raises:
        error: cut short or not JSON, another schema, a field missing or unknown.
    """
    try:
        data = json.loads(text)
    except TypeError as bad:
        raise error(f"{text!r:.60} is no text; pass what stands in the file, path.read_text()") from bad
    except (UnicodeDecodeError, RecursionError) as bad:
        raise error(f"not JSON that deft_lab wrote: {bad}") from bad
    except json.JSONDecodeError as bad:
        raise error(
            f"not valid JSON at character {bad.pos} of {len(text)} ({bad.msg}); "
            "the file may be cut short, fetch it again"
        ) from bad
    if not isinstance(data, dict):
        raise error(f"a JSON {type(data).__name__} where an object with schema {schema!r} is expected")
    if data.get("schema") != schema:
        raise error(
            f"schema {data.get('schema')!r} where {schema!r} is expected; "
            "write the file again with this version of deft_lab"
        )
    given = set(data) - {"schema"}
    if given != fields:
        missing, unknown = sorted(fields - given), sorted(given - fields)
        raise error(f"schema {schema!r}: fields missing: {missing or 'none'}, unknown: {unknown or 'none'}")
    return data


def from_json(text: str) -> "Tree":
    """The tree that `to_json` wrote."""
    from .core import Tree

    fields = {"parent", "length", "seat", "label", "next_label"}
    data = read_object(text, SCHEMA, fields, TreeError)
    if not isinstance(data["next_label"], int):
        raise TreeError(f"next_label is {data['next_label']!r}; it must be an integer")
    return Tree(data["parent"], data["length"], data["seat"], data["label"], next_label=data["next_label"])
