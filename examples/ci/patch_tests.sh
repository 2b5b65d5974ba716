#!/bin/sh
# Patch tests of one potential, as JUnit:  sh patch_tests.sh POTENTIAL CRYSTAL [FOLDER]
#     sh patch_tests.sh Ni.eam.alloy fcc:Ni reports
# More words for qc patch-test (PATCH_ARGS="--dimension 3 --deformation general:0.02") narrow the tests or widen them.
set -u
potential=${1:?name a potential file or a built-in potential}
crystal=${2:?name a crystal, as fcc:Ni}
reports=${3:-reports}
mkdir -p "$reports" || exit 2

worst=0
run() { # run REPORT COMMAND...: the report is written whatever the verdicts are
    report=$1
    shift
    # shellcheck disable=SC2086  # several words
    "$@" patch-test --potential "$potential" --crystal "$crystal" ${PATCH_ARGS:---dimension 2.5} --format junit -o "$reports/$report"
    code=$?
    test "$code" -le "$worst" || worst=$code
}

export OMP_NUM_THREADS=1
run patch_tests.xml qc
if command -v mpirun >/dev/null; then
    run patch_tests_2_ranks.xml mpirun -n 2 qc
else
    echo "there is no mpirun: two ranks are not tested" >&2
fi
exit "$worst"
