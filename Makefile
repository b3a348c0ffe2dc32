# The two commands: `make demo` and `make test`. Everything is installed below .venv/, all state is below .local/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

AIRFLOW_VERSION := 3.3.2
# MWAA's newest Airflow; the DAG's own tests and the connection to Snowflake run on both. Its environment has what MWAA's image pins.
MWAA_AIRFLOW_VERSION := 3.2.1
# Versions that a bundle can be made for; deploy/mwaa/constraints-*.txt has the pins of each. The tests simulate MWAA with each.
MWAA_VERSIONS := 3.2.1 3.3.1

UV := .venv/uv/bin/uv
AIRFLOW_ENV := .venv/airflow-$(AIRFLOW_VERSION)
MWAA_ENV := .venv/airflow-$(MWAA_AIRFLOW_VERSION)
RUN := PYTHONPATH=$(CURDIR) $(AIRFLOW_ENV)/bin/python
# 3.12 is the reference, then 3.13 and 3.11. pyenv's shims answer only for its active version, so its folders are tried too.
PYTHON ?= $(shell for p in python3.12 $(wildcard $(HOME)/.pyenv/versions/3.12.*/bin/python3.12) python3.13 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && { echo $$p; break; }; done)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# completejourney (real), synthetic (with known truth, of any size), or own: what the exported TIDEMARK_* and the configuration
# folder say. Each keeps its state in a folder of its own. AS_OF=2026-05-01,2026-06-01 names the months of own data.
DATASET ?= completejourney
USERS ?= 20000
AS_OF ?=
# Importing Airflow makes its home; without this it would be ~/airflow.
LOCAL_AIRFLOW := AIRFLOW_HOME="$${AIRFLOW_HOME:-$(CURDIR)/.local/airflow_shell}" $(RUN) -m include.tidemark.demo

.PHONY: demo
demo: setup ## Set up, run four months, print the segments and where the report is (DATASET=synthetic USERS=20000; DATASET=own AS_OF=...)
	@$(LOCAL_AIRFLOW) run --dataset $(DATASET) --users $(USERS) --as-of "$(AS_OF)"

.PHONY: up
up: setup ## Start Airflow on this machine and print its address (DATASET as for demo)
	@$(LOCAL_AIRFLOW) up --dataset $(DATASET) --users $(USERS)

.PHONY: status
status: ## What consumers see, the last run, that Airflow's health, the next run, storage (DATASET as for demo)
	@$(LOCAL_AIRFLOW) status --dataset $(DATASET) --users $(USERS)

.PHONY: down
down: ## Stop that Airflow wholly, whatever its data set
	@if [ -x $(AIRFLOW_ENV)/bin/python ]; then $(RUN) -m include.tidemark.demo down; fi

.PHONY: test
test: setup test-setup $(if $(LINT),lint-setup) ## Install what the tests need and run all of them (LINT=1: `make lint` beside them)
	@RUN="$(RUN)" MWAA_RUN="PYTHONPATH=$(CURDIR) $(MWAA_ENV)/bin/python" LINT="$(LINT)" bash tests/run_all.sh

.PHONY: fast
fast: setup $(AIRFLOW_ENV)/.dev ## Run the tests that start no process and run no month: two minutes
	@$(RUN) -m pytest -m fast

.PHONY: lint-setup
lint-setup: setup $(AIRFLOW_ENV)/.dev .venv/lint/.done .venv/audit/.done .venv/docs/.done

.PHONY: lint
lint: lint-setup ## ruff, mypy (strict on include/tidemark), sqlfluff with the dbt templater, codespell, the site with its links and formulas
	$(AIRFLOW_ENV)/bin/ruff check .
	$(AIRFLOW_ENV)/bin/ruff format --check .
	PYTHONPATH=$(CURDIR) $(AIRFLOW_ENV)/bin/mypy
	cd dbt && DBT_TARGET_PATH=$(CURDIR)/.local/lint TIDEMARK_DUCKDB_PATH=:memory: DBT_SEND_ANONYMOUS_USAGE_STATS=false ../.venv/lint/bin/sqlfluff lint models tests --disable-progress-bar
	git ls-files -z | xargs -0 .venv/audit/bin/codespell
	$(MAKE) site

.PHONY: audit
audit: .venv/audit/.done ## Ask PyPI for known weaknesses of everything that is locked (needs pypi.org)
	@.venv/audit/bin/python deploy/audit.py .venv/audit/bin/pip-audit

.PHONY: sbom
sbom: .venv/audit/.done ## Write CycloneDX bills of materials of the image and of MWAA's bundle to dist/sbom
	@mkdir -p dist/sbom; for name in airflow-$(AIRFLOW_VERSION) $(MWAA_VERSIONS:%=airflow-%) dbt; do \
		.venv/audit/bin/cyclonedx-py requirements --output-reproducible --of JSON -o dist/sbom/$$name.json deploy/locks/$$name.txt; \
	done

.PHONY: site
site: $(AIRFLOW_ENV)/.done .venv/docs/.done manifest ## Make the documentation site in dist/site
	@$(RUN) deploy/site/pages.py .local/site
	@mkdir -p .local/lineage && cp dbt/target/manifest.json .local/lineage
	@cd dbt && DBT_TARGET_PATH=$(CURDIR)/.local/lineage DBT_LOG_PATH=$(CURDIR)/.local/lineage TIDEMARK_DUCKDB_PATH=:memory: DBT_SEND_ANONYMOUS_USAGE_STATS=false \
		../.venv/dbt/bin/dbt --quiet docs generate --static --empty-catalog --no-compile --profiles-dir .
	@cp .local/lineage/static_index.html .local/site/lineage.html
	@NO_MKDOCS_2_WARNING=1 .venv/docs/bin/mkdocs build --quiet

