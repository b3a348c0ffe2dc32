#!/usr/bin/env bash
# All tests as four pytest processes side by side: the schedulers and installations mostly wait, dbt's tests are processes of
# one thread, and so are the whole months and the others. Two cores are then busy to the end. The last group's output is shown as
# it comes, that of the others when all are done. Each remembers its failures by itself, for
# `pytest --lf -o cache_dir=.local/pytest-<group>`; those of the last group are what `pytest --lf` runs.
set -uo pipefail
waiting=(tests/integration tests/deploy)
dbt=(tests/dbt tests/snowflake)
months=(tests/accounting tests/metamorphic tests/personal_data tests/segmentations tests/suggest tests/your_data)
outputs=$(mktemp -d)
started=()
trap 'rm -rf "$outputs"' EXIT
trap 'kill "${started[@]}" 2>/dev/null; wait; exit 130' INT TERM

start() { # start NAME ARGUMENTS...
    env $RUN -m pytest --durations=25 -o "cache_dir=.local/pytest-$1" "${@:2}" >"$outputs/$1" 2>&1 &
    started+=($!)
}
start waiting "${waiting[@]}"
start dbt "${dbt[@]}"
start months "${months[@]}"
others=("${waiting[@]}" "${dbt[@]}" "${months[@]}")
env $RUN -m pytest --durations=25 tests "${others[@]/#/--ignore=}"
code=$?
for process in "${started[@]}"; do
    wait "$process" || code=1
done
for file in "$outputs"/*; do
    echo "--- $(basename "$file")"
    cat "$file"
done
exit $code
