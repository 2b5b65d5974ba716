#!/bin/bash
# A SLURM job that runs a case, stops in time with its state saved, and submits itself again until the case is done.
#     sbatch slurm.sh iron_crack.toml results/iron_crack
# The shell gets USR1 five minutes before the time is over (or TERM from scancel), and stops the run, which ends with exit code 3.
# With the MPI of the wheels (MPICH) srun needs --mpi=pmi2, which is set below; with a cluster's own MPI what that MPI wants.
#SBATCH --job-name=crack
#SBATCH --ntasks=4
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@300
#SBATCH --open-mode=append
set -u
case_file=${1:?name a case file: sbatch slurm.sh CASE.toml [DIR]}
out=${2:-results/$(basename "$case_file" .toml)}
export OMP_NUM_THREADS=1 SLURM_MPI_TYPE=${SLURM_MPI_TYPE:-pmi2}

told=no
run=
stop() {
    told=yes
    test -z "$run" || kill -TERM "$run" # srun hands it on to every rank
}
trap stop USR1 TERM

resume=()
test -d "$out" && resume=(--resume)
srun qc run "$case_file" -o "$out" "${resume[@]}" &
run=$!
test "$told" = no || kill -TERM "$run" # told before there was a run

wait "$run"
code=$?
while kill -0 "$run" 2>/dev/null; do # a signal ends wait, not the run
    wait "$run"
    code=$?
done
if test "$told" = yes; then
    wait "$run" # its own exit code, not that of the wait that was cut short
    code=$?
fi

# 3: stopped with the state saved; above 128: ended by the signal, the last accepted state is on disk all the same
if test "$code" -eq 3 || { test "$told" = yes && test "$code" -gt 128; }; then
    rm -f "$out/run.lock" # of the run that has just ended: the next job may get another host, which cannot see that it has
    sbatch "$0" "$case_file" "$out"
    exit
fi
exit "$code"