.PHONY: bench
bench: setup test-setup ## Run the benchmarks; each prints ratios from one run
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(RUN) $$file; done

.PHONY: segments
segments: $(AIRFLOW_ENV)/.done ## Make the dbt macros of the segmentations in dbt/segmentations/ anew
	@$(RUN) -m include.tidemark.segmentations.dbt_macros

.PHONY: schemas
schemas: $(AIRFLOW_ENV)/.done ## Make the JSON Schemas of the configuration folder anew from its typed models
	@$(RUN) -m include.tidemark.config.schemas

# Which of MWAA_VERSIONS; a file of NAME=value lines for its containers (nothing secret) may be named with SETTINGS.
FOR_AIRFLOW ?= $(MWAA_AIRFLOW_VERSION)
SETTINGS ?=

.PHONY: mwaa
mwaa: $(AIRFLOW_ENV)/.done manifest ## Write the MWAA bundle to dist/mwaa (FOR_AIRFLOW=3.3.1: another version; SETTINGS=file: variables)
	@$(AIRFLOW_ENV)/bin/python deploy/mwaa/make_bundle.py --airflow $(FOR_AIRFLOW) $(if $(SETTINGS),--settings $(SETTINGS))

.PHONY: locks
locks: $(UV) ## Compile the lock files anew, each by the command in its head
	@for lock in deploy/locks/*.txt; do command=$$(sed -n '2s/^#  *uv //p' $$lock); echo "uv $$command"; $(UV) $$command --quiet --upgrade; done

.PHONY: clean
clean: down ## Remove the local state (warehouse, artifacts, Airflow's home)
	rm -rf .local dbt/target dbt/logs dist

.PHONY: distclean
distclean: clean ## Remove the environments, too
	rm -rf .venv

# --- set-up -----------------------------------------------------------------------------------------------------------

.PHONY: setup
setup: $(AIRFLOW_ENV)/.done .venv/dbt/.done $(if $(filter own,$(DATASET)),,.venv/demo-data/.done) manifest

.PHONY: test-setup
test-setup: $(AIRFLOW_ENV)/.dev $(MWAA_ENV)/.dev $(MWAA_VERSIONS:%=.venv/airflow-%/.done) .venv/fakesnow/.done .venv/moto/.done parts

.PHONY: parts
parts:
	@$(MAKE) .venv/parts/.done || { rm -rf .venv/parts; echo "tests/parts will be skipped: PostgreSQL or Redis can't be had here." >&2; }

.PHONY: manifest
manifest: dbt/target/manifest.json ## Make the dbt manifest that the DAG is rendered from
	@rm -f dbt/target/partial_parse.msgpack # a dbt command from a shell leaves one, and Cosmos must never find it

dbt/target/manifest.json: .venv/dbt/.done $(shell find dbt -not -path 'dbt/target*' -not -path 'dbt/logs*' -type f)
	@mkdir -p .local
	@cd dbt && DBT_SEND_ANONYMOUS_USAGE_STATS=false ../.venv/dbt/bin/dbt --quiet parse --no-partial-parse --profiles-dir .
	@rm -f dbt/target/partial_parse.msgpack
	@touch $@

$(UV):
	@if [ -z "$(PYTHON)" ]; then echo "No Python 3.11, 3.12 or 3.13 was found; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@echo "Setting up with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv/uv
	@.venv/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/locks/uv.txt

# $(1): environment, $(2): lock file. The interpreter is that of uv's own environment. Bytecode is made here, once: without it
# Airflow takes twice as long to start where Python may not write it later.
define install
	@echo "Installing $(1) from $(2) ..."
	@rm -rf $(1) && $(UV) venv --quiet --python .venv/uv/bin/python $(1)
	@VIRTUAL_ENV=$(1) $(UV) pip install --quiet --compile-bytecode --require-hashes -r $(2)
	@touch $@
endef

.venv/airflow-%/.done: deploy/locks/airflow-%.txt | $(UV)
	$(call install,$(@D),$<)

.venv/airflow-%/.dev: deploy/locks/dev-%.txt .venv/airflow-%/.done
	@echo "Installing test tools from $< ..."
	@VIRTUAL_ENV=$(@D) $(UV) pip install --quiet --compile-bytecode --require-hashes -r $<
	@touch $@

.venv/dbt/.done: deploy/locks/dbt.txt | $(UV)
	$(call install,$(@D),$<)

.venv/fakesnow/.done: deploy/locks/fakesnow.txt | $(UV)
	$(call install,$(@D),$<)

.venv/moto/.done: deploy/locks/moto.txt | $(UV)
	$(call install,$(@D),$<)

.venv/parts/.done: deploy/locks/parts.txt | $(UV)
	$(call install,$(@D),$<)

.venv/lint/.done: deploy/locks/lint.txt | $(UV)
	$(call install,$(@D),$<)

.venv/docs/.done: deploy/locks/docs.txt | $(UV)
	$(call install,$(@D),$<)

.venv/audit/.done: deploy/locks/audit.txt | $(UV)
	$(call install,$(@D),$<)

.venv/demo-data/.done: deploy/locks/demo-data.txt | $(UV)
	@rm -rf $(@D) && $(UV) pip install --quiet --python .venv/uv/bin/python --no-deps --require-hashes --target $(@D) -r $<
	@touch $@

.PRECIOUS: .venv/airflow-%/.done .venv/airflow-%/.dev
