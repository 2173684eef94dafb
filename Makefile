# Every target works on a bare clone: the first one that needs it makes .venv (Python 3.12 or newer is found by itself).
HOME_KIND ?=
MTD_PYTHON ?=
ARGS ?=
ORDERS ?=
# Of make deploy, review and drift. BUILD: a digest, or `only`; none builds the sources. ACCEPT: docs/operations.md.
ENVIRONMENT ?= local
BUILD ?=
ACCEPT ?=
REHEARSE ?=
DESPITE_ALARMS ?=
SMOKE_ORDER ?=
PARAMETERS ?=
DEPLOY = --environment $(ENVIRONMENT) $(addprefix --build=,$(BUILD)) $(if $(REHEARSE),--rehearse)
# People type these: the command reads them itself, no shell does.
export ACCEPT DESPITE_ALARMS SMOKE_ORDER PARAMETERS
export HOME_KIND MTD_PYTHON
VENV := .venv
MTD := $(VENV)/bin/mtd
PYTHON := $(VENV)/bin/python
PYTEST := $(PYTHON) -m pytest
CHECKOV := .mtd/venvs/checkov
UV_LOCK := $(VENV)/bin/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --python-version 3.12 \
	--custom-compile-command "make lock"
# The last day on which the emulator's own requirements, resolved afresh, still fit together.
EMULATOR_DAY := 2026-03-26
FUZZ := .mtd/venvs/fuzz
PARSERS := .mtd/venvs/fuzz-parsers
SECONDS ?= 60
SUPPLY := .mtd/venvs/supply
# Requests of each kind for every operation of the API. Two seconds: /waiting asks SQS with a long poll of one.
EXAMPLES ?= 20

.DEFAULT_GOAL := help
.PHONY: help house up down status watch stress test lint unit integration slow screenshots policy iam-parity lock aws clean seed venv \
	demo-processes demo-connect demo-migration chaos fuzz parity way-out build image deploy review preflight drill \
	sbom licences audit fuzz-parsers package-proof drift portal-tests rehearsal

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r target text; do printf '%-20s %s\n' "$$target" "$$text"; done
	@echo; echo "  ENVIRONMENT=local|staging|production  BUILD=digest  REHEARSE=1    where, what, in the running instance instead"
	@echo "  MTD_INSTANCE=name    a second system beside the first"
	@echo "  HOME_KIND=embedded|compose    where it runs: without Docker, or in it (default: compose where an engine answers)"
	@echo "  $(MTD) --help   everything else: put, order, orders, waiting, mail, logs, invoke, psql, doctor"

# Tools that must not bring their requirements into the project's environment have one of their own, from a lock of its own.
$(CHECKOV)/.installed: cloudformation/checkov/requirements.txt
$(FUZZ)/.installed: tests/fuzz/requirements.txt
$(PARSERS)/.installed: tests/fuzz/parsers/requirements.txt
$(SUPPLY)/.installed: src/delivery/supply/requirements.txt
$(addsuffix /.installed,$(CHECKOV) $(FUZZ) $(PARSERS) $(SUPPLY)): | venv
	@$(VENV)/bin/uv --quiet venv --allow-existing --python $(VENV)/bin/python $(@D)
	@sync="$(VENV)/bin/uv --quiet pip sync --python $(@D)/bin/python --require-hashes $<"; $$sync || UV_SYSTEM_CERTS=1 $$sync
	@touch $@

venv: $(VENV)/.installed

$(VENV)/.installed: requirements.txt pyproject.toml src/devenv/bootstrap.sh
	@sh src/devenv/bootstrap.sh

up: venv ## start everything, deploy, seed orders and show them; twice is a no-op
	@$(MTD) up

down: venv ## stop everything of this instance; database, queues and inbox stay (.venv/bin/mtd down --wipe removes them)
	@$(MTD) down

status: venv ## what runs, where, and how the orders stand
	@$(MTD) status

watch: venv ## serve saved code at once, in the foreground (make up starts it in the background)
	@$(MTD) watch

seed: venv ## put the seed orders, or ORDERS=n generated ones
	@$(MTD) seed $(if $(ORDERS),--orders $(ORDERS))

