# What a newcomer needs: make run. What a change needs: make check, make test. See CONTRIBUTING.md.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] < (3,13))' 2>/dev/null && { command -v $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

define MAKE_VENV
test -n "$(PYTHON)" || { echo "jietong: needs Python 3.11 or 3.12 on PATH and found neither. On Debian 12: apt-get install python3 python3-venv"; exit 1; }; \
echo "jietong: making $(VENV) with $(PYTHON)"; \
$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo "jietong: cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
endef

.PHONY: setup setup-dev setup-probe run test check fuzz chaos soak docker-try demo bench bench-full lock clean prompts schema dashboards dashboards-try test-speech demo-day agree

setup: $(VENV)/.runtime
	@$(BIN)/python -m jietong.provision asterisk

setup-dev: $(VENV)/.dev setup

# An environment that is half made, or whose Python has gone, is made again.
_ := $(shell test -x $(BIN)/python || rm -f $(VENV)/.runtime $(VENV)/.dev)
$(VENV)/.runtime: requirements.txt pyproject.toml
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null || { $(MAKE_VENV); }
	@echo "jietong: installing what it needs (requirements.txt)"
	@$(PIP) install --require-hashes -r requirements.txt || { echo "jietong: could not install requirements.txt; see the lines above. The first set-up needs a network or pip's cache."; exit 1; }
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "jietong: installing what tests need (requirements-dev.txt)"
	@$(PIP) install --require-hashes -r requirements-dev.txt || { echo "jietong: could not install requirements-dev.txt; see the lines above."; exit 1; }
	@touch $@

# The telephone of `jietong probe`: pjsua2 is GPL, so it has an environment of its own and runs as a program of its own.
PROBE_VENV := .venv-probe
setup-probe: $(PROBE_VENV)/.ready
$(PROBE_VENV)/.ready: softphone/requirements.txt
	@echo "jietong: making $(PROBE_VENV)"
	@$(PYTHON) -m venv --clear $(PROBE_VENV)
	@$(PROBE_VENV)/bin/python -m pip --disable-pip-version-check -q install --require-hashes -r softphone/requirements.txt
	@touch $@

run: setup
	@exec $(BIN)/jietong up

test: setup-dev
	@$(BIN)/python -m jietong.provision all
	@$(BIN)/python -m pytest -n 2 --durations=15 tests

check: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/unit tests/scenario tests/sim

# The router's promises under thousands of random event sequences: minutes, not seconds.
fuzz: $(VENV)/.dev
	@JIETONG_FUZZ=40 $(BIN)/python -m pytest -q -p no:cacheprovider --timeout=1800 tests/unit/test_engine_invariants.py

# Each process of a busy hotline is killed or held still, twenty times: what became of callers, agents and records.
chaos: setup-dev
	@$(BIN)/python -m jietong.provision all
	@$(BIN)/python -m tests.chaos --write docs/survival.md

# Robots at random, routers killed in between; afterwards robots, SIPp, records, metrics and Asterisk's own CDR must agree call by call.
agree: setup-dev
	@$(BIN)/python -m jietong.provision all
	@JIETONG_AGREE_MINUTES=$(MINUTES) JIETONG_AGREE_SEED=$(or $(SEED),1) $(BIN)/python -m pytest -s tests/live/test_reckoning.py

# An hour of a busy hotline (or MINUTES=10): nothing may grow.
MINUTES ?= 60
soak: setup-dev
	@$(BIN)/python -m jietong.provision all
	@$(BIN)/python -m tests.chaos.soak --minutes $(MINUTES) --write docs/survival.md

# The image and the compose file with podman: built, started, a call placed through it.
docker-try: setup-dev
	@$(BIN)/python -m tests.docker

demo: setup-dev
	@exec $(BIN)/python -m bench.demo

# A working day of a made-up hotline in virtual time, as ops would find it: report, dashboards, database, Prometheus (SERVE=1 leaves that running).
demo-day: setup-dev
	@$(BIN)/python -m jietong.provision all
	@exec $(BIN)/python -m bench.demo_day $(if $(SERVE),--serve) $(if $(DATE),--date $(DATE))

# Ours beside app_queue and a plain Dial. The short set takes under 10 minutes; all of it writes docs/benchmarks.md and takes over an hour.
bench: setup-dev
	@$(BIN)/python -m jietong.provision all
	@$(BIN)/python -m bench short

bench-full: setup-dev
	@$(BIN)/python -m jietong.provision all
	@$(BIN)/python -m bench full --write

# Regenerates the locks. The hashes are those of the public registry, for every supported Python and machine.
UV_LOCK := env -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS $(VENV)-lock/bin/uv pip compile --no-config --universal \
	--python-version 3.11 --generate-hashes --no-header --no-annotate -q
lock:
	@test -n "$(PYTHON)" && $(PYTHON) -m venv --clear $(VENV)-lock && $(VENV)-lock/bin/pip -q --disable-pip-version-check install uv
	@$(UV_LOCK) requirements.in -o requirements.txt
	@$(UV_LOCK) requirements-dev.in -o requirements-dev.txt
	@$(UV_LOCK) softphone/requirements.in -c requirements-dev.txt -o softphone/requirements.txt
	@$(UV_LOCK) docker/requirements-try.in -o docker/requirements-try.txt
	@$(UV_LOCK) tests/speech/requirements.in -o tests/speech/requirements.txt
	@rm -rf $(VENV)-lock

# Whether callers understand what they hear: some 20 minutes, so not in `make test`.
test-speech: setup-dev $(VENV)-speech/.ready
	@$(BIN)/python -m tests.speech --write docs/speech.md

$(VENV)-speech/.ready: tests/speech/requirements.txt
	@$(PYTHON) -m venv --clear $(VENV)-speech
	@$(VENV)-speech/bin/python -m pip --disable-pip-version-check -q install --require-hashes -r tests/speech/requirements.txt
	@touch $@

prompts: setup
	$(BIN)/python -m jietong.prompt_build

# The dashboards' files from their tables of panels.
dashboards: $(VENV)/.runtime
	@$(BIN)/python -m metrics.adapters.write_boards

# Every query of every dashboard on a real Prometheus that scraped a real demo; each dashboard as a picture.
SECONDS_OF_DEMO ?= 60
dashboards-try: setup-dev
	@$(BIN)/python -m jietong.provision all
	@$(BIN)/python -m bench.dashboards_try --seconds $(SECONDS_OF_DEMO) --pictures var/dashboards

schema: $(VENV)/.runtime
	$(BIN)/jietong schema > docs/site.schema.json

clean:
	rm -rf $(VENV) $(PROBE_VENV) $(VENV)-speech build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
