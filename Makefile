# `make` prepares the environment in .venv; the targets below use it. Only Python 3.11 or newer is needed.
#   make demo [ARGS=--once]     a panel with sandbox providers, ready to try
#   make test [ARGS="-k word"]  every test, on real servers
#   make chaos [SEED=1 MINUTES=30] orders while everything breaks, bursts, and broken builds that must be found
#   make soak [MINUTES=12]      a panel under everyday trouble: what it stands still for, what grows, how it stops
#   make prove [SEED=1 ARGS="inputs 1000000"]  what the tests try by hundreds, by thousands or more
#                               the seed of all three is the day's where none is given, and is printed
#   make mutants [ARGS="pricing*"]  small faults in what counts money, and how many of them no test notices
#   make bench [ARGS="add"]     how fast it is, beside what this machine allows; the words choose rows
#   make check                  style and types
#   make lock [ARGS=--upgrade]  writes requirements.lock anew from pyproject.toml
#   make clean                  removes the environment and the tools' caches, never data/

PYTHON ?= python3
ARGS ?=
SEED ?= $(shell date -u +%Y%m%d)
MINUTES ?= 0

python := .venv/bin/python
ready := .venv/.ready

# The tests begin the program a thousand times: it is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: env demo test chaos soak prove mutants bench check lock clean

env: $(ready)

demo: $(ready)
	@$(python) -m aggregator demo $(ARGS)

test: $(ready)
	@$(python) -m pytest $(ARGS)

chaos: $(ready)
	@echo "make chaos SEED=$(SEED)"
	@$(python) -m tests.chaos --seed $(SEED) --minutes $(MINUTES) $(ARGS)
	@$(python) -m tests.chaos.recovery
	@$(python) -m tests.chaos.bursts
	@$(python) -m tests.chaos.mutations

soak: MINUTES := $(or $(filter-out 0,$(MINUTES)),1)
soak: $(ready)
	@echo "make soak SEED=$(SEED) MINUTES=$(MINUTES)"
	@$(python) -m tests.soak --seed $(SEED) --minutes $(MINUTES) $(ARGS)

prove: $(ready)
	@echo "make prove SEED=$(SEED)"
	@$(python) -m tests.proofs --seed $(SEED) $(ARGS)

mutants: $(ready)
	@.venv/bin/mutmut run $(ARGS)
	@.venv/bin/mutmut results

bench: $(ready)
	@$(python) -m tests.bench $(ARGS)

check: $(ready)
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) -m mypy

lock: $(ready)
	@$(python) -m uv pip compile --quiet --universal --generate-hashes --no-header --no-strip-extras --python-version 3.11 \
		--extra test --extra dev --output-file requirements.lock $(ARGS) pyproject.toml

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find aggregator providers pricing tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(ready): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer, and $(PYTHON) is not: name one, as in make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || { \
		echo "$(PYTHON) cannot make environments: on Debian and Ubuntu, install the package python3-venv" >&2; exit 1; }
	@echo "Preparing .venv (once, and again when requirements.lock or pyproject.toml changes)"
	@$(PYTHON) -m venv .venv || { echo "Making .venv failed: if another Python made it before, run make clean first" >&2; exit 1; }
	@.ci/install $(python) --require-hashes -r requirements.lock
	@.ci/install $(python) --no-deps --no-build-isolation --editable .
	@touch $@
