#!/usr/bin/env bash
# Faults at random, or, with --all, every campaign over every scenario; then
# other readers look at the states that were left. Inside the environment of
# `dev`; arguments are in its usage.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${MDIMAPPEND_BUILD:-$here/build}
MDIMAPPEND_STATES=$(mktemp -d)
export MDIMAPPEND_STATES
trap 'rm -rf "$MDIMAPPEND_STATES"' EXIT

status=0
if [ "${1:-}" = --all ]; then
    export MDIMAPPEND_ALL_SCENARIOS=1
    "$build/tests/mdimappend_tests" --gtest_brief=1 \
        --gtest_filter='*Protocol*:Scenarios*' || status=1
    python3 -m pytest -q -p no:cacheprovider "$here/autotest/transaction/test_kill_syscalls.py" \
        "$here/autotest/transaction/test_groups_killed.py" || status=1
else
    "$build/tests/mdimappend_torture" "$@" || status=1
fi
python3 "$here/tests/check_states.py" "$MDIMAPPEND_STATES" || status=1
exit $status
