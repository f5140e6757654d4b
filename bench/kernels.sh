#!/usr/bin/env bash
# Times of the kernels, and where valgrind is there, the instructions of one turn
# of each: ./dev bench --kernels. What is written: kernels.json, instructions.tsv.
#
# A run of one turn and one of more are counted, and their difference is taken: so
# what a kernel prepares does not count. That is not always quite the same; there are
# as many turns as it takes for that not to matter.
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

# The kernels, and how many turns take about 50 ms.
turns() {
    python3 - "$results/kernels.json" <<'PYTHON'
import json
import sys

milliseconds = {"ns": 1e-6, "us": 1e-3, "ms": 1}
for kernel in json.load(open(sys.argv[1]))["benchmarks"]:
    one = kernel["cpu_time"] * milliseconds[kernel["time_unit"]]
    print(kernel["name"], min(max(round(50 / one), 2), 5000))
PYTHON
}

printf 'kernel\tinstructions\n' >"$results/instructions.tsv"
while read -r kernel turns; do
    once=$(count "$kernel" 1)
    often=$(count "$kernel" "$turns")
    printf '%s\t%s\n' "$kernel" $(((often - once) / (turns - 1)))
done < <(turns) | tee -a "$results/instructions.tsv"
