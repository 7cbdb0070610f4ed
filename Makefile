# Two commands: `make run` for a shop, `make test` for the proof that it works. Each does its own set-up.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PORT
export MALLOC_ARENA_MAX ?= 1
# What is compiled is kept, whatever the machine says: else each worker compiles the shop anew, and holds a megabyte more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint fmt bench demo browser drill prove fuzz texts languages

run: .venv/shop
	@$(BIN)/flask ready && exec $(BIN)/gunicorn

demo: .venv/shop
	$(BIN)/flask db upgrade && $(BIN)/flask demo

test: .venv/tests browser
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadgroup $(ARGS)

drill: .venv/tests
	PYTHONPATH=. $(BIN)/python tests/drill_stories.py

lint: .venv/tests
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

fmt: .venv/tests
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

fuzz: .venv/tests
	FUZZ_SECONDS=$${FUZZ_SECONDS:-60} $(BIN)/python -m pytest -q --db=sqlite tests/test_fuzz.py $(ARGS)

prove: .venv/shop
	$(BIN)/flask prove $(ARGS)

bench: .venv/tests
	$(BIN)/python -m bench $(ARGS)

texts: .venv/tests
	PYTHONPATH=. $(BIN)/pybabel -q extract -F pyproject.toml -k _l --no-location -o storefront/translations/messages.pot .
	$(BIN)/pybabel -q update -i storefront/translations/messages.pot -d storefront/translations --no-fuzzy-matching --ignore-obsolete --no-wrap

languages: .venv/tests
	$(BIN)/pybabel -q compile -d storefront/translations

browser: .venv/tests
	@$(BIN)/python tests/browser.py

# The environment: made once, and filled again only when the pinned versions change.

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The shop needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/shop: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/tests: requirements-dev.txt .venv/shop
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
