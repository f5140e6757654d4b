#!/usr/bin/env bash
# Measurements, inside the environment of `dev`: ./dev bench [--quick], or
# ./dev bench --kernels for single functions (arguments go to Google Benchmark).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${1:-}" = --kernels ]; then
    shift
    exec "$here/kernels.sh" "$(dirname "$(command -v gdalmdimappend)")/../bench/kernels" "$here/results" "$@"
fi
if [ "${1:-}" = --before ]; then
    shift
    exec python3 "$here/before_after.py" "$@"
fi
if [ "${1:-}" = --object-store-slices ]; then
    shift
    exec python3 "$here/object_store_slices.py" "$@"
fi
if [ "${1:-}" = --object-store ]; then
    shift
    exec python3 "$here/object_store.py" "$@"
fi
exec python3 "$here/run.py" "$@"
