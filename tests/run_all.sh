#!/usr/bin/env bash
# All tests as pytest processes side by side. Four are started at once: the schedulers, the installations, Airflow on PostgreSQL and
# Celery, and the one over the emulated Snowflake; they mostly wait. The others need the cores: they queue, the longest first, and
# three of them run at a time, so that two cores are busy to the end and no test is left without them.
# The fast tests are a group of their own, whose lines and branches are counted; the others leave them out.
# With LINT=1 `make lint` is in the queue, too.
# What each printed is shown when it ends. Each remembers its failures by itself, for `pytest --lf -o cache_dir=.local/pytest-<name>`.
# However it ends, all that it started ends with it: on Ctrl-C, SIGTERM and SIGHUP at once, and when it or `make` is killed.
set -uo pipefail
bound=() # a process behind this gets SIGTERM when the one that started it is gone; only Linux has that
command -v setpriv >/dev/null && bound=(setpriv --pdeathsig TERM)
[ -n "${RUN_ALL_BOUND:-}" ] || RUN_ALL_BOUND=1 exec ${bound[@]+"${bound[@]}"} bash "$0" "$@"
unset RUN_ALL_BOUND
outputs=$(mktemp -d)
shared=$(mktemp -d) # what one group's dbt has parsed, no other one parses
declare -A running=() queued=() # names, by the number of the process
taken=()                        # what no other one is to run
failed=()
trap 'rm -rf "$outputs" "$shared"' EXIT
mark=$$-$RANDOM$RANDOM
# The guard sees the end of a pipe that this shell alone holds open, however the shell ends, and then ends all that bears the mark.
exec {held}> >(exec setsid bash -c '
    trap "" INT TERM HUP
    cat >/dev/null
    marked() { grep -lsz "^TIDEMARK_TESTS=$1\$" /proc/[0-9]*/environ | cut -d/ -f3; }
    for ask in TERM TERM KILL KILL; do
        for ((tenth = 0; tenth < 50; tenth++)); do
            mapfile -t left < <(marked "$1")
            ((${#left[@]})) || exit
            ((tenth)) || kill -s "$ask" "${left[@]}"
            sleep 0.1
        done
    done' guard "$mark" 2>/dev/null)
guard=$!
end() {
    trap '' INT TERM HUP
    for group in "${!running[@]}"; do kill -- "-$group" 2>/dev/null; done
    exec {held}>&-
    wait "$guard"
    exit 130
}
trap end INT TERM HUP

start() { # start NAME NICENESS COMMAND...
    # A session of its own, because Linux shares the cores out among sessions before it looks at what is nice. Those who wait for
    # schedulers come first: theirs is a chain of short tasks.
    setsid bash -c 'echo "$1" >/proc/self/autogroup; shift; exec "$@"' bash "$2" ${bound[@]+"${bound[@]}"} \
        nice -n "$2" env "TIDEMARK_TESTS=$mark" "WARM_DBT_SHARED=$shared" "${@:3}" >"$outputs/$1" 2>&1 {held}>&- &
    running[$!]=$1
}
run() { # run NAME NICENESS ARGUMENTS...
    local each
    for each in "${@:3}"; do [[ $each == -* ]] || taken+=("--ignore=$each"); done
    run_by "$1" "$2" "$RUN" -m "not fast" "${@:3}"
}
measure() { # measure NAME NICENESS ARGUMENTS...
    run_by "$1" "$2" "$RUN -m coverage run --data-file=.local/coverage" "${@:3}"
}
run_by() { # run_by NAME NICENESS PYTHON ARGUMENTS...
    start "$1" "$2" env $3 -m pytest --durations=15 -rfE -o "cache_dir=.local/pytest-$1" "${@:4}"
}
take_one() { # wait for the next one to end, and show what it printed
    local ended code=0
    wait -n -p ended "${!running[@]}" || code=$?
    local name=${running[$ended]}
    unset "running[$ended]" "queued[$ended]"
    printf "\n--- %s\n" "$name"
    cat "$outputs/$name"
    ((code == 0)) || failed+=("$name")
}
queue() { # queue COMMAND NAME ARGUMENTS...: start it as soon as fewer than three of the queue run
    while ((${#queued[@]} >= 3)); do take_one; done
    "$1" "$2" 5 "${@:3}"
    queued[$!]=$2
}
lint=${LINT:-}
unset LINT # a test starts this script
run integration 0 tests/integration
run deploy 0 tests/deploy
run parts 0 tests/parts
run emulated 0 tests/snowflake/test_two_months.py
queue run deliveries tests/accounting tests/faults
queue run families tests/families
queue run snowflake tests/snowflake --ignore=tests/snowflake/test_two_months.py
queue run dbt tests/dbt
queue run pipeline tests/artifacts tests/pipeline tests/own_checks tests/plugins tests/erasure tests/demo
queue run segmentations tests/segmentations tests/metamorphic
queue run suggest tests/suggest tests/your_data tests/personal_data
queue measure fast -m fast tests
queue run statistics tests/statistics
queue run upkeep tests/backfill tests/browser tests/security tests/upkeep tests/validation
queue run sources tests/report tests/sources
# On MWAA's Airflow, too.
queue run_by mwaa "$MWAA_RUN" tests/dags --ignore=tests/dags/test_manifest.py \
    tests/snowflake/test_{connection_forms,dag_on_snowflake,warehouse_on_snowflake}.py
[ -z "$lint" ] || queue start lint make lint
queue run others "${taken[@]}" tests
while ((${#running[@]})); do take_one; done
env $RUN -m tests.coverage_by_folder .local/coverage || failed+=(coverage)
((${#failed[@]} == 0)) || { echo "Failed: ${failed[*]}"; exit 1; }
