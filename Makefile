# The book's commands. Each makes the environment first (.venv); once made, that costs nothing.
# Without make: README.md, "Without make".
# The environment's own Python once there is one (but on Windows); PYTHON=python3.12 chooses another,
# and remakes it.
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
PYTHON ?= python
else
BIN := .venv/bin
PYTHON ?= $(shell test -x $(BIN)/python && echo $(BIN)/python || echo python3)
endif

.DEFAULT_GOAL := help
.PHONY: help env book pdf test test-backends lab results bench check-book dist clean

help:
	$(info make book                     the rendered book: build/html/index.html)
	$(info make pdf                      the same as one PDF: build/unrolled.pdf)
	$(info make test                     every test of the book and of its package)
	$(info make test-backends            chapter 3 once more, on torch and on jax)
	$(info make lab                      your copy of the chapters (work/) in JupyterLab)
	$(info make results [CHAPTER=01] [SCALE=full]   measure the tables in data/results/)
	$(info make bench                    what chapters, checks, waiting and grading cost on this machine)
	$(info make check-book               the book in a browser: every page, light and dark, wide and narrow)
	$(info make dist                     the wheel and the sdist of this version, in dist/)
	$(info make clean                    remove build/; .venv and work/ stay)
	$(info PYTHON=python3.12 after any of them chooses the Python that .venv is made with)
	@:

env:
	@$(PYTHON) unrolled/environment.py

book: env
	@$(BIN)/unrolled build

pdf: book
	@$(BIN)/unrolled pdf

test: env
	@$(BIN)/python tests

test-backends: env
	@$(BIN)/python tests backends

lab: env
	@$(BIN)/unrolled start
	@$(BIN)/jupyter lab work

results: env
	@$(BIN)/unrolled results $(CHAPTER) $(if $(SCALE),--scale $(SCALE))

bench: env
	@$(BIN)/unrolled bench

check-book: book
	@$(BIN)/unrolled inspect

dist: env
	@$(BIN)/python -m hatchling build

clean:
	@$(PYTHON) -c "import shutil; shutil.rmtree('build', ignore_errors=True)"