stress: venv ## put ORDERS=n orders (300), watch and audit them; the report is in .mtd/<instance>/stress
	@$(MTD) stress $(if $(ORDERS),--orders $(ORDERS)) $(ARGS)

chaos: venv ## ORDERS=n orders (300) under faults, ARGS="--seed N"; the audit is in .mtd/<instance>/chaos
	@$(MTD) chaos $(if $(ORDERS),--orders $(ORDERS)) $(ARGS)

demo-processes: venv ## a drawn process: 50 orders through a parallel gateway, timers, people's tasks and a sub-process
	@$(MTD) process demo $(if $(ORDERS),--orders $(ORDERS))

demo-connect: venv ## a system connected by files alone: its first order, an outage, ORDERS=n orders (50) parked and drained
	@$(MTD) systems demo $(if $(ORDERS),--orders $(ORDERS))

parity: venv ## the same 60 scenarios on both local backends, and every field in which they differ
	@$(MTD) parity $(ARGS)

way-out: venv ## the flow's tests on another emulator than LocalStack (docs/adr/0017)
	@$(PYTHON) -m tests.performance.way_out $(ARGS)
demo-migration: venv ## 200 orders in flight to another version of their process and back, while as many others run
	@$(VENV)/bin/python -m tests.performance.migration --instance $${MTD_INSTANCE:-dev} $(if $(ORDERS),--orders $(ORDERS))

aws: venv ## the aws command against this instance: make aws ARGS="s3 ls"
	@$(MTD) aws -- $(ARGS)

test: lint unit integration ## lint, unit tests and integration tests

lint: venv ## ruff, mypy --strict, cfn-lint
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy src tests localstack/mtd_localstack seed
	@$(VENV)/bin/cfn-lint

house: venv ## measure folders, names, templates and the way through a state; fails when a limit is broken
	@$(PYTHON) -m tests.house

unit: venv ## the pure tests, in parallel
	@$(PYTEST) tests/unit -n auto -q $(ARGS)

integration: venv ## the tests against a running instance of their own, in parallel
	@[ "$(HOME_KIND)" = compose ] || $(MTD) environments
	@$(PYTEST) tests/integration -n auto --dist loadgroup -q -m "not slow" $(addprefix --home=,$(HOME_KIND)) $(ARGS)

slow: venv ## the integration tests that take minutes: second instances, the AWS template's stacks, a debugger, a browser
	@[ "$(HOME_KIND)" = compose ] || $(MTD) environments
	@$(PYTEST) tests/integration -n auto --dist loadgroup -q -m slow $(addprefix --home=,$(HOME_KIND)) $(ARGS)

portal-tests: venv ## the portal's tests, in a browser too (needs chromium)
	@[ "$(HOME_KIND)" = compose ] || $(MTD) environments
	@$(PYTEST) tests/integration/portal -n auto --dist loadgroup -q $(addprefix --home=,$(HOME_KIND)) $(ARGS)

build: venv ## what a deployment needs, once, under one digest, into build/releases
	@$(MTD) build

image: venv ## the portal's image, beside the builds; deployments push it (needs Docker)
	@$(MTD) image

deploy: venv ## ENVIRONMENT=local|staging|production: change set, gate, migration, traffic, smoke, alarms; back if need be
	@$(MTD) deploy $(DEPLOY) $(ARGS)

review: venv ## the change set of ENVIRONMENT and what the gate says; nothing is changed
	@$(MTD) deploy $(DEPLOY) --review $(ARGS)

preflight: venv ## what ENVIRONMENT's account lacks before a deployment can end well, and each fix
	@$(MTD) preflight --environment $(ENVIRONMENT) $(addprefix --build=,$(BUILD)) $(if $(REHEARSE),--rehearse) $(ARGS)

drift: venv ## what ENVIRONMENT has that was not deployed
	@$(MTD) drift --environment $(ENVIRONMENT) $(if $(REHEARSE),--rehearse) $(ARGS)

drill: venv ## serve a failing version in the running instance until its alarm rolls it back; orders lost: 0
	@$(MTD) drill $(ARGS)

package-proof: venv ## two builds in other places, and what the running instance runs, byte for byte
	@$(MTD) build --prove $(ARGS)

rehearsal: venv ## all of the above in an instance of its own: review, deploy, promote, drill, proof, drift
	@sh src/delivery/release/rehearsal.sh

