# maitred. `make run` serves the starter rules; `make test` passes every test.
# Both make the environment they need in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RULES  ?= rules/starter
LISTEN ?= 127.0.0.1:50051
# Tests run in as many processes as there are cores, a file in one of them. JOBS=0: in one, as a debugger needs.
JOBS   ?= auto
PYTEST  = python -m pytest --numprocesses $(JOBS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run test test-latest test-lowest test-compiled lint format lock wheel wheels stubs demo pizza-day guide-picture bench search torture clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@sh tools/make_venv.sh $(PYTHON) $(VENV)

# Each lock holds the ones above it.
$(VENV)/.run: locks/run.txt pyproject.toml | $(BIN)/python
	@sh tools/install.sh $(VENV) $<
	@touch $@

$(VENV)/.demo: locks/demo.txt pyproject.toml | $(BIN)/python
	@sh tools/install.sh $(VENV) $<
	@touch $@ $(VENV)/.run

$(VENV)/.dev: locks/dev.txt pyproject.toml | $(BIN)/python
	@sh tools/install.sh $(VENV) $<
	@touch $@ $(VENV)/.run $(VENV)/.demo

run: $(VENV)/.run  ## serve rules/starter on SQLite at 127.0.0.1:50051
	$(BIN)/maitred serve --rules $(RULES) --listen $(LISTEN)

test: $(VENV)/.dev  ## all tests, on SQLite and on a real PostgreSQL
	$(BIN)/$(PYTEST) $(ARGS)

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

pizza-day: $(VENV)/.demo  ## a free pizza for everybody, under three rulesets; draws docs/pizza-day.png
	$(BIN)/python -m tools.pizza_day $(ARGS)

guide-picture: $(VENV)/.dev  ## draw the screen of `maitred guide`, docs/guide.svg
	$(BIN)/python -m tools.guide_picture

bench: $(VENV)/.dev  ## the budgets, as ratios in one run
	$(BIN)/python -m benchmarks $(ARGS)

search: $(VENV)/.dev  ## the property tests with inputs that no run has drawn before
	MAITRED_HYPOTHESIS_PROFILE=search $(BIN)/$(PYTEST) -m "hypothesis and not torture" $(ARGS)

torture: $(VENV)/.dev  ## long runs that kill and race the service
	$(BIN)/python -m pytest -m torture --override-ini timeout=7200 $(ARGS)

lock:  ## renew locks/ with the newest versions allowed; needs uv
	sh tools/lock.sh

test-latest:  ## all tests with the newest versions allowed, in an environment of their own
	@sh tools/make_venv.sh $(PYTHON) .venv-latest
	@sh tools/install.sh .venv-latest latest
	.venv-latest/bin/$(PYTEST) $(ARGS)

test-lowest:  ## all tests with the lowest versions allowed, in an environment of their own
	@sh tools/make_venv.sh $(PYTHON) .venv-lowest
	@sh tools/install.sh .venv-lowest locks/lowest.txt
	.venv-lowest/bin/$(PYTEST) $(ARGS)

test-compiled:  ## all tests on a compiled core, in an environment of its own
	@sh tools/make_venv.sh $(PYTHON) .venv-compiled
	@sh tools/install.sh .venv-compiled locks/dev.txt
	@sh tools/wheel.sh .venv-compiled .venv-compiled/wheel
	@.venv-compiled/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --force-reinstall .venv-compiled/wheel/*.whl
	MAITRED_TEST_CORE=compiled .venv-compiled/bin/$(PYTEST) $(ARGS)

wheel: $(VENV)/.dev  ## a wheel of maitred whose core is compiled, in dist/: decides faster, takes minutes to build
	@sh tools/wheel.sh $(VENV) dist

wheels: $(VENV)/.run  ## wheels of maitred and of all it needs, in dist/: an image installs them without a compiler
	@sh tools/wheels.sh $(VENV)

clean:  ## remove what was built; databases stay
	rm -rf $(VENV) .venv-latest .venv-lowest .venv-compiled build dist var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
