# Owned by the template.
# What the files in slurm/ have in common. Bash; the current directory is the project's.
# shellcheck shell=bash disable=SC2034

if [ ! -f tools/env.cfg ]; then
    echo "error: $PWD is no project. Run sbatch in the project's folder." >&2
    exit 2
fi

export PYTHONUNBUFFERED=1 # what a job prints is read while it runs

# What each part of the job is held to: the launcher's environment, else that of the first part.
published=${PUBLISHED:-slurm-$SLURM_JOB_ID.json}
in_env=(python3 tools/env run --)
[ -s "$published" ] || "${in_env[@]}" python tools/cluster publish >"$published"
held=("${in_env[@]}" python tools/cluster worker "$published" --)

# A command that ends on SIGTERM and can go on later. When the job's time is nearly up, Slurm sends
# USR1 to this shell (--signal=B:), and the job goes back into the queue under the same number.
requeued() {
    trap requeue USR1
    "$@" &
    command=$!
    wait "$command"
}

requeue() {
    echo "note: The time of job $SLURM_JOB_ID is nearly up. It goes on when its turn comes again."
    kill -TERM "$command" 2>/dev/null || true
    if wait "$command"; then exit 0; fi # it ended by itself just now
    if scontrol requeue "$SLURM_JOB_ID"; then
        sleep 300 # Slurm ends this script now; the end of it by itself could count as that of the job
    fi
    echo "error: Slurm does not take job $SLURM_JOB_ID back. Submit it again." >&2
    exit 1
}
