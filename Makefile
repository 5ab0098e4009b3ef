# Motcua. `make` alone prints what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
INSTALL := $(PIP) install --no-input --require-hashes --requirement
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal
UNREACHABLE := echo "The Python packages could not be installed (see above): check the network connection or the proxy settings, then run make again." >&2; exit 1
CODE := schemas kernel services deploy bench

.DEFAULT_GOAL := help
.PHONY: help setup demo up doctor test check fix bench screenshots lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## Make the virtual environment with the command .venv/bin/motcua

demo: $(READY) ## Set up what is missing, then run a province that lives
	@$(BIN)/motcua demo

up: $(READY) ## Set up what is missing, then run the services without demo data
	@$(BIN)/motcua up

doctor: $(READY) ## Check this machine for what Motcua needs
	@$(BIN)/motcua doctor

# Four share two cores: a third of the time a test waits. What was compiled is kept, for many processes start.
test: $(READY_DEV) ## Set up what is missing, then run all tests against real Kafka and PostgreSQL
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 4 $(ARGS)

check: $(READY_DEV) ## Style, types, import laws, dead code and unused dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/deptry .

fix: $(READY_DEV) ## Put right what the style checks can put right by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY_DEV) ## Measure, and print the ratios against their bars
	@$(BIN)/motcua bench $(ARGS)

screenshots: $(READY_DEV) ## Take the README's pictures of a running demo
	@$(BIN)/python tests/screenshots.py

lock: $(READY_DEV) ## Pin the newest versions that fit, with their hashes
	$(PIP) install uv
	$(COMPILE) --upgrade requirements.in -o requirements.txt
	$(COMPILE) --upgrade requirements-dev.in -o requirements-dev.txt

clean: ## Stop what runs and delete all data, caches and the virtual environment
	@if test -x $(BIN)/motcua; then for state in .state/*/secrets; do test ! -d $$state || $(BIN)/motcua remove --yes --state $${state%/secrets}; done; fi
	rm -rf $(VENV) .state .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
	find $(CODE) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# An old Python is told in one sentence, before anything is made with it.
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Motcua needs Python 3.11 or newer, and $(PYTHON) is `$(PYTHON) --version 2>&1`: install a newer one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Making the virtual environment (once) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing: install it (on Debian: apt install python3-venv), then run make again." >&2; exit 1; }

$(READY): requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Motcua runs on (once) ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(INSTALL) requirements.txt || { $(UNREACHABLE); }
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(READY_DEV): requirements-dev.txt $(READY)
	@echo "Installing what the tests need (once) ..."
	@$(INSTALL) requirements-dev.txt || { $(UNREACHABLE); }
	@touch $@
