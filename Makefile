# `make` alone lists what there is to do. Everything runs in .venv, made from requirements/ only.

PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK_VENV := $(VENV)-lock
ORACLES := tests/oracles/node_modules/.package-lock.json
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
COMPILE := $(LOCK_VENV)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra web --extra notify

.DEFAULT_GOAL := help
.PHONY: help install oracles demo test campaign migrate-campaign workers laws desk-life lint types bench docs format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## make .venv from the locked requirements (the other targets do it by themselves)

oracles: $(ORACLES) ## install Atlassian's own code, which texts are tested against (needs Node and npm)

demo: $(STAMP) ## a morning at a support desk against three sandbox servers (ONCE=1: check it and end)
	$(BIN)/deskbridge demo $(if $(ONCE),--once)

test: lint types ## everything that CI runs: lint, types and all tests (ARGS="-k word" chooses)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

campaign: $(STAMP) ## people, faults and kills by chance, then a judge (SEEDS=n FIRST_SEED=m ACTS=n JOBS=n WORKERS=n PLANTED=name|all TAPE=file)
	@$(BIN)/python -m tests.campaign --seeds $(or $(SEEDS),20) --first $(or $(FIRST_SEED),1) \
		$(if $(PLANTED),--planted $(PLANTED)) $(if $(ACTS),--acts $(ACTS)) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(TAPE),--tape $(TAPE)) $(if $(filter command,$(origin WORKERS)),--workers $(WORKERS))

migrate-campaign: $(STAMP) ## a past moves to Jira, killed at random and compared by hash (TICKETS=n KILLS=k SEED=s PROCESSES=p KEEP=file)
	@$(BIN)/python -m tests.migrate_campaign --tickets $(or $(TICKETS),2000) --kills $(or $(KILLS),20) --seed $(or $(SEED),1) --processes $(or $(PROCESSES),2) $(if $(KEEP),--keep $(KEEP))

workers: $(STAMP) ## four workers on one PostgreSQL: one quota, one order, and one that sleeps and wakes up (two minutes)
	FOUR_WORKERS=1 $(BIN)/python -m pytest -q -n 0 tests/sync/test_four_workers.py

laws: $(STAMP) ## the laws of texts on many texts by chance (EXAMPLES=n, 2000), seldom the same ones
	EXAMPLES=$(or $(EXAMPLES),2000) $(BIN)/python -m pytest -n $(WORKERS) --timeout 3600 tests/mappings/test_markup_laws.py tests/mappings/test_hostile.py $(ARGS)

desk-life: $(STAMP) ## a quarter of a desk's life before three tools, against a counter of minutes (SEED=n PLANTED=name|all)
	$(if $(PLANTED),DESK_LIFE_PLANTED=$(PLANTED)) DESK_LIFE=$(or $(SEED),7) \
		$(BIN)/python -m pytest -q -s -n 0 tests/sync/test_desk_life.py tests/desk_life -k "minutes_say or mistake or quarter"

lint: $(STAMP) ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## mypy --strict
	$(BIN)/mypy

bench: $(STAMP) ## every benchmark, then one table of all figures (ARGS=name chooses; QUICK=1: small sizes; JSON=file; PAGE=docs/performance.md)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(JSON),--json $(JSON)) \
		$(if $(PAGE),--markdown $(PAGE)) $(ARGS)

docs: $(STAMP) ## write docs/cli.md from the commands, then check all pages
	$(BIN)/python -m tests.cli_page
	$(BIN)/python -m pytest -q tests/test_docs.py

format: $(STAMP) ## let ruff format the code and fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## resolve the dependencies anew into requirements/ (UPGRADE=1: to the newest)
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip --disable-pip-version-check --quiet install 'uv>=0.9'
	$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/run.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group dev -c requirements/run.txt -o requirements/dev.txt
	$(COMPILE) --extra postgres --group build -c requirements/dev.txt -o requirements/image.txt
	rm -rf $(LOCK_VENV)

clean: ## remove .venv, caches and built files
	rm -rf $(VENV) $(LOCK_VENV) tests/oracles/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "deskbridge needs Python 3.11 or newer: make install PYTHON=python3.11")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo 'Python cannot make virtual environments here: apt-get install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(ORACLES): tests/oracles/package-lock.json
	@cd tests/oracles && npm ci --omit=dev --ignore-scripts --silent
	@touch $@
