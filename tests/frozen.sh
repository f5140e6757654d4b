#!/usr/bin/env bash
# The command as it was at one commit of the past, for autotest/frozen: what it does
# with stores of today's build, and today's build with its stores.
#
#   frozen.sh CACHE ENVIRONMENT
#
# builds it once in a folder of the cache, with the libraries of that environment, and
# prints the folder: it has bin/ and gdalplugins/. Runs outside the environment of
# `dev`, where the repository's history is.
set -euo pipefail
commit=20a722be984fe4a969273ab86f99957ca077ccf2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
folder=$1/frozen-${commit:0:7}-$2

say() { echo "frozen: $*" >&2; }
die() { say "$*"; exit 1; }

mkdir -p "$1"
exec 9>"$folder.lock"
flock 9
if [ -e "$folder/.complete" ]; then echo "$folder"; exit; fi

git -C "$here" cat-file -e "$commit^{commit}" 2>/dev/null ||
    die "autotest/frozen needs the command as it was at commit $commit, which is not" \
        "in the history of $here. Of a shallow clone: git fetch --unshallow"
say "building the command of commit ${commit:0:7} in $folder (once)"
rm -rf "$folder"
mkdir -p "$folder/source"
git -C "$here" archive "$commit" | tar -x -C "$folder/source"
# Another cache folder compiles the same: paths relative to it.
export CCACHE_BASEDIR=$folder
made() { "$here/dev" run "$@" >>"$folder/log" 2>&1 9>&-; }
# A third of the time: files whose own names do not meet are compiled together (and one
# alone, whose own name meets that of a namespace which others use).
cat >>"$folder/source/CMakeLists.txt" <<'CMAKE'
find_package(Python3 REQUIRED COMPONENTS Interpreter)
execute_process(
  COMMAND ${Python3_EXECUTABLE} -c "import glob, tidy
for i, group in enumerate(tidy.groups_of(sorted(glob.glob('../src/**/*.cpp', recursive=True)))):
    for file in group:
        if 'json_scanner' not in file: print(file, i, end=';')"
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests
  OUTPUT_VARIABLE together COMMAND_ERROR_IS_FATAL ANY)
foreach(entry IN LISTS together)
  string(REGEX MATCH "^../(.+) ([0-9]+)$" entry "${entry}")
  set_source_files_properties(${CMAKE_MATCH_1} PROPERTIES UNITY_GROUP g${CMAKE_MATCH_2})
endforeach()
set_target_properties(mdimappend PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
CMAKE
{
    made cmake -S "$folder/source" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_CXX_FLAGS=-O0 -DMDIMAPPEND_BUILD_TESTS=OFF &&
        made cmake --build "$folder" --target gdalmdimappend gdal_MDIMAPPEND
} || { tail -n 40 "$folder/log" >&2; die "it cannot be built: see $folder/log"; }
# What made them is not needed any more.
rm -rf "$folder/source" "$folder/CMakeFiles"
touch "$folder/.complete"
say "built in $SECONDS s"
echo "$folder"
