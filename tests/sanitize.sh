#!/usr/bin/env bash
# The tests under a sanitizer, inside the environment of `dev`:
#
#   sanitize.sh address   all GoogleTests and all of autotest/, ASan and UBSan
#   sanitize.sh thread    what has threads: pipeline, locks, protocol, commands
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kind=$1
shift
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:halt_on_error=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 suppressions=$here/tests/tsan.supp"

if [ "$kind" = address ]; then
    # The plugin is loaded by a Python that knows nothing of sanitizers.
    MDIMAPPEND_PRELOAD=$(gcc -print-file-name=libasan.so)
    export MDIMAPPEND_PRELOAD
    exec "$here/tests/run.sh" "$@"
fi
status=0
"$MDIMAPPEND_BUILD/tests/mdimappend_tests" --gtest_brief=1 \
    --gtest_filter='*Threads*:*Lock*:*Lease*:*SliceReader*:*Pipeline*:*ReadFaults*' || status=1
# The command is instrumented; Python here only calls it.
python3 -m pytest "$here/autotest" -q -p no:cacheprovider -n 2 \
    -k 'writers or reader or kill or batch or races or layouts' "$@" || status=1
exit $status
