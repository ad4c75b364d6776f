"""`python -m deft_lab`."""

from .cli import main

main()
