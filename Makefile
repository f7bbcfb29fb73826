PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
N ?= 1000

.PHONY: help setup demo test test-slow test-all mutation simulate bench bench-judge bench-quick catalogues screenshots lint format clean

help:  ## Show these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(READY): pyproject.toml hatch_build.py assets/package-lock.json
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

setup: $(READY)  ## Make .venv with everything in it

demo: $(READY)  ## Watch a bad release taken back and a good one released (DEMO_ARGS="--fast")
	@$(BIN)/gonogo demo $(DEMO_ARGS)

test: $(READY)  ## Run the tests
	@$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

test-slow: $(READY)  ## Run the slow tests alone
	@$(BIN)/python -m pytest -n auto -m slow $(PYTEST_ARGS)

test-all: $(READY)  ## Run the slow tests too
	@$(BIN)/python -m pytest -n auto -m 'slow or not slow' $(PYTEST_ARGS)

mutation: $(READY)  ## Change the gates in small ways and see that tests notice (tests/gates/MUTATION.md)
	@nice -n 10 $(BIN)/mutmut run --max-children 2 $(MUTANTS)
	@$(BIN)/mutmut results

BENCH := PYTHONPATH=src $(BIN)/python -m

bench: $(READY)  ## Measure every claim (25 minutes, on a quiet machine; bench/README.md)
	@$(BENCH) bench.footprint
	@$(BENCH) bench.decision
	@$(BENCH) bench.zero_loss
	@$(BENCH) bench.crash
	@$(BENCH) bench.harm
	@$(BENCH) bench.patch_guard --runs 9
	@$(BENCH) bench.junit
	@$(BENCH) bench.costs
	@$(BENCH) bench.api
	@$(BENCH) bench.push
	@$(BENCH) bench.board
	@$(BENCH) bench.simulation
	@$(BENCH) bench.flood
	@$(BENCH) bench.rollouts

JUDGE := PYTHONPATH=src $(BIN)/python bench

bench-judge: $(READY)  ## Measure the judge alone and draw its plots (two hours of one core)
	@set -e; for one in outage low_traffic clearing peers limit floor false_alarms past bursts cost releases plots; \
	  do echo "judge: $$one"; $(JUDGE)/judge_$$one.py; done

bench-quick: $(READY)  ## The same with few runs, into build/bench
	@$(BENCH) bench.footprint --demos 0 --helps 5 --idle 5 --out build/bench/footprint.json
	@$(BENCH) bench.decision --runs 5 --out build/bench/decision.json
	@$(BENCH) bench.zero_loss --cycles 1 --out build/bench/zero_loss.json
	@$(BENCH) bench.crash --runs 4 --out build/bench/crash.json
	@$(BENCH) bench.harm --runs 2 --out build/bench/harm.json
	@$(JUDGE)/judge_low_traffic.py --releases 100 --out build/bench/judge_low_traffic.json
	@$(JUDGE)/judge_bursts.py --releases 8 --stops 3 --out build/bench/judge_bursts.json
	@$(JUDGE)/judge_releases.py --releases 500 --requests 3000 --out build/bench/judge_releases.json
	@$(BENCH) bench.api --seconds 10 --history 100 --out build/bench/api.json

simulate: $(READY)  ## Releases with crashes in virtual time (N=1000, FIRST=0; or SEED=7 TRACE=1 to replay one)
	@PYTHONPATH=src:. $(BIN)/python -m tests.simulation $(N) $(if $(FIRST),--first $(FIRST)) $(if $(SEED),--seed $(SEED)) $(if $(TRACE),--trace)

LOCALE := src/gonogo/language/locale
catalogues: $(READY)  ## Bring the catalogues of words up to date with what pages say
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F $(LOCALE)/babel.cfg --no-default-keywords -k t -k n:1,2 -k p:1c,2 \
	  -k form -k counted:1,2 -k named:1c,2 --no-location --sort-output -o build/gonogo.pot src/gonogo/web/desk src/gonogo/language
	@for each in fa ru; do $(BIN)/pybabel -q update -i build/gonogo.pot -o $(LOCALE)/$$each.po -l $$each \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 100; \
	  sed -i -E '/^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By): /d' \
	  $(LOCALE)/$$each.po; done

screenshots: $(READY)  ## Pictures of every page in three languages and two widths, into build/screenshots
	@PYTHONPATH=src:. $(BIN)/python -m tests.browser.screenshots $(SCREENSHOTS)

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
