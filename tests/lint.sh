#!/usr/bin/env bash
# clang-format, clang-tidy, ruff and mypy over the whole tree; inside the environment.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${MDIMAPPEND_BUILD:-$here/build}/lint
cd "$here"
status=0
mkdir -p "$build"
mapfile -t sources < <(git ls-files '*.cpp' '*.h')
clang-format --dry-run --Werror "${sources[@]}" || status=1
mapfile -t python < <(git ls-files '*.py')
if [ ${#python[@]} -gt 0 ]; then
    ruff check -q "${python[@]}" && ruff format -q --check "${python[@]}" || status=1
fi
python3 tests/arrows.py || status=1
(cd apps/python && mypy --no-error-summary --cache-dir /dev/null) || status=1
# Configured only: how each file is compiled by itself.
cmake -S . -B "$build" --preset debug -DMDIMAPPEND_UNITY=OFF >"$build.log" || { cat "$build.log"; exit 1; }
mapfile -t tidied < <(git ls-files 'src/*.cpp' 'gdal_plugin/*.cpp' 'apps/*.cpp')
python3 "$here/tests/tidy.py" "$build" "${tidied[@]}" || status=1
[ $status = 0 ] && echo "lint: clean"
exit $status
