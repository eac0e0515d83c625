# Each target makes its own .venv from nothing; PYTHON chooses the interpreter (3.11, 3.12 or 3.13).
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
APPROVE ?= browser
PYTEST ?= $(BIN)/python -m pytest
export AIRFLOW__CORE__LOAD_EXAMPLES = False

.PHONY: install check test test-core test-long demo clean bench-import bench-utility bench-mask bench-detect bench-purge recognizers report-detection train-names

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	touch $@

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What CI runs: everything but the tests marked long.
test: install
	$(PYTEST) -n 2 --dist loadgroup -m "not long"

# The tests that need no running Airflow; for the other Python versions.
test-core: install
	$(PYTEST) -n 2 -m "not long and not airflow"

test-long: install
	$(PYTEST) -n 2 --dist loadgroup

demo: install
	$(BIN)/airflow-privacy demo --approve $(APPROVE)

# The table of recognizers that the installed Presidio has.
recognizers: install
	$(BIN)/python -m airflow_privacy.core.detect.recognize.table docs/recognizers.md

bench-import: install
	$(BIN)/python benchmarks/import_cost.py

bench-utility: install
	$(BIN)/python benchmarks/utility.py

# Takes a few minutes; QUICK=--quick leaves the ten million rows out.
bench-mask: install
	$(BIN)/python benchmarks/masking.py $(QUICK)

# Takes about ten minutes, most of them Presidio's; QUICK=--quick has fewer rows.
bench-detect: install
	$(BIN)/python benchmarks/detection.py $(QUICK)

# Takes about ten minutes; the first needs PostgreSQL installed. QUICK=--quick has fewer rows.
bench-purge: install
	$(BIN)/python benchmarks/purge_sql.py $(QUICK)
	$(BIN)/python benchmarks/purge_files.py $(QUICK)
	$(BIN)/python benchmarks/purge_objects.py

# Writes docs/detection.md; needs the reference data.
report-detection: install
	$(BIN)/python benchmarks/detection_quality.py

# Makes the lexicon and the model of core/detect/names again: about three minutes. The lists it reads are in requirements.txt.
NAMES := airflow_privacy/core/detect/names/data
train-names: install
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --target .training -r training/names/requirements.txt
	PYTHONPATH=.:.training $(BIN)/python training/names/build_lexicon.py $(NAMES)/lexicon.parquet
	PYTHONPATH=.:.training $(BIN)/python training/names/train.py $(NAMES)/model.npz

clean:
	rm -rf $(VENV) .training .demo .pytest_cache .mypy_cache .ruff_cache