fuzz: $(FUZZ)/.installed ## schemathesis against the running instance's API by openapi.yaml, EXAMPLES=n (20) requests an operation
	@api=$$($(MTD) status --json | $(VENV)/bin/python -c 'import json, sys; print(json.load(sys.stdin)["api"])') && \
		PYTHONPATH=. SCHEMATHESIS_HOOKS=tests.fuzz.hooks $(FUZZ)/bin/schemathesis run cloudformation/openapi.yaml --url "$$api" \
		--checks function_crashed --max-response-time 2 --max-examples $(EXAMPLES) $(ARGS)

fuzz-parsers: $(PARSERS)/.installed ## atheris over the readers of order files and diagrams, SECONDS=n (60) each
	@for target in orders diagrams; do $(PARSERS)/bin/python -m tests.fuzz.parsers $$target $(SECONDS) $(ARGS) || exit 1; done

policy: $(CHECKOV)/.installed ## checkov over the templates; what is kept all the same is argued in cloudformation/checkov
	@$(CHECKOV)/bin/checkov --config-file cloudformation/checkov/config.yaml && echo "checkov: nothing that is not argued"

sbom: venv ## the bill of materials of all lock files, CycloneDX JSON: build/sbom.json
	@$(MTD) supply sbom --output build/sbom.json $(ARGS)

licences: venv ## every package's licence; fails on one that is not on the list
	@$(MTD) supply licences

audit: $(SUPPLY)/.installed ## known vulnerabilities of what is locked, where a database can be reached
	@$(MTD) supply audit --pip-audit $(SUPPLY)/bin/pip-audit

iam-parity: venv ## what each function called in the flow's tests against what its role allows
	@$(MTD) environments
	@MTD_INSTANCE=iam MTD_PARAMETERS=ci $(MTD) up --home embedded --no-seed --no-watch >/dev/null
	@$(PYTEST) tests/integration/intake tests/integration/flow tests/integration/reporting tests/integration/operations tests/integration/processes tests/integration/systems \
		tests/integration/records -n 2 --dist loadgroup -q --instance iam $(ARGS); tested=$$?; \
		MTD_INSTANCE=iam $(MTD) iam; compared=$$?; MTD_INSTANCE=iam $(MTD) down --wipe; \
		exit $$(( tested || compared ))

screenshots: venv ## pictures of every page of the running portal, into docs/screenshots (needs chromium)
	@$(VENV)/bin/python -m tests.browser.screenshots $(ARGS)

lock: venv ## renew the hash-locked requirements
	@$(UV_LOCK) requirements.in -o requirements.txt
	@$(UV_LOCK) src/legacy_simulator/requirements.in -o src/legacy_simulator/requirements.txt
	@$(UV_LOCK) src/shared/requirements.in -o src/shared/requirements.txt
	@$(UV_LOCK) src/portal/requirements.in -o src/portal/requirements.txt
	@$(UV_LOCK) localstack/debugger/requirements.in -o localstack/debugger/requirements.txt
	@$(UV_LOCK) localstack/runtime/requirements.in -o localstack/runtime/requirements.txt
	@$(UV_LOCK) cloudformation/checkov/requirements.in -o cloudformation/checkov/requirements.txt
	@$(UV_LOCK) tests/fuzz/requirements.in -o tests/fuzz/requirements.txt
	@$(UV_LOCK) tests/fuzz/parsers/requirements.in -o tests/fuzz/parsers/requirements.txt
	@$(UV_LOCK) src/delivery/supply/requirements.in -o src/delivery/supply/requirements.txt
	@$(UV_LOCK) src/portal/node/requirements.in -o src/portal/node/requirements.txt
	@cd src/portal && npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund
	@$(UV_LOCK) --exclude-newer $(EMULATOR_DAY) localstack/requirements.in -o localstack/requirements.txt

clean: ## stop every instance and remove all that was made here: .mtd (databases too), images, .venv, caches
	@if [ -x $(MTD) ]; then $(MTD) down --wipe --all; fi
	@docker image prune --all --force --filter label=org.opencontainers.image.title=mtd >/dev/null 2>&1 || true
	@rm -rf .mtd .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	@find src tests localstack seed -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
