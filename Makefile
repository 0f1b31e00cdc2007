# Everything one does with this repository. Needs Python >= 3.11, git and make; the rest is installed into .venv,
# from the locks with hashes, and again only when a lock or pyproject.toml changes.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
export PYTHON

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := .venv/.run
DEV := .venv/.dev

.PHONY: help demo test check format torture bench docs lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 16

demo: $(RUN) ## gateway and simulator on loopback, with sample calls; ARGS=--once ends by itself
	@$(BIN)/trigate demo $(ARGS)

test: $(DEV) ## the test suite; ARGS go to pytest
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: $(DEV) ## format, lint, types, architecture, docs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/architecture tests/docs

format: $(DEV) ## put the format right, and what the linter can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

torture: $(DEV) ## what is too long for CI; ARGS go to pytest
	$(BIN)/python -m pytest -m torture $(ARGS)

bench: $(DEV) ## cost per call against nginx; the last line is JSON; ARGS go to the bench
	@$(BIN)/python -m tests.bench.run $(ARGS)

docs: $(DEV) ## generate docs/reference from the configuration models
	$(BIN)/python scripts/docs

lock: $(DEV) ## pin again what pyproject.toml asks for; ARGS=--upgrade takes the newest
	scripts/lock $(ARGS)

clean: ## remove what was built: .venv, caches, dist
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	scripts/venv

# The package itself is installed in place, with the locked build backend: no isolated build that would fetch another.
define install
	@echo "installing $(1) into .venv"
	@$(PIP) install --require-hashes $(addprefix -r requirements/,$(1))
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
endef

$(RUN): requirements/run.lock requirements/build.lock pyproject.toml | $(BIN)/python
	$(call install,run.lock build.lock)

$(DEV): requirements/dev.lock pyproject.toml | $(BIN)/python
	$(call install,dev.lock)
