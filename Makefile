# The everyday verbs. `make` alone lists them.

PYTHON ?= python3
LAB_ARGS ?=
# more test processes than cores only make each other slow
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# models are never fetched; one thread per process, because the processes already share the cores
PYTEST := HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS)

.PHONY: help setup lab test test-long lint notebooks notebook-text docs widgets lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

setup: $(STAMP)  ## create or update the environment in .venv, with the versions of constraints.txt
	@echo "environment ready in $(VENV); '$(BIN)/deft-lab doctor' says what works on this machine"

$(STAMP): pyproject.toml setup.py constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) is not there; install Python 3.11 or newer, or name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old; name Python 3.11 or newer: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv; install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "creating $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing the pinned packages and deft-lab itself; the first time takes about two minutes"
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[decode,triton,dev]'
	@touch $@

lab: setup  ## open the first notebook in JupyterLab; LAB_ARGS="--no-browser --port=9000" and the like are passed on
	@# JupyterLab shows the stored pictures of a notebook only where it trusts it
	@$(BIN)/jupyter trust notebooks/*.ipynb >/dev/null
	$(BIN)/python -m jupyterlab --ServerApp.root_dir="$(CURDIR)" notebooks/01_tree_split.ipynb $(LAB_ARGS)

test: lint  ## check style and types, run every test and every notebook (JOBS=2 at a time)
	$(PYTEST) --nbmake --nbmake-timeout=300 -m "not long" tests $(wildcard notebooks/*.ipynb)

test-long: setup  ## run the tests that take minutes, and seek new examples for every property
	$(PYTEST) -m long tests
	$(PYTEST) --hypothesis-profile=explore -m "not long" tests

lint: setup  ## check style (ruff), types (mypy), and that the notebooks were built from their sources
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python tools/build_notebooks.py --check

notebooks: setup  ## run notebooks/src/*.py and write notebooks/*.ipynb with their outputs
	HF_HUB_OFFLINE=1 $(BIN)/python tools/build_notebooks.py

notebook-text: setup  ## the same without running: their text, and links to lines that have moved
	$(BIN)/python tools/build_notebooks.py --text

widgets:  ## build deft_lab/widgets/static from deft_lab/widgets/js (needs Node and npm)
	cd deft_lab/widgets/js && npm ci --silent --no-audit --no-fund && npm run --silent build

docs: setup  ## build the site of notebooks, glossary and API in build/docs/html; it needs no network to be read
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[docs]'
	HF_HUB_OFFLINE=1 $(BIN)/python tools/build_docs.py

lock:  ## write constraints.txt anew: newest versions, but torch and triton stay as they are
	@lock=$$(mktemp -d) && trap 'rm -rf "$$lock"' EXIT && $(PYTHON) -m venv $$lock/venv \
	&& grep -E '^(torch|triton)==' constraints.txt > $$lock/pins \
	&& $$lock/venv/bin/python -m pip install -qq -c $$lock/pins -e '.[decode,triton,dev,docs]' \
	&& $$lock/venv/bin/python -m pip freeze --exclude deft-lab \
	| sed -e 's/+cpu$$//' -e '/^nvidia-/d' -e '/^cuda-/d' > $$lock/constraints && mv $$lock/constraints constraints.txt

clean:  ## delete the environment, builds and caches
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
