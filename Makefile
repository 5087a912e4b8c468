# Entry point of the repository. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
SCRIPT ?= command-create
USERS ?= 1000
FILE ?= events.sql
PROCESSES ?= 0
VENV := .venv
BIN := $(VENV)/bin
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
UV_VERSION := 0.13.9
GO_TOOLS := sigs.k8s.io/kustomize/kustomize/v5@v5.8.1 github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0 \
	github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3 \
	github.com/errata-ai/vale/v3/cmd/vale@v3.19.0 github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
COREDNS := github.com/coredns/coredns@v1.12.4
NETWORK_POLICIES := sigs.k8s.io/kube-network-policies@v0.8.0
NODE_PROGRAMS := $(addprefix .tools/kubernetes/,node pause coredns kube-network-policies)
MEMBERS := libs/http2 libs/chassis libs/eventstore libs/projections schemas infra/setup infra/connect infra/canary infra/console infra/view_verifier infra/local \
	infra/new_aggregate \
	demo $(wildcard services/*)
DEPLOYABLES := $(wildcard services/*)
LOCKED := $(DEPLOYABLES) infra/setup infra/connect infra/canary infra/console infra/view_verifier

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- running system -----------------------------------------------------------------------------

# Several nodes of a server: make up BROKERS=3 REDIS_MASTERS=3 OPENSEARCH_NODES=3
FORM = $(if $(BROKERS),--brokers $(BROKERS)) $(if $(REDIS_MASTERS),--redis-masters $(REDIS_MASTERS)) \
	$(if $(OPENSEARCH_NODES),--opensearch-nodes $(OPENSEARCH_NODES))

.PHONY: up down clean status logs infra replay backup restore demo
up: $(VENV)/ready ## Start servers and services, and print their addresses; PROCESSES=2: two processes of each API
	@PROCESSES=$(PROCESSES) $(BIN)/local-stack up $(FORM)

infra: $(VENV)/ready ## Start the servers only, to run a service from an editor
	@$(BIN)/local-stack infra $(FORM)

down: $(VENV)/ready ## Stop everything and keep the data
	@$(BIN)/local-stack down

clean: $(VENV)/ready ## Stop everything and remove the data
	@$(BIN)/local-stack clean

status: $(VENV)/ready ## Show each program, its health and its memory
	@$(BIN)/local-stack status

logs: $(VENV)/ready ## Follow a log: make logs SERVICE=command-api
	@$(BIN)/local-stack logs $(SERVICE)

replay: $(VENV)/ready ## Publish every event in MySQL again, and wait until all are published
	@set -a; . .local/dev/env/connector-supervisor.env; $(BIN)/connector-supervisor replay

backup: $(VENV)/ready ## Save every event: make backup FILE=events.sql
	@$(BIN)/local-stack backup $(FILE)

restore: $(VENV)/ready ## Restore a lost event store, completed from Kafka: make restore FILE=events.sql LOST_AT=2026-11-29T12:00:00Z
	@$(BIN)/local-stack restore $(FILE) $(if $(LOST_AT),--lost-at $(LOST_AT))

demo: $(VENV)/ready ## Run all three APIs in one process with in-memory stores
	@$(BIN)/demo

# --- checks -------------------------------------------------------------------------------------

# .ci/run sets PYTEST to measure coverage.
PYTEST ?= $(BIN)/pytest
# Tests mostly wait, so two workers share the files, each with its own stack (3 GB).
SIDE_BY_SIDE = -n 2 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder

.PHONY: check static format-check types imports generated compose-file infra-checks audit test coverage test-clusters test-compose test-kubernetes chaos chaos-clusters chaos-mutants fuzz format bench check-cpu load seed
check: $(VENV)/ready ## Run CI's first stage: format, lint, types, imports, generated code, quick tests
	@$(MAKE) --no-print-directory generated
	@$(MAKE) --no-print-directory --jobs 2 --output-sync static
	$(PYTEST) -q $(SIDE_BY_SIDE) -m "not integration and not e2e"

static: types site infra-checks format-check imports compose-file

format-check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# One run per member: their tests have equal file names, which a single run treats as one module.
# One after the other: mypy's runs share a cache, and two at a time ended in an internal error.
TYPED = $(MEMBERS) infra/grafana infra/k8s infra/python-image infra/write_version.py tests loadtest docs conftest.py
types:
	for part in $(TYPED); do $(BIN)/mypy --no-error-summary $$part; done

imports:
	$(BIN)/lint-imports

generated: gen
	git diff --exit-code --stat -- schemas/src docs/settings.md infra/grafana/provisioning infra/k8s infra/*/Dockerfile

compose-file:
	@if docker compose version >/dev/null 2>&1; then docker compose --profile '*' config --quiet; \
	else echo "skipped: docker compose config (docker compose is not installed)"; fi

infra-checks:
	@if command -v go >/dev/null; then $(MAKE) --no-print-directory .tools/kubernetes/ready prose; \
	elif [ "$${CI:-}" = true ]; then echo "cannot check infra/k8s, HTTP/2, workflows and prose: Go is not installed" >&2; exit 1; \
	else echo "skipped: checks of infra/k8s, HTTP/2, workflows and prose (Go is not installed)"; fi

audit: $(VENV)/ready ## Check every pinned version against the advisory database (needs internet)
	@.ci/audit

test: $(VENV)/ready $(if $(shell command -v go),.tools/kubernetes/ready) ## Run every test, with real servers that it starts and stops
	$(PYTEST) $(SIDE_BY_SIDE)

# Every Python process of the tests writes a file of its own: [tool.coverage] in pyproject.toml.
coverage: export COVERAGE_FILE = $(CURDIR)/.local/coverage/data
coverage: ## Run every test, and report the lines of libs and services that none reaches; fails if coverage falls
	@rm -rf .local/coverage && mkdir -p .local/coverage
	PYTEST="$(BIN)/coverage run -m pytest" $(MAKE) test
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-clusters: $(VENV)/ready ## Run the end-to-end tests on three brokers, a Redis Cluster and three OpenSearch nodes
	$(BIN)/pytest --stack clusters tests/system/e2e

chaos-clusters: $(VENV)/ready ## Kill a node of each cluster under load, and verify that no event is lost
	$(BIN)/pytest --stack clusters tests/chaos/test_clusters.py $(CHAOS)

test-compose: $(VENV)/ready ## Run the end-to-end tests and the container tests on docker compose
	$(BIN)/pytest --stack compose tests/component/openapi tests/system/e2e tests/system/compose

test-kubernetes: .tools/kubernetes/ready .tools/kubernetes/node ## Test infra/k8s against a Kubernetes API server, built on first use (needs Go; ten minutes)
	$(BIN)/pytest tests/system/kubernetes

test-kubernetes-node: .tools/kubernetes/ready $(NODE_PROGRAMS) ## Run overlays/dev on a real node on this machine, and the end-to-end tests in it (needs root, Go and Docker)
	$(BIN)/pytest --stack kubernetes tests/system/e2e tests/system/kubernetes_node

# Options of the chaos suite: make chaos SEED=17 MINUTES=60
CHAOS = $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

chaos: $(VENV)/ready ## Inject faults into a running system, and verify that no event is lost (SEED= repeats, MINUTES= prolongs)
	$(BIN)/pytest tests/chaos $(CHAOS)

chaos-mutants: $(VENV)/ready ## Remove one safeguard at a time; the chaos suite must detect each
	$(BIN)/python -m tests.chaos.mutants

fuzz: $(VENV)/fuzzer ## Fuzz the decoders: make fuzz MINUTES=10 (Linux on x86-64)
	@$(BIN)/python -m tests.component.fuzz.fuzz_runner $(if $(MINUTES),--minutes $(MINUTES))

format: $(VENV)/ready ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready ## Measure the performance targets on the running system (after make up, make seed; 15 minutes)
	$(BIN)/python -m loadtest.bench

check-cpu: up ## Compare the CPU of each created user with the last stored result (make up; ten minutes)
	$(BIN)/python -m loadtest.pipeline --check

seed: $(VENV)/ready ## Create users in the running system: make seed USERS=100000
	@$(BIN)/python -m loadtest.seed --users $(USERS)

load: $(VENV)/ready ## Load-test the running system: make load SCRIPT=command-create TRANSPORT=http RATE=50 DURATION=60s
	@mkdir -p .local/load
	@IDS=$(CURDIR)/.local/dev/seeded-ids K6_WEB_DASHBOARD=true K6_WEB_DASHBOARD_PORT=-1 K6_WEB_DASHBOARD_PERIOD=1s \
		K6_WEB_DASHBOARD_EXPORT=.local/load/$(SCRIPT).html $(BIN)/k6 run --no-usage-report loadtest/$(SCRIPT).js
	@echo "Report with plots: .local/load/$(SCRIPT).html"

# --- development --------------------------------------------------------------------------------

.PHONY: new-aggregate site prose gen locks
new-aggregate: $(VENV)/ready ## Generate an aggregate beside users: make new-aggregate NAME=order FIELDS="customer:text(100) total:integer"
	@$(BIN)/new-aggregate "$(NAME)" "$(FIELDS)" --plural "$(PLURAL)"
	@$(MAKE) --no-print-directory gen

site: $(VENV)/ready $(if $(shell command -v npm),.tools/mermaid.js) ## Build the documentation site in .local/site/html; fails at a broken link
	@command -v npm >/dev/null || echo "skipped: diagrams of the site (npm is not installed)"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m docs.site

# docs/prose/clean lists pathspecs of git, so the shell must not expand them.
prose: .tools/go/ready ## Check the prose of the paths in docs/prose/clean (needs Go)
	@set -f; git ls-files -- $$(grep -v '^#' docs/prose/clean) | xargs .tools/bin/vale --no-global --config docs/prose/vale.ini --output line

gen: $(VENV)/ready ## Generate code from schemas/, docs/settings.md, dashboards, infra/k8s and version numbers
	$(BIN)/python schemas/generate.py
	$(BIN)/python docs/generate_settings.py
	$(BIN)/python infra/grafana/generate.py
	$(BIN)/python infra/k8s/generate.py
	$(BIN)/python infra/write_version.py

COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-annotate \
	$(foreach name,http2 chassis eventstore projections contracts platform-setup connector-supervisor canary console view-verifier local-stack new-aggregate demo $(notdir $(DEPLOYABLES)),--no-emit-package $(name))

locks: $(UV) ## Lock the dependencies with versions and hashes, one file for each deployable and one for development
	$(COMPILE) pyproject.toml --group dev $(addsuffix /pyproject.toml,$(MEMBERS)) -o requirements-dev.lock
	for service in $(LOCKED); do $(COMPILE) $$service/pyproject.toml -o $$service/requirements.lock; done
	$(COMPILE) tests/component/fuzz/requirements.in -o tests/component/fuzz/requirements.lock

$(VENV)/ready: $(UV) requirements-dev.lock VERSION pyproject.toml $(addsuffix /pyproject.toml,$(MEMBERS))
	@$(UV) venv -q --allow-existing --python ">=3.11" $(VENV)
	@VIRTUAL_ENV=$(VENV) $(UV) pip sync -q --require-hashes requirements-dev.lock
	@VIRTUAL_ENV=$(VENV) $(UV) pip install -q --no-deps --no-build-isolation $(addprefix -e ,$(MEMBERS))
	@touch $@

$(VENV)/fuzzer: tests/component/fuzz/requirements.lock $(VENV)/ready
	@[ "$$(uname -sm)" = "Linux x86_64" ] || { echo "make fuzz needs Linux on x86-64: Atheris has no other wheels"; exit 1; }
	@VIRTUAL_ENV=$(VENV) $(UV) pip install -q --no-deps --require-hashes -r $<
	@touch $@

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is required (found: $$($(PYTHON) --version 2>&1))"; exit 1; }
	@$(PYTHON) -m venv .tools 2>/dev/null \
		|| { rm -rf .tools; echo "uv is installed in a virtual environment: apt install python3-venv"; exit 1; }
	@.tools/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)

