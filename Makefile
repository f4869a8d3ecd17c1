# Two commands are enough: `make demo` and `make test`. Each installs what it needs into .venv.
.PHONY: demo test test-slow test-compiled test-lowest test-peers test-onnx test-gpu coverage docs site site-live docs-serve lint changelog bench clean help

PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
LOWEST := .venv-lowest
BIN := $(VENV)/bin
BENCH := .venv-bench

help:
	@echo "make demo   train a small CNN on real digits, and draw its computation graph"
	@echo "make test   run the test suite"
	@echo "make test-slow  run its slow tests: examples, fresh compilers, benchmarks"
	@echo "make test-compiled  the tests of make test with the compiled kernels and twice the examples"
	@echo "make test-lowest  the tests of make test with the lowest declared version of every dependency"
	@echo "make test-peers  compare with PyTorch, in an environment of its own"
	@echo "make test-onnx  ONNX's own backend suite"
	@echo "make test-gpu  the same operations, layers and trainings on a GPU, by CuPy; writes gpu-report.xml"
	@echo "make coverage  what the runs with MEASURE=yes have not executed"
	@echo "make docs   write the pages and pictures that are made from code, and build the site"
	@echo "make site   build the site alone, in docs/_build/html"
	@echo "make site-live  let pages of the built site run Python, which needs npm"
	@echo "make docs-serve  show the built site at http://localhost:8000"
	@echo "make lint   check style and types"
	@echo "make bench  time training and inference beside PyTorch (installs it into $(BENCH))"

# `--without-pip` and `pip --python` also work where the system's Python lacks ensurepip (Debian).
$(BIN)/python $(BENCH)/bin/python $(PEERS)/bin/python $(LOWEST)/bin/python: %/bin/python:
	$(PYTHON) -m venv --without-pip $*
	$(PYTHON) -m pip --python $@ install --quiet --disable-pip-version-check pip

$(VENV)/.extras-%: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary --editable ".[$*]"
	@touch $@

$(BENCH)/.extras-bench: $(BENCH)/bin/python pyproject.toml
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --prefer-binary --editable ".[bench]"
	@touch $@

# Tests start hundreds of programs. Where this is set, each of them would compile all sources anew.
export PYTHONDONTWRITEBYTECODE :=

# Their matrices are small: a second BLAS thread brings little, and where other programs want the core
# it spins waiting for it, which made the demo take ten times as long. What you set yourself counts.
demo test test-slow test-compiled test-lowest test-peers test-onnx: export OPENBLAS_NUM_THREADS ?= 1

# `make test-peers MEASURE=yes` adds the lines that a run executes to .coverage, which `make coverage` shows.
ifdef MEASURE
COUNTED := --cov=tinygrad_cnn --cov=viz --cov-append --cov-report=
endif

demo: $(VENV)/.extras-examples
	$(BIN)/python examples/digits.py

# Two processes, which take tests from each other when one has none left: half the time on two cores.
test: $(VENV)/.extras-examples $(VENV)/.extras-test
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not slow"

# What takes seconds a test: examples run as their user runs them, kernels compiled for other processors;
# and five times as many examples of each property of each op.
test-slow: $(VENV)/.extras-examples $(VENV)/.extras-test
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m slow tests docs/testing.md $(COUNTED)
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal tests/test_every_op.py --grad-examples=50

test-compiled: $(VENV)/.extras-examples $(VENV)/.extras-test
	TINYGRAD_CNN_KERNELS=fast $(BIN)/python -m pytest --numprocesses 2 --dist worksteal -m "not slow" \
		--hypothesis-profile thorough $(COUNTED)

# uv resolves every direct dependency to the lowest version that pyproject.toml declares. It trusts the
# certificates of the system as pip does, so that it works where a proxy has its own.
$(LOWEST)/.extras-lowest: export UV_SYSTEM_CERTS = true
$(LOWEST)/.extras-lowest: $(LOWEST)/bin/python pyproject.toml
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		--editable ".[examples,test]"
	@touch $@

test-lowest: $(LOWEST)/.extras-lowest
	$(LOWEST)/bin/python -m pytest --numprocesses 2 --dist worksteal -m "not slow"

$(PEERS)/.extras-peers: $(PEERS)/bin/python pyproject.toml
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --prefer-binary \
		--editable ".[test,safetensors,data,images,peers,bench-peers]"
	@touch $@

# It needs CuPy, NumPy, pytest and hypothesis where PYTHON finds them, nothing else, and no network.
test-gpu:
	$(PYTHON) -m pytest tests/devices --device cuda -m "not slow" -p no:cacheprovider --junit-xml gpu-report.xml

# In an environment of its own, like the benchmarks: nothing else of the project needs PyTorch.
test-peers: $(PEERS)/.extras-peers
	$(PEERS)/bin/python -m pytest tests/peers tests/testing/test_frameworks.py $(COUNTED)

test-onnx: $(VENV)/.extras-examples $(VENV)/.extras-test
	$(BIN)/python -m pytest --numprocesses 2 tests/onnx_backend $(COUNTED)

# Python's lines and branches; what Numba compiles runs outside, where no tracer sees it.
coverage: $(VENV)/.extras-test
	$(BIN)/python -m coverage report --skip-covered

docs: $(VENV)/.extras-examples $(VENV)/.extras-docs
	$(BIN)/python docs/make_counts.py
	$(BIN)/python docs/make_errors.py
	$(BIN)/python docs/make_notebooks.py
	$(BIN)/python docs/make_ledger.py
	$(BIN)/python docs/make_gallery.py
	$(BIN)/python docs/make_programs.py
	$(MAKE) site

# A folder of static files, docs/_build/html, which works offline. A warning is an error.
site: $(VENV)/.extras-examples $(VENV)/.extras-test $(VENV)/.extras-docs
	$(BIN)/python docs/make_operations.py
	$(BIN)/python docs/make_errors.py --all-messages
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	$(BIN)/python docs/check_site.py

# 160 MB from packages, beside the site: Python in the browser. Needs npm.
site-live: $(VENV)/.extras-live
	$(BIN)/python docs/make_live.py

docs-serve:
	$(BIN)/python -m http.server --bind localhost --directory docs/_build/html 8000

lint: $(VENV)/.extras-examples $(VENV)/.extras-test $(VENV)/.extras-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses 0 tests/typing

# `make changelog VERSION=0.2.0`: gathers the fragments in changelog.d/ into CHANGELOG.md.
changelog: $(VENV)/.extras-lint
	$(BIN)/towncrier build --yes --version $(VERSION)

# The comparison needs PyTorch, which is large: an environment of its own keeps it out of the others.
# `make bench ARGS="--quick"` hands over options.
bench: $(BENCH)/.extras-bench
	$(BENCH)/bin/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) $(BENCH) $(PEERS) $(LOWEST) build dist runs *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache .coverage* htmlcov
