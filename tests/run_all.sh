#!/usr/bin/env bash
# All tests as two pytest processes side by side: those that mostly wait for a scheduler or an installation, and the others.
# On two cores that takes two thirds of the time of one after the other. The first group's output is printed when both are done.
set -uo pipefail
waiting=(tests/integration tests/deploy)
output=$(mktemp)
trap 'rm -f "$output"' EXIT
trap 'kill "$slow" 2>/dev/null; wait; exit 130' INT TERM

env $RUN -m pytest "${waiting[@]}" >"$output" 2>&1 &
slow=$!
env $RUN -m pytest tests "${waiting[@]/#/--ignore=}"
fast_code=$?
wait "$slow"
slow_code=$?
echo "--- ${waiting[*]}"
cat "$output"
exit $((fast_code || slow_code))
