#!/usr/bin/env bash
# Installs the peers that are not in Debian, from PyPI, for the measurements:
#
#     bench/peers.sh [FOLDER]
#
# FOLDER (default: `peers` in the cache folder of `dev`) then has two virtual
# environments: `zappend`, with the Zarr 2 library that zappend needs, and
# `others`. It runs outside of the environment of `dev`, whose Python has no pip
# and is too new for zappend; so an interpreter is put into FOLDER, too, where it
# is visible from inside. Without this script the peers are left out.
set -euo pipefail

cache=${MDIMAPPEND_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/gdalmdimappend}
peers=${1:-$cache/peers}
version=3.12
python=$peers/python/bin/python$version
# Released in 2024, without upper bounds; later libraries fail with it.
zappend=('zappend==0.8.0' 'zarr<3' 'xarray<2025.2' netCDF4)
others=(tensorstore icechunk zarrs xarray dask netCDF4 s3fs)

say() { echo "peers: $*" >&2; }

get_uv() {
    if command -v uv; then return; fi
    [ -x "$peers/uv/bin/uv" ] ||
        python3 -m pip install --quiet --root-user-action ignore --target "$peers/uv" uv >&2
    echo "$peers/uv/bin/uv"
}

# A Python that needs nothing outside of FOLDER: one made to be moved, or else a
# copy of the machine's, if that has a folder of its own (pyenv, conda).
get_python() {
    [ -x "$python" ] && return
    local folder
    if UV_HTTP_TIMEOUT=30 UV_HTTP_RETRIES=0 "$uv" python install --quiet --no-bin \
        --install-dir "$peers/standalone" "$version" 2>/dev/null; then
        folder=$(echo "$peers"/standalone/cpython-"$version".*)
    else
        folder=$(own_folder) || {
            say "Python $version cannot be downloaded, and there is none to copy"
            exit 1
        }
    fi
    say "copying Python $version"
    rm -rf "$peers/python.new"
    cp -a "$folder" "$peers/python.new"
    rm -rf "$peers/python.new/lib/python$version/"{test,site-packages/*}
    mv "$peers/python.new" "$peers/python"
}

own_folder() {
    local candidate folder
    for candidate in "python$version" "${PYENV_ROOT:-/nowhere}/versions/$version".*/bin/python3; do
        folder=$("$candidate" -c 'import sys; print(sys.base_prefix)' 2>/dev/null) || continue
        case $folder in
            /usr|/usr/local) ;;
            *) echo "$folder"; return ;;
        esac
    done
    return 1
}

make_environment() {
    local folder=$peers/$1
    shift
    say "installing $* and what they need"
    "$uv" venv --quiet --clear --python "$python" "$folder"
    # Compiled, as after a first run: else each start would compile.
    "$uv" pip install --quiet --compile-bytecode --python "$folder/bin/python" "$@"
    "$uv" pip freeze --quiet --python "$folder/bin/python" >"$folder/versions.txt"
}

mkdir -p "$peers"
uv=$(get_uv)
get_python
# Where the interpreter looks for its library, if that is not beside it.
export LD_LIBRARY_PATH=$peers/python/lib
make_environment zappend "${zappend[@]}"
make_environment others "${others[@]}"
say "done: $peers"
