# make demo | test | test-all | lint | format | bench | docs | clean
# PYTHON=... chooses the interpreter (3.11 or newer) that .venv is made with, the first time.

VENV := .venv
BIN := $(VENV)/bin
SET_UP := tools/set_up.sh
PYTEST_ARGS ?= -n auto

.PHONY: help demo test test-all lint format bench docs clean
.NOTPARALLEL:

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo      set up, run a parameter sweep in ./whence-demo, draw its figures, lead one back to its runs
demo: $(VENV)/.with-nothing
	@$(BIN)/whence demo whence-demo

## make test      set up and run the tests
test: $(VENV)/.with-test
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

## make test-all  the tests marked slow as well
test-all: $(VENV)/.with-test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

## make lint      style, types, the floors of the house, sizes
lint: $(VENV)/.with-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/size.py

## make format    rewrite the sources as `make lint` wants them
format: $(VENV)/.with-lint
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

## make bench     the benchmarks, each beside its floor
bench: $(VENV)/.with-test
	$(BIN)/python benchmarks/run.py

## make docs      the documentation, in docs/_build/html
docs: $(VENV)/.with-docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

## make clean     remove what make made
clean:
	rm -rf $(VENV) docs/_build docs/api/generated build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# What is installed follows pyproject.toml and constraints.txt; once set up, nothing here needs a network.
$(VENV)/.with-%: pyproject.toml constraints.txt $(SET_UP)
	@PYTHON="$(PYTHON)" bash $(SET_UP) $(VENV) $*
	@touch $@
