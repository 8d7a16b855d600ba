# What a developer runs; the only things needed beforehand are Python 3.11 or later, make and git.
#
#   make demo    the demonstration shop on http://127.0.0.1:8000/   (PORT=8080 make demo: another port)
#   make test    the whole test suite                               (ARGS="-k search": part of it)
#   make check   the test suite, and all that CI checks beside it

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet -c constraints.txt

.PHONY: help demo test lint format types migrations wheel check clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.installed-demo
	@exec $(BIN)/python manage.py demo --follow-parent

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

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
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

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
