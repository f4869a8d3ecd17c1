# Two commands are enough: `make demo` and `make test`. Each installs what it needs into .venv.
.PHONY: demo test test-peers docs lint bench clean help

PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
BENCH := .venv-bench

help:
	@echo "make demo   train a small CNN on real digits, and draw its computation graph"
	@echo "make test   run the whole test suite"
	@echo "make test-peers  compare with PyTorch, in an environment of its own"
	@echo "make docs   write the pages that are made from the docstrings"
	@echo "make lint   check style and types"
	@echo "make bench  time training and inference beside PyTorch (installs it into $(BENCH))"

# `--without-pip` and `pip --python` also work where the system's Python lacks ensurepip (Debian).
$(BIN)/python $(BENCH)/bin/python $(PEERS)/bin/python: %/bin/python:
	$(PYTHON) -m venv --without-pip $*
	$(PYTHON) -m pip --python $@ install --quiet --disable-pip-version-check pip

$(VENV)/.extras-%: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary --editable ".[$*]"
	@touch $@

$(BENCH)/.extras-bench: $(BENCH)/bin/python pyproject.toml
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --prefer-binary --editable ".[bench]"
	@touch $@

# Their matrices are small: a second BLAS thread brings little, and where other programs want the core
# it spins waiting for it, which made the demo take ten times as long. What you set yourself counts.
demo test test-peers: export OPENBLAS_NUM_THREADS ?= 1

demo: $(VENV)/.extras-examples
	$(BIN)/python examples/digits.py

# Two processes, which take tests from each other when one has none left: half the time on two cores.
test: $(VENV)/.extras-examples $(VENV)/.extras-test
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

$(PEERS)/.extras-peers: $(PEERS)/bin/python pyproject.toml
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --prefer-binary \
		--editable ".[test,safetensors,peers]"
	@touch $@

# In an environment of its own, like the benchmarks: nothing else of the project needs PyTorch.
test-peers: $(PEERS)/.extras-peers
	$(PEERS)/bin/python -m pytest tests/peers

docs: $(VENV)/.extras-examples
	$(BIN)/python docs/make_operations.py
	$(BIN)/python docs/make_gallery.py

lint: $(VENV)/.extras-examples $(VENV)/.extras-test $(VENV)/.extras-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The comparison needs PyTorch, which is large: an environment of its own keeps it out of the others.
# `make bench ARGS="--quick"` hands over options.
bench: $(BENCH)/.extras-bench
	$(BENCH)/bin/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) $(BENCH) $(PEERS) build dist runs *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
