# Everything a person or CI runs.  `make help` lists it.  Each target does its own set-up first; the second time that takes
# no more than a look at some time stamps.
SHELL   := /bin/bash
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
SECONDS ?= 30
export PATH := $(CURDIR)/$(BIN):$(PATH)

NATIVE  := $(shell find native -type f) $(shell find native daemon -type d -not -name __pycache__)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench fuzz format clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 10

setup: $(VENV)/built ## install what is missing, build, make the virtual environment

demo: setup ## paper exchange and appliance trade for 30 s: the main job (SECONDS=10, ARGS="--itch FILE --speed 10")
	@$(BIN)/tickwire demo --seconds $(SECONDS) $(ARGS)

test: setup ## every test that this machine can run; those that it cannot are skipped by name
	@$(BIN)/pytest $(ARGS)

check: setup ## lint, format, types, layers; under a minute
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@git ls-files 'native/*.[ch]' 'tests/*.[ch]' | xargs $(BIN)/clang-format --dry-run -Werror
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q tests/tidy

bench: $(VENV)/bench-built ## every figure we hold ourselves to, against its reference in the same run; JSON in bench-results/
	@$(BIN)/python tests/bench/run.py $(ARGS)

fuzz: setup ## fuzz every decoder for SECONDS each (short version: in make test)
	@$(BIN)/python tests/fuzz/run.py --seconds $(SECONDS)

format: setup ## format Python and C in place
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .
	@git ls-files 'native/*.[ch]' 'tests/*.[ch]' | xargs $(BIN)/clang-format -i

clean: ## remove everything that was built
	rm -rf build $(VENV) bench-results .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/ready: pyproject.toml .ci/setup
	@.ci/setup $(PYTHON) $(VENV)
	@touch $@

$(VENV)/built: $(VENV)/ready $(NATIVE)
	@echo "building the native code"
	@$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/bench-built: $(VENV)/built
	@echo "installing the references to measure against"
	@$(BIN)/python .ci/requirements bench | xargs -r $(BIN)/pip install -q --disable-pip-version-check
	@touch $@
