#!/usr/bin/env bash
# The lines that the tests run, by folder of src/; inside the environment of
# `dev`. What is killed by a test counts nothing. Fails if the rooms that keep
# the promises are covered by less than 95 %.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$MDIMAPPEND_BUILD
find "$build" -name '*.gcda' -delete
status=0
"$here/tests/run.sh" "$@" || status=1
cover() {
    gcovr --root "$here" --object-directory "$build" --gcov-ignore-parse-errors=all \
        --exclude-throw-branches --merge-mode-functions=merge-use-line-min "$@" "$build"
}
cover --filter "$here/src/" --json "$build/coverage.json" >/dev/null 2>&1 || status=1
cover --filter "$here/src/(transaction|journal|lock|storage)/" --fail-under-line 95 \
    --txt - || status=1
python3 - "$build/coverage.json" <<'PYTHON'
import collections
import json
import sys

run, lines = collections.Counter(), collections.Counter()
for file in json.load(open(sys.argv[1]))["files"]:
    folder = file["file"].split("/")[1]
    for line in file["lines"]:
        lines[folder] += 1
        run[folder] += line["count"] > 0
for folder in sorted(lines):
    print(f"src/{folder}/  {100 * run[folder] / lines[folder]:.1f} % of {lines[folder]} lines")
PYTHON
exit $status
