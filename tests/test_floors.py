"""Who may import whom: downwards only, and heavy libraries only where they belong."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import deft_lab

PACKAGE = Path(deft_lab.__file__).parent
FLOORS = (
    {"errors", "data"},
    {"tree", "geometry", "hardware", "trace", "workbook", "chance"},
    {"plan", "token_tree", "kernel_run", "_frame"},
    {"builders", "methods", "drafting"},
    {"cost", "attention", "verifying", "_slots"},
    {"kv", "kernels", "interpret", "counter", "stepping", "provenance"},
    {"ops"},
    {"decode", "speculative"},
    {"fetch", "viz", "widgets", "bench", "lessons", "doctor", "ahead"},
    {"cli", "cli_decode", "cli_cascade", "cli_speculate", "cli_view", "cli_options", "__init__", "__main__"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# the lowest floor that may import a library at all; below the tensors, those of LAZY only inside functions
LOWEST = {
    "torch": FLOOR_OF["kv"],
    "triton": FLOOR_OF["kernels"],
    "rich": FLOOR_OF["doctor"],
    "typer": FLOOR_OF["cli"],
}
LAZY = {
    "networkx",
    "pooch",
    "IPython",
    "ipywidgets",
    "plotly",
    "anywidget",
    "transformers",
    "rich",
    "torch",
    "triton",
}
# whoever opens a file of tensors has torch, and only its reader and writer ask for it
OPENS_TENSORS = {("growmap.py", "torch")}
# who may import whom on one floor
SAME_FLOOR = {
    ("data", "errors"), ("trace", "tree"), ("plan", "_frame"), ("counter", "interpret"), ("__main__", "cli"),
    ("cli", "cli_decode"), ("bench", "fetch"), ("speculative", "decode"), ("cli", "cli_cascade"),
    ("cli", "cli_speculate"), ("cli", "cli_view"), ("cli", "cli_options"), ("cli_decode", "cli_options"),
    ("cli_cascade", "cli_options"), ("cli_speculate", "cli_options"), ("cli_view", "cli_options"),
    ("stepping", "interpret"),
    ("bench", "viz"), ("doctor", "fetch"), ("widgets", "viz"), ("lessons", "viz"), ("lessons", "widgets"),
}  # fmt: skip
NOUNS_ONLY = {"viz": FLOOR_OF["attention"], "widgets": FLOOR_OF["attention"]}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """(dotted name, at module level) of every import; relative ones as deft_lab.room.module."""
    found = []
    tree = ast.parse(path.read_text())
    package = ["deft_lab", *path.relative_to(PACKAGE).parts[:-1]]
    inner = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    guards = [i for i in ast.walk(tree) if isinstance(i, ast.If) and "TYPE_CHECKING" in ast.dump(i.test)]
    typing_only = {id(n) for guard in guards for n in ast.walk(guard)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in inner) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found += [(f"{name}.{alias.name}", id(node) not in inner) for alias in node.names]
    return found


FILES = sorted(p for p in PACKAGE.rglob("*.py") if "_kernels" not in p.parts and "_data" not in p.parts)
every_file = pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))


@every_file
def test_every_room_has_a_floor(path):
    assert room_of(path) in FLOOR_OF, f"give {room_of(path)!r} a floor in this test and in the design"


@every_file
def test_imports_go_downwards(path):
    room = room_of(path)
    for name, _ in imports(path):
        if not name.startswith("deft_lab."):
            continue
        other = name.split(".")[1]
        if other not in FLOOR_OF or other == room:  # a name of deft_lab itself, or the room's own
            continue
        if (room, other) in SAME_FLOOR:
            continue
        assert FLOOR_OF[other] < FLOOR_OF[room], (
            f"{room} (floor {FLOOR_OF[room]}) imports {other} (floor {FLOOR_OF[other]})"
        )
        assert FLOOR_OF[other] <= NOUNS_ONLY.get(room, 99), (
            f"{room} imports {other}; a picture needs integers only"
        )


@every_file
def test_heavy_libraries_are_imported_where_they_belong(path):
    room = room_of(path)
    for name, at_module_level in imports(path):
        library = name.split(".")[0]
        if library in LOWEST and (path.name, library) not in OPENS_TENSORS:
            assert FLOOR_OF[room] >= LOWEST[library], f"{room} imports {library}"
        if library in LAZY and FLOOR_OF[room] < FLOOR_OF["kv"]:
            assert not at_module_level, (
                f"{path.name} imports {library} at its top; import it where it is used"
            )


def test_importing_deft_lab_is_light():
    code = (
        "import sys, deft_lab; heavy = "
        "{'torch', 'triton', 'plotly', 'transformers', 'networkx', 'IPython', 'ipywidgets',"
        " 'rich', 'typer', 'pooch'}; print(sorted(heavy & set(sys.modules)), len(deft_lab.__all__))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["[]", str(len(deft_lab.__all__))] and len(deft_lab.__all__) <= 15


def test_what_needs_torch_comes_when_it_is_used():
    assert deft_lab.Pool.__module__ == "deft_lab.kv"
    assert deft_lab.tree_attention.__module__ == "deft_lab.ops"
    assert set(deft_lab.__all__) <= set(dir(deft_lab))
    with pytest.raises(AttributeError, match="has no attribute 'Forest'; it has LLAMA3_8B, METHODS"):
        _ = deft_lab.Forest


def test_every_public_name_says_what_it_does():
    for name in deft_lab.__all__:
        thing = getattr(deft_lab, name)
        if callable(thing):
            assert thing.__doc__ and len(thing.__doc__) > 20, name


def test_no_word_is_used_for_two_things():
    """DESIGN's vocabulary: "block" alone names neither a chunk, nor a group, nor a page, nor a tile.

    In capitals, and with what it counts (BLOCK_M), it is the name of a constexpr that Triton's readers know.
    """
    for path in FILES:
        if FLOOR_OF[room_of(path)] <= FLOOR_OF["ops"]:
            words = re.findall(r"\b[Bb]locks?\b", path.read_text())
            if room_of(path) == "ops":
                words += re.findall(r"\b_?block_\w+", path.read_text())
            assert not words, f"{path.relative_to(PACKAGE)} says {words[0]!r}; say chunk, group, page or tile"
