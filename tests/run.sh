#!/usr/bin/env bash
# All tests, inside the environment of `dev`. Arguments go to pytest. Ends with
# one line, "N passed, N failed", and fails when a test does.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${MDIMAPPEND_BUILD:-$here/build}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

status=0
# Two at a time: what the machine of the continuous integration has.
shards=()
for shard in 0 1; do
    GTEST_TOTAL_SHARDS=2 GTEST_SHARD_INDEX=$shard \
        "$build/tests/mdimappend_tests" --gtest_brief=1 \
        --gtest_output="xml:$results/gtest-$shard.xml" &
    shards+=($!)
done
for shard in "${shards[@]}"; do wait "$shard" || status=1; done
LD_PRELOAD=${MDIMAPPEND_PRELOAD:-} python3 -m pytest "$here/autotest" -q -p no:cacheprovider -n "${MDIMAPPEND_WORKERS:-2}" \
    --junitxml="$results/pytest.xml" "$@" || status=1

python3 - "$results" "$status" <<'PYTHON'
import sys
import xml.etree.ElementTree as ElementTree

total = failed = 0
for name in ("gtest-0.xml", "gtest-1.xml", "pytest.xml"):
    try:
        root = ElementTree.parse(f"{sys.argv[1]}/{name}").getroot()
    except (OSError, ElementTree.ParseError):
        print(f"{name}: the tests did not end")
        failed += 1
        continue
    for case in root.iter("testcase"):
        total += 1
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            total -= 1
# A runner may fail without any of its tests having done so.
if sys.argv[2] != "0" and failed == 0:
    failed = 1
print(f"{max(total - failed, 0)} passed, {failed} failed")
sys.exit(1 if failed or total == 0 else 0)
PYTHON
