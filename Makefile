# Two commands are enough: `make demo` and `make test`. Each installs what it needs into .venv.
.PHONY: demo test lint bench clean help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

help:
	@echo "make demo   train a small CNN on real digits, and draw its computation graph"
	@echo "make test   run the whole test suite"
	@echo "make lint   check style and types"
	@echo "make bench  time this machine"

# `--without-pip` and `pip --python` also work where the system's Python lacks ensurepip (Debian).
$(BIN)/python:
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check pip

$(VENV)/.extras-%: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary --editable ".[$*]"
	@touch $@

demo: $(VENV)/.extras-examples
	$(BIN)/python examples/digits.py

test: $(VENV)/.extras-examples $(VENV)/.extras-test
	$(BIN)/python -m pytest

lint: $(VENV)/.extras-examples $(VENV)/.extras-test $(VENV)/.extras-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.extras-examples
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist runs *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
