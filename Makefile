PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint format clean

help:  ## Show these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(READY): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

setup: $(READY)  ## Make .venv with everything in it

demo: $(READY)  ## Watch a bad release taken back and a good one released (DEMO_ARGS="--fast")
	@$(BIN)/gonogo demo $(DEMO_ARGS)

test: $(READY)  ## Run the tests
	@$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

test-all: $(READY)  ## Run the slow tests too
	@$(BIN)/python -m pytest -n auto -m 'slow or not slow' $(PYTEST_ARGS)

lint: $(READY)  ## Check style, types and the walls of the house
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PYTHONPATH=src $(BIN)/lint-imports --no-cache

format: $(READY)  ## Put the code in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:  ## Remove the environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
