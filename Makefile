# make demo   a real alert over a private Asterisk to simulated phones
# make test   sets up and passes the tests
# make bench  measures and simulates, more than an hour of it on real Asterisk; the numbers are in build/bench
# make faults kills, stops and fills what an alert runs on, at random moments; half an hour
# make soak-sms  10,000 SMS while SMSC and service are killed again and again; a few minutes
# make isdn   makes the guest machine in which calls are made over ISDN, for the tests of it; minutes, the first time
# make check  the whole gate: format, lint, types, tests

# All paths are relative: the checkout may lie in a folder with spaces in its name.
SHELL := /bin/sh
VENV := .venv
RUN := $(VENV)/bin/python
# The newest Python that is supported and there.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
PHONES ?= config/demo/phones.yaml
ALERT ?=
ALONE := tests/scenario/test_isdn.py tests/scenario/test_floods.py

.PHONY: demo test bench faults soak-sms isdn check format lint types setup pbx clean

demo: pbx
	$(RUN) -m ivr demo --phones "$(PHONES)" $(if $(ALERT),--alert "$(ALERT)") --out build/demo

# Most tests wait for something, stories of real calls above all: three or four files at once; those that need all of a
# processor come alone. Real calls do not wait for a machine that stalls: a story that failed is told once more, with
# nothing beside it, and must pass then. Both are printed; one that needs its second chance again and again is to be mended.
test: pbx
	$(RUN) -m pytest -n 3 --dist loadfile $(or $(TESTS),tests/unit tests/contract)
	$(if $(TESTS),,$(RUN) -m pytest -n 4 --dist loadfile tests/scenario $(ALONE:%=--ignore=%) \
		|| $(RUN) -m pytest --last-failed tests/scenario $(ALONE:%=--ignore=%))
	$(if $(TESTS),,$(RUN) -m pytest $(ALONE) || $(RUN) -m pytest --last-failed $(ALONE))

# Each adds its metrics to build/bench/results.json.
bench: pbx
	$(RUN) -m bench.plan_cost
	$(RUN) -m bench.simulate
	$(RUN) -m bench.expected
	$(RUN) -m bench.dialout $(DIALOUT)
	$(RUN) -m bench.failover
	$(RUN) -m bench.key_to_prompt $(LOGINS)
	$(RUN) -m bench.sms_throughput $(SMS)
	$(RUN) -m bench.bridge $(BRIDGE)

faults: pbx
	$(RUN) -m bench.faults $(FAULTS)

isdn: setup
	$(RUN) -m ivr pstn isdn install

soak-sms: setup
	$(RUN) -m bench.soak_sms $(SOAK)

check: lint types test

format: setup
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

lint: setup
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .

types: setup
	$(RUN) -m mypy

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "python3-venv is needed: apt install python3-venv" >&2; exit 1; }
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade 'pip>=25.1'
	$(RUN) -m pip install --quiet --editable . --group dev
	touch $@

pbx: setup
	$(RUN) -m ivr pbx install

clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
