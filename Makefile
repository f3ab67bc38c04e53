# The commands of a checkout. Each installs what it needs first; what that is and how it runs is in stack/.
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help run test lint lock

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 14

run:  ## Install what is missing and run everything here; DEMO=1 adds demo channels; Ctrl-C stops it
	@stack/install.sh run && exec $(PYTHON) -m stack.run

test:  ## Install what is missing, then lint, types, contracts and all tests
	@stack/install.sh test && $(MAKE) lint && $(PYTHON) -m stack.with_services -- stack/test.sh

lint:  ## Style, types, import contracts, templates
	@stack/install.sh test && stack/lint.sh

lock:  ## Pin requirements*.in into requirements*.txt, with hashes
	@stack/lock.sh
