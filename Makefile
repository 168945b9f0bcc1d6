# Two commands do everything: `make chat` and `make test`.
PYTHON ?= python3
PORT   ?= 8501
# The chat of a checkout has an index of its own; override to use another.
INDEX  ?= .index
BIN    := .venv/bin
# A file of tests stays in one process, which has opened what it needs. Tests in browsers wait
# more than they compute: two cores have time for three processes.
PYTEST := $(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
PIP    := $(BIN)/pip install --quiet --no-compile --constraint .ci/constraints.txt

.PHONY: chat test test-slow test-crashes check format languages docs setup axe clean

chat: .venv/ready ## Set up, ingest the samples if the index is empty, open the chat.
	$(BIN)/rag-ui --index $(INDEX) --port $(PORT) --samples data/samples

test: .venv/dev .axe/axe.min.js ## Run the test suite.
	$(PYTEST)

test-slow: .venv/dev .axe/axe.min.js ## Run the slow suites too.
	$(PYTEST) -m "slow or not slow"

test-crashes: .venv/dev ## Kill 200 ingestions at random instants (ten minutes).
	$(BIN)/pytest -m slow tests/test_crashes.py

check: .venv/dev .axe/axe.min.js ## What CI runs: linter, format, types, tests.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST)

format: .venv/dev ## Put the code into the house format.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

languages: .venv/dev ## Put the pages' words into every ui/languages/*.po, to be translated.
	$(BIN)/pybabel --quiet extract --no-location --omit-header --sort-output --output .messages.pot ui
	for po in ui/languages/*.po; do \
		$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --omit-header \
			--input-file .messages.pot --locale "$$(basename $$po .po)" --output-file $$po; \
	done
	rm .messages.pot

docs: .venv/dev ## Build the documentation as a site, in .site.
	$(PIP) --editable '.[docs]'
	$(BIN)/mkdocs build --strict

setup: .venv/dev ## Only make the environment, with what tests need.

# torch first and alone: the constraints pin a build that needs no GPU libraries. Most of the
# files that come are never run; Python compiles the others when they are.
.venv/ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(PIP) torch
	$(PIP) --editable '.[train]'
	touch $@

.venv/dev: .venv/ready
	$(PIP) --editable '.[dev]'
	touch $@

# Without npm, or out of its reach, the tests of accessibility are skipped.
.axe/axe.min.js: tests/axe.py
	-$(PYTHON) -m tests.axe

axe: ## Fetch the checker of accessibility with npm.
	$(PYTHON) -m tests.axe

clean: ## Remove the environment and the checkout's index.
	rm -rf .venv .index .axe .site
