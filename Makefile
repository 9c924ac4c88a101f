# Private Generations: one command each for running, testing and checking. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
PORT ?= 8080
DATA_DIR ?= ./.data
export PORT DATA_DIR
export UV_PYTHON_DOWNLOADS := never
# Set-up is made of file targets: each runs once, and again only when what it depends on changed.
UV := .tools/bin/uv
VENV := .venv
PROJECTS := libs/shared services/entitlement services/generation services/gallery services/download deploy/embedded
PACKAGES := $(notdir $(PROJECTS))
PYPROJECTS := pyproject.toml $(PROJECTS:%=%/pyproject.toml)
INSTALLED := $(VENV)/.installed
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--group dev $(PACKAGES:%=--no-emit-package private-generations-%) $(PYPROJECTS)

.PHONY: help run test check fmt bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## start the whole system on PORT (8080), data in DATA_DIR (./.data)
	@exec $(VENV)/bin/python -m embedded $(ARGS)

test: $(INSTALLED) ## run every test (ARGS="-k name" for some)
	@$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

check: $(INSTALLED) ## format, lint, types, import contracts, lock
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@cp requirements.lock .make/lock && $(COMPILE) -o .make/lock && diff -u requirements.lock .make/lock \
		|| { echo "requirements.lock is out of date: run 'make lock'"; exit 1; }

fmt: $(INSTALLED) ## format and mend what can be mended
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

bench: $(INSTALLED) ## print how fast it is, as ratios against peers in the same run
	@$(VENV)/bin/python -m bench $(ARGS)

lock: $(UV) ## compile requirements.lock anew (UPGRADE=1 moves pins)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements.lock

clean: ## remove what the set-up and the tests made (not DATA_DIR)
	@rm -rf $(VENV) .tools .make .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV):
	@mkdir -p .make
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed ($(PYTHON) is older); set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up: uv $(UV_VERSION)"
	@$(PYTHON) -m pip --version >/dev/null 2>&1 \
		|| { echo "pip is needed to set up (on Debian: apt install python3-pip)"; exit 1; }
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-warn-script-location --target .tools uv==$(UV_VERSION)

$(INSTALLED): requirements.lock $(PYPROJECTS) | $(UV)
	@echo "setting up: packages into $(VENV)"
	@test -x $(VENV)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	@$(UV) pip sync --quiet --compile-bytecode --python $(VENV)/bin/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(VENV)/bin/python --no-deps $(PROJECTS:%=--editable %)
	@touch $@
