# Two commands: `make run` and `make test`. `make help` lists the rest.
# The environment is made once, and again only when a lock has changed.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
NODE_STAMP := reports/assets/node_modules/.package-lock.json
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test check assets bench bench-scale campaign clean

help: ## lists these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-11s %s\n", $$1, $$2}'

run: $(VENV)/run.stamp ## sets up, makes the demo data, runs everything, prints where the report is
	@$(BIN)/till run

test: $(VENV)/test.stamp ## sets up the test extras and runs every test
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(VENV)/test.stamp ## what CI checks besides the tests: lint, types, SQL, secrets, drift of generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/yamllint --strict .
	@$(BIN)/till generate --check
	@$(BIN)/till check
	@$(BIN)/sqlfluff lint models tests/data analyses
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --exclude-files '\.lock$$|package-lock\.json$$'
	@if [ -f $(NODE_STAMP) ]; then node reports/assets/build.mjs --check; fi

assets: $(NODE_STAMP) ## builds what Node can make of the pages' assets: a small Plotly, the style; optional
	@node reports/assets/build.mjs

# npm checks every package against the lock's checksums. Not `npm ci`: that wants the packages of every
# platform in the lock, also those that a registry does not have.
$(NODE_STAMP): reports/assets/package-lock.json
	@command -v npm >/dev/null || { echo "make assets needs Node 20 with npm; reports work without it."; exit 1; }
	@npm install --prefix reports/assets --no-save --silent
	@touch $@

bench: $(VENV)/test.stamp ## measures; takes minutes, wants a quiet machine
	@$(BIN)/python docs/benchmarks/bench.py

bench-scale: $(VENV)/test.stamp ## measures 1, 10 and 80 million lines in 8 GB; wants 30 GB of disk and hours; SCALE='--lines 1000000' for less
	@$(BIN)/python docs/benchmarks/bench_scale.py $(SCALE)

campaign: $(VENV)/test.stamp ## kills ingests at many more seeded moments than `make test` does, and tries many more CSV files
	@TILL_CAMPAIGN_SEEDS=400 $(BIN)/python -m pytest tests/pipeline/test_ingest_kill_campaign.py
	@TILL_CAMPAIGN_CSV_SEEDS=5000 $(BIN)/python -m pytest tests/pipeline/test_ingest_csv_campaign.py

clean: ## removes what was made: lake, site, demo data, dbt's target (not the environment)
	rm -rf lake site demo target logs

# pip checks every hash; --no-deps because the lock is complete (docs/decisions/0003-pinned-lock.md).
define install
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) from $(1) ..."
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement $(1)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
endef

$(VENV)/run.stamp: requirements.lock pyproject.toml
	$(call install,requirements.lock)

$(VENV)/test.stamp: requirements-test.lock pyproject.toml
	$(call install,requirements-test.lock)
	@touch $(VENV)/run.stamp
