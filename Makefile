# maitred. `make run` serves the starter rules; `make test` passes every test.
# Both make the environment they need in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RULES  ?= rules/starter
LISTEN ?= 127.0.0.1:50051

.DEFAULT_GOAL := help
.PHONY: help run test lint format stubs demo pizza-day bench torture clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@sh tools/make_venv.sh $(PYTHON) $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@ $(VENV)/.run

$(VENV)/.pizza: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[pizza]'
	@touch $@ $(VENV)/.run $(VENV)/.demo

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.run $(VENV)/.demo $(VENV)/.pizza

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	@touch $@ $(VENV)/.run $(VENV)/.demo $(VENV)/.pizza $(VENV)/.dev

run: $(VENV)/.run  ## serve rules/starter on SQLite at 127.0.0.1:50051
	$(BIN)/maitred serve --rules $(RULES) --listen $(LISTEN)

test: $(VENV)/.dev  ## all tests, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev  ## ruff, mypy, import contracts, stub drift, lengths
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/stubs.py --check
	$(BIN)/python tools/lengths.py

format: $(VENV)/.dev  ## rewrite the code in house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

stubs: $(VENV)/.dev  ## generate the protobuf stubs from protos/
	$(BIN)/python tools/stubs.py

demo: $(VENV)/.demo  ## a year of real checkouts through the service
	$(BIN)/python -m tools.demo

pizza-day: $(VENV)/.pizza  ## a free pizza for everybody, under three rulesets; draws docs/pizza-day.png
	$(BIN)/python -m tools.pizza_day $(ARGS)

bench: $(VENV)/.bench  ## the budgets, as ratios in one run
	$(BIN)/python -m benchmarks $(ARGS)

torture: $(VENV)/.dev  ## long runs that kill and race the service
	$(BIN)/python -m pytest -m torture --override-ini timeout=7200 $(ARGS)

clean:  ## remove what was built; databases stay
	rm -rf $(VENV) build dist var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
