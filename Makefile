# Needs python3 (3.11 or newer, with pip and venv), git and make; everything else it installs into .venv.
PYTHON ?= python3
ENGINE := $(PYTHON) template/tools/env --project .
RUN := $(ENGINE) run --
# Four for two processors: a test of real packages waits for the network for half of its time.
PYTEST := pytest -n 4 --dist loadfile --no-loadscope-reorder
# Where `make refresh` leaves its report: what became of the catalogue, in Markdown.
MOVED ?= .venv/moved.md

.PHONY: help env new demo test thorough weekly mutants lint types format lock refresh withdrawn audit lock-tools bench bench-peers page pages site pictures release clean

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env:  ## make or mend .venv out of requirements.txt
	@$(ENGINE) sync --python $(PYTHON)

new:  ## make a project, asking the questions: make new DEST=../my-project
	@test -n "$(filter-out $(CURDIR)/%,$(abspath $(DEST)))" || { echo "No place outside this clone was given. Name one: make new DEST=../my-project" >&2; exit 2; }
	@$(MAKE) --no-print-directory env
	@$(RUN) copier copy --trust $(OPTIONS) "$(CURDIR)" "$(DEST)"

demo: env  ## generate a project beside this clone, train, print the result
	@$(RUN) python tools/demo.py

test: env  ## run the tests
	@$(RUN) $(PYTEST) -m "not thorough and not weekly"

thorough: env  ## run the tests that take minutes
	@$(RUN) $(PYTEST) -m "thorough and not weekly"

weekly: env  ## run the tests that take gigabytes or half an hour
	@$(RUN) $(PYTEST) -m weekly

mutants: env  ## try small mistakes in engine and hooks: does a test notice?
	@$(RUN) uv run --quiet --script tools/mutants.py $(MODULES)

lint: env  ## look for mistakes and for code that is not formatted
	@$(RUN) ruff check
	@$(RUN) ruff format --check

types: env  ## check the type hints
	@$(RUN) mypy

format: env  ## format the code
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

lock: env  ## resolve catalogue/libraries.yml; docs/libraries.md follows
	@$(RUN) python catalogue/build.py
	@$(RUN) python tools/libraries.py

refresh: env  ## let go of the catalogue's versions: all that is old enough counts
	@mkdir -p $(MOVED).before && cp catalogue/*.json $(MOVED).before
	@$(RUN) python catalogue/refresh.py
	@$(MAKE) --no-print-directory lock
	@$(RUN) python catalogue/moved.py $(MOVED).before > $(MOVED)
	@cat $(MOVED)

withdrawn: env  ## write catalogue/withdrawn.yml into the engine
	@$(RUN) python catalogue/withdrawn.py

audit: env  ## look for known vulnerabilities in the catalogue and in the tools
	@$(RUN) python tools/audit.py

lock-tools: env  ## resolve pyproject.toml into requirements.txt
	@$(ENGINE) lock

bench: env  ## measure, and write docs/performance.md and docs/training.md
	@$(RUN) python benchmarks/bench.py

bench-peers: env  ## measure beside other ways, and write docs/comparison.md
	@$(RUN) python benchmarks/peers.py

page: env  ## write what the start page chooses from: docs/start/index.html
	@$(RUN) python tools/page.py

pages: env  ## write the pages and tables of docs/ that follow from the code
	@$(RUN) python tools/questions.py
	@$(RUN) python tools/commands.py
	@$(RUN) python tools/errors.py
	@$(RUN) python tools/checks.py

site: env  ## make these pages a site, in docs/_site
	@$(RUN) sphinx-build --quiet --fail-on-warning --keep-going -c docs . docs/_site
	@echo "docs/_site/index.html: written"

pictures: env  ## take the pictures in docs/ from a real run
	@$(RUN) python tools/pictures.py

release: env  ## check and tag a version: make release VERSION=1.2.0
	@$(RUN) python tools/release.py check $(VERSION)
	@$(MAKE) test thorough lint types
	@$(RUN) python tools/release.py tag $(VERSION)

clean:  ## remove .venv, if it is our own
	@$(ENGINE) delete --yes
