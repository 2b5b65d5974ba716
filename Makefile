# make crack   the iron crack, from nothing: environment, potential, run        make crack OUT=results/core30 ARGS="--set model.core_radius=30"
# make test    everything that must hold, from nothing                          make test PYTHON=/path/to/python3.13
# make help    the other targets
#
# Inside a DOLFINx environment of your own (conda-forge, spack, container):     make test USE_CURRENT_ENV=1   (or VENV=)

VENV ?= .venv
CASE ?= examples/iron_crack.toml
OUT ?= results/$(basename $(notdir $(CASE)))
PYTEST_ARGS ?=
PATCH_ARGS ?=
BENCH ?=
PATCH_MPI ?= --crystal fcc --dimension 3 --method bgrac --method bgfc --method bqce --deformation general:0.05
MPI_TIMEOUT ?= 2400

ifneq ($(USE_CURRENT_ENV)$(if $(strip $(VENV)),,1),)
BIN := $(dir $(shell command -v python3))
READY :=
RUN := PYTHONPATH="$(CURDIR)$${PYTHONPATH:+:$$PYTHONPATH}"
else
BIN := $(abspath $(VENV))/bin/
READY := $(VENV)/.installed
RUN :=
endif
PY := $(RUN) $(BIN)python3
# The launcher must belong to the MPI that mpi4py uses: the wheel's lies beside the interpreter. The shell of the recipe
# looks for it: when make reads this file on a fresh machine, there is no environment yet.
MPIRUN = $$(test -x $(BIN)mpirun && echo $(BIN)mpirun || echo mpirun)

# One thread a rank. The transports suit one machine; the last two let Open MPI start more ranks than cores, as root too.
TEST_ENV := OMP_NUM_THREADS=1 UCX_TLS=$${UCX_TLS:-self,sm,tcp} PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe \
	OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
RANKS ?= $(shell n=$$(nproc 2>/dev/null || echo 1); test $$n -gt 2 && n=2; echo $$n)

.PHONY: help venv test house lint types unit mpi patch-test examples crack bench clean

help:
	@echo "make crack     run $(CASE) on $(RANKS) ranks (RANKS=, CASE=, OUT=, ARGS=); again: goes on where it was"
	@echo "make test      lint, types, unit tests serial and on 2 and 3 ranks, patch tests, examples"
	@echo "make patch-test  what theory says of each method, on 1, 2 and 3 ranks"
	@echo "make venv      the environment only ($(VENV), from requirements.lock)"
	@echo "make lint | types | unit | mpi | patch-test | examples    the parts of make test"
	@echo "make house     the rooms, the five largest of each kind, imports that go up; needs Python 3.12 and nothing else"
	@echo "make bench     times beside LAMMPS and others, tables and benchmarks/results/*.json (BENCH=\"kernels hessian\")"
	@echo "make clean     remove caches and the environment, keep results/"

venv: $(READY)

ifneq ($(READY),)
# Looked at every time, touched only when made anew. Broken are: no interpreter (its Python was removed), no pip (a first
# make was interrupted), another folder's (the clone was moved or copied). A folder of something else is never cleared.
$(VENV)/.python: FORCE
	@{ $(BIN)python3 -c 'import sys, pip; sys.exit(sys.version_info < (3, 12))' && \
		{ test ! -f $(VENV)/pyvenv.cfg || grep -qF "$(abspath $(VENV))" $(BIN)activate; }; } 2>/dev/null || { \
		if test "$(VENV)" != .venv && test ! -f $(VENV)/pyvenv.cfg && test -n "$$(ls -A $(VENV) 2>/dev/null)"; then \
			echo "VENV=$(VENV) is neither empty nor a Python environment that works: name another folder" >&2; exit 1; fi; \
		python=$$(PYTHON="$(PYTHON)" tools/find_python.sh) && echo "Environment $(VENV) with $$python" && \
		"$$python" -m venv --clear $(VENV) && touch $@; }
	@test -f $@ || touch $@

$(VENV)/.installed: $(VENV)/.python requirements.lock pyproject.toml
	@echo "Installing requirements.lock (about a minute)"
	@$(BIN)python3 -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)python3 -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

FORCE:
endif

test: lint types unit mpi patch-test examples
	@echo "make test: all passed"

lint: $(READY)
	$(PY) -m ruff check .

types: $(READY)
	$(PY) -m mypy

unit: $(READY)
	$(TEST_ENV) $(PY) -m pytest -q -m "not slow" --ignore=tests/test_examples.py $(PYTEST_ARGS)

mpi: $(READY)
	$(TEST_ENV) $(RUN) timeout -k 10 $(MPI_TIMEOUT) $(MPIRUN) -n 2 $(BIN)python3 tools/mpi_pytest.py -q -m "mpi and not slow" $(PYTEST_ARGS)
	$(TEST_ENV) $(RUN) timeout -k 10 $(MPI_TIMEOUT) $(MPIRUN) -n 3 $(BIN)python3 tools/mpi_pytest.py -q -m "mpi and not slow" $(PYTEST_ARGS)

# the standard suite, the same claims as pytest files, and both on several ranks
patch-test: $(READY)
	@mkdir -p results
	$(TEST_ENV) $(PY) -m qc patch-test -o results/patch_test.txt --map results/patch_test.png
	$(TEST_ENV) $(PY) -m pytest -q patch_tests $(PATCH_ARGS)
	$(TEST_ENV) $(RUN) timeout -k 10 $(MPI_TIMEOUT) $(MPIRUN) -n 2 $(BIN)python3 -m qc patch-test $(PATCH_MPI)
	$(TEST_ENV) $(RUN) timeout -k 10 $(MPI_TIMEOUT) $(MPIRUN) -n 2 $(BIN)python3 tools/mpi_pytest.py -q -m mpi patch_tests $(PATCH_ARGS)
	$(TEST_ENV) $(RUN) timeout -k 10 $(MPI_TIMEOUT) $(MPIRUN) -n 3 $(BIN)python3 tools/mpi_pytest.py -q -m mpi patch_tests $(PATCH_ARGS)

examples: $(READY)
	$(TEST_ENV) $(PY) -m pytest -q -m "not slow" tests/test_examples.py

# run again: go on after the last finished step (at once, if the ladder is done)
crack: $(READY)
	OMP_NUM_THREADS=1 $(RUN) $(MPIRUN) -n $(RANKS) $(BIN)python3 -m qc run $(CASE) -o "$(OUT)" $$(test -d "$(OUT)" && echo --resume) $(ARGS)

# what has grown: any Python that knows the language will do, that of the environment if there is one
house:
	@python=$$(test -x $(BIN)python3 && echo $(BIN)python3 || PYTHON="$(PYTHON)" tools/find_python.sh) && "$$python" tools/house.py

bench: $(READY)
	$(TEST_ENV) $(PY) -m benchmarks $(BENCH)

clean:
	@test "$(VENV)" != .venv && test ! -f "$(VENV)/pyvenv.cfg" || rm -rf "$(VENV)"
	rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . \( -name .git -o -name '.venv*' -o -name results \) -prune -o -name __pycache__ -type d -exec rm -rf {} +
