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
PROJECTS := libs/shared services/entitlement services/generation services/gallery services/download deploy/embedded deploy/provisioning
PACKAGES := $(notdir $(PROJECTS))
PYPROJECTS := pyproject.toml $(PROJECTS:%=%/pyproject.toml)
INSTALLED := $(VENV)/.installed
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--group dev $(PACKAGES:%=--no-emit-package private-generations-%) $(PYPROJECTS)
# What images need of the lock, by name: all of them what `shared` needs, and each its own on top.
IMAGES := shared entitlement generation gallery download provisioning
NEEDS = $(UV) pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	--constraint requirements.lock $(PACKAGES:%=--no-emit-package private-generations-%) \
	libs/shared/pyproject.toml $(filter %/$(1),$(PROJECTS))/pyproject.toml | sed 's/[=; ].*//' \
	$(if $(filter-out shared,$(1)),| { grep -vxFf deploy/images/requirements/shared.txt || true; })

# The page: Node comes with the packages of the set-up, so none is needed on the machine.
WEB := services/web
NODE_MODULES := $(WEB)/node_modules/.installed
PAGE := $(WEB)/dist/index.html
PAGE_SOURCES := $(shell find $(WEB)/src $(WEB)/public -type f) $(addprefix $(WEB)/,index.html vite.config.ts tsconfig.json)
NPM := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --prefix $(WEB) --loglevel=error
SERVICES := entitlement generation gallery download

SECRETS ?= ./secrets
UP_WITHIN_S ?= 180
COMPOSE = docker compose $(COMPOSE_ARGS)

.PHONY: help run test check fmt bench browser chaos lock clean page types images up down logs ps scale jobs roll secrets e2e

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## start the whole system on PORT (8080), data in DATA_DIR (./.data)
	@$(MAKE) --no-print-directory page || echo "the page can't be built now (see above): going on without it"
	@exec $(VENV)/bin/python -m embedded $(ARGS)

page: $(PAGE) ## build the page (`make run` and `make test` do)

test: $(INSTALLED) $(PAGE) ## run every test (ARGS="-k name" for some)
	@# A browser takes a core for itself: beside it the tests of time-outs would be tests of the machine.
	@$(if $(ARGS),:,$(VENV)/bin/python -m pytest tests/browser)
	@$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile --ignore tests/browser $(ARGS)

check: $(INSTALLED) $(NODE_MODULES) ## format, lint, types, import contracts, lock, the page's types
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(NPM) run --silent check
	@$(MAKE) --no-print-directory types TYPES=.make/types && diff -ru $(WEB)/src/api/types .make/types \
		|| { echo "the page's types differ from the services' OpenAPI: run 'make types'"; exit 1; }
	@cp requirements.lock .make/lock && $(COMPILE) -o .make/lock && diff -u requirements.lock .make/lock \
		|| { echo "requirements.lock is out of date: run 'make lock'"; exit 1; }
	@$(foreach image,$(IMAGES),$(call NEEDS,$(image)) | diff -u deploy/images/requirements/$(image).txt - \
		|| { echo "deploy/images/requirements is out of date: run 'make lock'"; exit 1; };)

fmt: $(INSTALLED) $(NODE_MODULES) ## format and mend what can be mended
	@$(NPM) run --silent fmt
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

TYPES := $(WEB)/src/api/types
types: $(INSTALLED) $(NODE_MODULES) ## make the page's types from the services' OpenAPI
	@$(VENV)/bin/python -m embedded.openapi .make/openapi
	@mkdir -p $(TYPES)
	@for service in $(SERVICES); do \
		$(NPM) exec --offline -- openapi-typescript .make/openapi/$$service.json -o $(TYPES)/$$service.d.ts >.make/types.log 2>&1 \
			|| { cat .make/types.log; exit 1; }; \
	done

bench: $(INSTALLED) ## print how fast it is, as ratios against peers in the same run
	@$(VENV)/bin/python -m bench $(ARGS)

images: ## build an image for each service, the page and the gateway
	@$(COMPOSE) build $(ARGS)

up: secrets ## start the whole system in containers, and wait until it is healthy
	@$(COMPOSE) up --detach --wait --wait-timeout $(UP_WITHIN_S) $(ARGS)

down: ## end the containers; data stays unless VOLUMES=1
	@$(COMPOSE) --profile "*" down $(if $(VOLUMES),--volumes) $(ARGS)

logs: ## follow the containers' logs (s=gallery for one service)
	@$(COMPOSE) logs --follow --tail 100 $(s)

ps: ## show the containers
	@$(COMPOSE) ps $(ARGS)

scale: ## run n replicas of service s: make scale s=download n=3
	@test -n "$(s)" -a -n "$(n)" || { echo "usage: make scale s=download n=3"; exit 1; }
	@$(COMPOSE) up --detach --wait --no-deps --no-recreate --scale $(s)=$(n) $(s)

jobs: secrets ## repeat the set-up jobs: topics, users, rights, buckets, indexes
	@for job in kafka-setup mongo-setup s3-setup entitlement-setup generation-setup gallery-setup; do \
		$(COMPOSE) run --rm --no-deps $$job || exit 1; \
	done

roll: ## replace every replica by a new one, without a gap (s=gallery for one service)
	@COMPOSE="$(COMPOSE)" bash deploy/roll.sh $(or $(s),entitlement generation generation-worker gallery download web)

secrets: .env ## make development secrets that aren't there yet (p=gallery: that principal's anew)
	@PYTHONPATH=deploy/provisioning/src $(PYTHON) -m provisioning.development_secrets $(SECRETS) $(p)

e2e: $(INSTALLED) ## run the black-box suite and the container tests on containers (needs Docker)
	@CONTAINERS=1 $(VENV)/bin/python -m pytest tests/e2e tests/containers $(ARGS)

.env:
	@cp .env.example .env

browser: $(INSTALLED) $(PAGE) ## walk through the page in Chromium (needs one; PLAYWRIGHT_CHROMIUM=path names it)
	@$(VENV)/bin/python -m pytest tests/browser $(ARGS)

chaos: $(INSTALLED) ## break things for a while and look for leaks (ARGS="--seconds 900 --seed 1")
	@MODEL_EXAMPLES=500 $(VENV)/bin/python -m pytest --quiet tests/chaos/model
	@$(VENV)/bin/python -m tests.chaos $(ARGS)

lock: $(UV) ## compile requirements.lock anew (UPGRADE=1 moves pins)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements.lock
	@$(foreach image,$(IMAGES),$(call NEEDS,$(image)) >deploy/images/requirements/$(image).txt;)

clean: ## remove what the set-up and the tests made (not DATA_DIR)
	@rm -rf $(VENV) .tools .make $(WEB)/node_modules $(WEB)/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
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

$(NODE_MODULES): $(WEB)/package.json $(WEB)/package-lock.json $(WEB)/.npmrc | $(INSTALLED)
	@echo "setting up: the page's packages into $(WEB)/node_modules"
	@mkdir -p .make
	@$(NPM) ci --ignore-scripts >.make/npm.log 2>&1 || { cat .make/npm.log; exit 1; }
	@touch $@

$(PAGE): $(NODE_MODULES) $(PAGE_SOURCES)
	@echo "setting up: the page into $(WEB)/dist (built again only when its sources change)"
	@$(NPM) run --silent build >.make/page.log 2>&1 || { cat .make/page.log; exit 1; }
	@touch $@
