# What a developer does with this repository. `make check` is the whole loop before a push.
BIN := .venv/bin

.venv: pyproject.toml
	python3 -m venv .venv
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch .venv

.PHONY: demo test lint types imports check parity bench screenshots
demo: .venv
	$(BIN)/stagewatch demo

test: .venv
	$(BIN)/python -m pytest -n 3 --dist loadfile

lint: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv
	$(BIN)/mypy

imports: .venv
	$(BIN)/lint-imports

check: lint types imports test

# Real projects from PyPI, run by pytest and by Stagewatch, compared test by test (minutes; needs PyPI).
parity: .venv
	$(BIN)/python benchmarks/parity.py

# Ratios against plain pytest, `pytest -n 2` and `pytest --lf`, each measured in one run.
bench: .venv
	$(BIN)/python benchmarks/whole_run.py
	$(BIN)/python benchmarks/rerun.py

# Reruns of real projects against `pytest --lf`: PROJECTS=click,attrs for some of them. (Half an hour; needs PyPI.)
.PHONY: bench-rerun
bench-rerun: .venv
	$(BIN)/python benchmarks/rerun_projects.py --projects "$(PROJECTS)"

# The first run of the same projects against `pytest -q` and pytest-xdist. (Half an hour; needs PyPI.)
.PHONY: bench-first-run
bench-first-run: .venv
	$(BIN)/python benchmarks/first_run.py --projects "$(PROJECTS)"

# A session's memory, processes, descriptors and temporary files over 1,000 reruns and 200 edits, as a table and a plot.
.PHONY: bench-memory
bench-memory: .venv
	$(BIN)/python benchmarks/memory.py --plot docs/memory.svg

# The engine's tests with their projects on every Python and every supported pytest that can be had here. (Hours.)
.PHONY: interpreters
interpreters: .venv
	$(BIN)/python benchmarks/interpreters.py $(OPTIONS)

# Tests of real projects, warm and in a fresh process, alone and after random edits, compared. (Minutes a project.)
.PHONY: warm-equals-cold
warm-equals-cold: .venv
	$(BIN)/python benchmarks/warm_equals_cold.py --projects "$(PROJECTS)" $(OPTIONS)

# What the board costs: keys while results pour in, first paint against an empty application, bytes against `pytest -v`.
.PHONY: bench-board
bench-board: .venv
	$(BIN)/python benchmarks/board_keys.py
	$(BIN)/python benchmarks/board_paint.py
	$(BIN)/python benchmarks/board_bytes.py

# Pictures of the real board on a real run.
screenshots: .venv
	$(BIN)/python screenshots/make.py

# What the bundled suites are worth: servers that are no platform, every fault (docs/faults.md), every mutant. Long.
.PHONY: hollow faults kills
hollow: .venv
	$(BIN)/python benchmarks/hollow.py

faults: .venv
	$(BIN)/python benchmarks/faults_page.py

kills: .venv
	$(BIN)/python benchmarks/kill_matrix.py