# Renderer of the site's diagrams; code hosts render them themselves.
MERMAID := @mermaid-js/tiny@11.17.2
MERMAID_SHA512 := 3e616bd5ce5c49f35fe409e02cb47df03adbbd1e14e4a783ec8fa14241aa1b9c3955ebb7413e1d1b4aaef5ff7d7299ffb0a8f65f14412b4abb10bea1afd358fc
.tools/mermaid.js: Makefile
	@mkdir -p .tools/mermaid && cd .tools/mermaid && npm pack --silent $(MERMAID) >/dev/null \
		&& echo "$(MERMAID_SHA512)  $$(ls *.tgz)" | sha512sum --check --quiet && tar xzf *.tgz
	@cp .tools/mermaid/package/dist/mermaid.tiny.js $@ && rm -r .tools/mermaid

# kustomize and kubeconform for infra/k8s, h2spec and grpcurl for the gRPC servers, Vale for prose,
# actionlint for .github/workflows.
.tools/go/ready: Makefile
	for module in $(GO_TOOLS); do GOBIN=$(CURDIR)/.tools/bin go install $$module || exit; done
	@mkdir -p $(@D) && touch $@

.tools/kubernetes/ready: .tools/go/ready infra/k8s/schemas.py $(wildcard infra/k8s/schemas/*.yaml) | $(VENV)/ready
	$(BIN)/python infra/k8s/schemas.py $(@D)/schemas
	@touch $@

.tools/kubernetes/node: $(wildcard infra/k8s/node/*.go infra/k8s/node/go.*)
	cd infra/k8s/node && go build -ldflags="-s -w" -o $(CURDIR)/$@ .

.tools/kubernetes/pause: infra/k8s/node/pause/main.go
	cd infra/k8s/node && CGO_ENABLED=0 go build -ldflags="-s -w" -o $(CURDIR)/$@ ./pause

.tools/kubernetes/coredns: Makefile
	$(call go_module,$(COREDNS),.)

.tools/kubernetes/kube-network-policies: Makefile
	$(call go_module,$(NETWORK_POLICIES),./cmd)

# `go install` rejects modules with replacements, so each is built in its own folder.
go_module = cd $$(go mod download -json $(1) | sed -n 's/.*"Dir": "\(.*\)".*/\1/p') \
	&& CGO_ENABLED=0 go build -mod=mod -modcacherw -trimpath -ldflags="-s -w" -o $(CURDIR)/$@ $(2)
