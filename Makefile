# Every target sets up what it needs; the second time that is quick.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --upgrade
DATA ?= ../shared/data/online_retail_ii

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(STAMP) ## virtual environment with the locked dependencies

$(STAMP): requirements-dev.txt requirements-uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "vitrine needs Python 3.11 or newer; $(PYTHON) is older. Install python3.11 or run: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No venv module: run 'apt-get install python3-venv python3-dev gcc' and try again."; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## the whole road on the simulated shop, ends by itself
	$(BIN)/vitrine demo --once

serve: $(STAMP) ## the demo shop, kept up on port 3000
	$(BIN)/vitrine demo

test: $(STAMP) ## the tests
	$(BIN)/python -m pytest

check: $(STAMP) ## format, lint, types, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

bench: bench-simulate bench-ingest bench-picks bench-filters bench-serve bench-freshness bench-memory ## every claim's benchmark, one after the other

# As the command has it: LightGBM's waiting threads leave the cores to others.
bench-ranker bench-train: export OMP_WAIT_POLICY := PASSIVE

bench-%: $(STAMP)
	$(BIN)/python -m benchmarks.$* --data $(DATA)

lock: $(STAMP) ## make the requirements*.txt from pyproject.toml
	for group in serving training dev; do $(LOCK) pyproject.toml --group $$group -o requirements-$$group.txt; done
	echo 'uv==0.13.9' | $(LOCK) - -o requirements-uv.txt

clean: ## remove what the targets made
	rm -rf $(VENV) shop .pytest_cache .mypy_cache .ruff_cache
