# Everything sets itself up: a virtual environment in .venv with pinned, hashed packages.
# make demo [FILE=clip.mp4]   run a real workflow on a file, on an embedded AWS
# make up [PORT= AWS_PORT= AUTH=1]   serve the API and the embedded AWS until Ctrl-C
# make test                   all tests but the long ones;   make faults: all of tests/faults, the long ones too
# make check                  what CI checks besides;   make bench: the table of figures
# make docs                   the documentation as a site, in .build/site
# make package [ARCHITECTURE=arm64]   build dist/: archives, layers, templates;   make wheels: what serves which platform
# make deploy STACK= BUCKET= REGION= [PARAMETERS="Name=Value ..."]   package, upload and deploy with the AWS CLI
# make destroy STACK= REGION=   delete the stack, saying what stays

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHECKS := .build/checks
PACKAGES := chalicelib mediawright MediaInsightsEngineLambdaHelper operators infrastructure
LOCK := $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: demo up package wheels deploy destroy test faults bench lint types contracts asl template guard checkov sam openapi permissions costs docs check lines lock format clean
.SILENT:

demo: override export FILE := $(value FILE)
demo: $(VENV)/.run
	$(BIN)/python -m infrastructure.local.demo

up: $(VENV)/.run
	exec $(BIN)/python -m infrastructure.local.up

package deploy: override export ARCHITECTURE := $(or $(value ARCHITECTURE),x86_64)
package: $(VENV)/.run
	$(BIN)/python -m infrastructure.package build --architecture "$$ARCHITECTURE"

wheels: $(VENV)/.run
	$(BIN)/python -m infrastructure.package wheels

deploy destroy: override export STACK := $(value STACK)
deploy destroy: override export REGION := $(value REGION)
deploy: override export BUCKET := $(value BUCKET)
deploy: override export PARAMETERS := $(value PARAMETERS)
deploy: $(VENV)/.run
	$(BIN)/python -m infrastructure.package.deploy check
	$(BIN)/python -m infrastructure.package build --architecture "$$ARCHITECTURE"
	$(BIN)/python -m infrastructure.package.deploy deploy

destroy: $(VENV)/.run
	$(BIN)/python -m infrastructure.package.deploy destroy

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

faults: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal tests/faults -m ""

bench: $(VENV)/.dev
	$(BIN)/python -m bench

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy app.py $(PACKAGES)

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

asl: $(VENV)/.dev
	.ci/asl tests/golden/definitions

template: $(VENV)/.dev
	$(BIN)/python -m infrastructure.template build --out .build/template
	$(BIN)/cfn-lint .build/template/*.json
	echo "the template is clean, as written and as expanded"

guard: template
	$(BIN)/python -m infrastructure.guard .build/template/template.json .build/template/operators.json

checkov: template $(CHECKS)/checkov/.ready
	$(CHECKS)/checkov/bin/checkov --config-file .ci/checkov.yaml -f .build/template/template.json .build/template/operators.json
	echo "checkov finds nothing but what .ci/checkov.yaml gives reasons for"

sam: template $(CHECKS)/sam/.ready
	for form in template.sam.json operators.json; do \
	  SAM_CLI_TELEMETRY=0 $(CHECKS)/sam/bin/sam validate --lint --region us-east-1 -t .build/template/$$form || exit 1; \
	done

openapi: $(VENV)/.dev
	$(BIN)/python -m infrastructure.openapi

costs: $(VENV)/.dev
	$(BIN)/python -m infrastructure.costs

permissions: $(VENV)/.dev
	$(BIN)/python -m infrastructure.permissions

check: lint types contracts template guard checkov sam asl docs
	$(BIN)/python -m infrastructure.openapi --check
	$(BIN)/python -m infrastructure.permissions --check
	$(BIN)/python -m infrastructure.costs --check

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

lines: $(VENV)/.dev
	$(BIN)/python -m infrastructure.lines

format: $(VENV)/.dev
	$(BIN)/ruff check --fix -q .
	$(BIN)/ruff format -q .

lock: $(VENV)/.dev
	$(LOCK) requirements.in -o requirements.txt
	cd requirements && for name in run dev checkov sam; do ../$(LOCK) $$name.in -o $$name.txt; done

clean:
	rm -rf $(VENV) .build dist out

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mediawright needs Python 3.11 or later; say which with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

# What can't live beside our own packages, since it pins others of its own. The lists are whole: nothing is resolved.
$(CHECKS)/%/.ready: requirements/%.txt
	echo "installing $* into $(@D) ..."
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip --disable-pip-version-check -q install --require-hashes --no-deps -r $<
	touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	echo "installing what the engine needs into $(VENV) ..."
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	echo "installing what the tests need into $(VENV) ..."
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.run
