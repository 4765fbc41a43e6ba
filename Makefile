# Every target sets up what it needs; set-up is skipped when nothing changed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
BROWSER := $(VENV)/.browser
DEBIAN := $(VENV)/.debian
TESTS ?= tests
PYTEST_ARGS ?=

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Gatehouse needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Hashes cover every wheel; the project itself is installed from this folder, without an isolated
# build, so that nothing unpinned is fetched.
$(RUNTIME): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up $(VENV) (runtime)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python tools/link_project.py
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Setting up $(VENV) (tests and checks)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(BROWSER): tools/setup_browser.sh | $(DEV)
	@bash tools/setup_browser.sh $(BIN)/python
	@touch $@

$(DEBIAN): tools/setup_debian.sh | $(DEV)
	@bash tools/setup_debian.sh
	@touch $@

.PHONY: setup
setup: $(RUNTIME) ## Make .venv with the command .venv/bin/gatehouse

.PHONY: demo
demo: $(RUNTIME) ## Audit an invented town, keep its book, play a day on a node that then runs (SERVE=0: not); EXPORT=path OWNER="…" to audit yours
	@$(BIN)/python tools/demo.py $(if $(EXPORT),--export "$(EXPORT)") $(if $(OWNER),--owner "$(OWNER)") $(if $(SERVE),--serve "$(SERVE)")

.PHONY: test
test: $(DEV) $(BROWSER) $(DEBIAN) ## Run every test
	$(BIN)/python -m pytest -n 3 --dist worksteal $(PYTEST_ARGS) $(TESTS)

.PHONY: check
check: $(DEV) ## Lint, formatting, types, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(DEV) ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: law-pages
law-pages: $(RUNTIME) ## Seal the rulebook with its hash and write docs/law from it
	$(BIN)/python tools/law_pages.py

.PHONY: screenshots
screenshots: $(DEV) $(BROWSER) ## Play the demo and take pictures of the portal's pages into docs/img
	$(BIN)/gatehouse demo -o out/screenshots
	$(BIN)/python -m tools.screenshots out/screenshots/portal

.PHONY: bench-audit
bench-audit: $(DEV) ## Compare the audit with pandas and with bare Polars (ROWS=12000000)
	$(BIN)/python bench/audit.py $(if $(ROWS),--rows $(ROWS))

.PHONY: bench-start
bench-start: $(DEV) ## Time how long commands take until they answer
	$(BIN)/python bench/start.py

.PHONY: bench-law
bench-law: $(DEV) ## Time decisions for 1, 100 and 5,000 owners against a plain loop
	$(BIN)/python bench/law.py

.PHONY: bench-ledger
bench-ledger: $(DEV) ## Time the ledger against a bare SQLite insert and pymerkle (ENTRIES=1000000)
	$(BIN)/python bench/ledger.py $(if $(ENTRIES),--entries $(ENTRIES))

.PHONY: bench-reads
bench-reads: $(DEV) $(DEBIAN) ## Time the read store against bare inserts and lookups in the same database (ROWS=20000000)
	$(BIN)/python -m bench.reads $(if $(ROWS),--rows $(ROWS))

.PHONY: bench-node
bench-node: $(DEV) $(DEBIAN) ## Time reads in through HTTP and searches of 5,000 owners against the bare database (ROWS=20000000 STORE=sqlite)
	$(BIN)/python -m bench.node $(if $(ROWS),--rows $(ROWS)) $(if $(STORE),--store $(STORE))

.PHONY: bench-recognition
bench-recognition: $(DEV) ## Time and score reading plates beside fast-alpr, where the reference pictures are
	$(BIN)/python -m bench.recognition

.PHONY: bench-video
bench-video: $(DEV) ## Time and score reading a rendered clip of traffic, and show where the time goes (SEED=1)
	$(BIN)/python -m bench.video $(if $(SEED),--seed $(SEED))

.PHONY: bench-portal
bench-portal: $(DEV) ## Time the public portal with a long record (SEARCHES=250000)
	$(BIN)/python -m bench.portal $(if $(SEARCHES),--searches $(SEARCHES))

.PHONY: bench-hotlist
bench-hotlist: $(DEV) ## Time matching against 100,000 hotlist entries, hits, and lists taken in (ENTRIES=100000)
	$(BIN)/python -m bench.hotlist $(if $(ENTRIES),--entries $(ENTRIES))

TRAINING := training/.venv

$(TRAINING)/.ready: requirements-training.txt
	$(PYTHON) -m venv $(TRAINING)
	@$(TRAINING)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-training.txt
	@touch $@

.PHONY: train
train: $(TRAINING)/.ready ## Train the own character reader on rendered plates, or go on (MINUTES=240 THREADS=1)
	@bash training/fonts.sh
	@test -e training/out/plates-0.txt || $(TRAINING)/bin/python -m training.ocr cache --plates 30000
	$(TRAINING)/bin/python -m training.ocr train --minutes $(or $(MINUTES),240) --threads $(or $(THREADS),1)
	$(TRAINING)/bin/python -m training.export --out training/out/characters.onnx

.PHONY: train-detector
train-detector: $(TRAINING)/.ready ## Train the own plate detector on rendered scenes, or go on (MINUTES=240 THREADS=1)
	@bash training/fonts.sh
	@test -n "$$(ls training/out/plates-*.txt 2>/dev/null)" || $(TRAINING)/bin/python -m training.ocr cache --plates 30000
	$(TRAINING)/bin/python -m training.detector --minutes $(or $(MINUTES),240) --threads $(or $(THREADS),1)
	$(TRAINING)/bin/python -m training.export_detector --out training/out/plates.onnx

.PHONY: lock
lock: ## Pin every dependency anew, with hashes (needs uv)
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock pyproject.toml --group dev --group bench -o requirements-dev.lock

.PHONY: clean
clean: ## Remove .venv and everything made
	rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/data bench/out
