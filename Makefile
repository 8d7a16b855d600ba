# What a developer runs; the only things needed beforehand are Python 3.11 or later, make and git.
#
#   make demo      the demonstration shop on http://127.0.0.1:8000/   (PORT=8080 make demo: another port)
#   make quick     the tests that take a moment: no browser, models or worker processes   (ARGS="-k search": part of them)
#   make test      the whole test suite                               (ARGS="-k search": part of it)
#   make scripts   the script of the widgets, after a change in tools/widget_scripts (needs npm)
#   make coverage  the same, slower, and how much of xsearch it runs: the total and the lowest files
#   make check     the test suite, and all that CI checks beside it

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet -c constraints.txt

NPM := $(shell command -v npm 2>/dev/null)

.PHONY: help demo quick test coverage lint eslint scripts format types migrations wheel check clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.installed-demo
	@exec $(BIN)/python manage.py demo --follow-parent

quick: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m quick $(ARGS)

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(ARGS)

coverage: $(VENV)/.installed-test
	$(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage report --sort=cover | sed -n '1,22p;/^TOTAL/p'

lint: $(VENV)/.installed-test eslint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# One script from the modules in tools/widget_scripts: storages that hash file names do not rewrite imports.
SCRIPT := xsearch/static/xsearch/xsearch.js
BUNDLE = node_modules/.bin/esbuild tools/widget_scripts/xsearch.js --bundle --format=iife --target=es2022 --log-level=warning \
	--banner:js="/* Made by make scripts from tools/widget_scripts, SHA-256 $$(LC_ALL=C; cat tools/widget_scripts/*.js | sha256sum | cut -c1-64) */ 'use strict';"

scripts: node_modules/.installed
	$(BUNDLE) --outfile=$(SCRIPT)

ifdef NPM
eslint: node_modules/.installed
	node_modules/.bin/eslint tools/widget_scripts static
	@$(BUNDLE) | cmp - $(SCRIPT) || { echo "$(SCRIPT) is not made from tools/widget_scripts: run make scripts" >&2; exit 1; }
else
eslint:
	@echo "npm is not installed: ESLint does not check the widgets' scripts"
endif

node_modules/.installed: package.json
	@$(NPM) install --no-package-lock --no-audit --no-fund --silent
	@touch $@

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed-test
	$(BIN)/mypy

migrations: $(VENV)/.installed-test
	$(BIN)/python manage.py makemigrations --check --dry-run

# Into an empty virtual environment, as a shop would install it.
wheel: $(VENV)/.installed-test
	BASE_PYTHON=$(PYTHON) $(BIN)/python .ci/check_wheel.py

check: test lint types migrations wheel

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .nox node_modules

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "django-xsearch needs Python 3.11 or later: install it, or name it with PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Installed again only when what is to be installed has changed.
$(VENV)/.installed-demo: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the shop into $(VENV) …"
	@$(INSTALL) -e '.[demo]'
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing the shop, its tests and what they need into $(VENV) …"
	@$(INSTALL) -e '.[test]'
	@touch $@ $(VENV)/.installed-demo
