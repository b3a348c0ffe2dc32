#!/usr/bin/env bash
# All tests as ten pytest processes side by side: the schedulers and installations mostly wait, Airflow on PostgreSQL and Celery
# does, too, and so does the one over the emulated Snowflake; dbt's tests are processes of one thread, and so are the thousands of
# deliveries of the row account, the whole months, the families, the input with the statistics, what runs on MWAA's Airflow, and the
# others. Two cores are then busy to the end.
# With LINT=1 `make lint` runs beside them.
# The last group's output is shown as it comes, that of the others when all are done. Each remembers its failures by itself, for
# `pytest --lf -o cache_dir=.local/pytest-<group>`; those of the last group are what `pytest --lf` runs.
# However it ends, all that it started ends with it: on Ctrl-C, SIGTERM and SIGHUP at once, and when it or `make` is killed.
set -uo pipefail
bound=() # a process behind this gets SIGTERM when the one that started it is gone; only Linux has that
command -v setpriv >/dev/null && bound=(setpriv --pdeathsig TERM)
[ -n "${RUN_ALL_BOUND:-}" ] || RUN_ALL_BOUND=1 exec ${bound[@]+"${bound[@]}"} bash "$0" "$@"
unset RUN_ALL_BOUND
waiting=(tests/integration tests/deploy)
parts=(tests/parts)
emulated=(tests/snowflake/test_two_months.py)
dbt=(tests/dbt tests/snowflake)
deliveries=(tests/accounting tests/faults)
months=(tests/metamorphic tests/personal_data tests/segmentations tests/suggest tests/your_data)
families=(tests/families tests/backfill tests/browser tests/security tests/upkeep tests/validation)
numbers=(tests/report tests/sources tests/statistics)
mwaa=(tests/dags tests/snowflake/test_{connection_forms,dag_on_snowflake,warehouse_on_snowflake}.py)
outputs=$(mktemp -d)
shared=$(mktemp -d) # what one group's dbt has parsed, no other one parses
started=()
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
    for group in "${started[@]}"; do kill -- "-$group" 2>/dev/null; done
    exec {held}>&-
    wait "$guard"
    exit 130
}
trap end INT TERM HUP

start() { # start NICENESS COMMAND...
    # A session of its own, because Linux shares the cores out among sessions before it looks at what is nice. The schedulers come
    # first: what their tests wait for is a chain of short tasks, while the others only need the cores. So do the deliveries: they are
    # the longest chain of all.
    setsid bash -c 'echo "$1" >/proc/self/autogroup; shift; exec "$@"' bash "$1" ${bound[@]+"${bound[@]}"} \
        nice -n "$1" env "TIDEMARK_TESTS=$mark" "WARM_DBT_SHARED=$shared" "${@:2}" 2>&1 {held}>&- &
    started+=($!)
}
run() { # run NICENESS GROUP ARGUMENTS...
    start "$1" env $RUN -m pytest --durations=25 -o "cache_dir=$2" "${@:3}"
}
[ -z "${LINT:-}" ] || start 10 make lint >"$outputs/lint"
unset LINT # a test starts this script
run 0 .local/pytest-waiting "${waiting[@]}" >"$outputs/waiting"
run 0 .local/pytest-parts "${parts[@]}" >"$outputs/parts"
run 0 .local/pytest-emulated "${emulated[@]}" >"$outputs/emulated"
run 10 .local/pytest-dbt "${dbt[@]}" --ignore="${emulated[0]}" >"$outputs/dbt"
run 0 .local/pytest-deliveries "${deliveries[@]}" >"$outputs/deliveries"
run 10 .local/pytest-months "${months[@]}" >"$outputs/months"
run 10 .local/pytest-families "${families[@]}" >"$outputs/families"
run 10 .local/pytest-numbers "${numbers[@]}" >"$outputs/numbers"
RUN=$MWAA_RUN run 10 .local/pytest-mwaa "${mwaa[@]}" --ignore=tests/dags/test_manifest.py >"$outputs/mwaa"
others=("${waiting[@]}" "${parts[@]}" "${dbt[@]}" "${deliveries[@]}" "${months[@]}" "${families[@]}" "${numbers[@]}")
run 10 .pytest_cache tests "${others[@]/#/--ignore=}"
code=0
for ((place = ${#started[@]} - 1; place >= 0; place--)); do
    wait "${started[place]}" || code=1
done
for file in "$outputs"/*; do
    echo "--- $(basename "$file")"
    cat "$file"
done
exit $code
