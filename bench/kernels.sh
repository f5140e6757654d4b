#!/usr/bin/env bash
# Times of the kernels, and where valgrind is there, the instructions of one turn
# of each: ./dev bench --kernels. What is written: kernels.json, instructions.tsv.
#
# Two runs of one and of three turns are counted, and half of the difference is
# taken: so what a kernel prepares does not count.
set -euo pipefail

program=$1
results=$2
mkdir -p "$results"
"$program" --benchmark_out="$results/kernels.json" --benchmark_out_format=json "${@:3}"
# The name of the machine, and the path of the program.
sed -i '/"host_name"/d; /"executable"/d' "$results/kernels.json"

command -v valgrind >/dev/null || {
    echo "kernels: no valgrind, instructions are not counted" >&2
    exit 0
}

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$program" --benchmark_filter="^$1\$" --benchmark_min_time="$2x" 2>&1 |
        sed -n 's/.*Collected : //p'
}

printf 'kernel\tinstructions\n' >"$results/instructions.tsv"
for kernel in $("$program" --benchmark_list_tests); do
    once=$(count "$kernel" 1)
    thrice=$(count "$kernel" 3)
    printf '%s\t%s\n' "$kernel" $(((thrice - once) / 2))
done | tee -a "$results/instructions.tsv"
