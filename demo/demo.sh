#!/usr/bin/env bash
# The demonstration: real data appended to a cube, an append killed in the
# middle, the recovery, the comparison with the source.
#
#   demo.sh FOLDER     FOLDER keeps slices and cube
#
# Runs inside the environment of `dev`; picture.sh comes after it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$1
export SOURCE=${MDIMAPPEND_DEMO_SOURCE:-/usr/share/ferret-vis/data/monthly_navy_winds.cdf}

mkdir -p "$folder"
cd "$folder"
# Only what an earlier demonstration made.
rm -rf cube.zarr cube.zarr.mdimappend winds_[0-9][0-9][0-9][0-9].nc demo.png

number=0
chapter() {
    number=$((number + 1))
    printf '\n%s. %s\n' "$number" "$*"
}

run() {
    printf '\n  $ %s\n' "$*"
    "$@" 2>&1 | sed 's/^/    /'
}

echo "gdalmdimappend: a demonstration in $(pwd -P)"

chapter "The source: 132 months of winds over the oceans (NOAA, 1982 to 1992), cut
   into one NetCDF file a year, as if each had just come in."
run python3 "$here/split_years.py" "$SOURCE" winds_
run ls -s --block-size=KiB winds_1982.nc winds_1983.nc winds_1992.nc

chapter "The first three years make a new cube. Each slice is one transaction."
run gdalmdimappend winds_1982.nc winds_1983.nc winds_1984.nc cube.zarr

chapter "The same command again: what is in is not appended twice."
run gdalmdimappend winds_1982.nc winds_1983.nc winds_1984.nc cube.zarr

chapter "An append is killed in the middle (SIGKILL) as soon as its first new chunk
   is in the store."
killed=no
for year in 1985 1986 1987 1988 1989 1990 1991; do
    run python3 "$here/kill_append.py" "winds_$year.nc" cube.zarr
    if gdal driver mdimappend status cube.zarr | grep -q 'interrupted'; then
        killed=yes
        break
    fi
    echo "    (too late: its commit was decided already; the next year, then)"
    run gdal driver mdimappend recover cube.zarr
done
[ $killed = yes ] || { echo "no append could be killed in the middle" >&2; exit 1; }
run gdal driver mdimappend status cube.zarr

chapter "A reader does not notice: it sees the cube as it was before that append."
run python3 "$here/compare.py" --steps "$(((year - 1982) * 12))" cube.zarr "$SOURCE"

chapter "The same on copies of the cube, at other moments."
run python3 "$here/kill_often.py" "winds_$year.nc" cube.zarr "$SOURCE"

chapter "All years are appended. The next writer undoes what the killed one left (see
   'recovered'); the years that are in are passed over."
run gdalmdimappend winds_*.nc cube.zarr
run gdal driver mdimappend status cube.zarr
run gdal driver mdimappend log --last 3 cube.zarr

chapter "The cube equals the source, value for value, in GDAL and in xarray."
run gdal mdim info --summary cube.zarr
run python3 "$here/compare.py" --steps 132 cube.zarr "$SOURCE"

printf '\nEverything is as it should be.\n'
