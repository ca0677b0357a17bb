# Waymark: `make run` serves the catalogue, `make test` tests it.

PYTHON ?= python3
BIN := .venv/bin
# In a process of its own: its driver was seen to wait for ever in one that had run others.
BROWSER := tests/live/test_browser.py

.PHONY: run test test-postgresql test-failover check fuzz soak bench clean

run: .venv/run
	@$(BIN)/python -m api migrate
	@$(BIN)/python -m api load-catalogue
	@$(BIN)/python -m api load-sample
	@exec $(BIN)/gunicorn -c gunicorn.conf.py

test: .venv/dev
	$(BIN)/python -m pytest $(BROWSER)
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore=$(BROWSER) --cov --cov-fail-under=99

test-postgresql: .venv/dev
	$(BIN)/python -m pytest -n auto --dist loadfile --postgresql tests/nouns tests/contract tests/unit

test-failover: .venv/dev
	$(BIN)/python -m pytest -s tests/live/failover_quorum.py tests/live/failover_patroni.py

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=.:client $(BIN)/lint-imports

fuzz: .venv/dev
	$(BIN)/python -m pytest tests/live/fuzz_schemathesis.py

soak: .venv/dev
	$(BIN)/python -m pytest -s tests/live/soak_mixed_load.py

bench: .venv/dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv var

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Waymark needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make run PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run: requirements.lock .venv/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock .venv/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@ .venv/run
