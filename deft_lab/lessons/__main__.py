"""python -m deft_lab.lessons [01 02.3 ...]: check the solutions and the wrong answers of every exercise."""

import sys

from .exercises import EXERCISES
from .report import row_of, table


def main(prefixes: list[str]) -> int:
    """Print the table of the exercises whose keys begin so; 1 if one of them is not good."""
    chosen = [found for key, found in EXERCISES.items() if not prefixes or key.startswith(tuple(prefixes))]
    rows = [row_of(found) for found in chosen]
    print(table(rows))
    return 0 if rows and all(row.is_good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
