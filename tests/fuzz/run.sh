#!/usr/bin/env bash
# Builds the fuzz targets and runs all or some of them, two at a time; inside
# the environment of `dev`. Fails when an input breaks one, and says where that
# input is kept.
#
#   run.sh [--seconds N] [TARGET...]
#
# What a run learns stays in the build folder and is where the next one starts;
# the seeds of the repository are only read.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${MDIMAPPEND_BUILD:-$here/build}/fuzz
seconds=10
targets=()
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=${2:?--seconds: how many?}; shift ;;
        -*) echo "fuzz: unknown option $1" >&2; exit 2 ;;
        *) targets+=("${1%_fuzz}") ;;
    esac
    shift
done
known=()
for source in "$here"/tests/fuzz/*_fuzz.cpp; do
    known+=("$(basename "$source" _fuzz.cpp)")
done
[ ${#targets[@]} -gt 0 ] || targets=("${known[@]}")
for target in "${targets[@]}"; do
    printf '%s\n' "${known[@]}" | grep -qx -- "$target" ||
        { echo "fuzz: no target '$target'; known are ${known[*]}" >&2; exit 2; }
done

mkdir -p "$build"
if [ ! -e "$build/build.ninja" ]; then
    cmake -S "$here" -B "$build" --preset fuzz >"$build/configure.log" 2>&1 ||
        { cat "$build/configure.log" >&2; exit 1; }
fi
cmake --build "$build" -- --quiet $(printf '%s_fuzz ' "${targets[@]}") >&2 || exit 1

export UBSAN_OPTIONS=print_stacktrace=1
ASAN_SYMBOLIZER_PATH=$(command -v llvm-symbolizer || command -v addr2line)
export ASAN_SYMBOLIZER_PATH

fuzz() {
    local target=$1 corpus=$build/corpus/$1 finds=$build/finds/$1 dictionary=()
    local seeds=$here/tests/fuzz/seeds/$1 log=$build/$1.log
    mkdir -p "$corpus" "$finds"
    # udunits2 forgets what it has read of a text that it refuses.
    local leaks=1; [ "$1" = units ] && leaks=0
    [ -e "$here/tests/fuzz/$1.dict" ] && dictionary=("-dict=$here/tests/fuzz/$1.dict")
    ASAN_OPTIONS=detect_leaks=$leaks "$build/tests/fuzz/${1}_fuzz" "$corpus" "$seeds" "${dictionary[@]}" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
        -detect_leaks=$leaks \
        -artifact_prefix="$finds/" -print_final_stats=1 >"$log" 2>&1
    local status=$?
    local runs; runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status = 0 ]; then
        echo "fuzz: $target: ${runs:-?} inputs, nothing found"
        return 0
    fi
    tail -n 60 "$log"
    echo "fuzz: $target: FOUND, the input is in $finds, the output in $log"
    return 1
}

export here build seconds
export -f fuzz
printf '%s\n' "${targets[@]}" | xargs -P 2 -I '{}' bash -c 'fuzz {}'
