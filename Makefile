# Every act of development. `make demo` and `make test` do all their set-up themselves: a machine needs Python 3.11
# or newer with pip, and make. Nothing here installs outside $(VENV) or runs longer than it must a second time.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
ROOMS := batching client costs local proxy
FARM := build/rooms/motorpool

.DEFAULT_GOAL := help
.PHONY: help demo test check lint format types arrows template startup bench constraints clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "PYTHON=... names the interpreter, VENV=... the virtual environment, ARGS=... goes to the command:"
	@echo "  make test PYTHON=python3.13 VENV=.venv-3.13 ARGS='tests/batching -x'"

demo: $(VENV)/.installed ## run the main job on the embedded database, in under a minute
	@$(BIN)/motorpool demo $(ARGS)

test: $(VENV)/.installed ## run every test (ARGS='--soak' for the long ones too)
	@$(BIN)/pytest $(ARGS)

check: lint types arrows template ## judge the code: ruff, mypy, import-linter, cfn-lint

lint: $(VENV)/.installed ## ruff's rules and its format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

format: $(VENV)/.installed ## mend what ruff can mend
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

# mypy follows neither setuptools' package-dir nor its editable finder; it finds the rooms through links. What it
# prints is given the path of the file itself, and its exit code is kept (a pipe in sh would lose it).
types: $(VENV)/.installed $(FARM) ## mypy --strict on the rooms, the tests and the benchmarks
	@status=0; $(BIN)/mypy -p motorpool -p tests -p bench > build/mypy.txt 2>&1 || status=$$?; \
		sed 's|$(FARM)/||g' build/mypy.txt; exit $$status

# import-linter needs the links too: it imports nothing, but looks for the rooms' files under `motorpool`.
arrows: $(VENV)/.installed $(FARM) ## import-linter: which room may import what
	@PYTHONPATH=$(dir $(FARM)) $(BIN)/lint-imports --no-logo --no-cache

template: $(VENV)/.installed ## cfn-lint on template.yaml
	@$(BIN)/cfn-lint template.yaml

startup: $(VENV)/.installed ## measure what the rooms cost at a cold start (ARGS='--check' to judge it)
	@$(BIN)/python bench/startup.py $(ARGS)

bench: $(VENV)/.installed ## measure against the drivers (ARGS='--quick' for a minute's worth)
	@$(BIN)/python -m bench.suite $(ARGS)

# A new file in place of the old one, from what a fresh install of every extra brings today. Resolved on the oldest
# Python we support, since newer ones take releases that it cannot have.
constraints: ## pin anew, with PYTHON=python3.11, what development and CI install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "constraints are resolved on Python 3.11: make constraints PYTHON=python3.11" >&2; exit 1; }
	@rm -rf build/resolve && $(PYTHON) -m venv build/resolve
	@build/resolve/bin/python -m pip install --quiet --upgrade pip
	@PYTHONWARNINGS=ignore build/resolve/bin/python -m pip install --quiet -e '.[dev]'
	@{ sed -n '/^#/p' constraints.txt; \
		build/resolve/bin/python -m pip freeze --all --exclude pip --exclude-editable; } > build/constraints.txt
	@mv build/constraints.txt constraints.txt && rm -rf build/resolve

clean: ## remove what make made, the virtual environments too
	rm -rf build dist *.egg-info .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# PYTHONWARNINGS: setuptools warns of every editable install of a newer pip, at length, and needlessly here.
# A Debian without python3-venv has no ensurepip: then the interpreter's own pip fills the environment.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "motorpool needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up $(VENV) (about a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || \
		{ $(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(FARM): Makefile
	@rm -rf $(FARM) && mkdir -p $(FARM)
	@for room in $(ROOMS); do ln -s ../../../$$room $(FARM)/$$room; done
