# The two commands of the README: `make demo` and `make test`. Each sets everything up.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check browser quick model docs notebooks wheel hard audit bench clean

.venv/ready: pyproject.toml constraints.txt hatch_build.py rejectnlp/scoring/kernel.c
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: .venv/ready  ## tag the example accounts: on screen and into a file
	$(BIN)/rejectnlp predict data/examples/accounts.csv --out demo-output.csv --force
	@echo
	$(BIN)/rejectnlp predict data/examples/accounts.csv --format csv 2>/dev/null | cut -d, -f1,2
	@echo
	$(BIN)/rejectnlp explain "Good chat with the team lead, then HR rang: they are going with an internal candidate. To be fair I also got nervous and rambled through the last part."

test: check wheel docs  ## everything the CI runs

check: .venv/ready  ## format, lint, types, layers, tests with docstring examples
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n 2
	$(BIN)/rejectnlp data check

browser:  ## install what the page's tests in a real browser need, where it is missing
	command -v chromium >/dev/null || apt-get install -y -q chromium
	npm install --no-save --no-package-lock --ignore-scripts axe-core

quick: .venv/ready  ## the tests that take less than half a second each
	$(BIN)/pytest -n 2 -m "not slow"

model: .venv/ready  ## rebuild the default model from data/, score it, write the documents' figures
	$(BIN)/rejectnlp train --out models/default --force
	$(BIN)/rejectnlp evaluate --model models/default --record
	$(BIN)/python .ci/figures
	$(BIN)/python .ci/examples --write
	$(BIN)/python .ci/notebooks --write

.venv/ready-docs: .venv/ready
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[docs]'
	touch $@

docs: .venv/ready-docs  ## build the documentation; a warning or a dead link is an error
	$(BIN)/python .ci/docs

notebooks: .venv/ready  ## run all notebooks, two of which the tests run too
	$(BIN)/python .ci/notebooks

wheel: .venv/ready  ## build wheel and sdist, install each alone elsewhere, and run it once
	.ci/wheel

GIGABYTES ?= 10
RUNS ?= 1000000
SECONDS_EACH ?= 0

hard: .venv/ready  ## the long checks, hours: sanitizer, versions, properties, fuzzing, size, kills
	.ci/sanitize
	$(PYTHON) .ci/versions
	REJECTNLP_HARD=1 $(BIN)/pytest -n 2 tests/test_borders.py tests/test_privacy.py \
		tests/test_hostile_models.py tests/test_hostile_tables.py tests/test_page_attacks.py
	.ci/fuzz $(RUNS) $(SECONDS_EACH)
	$(BIN)/python .ci/size $(GIGABYTES)
	$(BIN)/python .ci/faults

audit: .venv/ready  ## licences, and known vulnerabilities where their database can be reached
	.ci/audit

.venv-bench/ready: pyproject.toml constraints.txt hatch_build.py rejectnlp/scoring/kernel.c
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt \
		-e . matplotlib fasttext-wheel vowpalwabbit spacy
	touch $@

bench: .venv-bench/ready  ## speed beside named peers, cost of the commands; tables and plots
	.venv-bench/bin/python benchmarks/speed.py --accounts 2000 --plot benchmarks/speed.svg
	.venv-bench/bin/python benchmarks/commands.py --train --plot benchmarks/commands.svg

clean:
	rm -rf .venv .venv-bench build dist docs/_build docs/_made .pytest_cache .mypy_cache .ruff_cache .hypothesis demo-output.csv
