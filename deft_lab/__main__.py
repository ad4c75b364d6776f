"""`python -m deft_lab`."""

import sys

try:
    from .cli import main
except ImportError as missing:
    sys.exit(
        f"deft-lab: {missing}; this Python lacks the packages of deft-lab. In a checkout: make setup, then "
        ".venv/bin/python -m deft_lab ...; python -m deft_lab.doctor says more"
    )

main()
