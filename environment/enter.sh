# Runs commands in the environment: on this machine itself where it suffices, else in
# the root file system, with mounts that end with the command.

host_suffices() {
    [ "${MDIMAPPEND_HOST:-}" = no ] && return 1
    local version
    version=$(gdal-config --version 2>/dev/null) || return 1
    [ "$(printf '3.13\n%s\n' "$version" | sort -V | head -n 1)" = 3.13 ] &&
        command -v cmake ninja g++ >/dev/null &&
        [ -e "$(gdal-config --cflags | tr ' ' '\n' | sed -n 's/^-I//p' | head -n 1)/cpl_vsi_virtual.h" ] &&
        for header in nlohmann/json.hpp yaml-cpp/yaml.h gtest/gtest.h openssl/evp.h xxhash.h udunits2.h; do
            echo "#include <$header>" | g++ -E -x c++ - >/dev/null 2>&1 || return 1
        done &&
        python3 -c 'import osgeo.gdal, xarray, zarr, dask, netCDF4, pytest, matplotlib' 2>/dev/null
}

in_environment() {
    setup
    export PATH="$build/bin:$PATH"
    export GDAL_DRIVER_PATH="$build/gdalplugins${GDAL_DRIVER_PATH:+:$GDAL_DRIVER_PATH}"
    export PYTHONPATH="$here/apps/python${PYTHONPATH:+:$PYTHONPATH}"
    [ ! -e "$azurite" ] || export MDIMAPPEND_AZURITE=$azurite
    export MDIMAPPEND_SERVERS=$servers
    export MDIMAPPEND_TIDY_CACHE=${MDIMAPPEND_TIDY_CACHE-$cache/tidy}
    if host_suffices; then
        GDAL_DRIVER_PATH="$build/gdalplugins:$(gdal-config --plugindir)"
        exec "$@"
    fi
    local root; root=$(root_file_system)
    GDAL_DRIVER_PATH="$build/gdalplugins:/usr/lib/$(uname -m)-linux-gnu/gdalplugins"
    export PATH="$build/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache} MPLCONFIGDIR=${MPLCONFIGDIR:-/tmp/matplotlib}
    # Another checkout compiles the same: paths relative to it.
    export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$here} CCACHE_NOHASHDIR=1
    mkdir -p "$CCACHE_DIR"
    # The caller's interpreter settings do not fit the other distribution.
    unset LD_LIBRARY_PATH LD_PRELOAD PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE
    # Without it each process that imports xarray compiles it, for seconds.
    export PYTHONPYCACHEPREFIX=$root-compiled
    find_visible
    warn_of_hidden_paths "$root" "$@"
    find_elevation
    exec "${elevated[@]}" bash -c '
        set -e
        root=$1 user=$2 folder=$3; shift 3
        # While this runs, nobody removes it.
        exec 7<"$root/.complete"
        flock --shared 7
        bind=()
        while [ "$1" != -- ]; do bind+=("$1"); shift; done; shift
        for path in /proc /dev /sys /tmp "${bind[@]}"; do
            [ -d "$path" ] || continue
            mkdir -p "$root$path"
            mount --rbind "$path" "$root$path"
        done
        exec chroot --userspec="$user" "$root" /bin/bash -c '\''
            cd "$1" || { echo "dev: $1 is not visible in the environment: set MDIMAPPEND_BIND" >&2; exit 1; }
            shift; exec "$@"'\'' dev "$folder" "$@"
    ' dev "$root" "$own_ids" "$PWD" "${visible[@]}" -- "$@"
}

run() { (in_environment "$@"); }

# What of this machine is seen in the environment.
find_visible() {
    visible=("$(visible_parent)" "$here" "$cache" "$build")
    local path bound
    IFS=: read -ra bound <<<"${MDIMAPPEND_BIND:-}"
    for path in "${bound[@]}"; do
        [ -d "$path" ] || die "MDIMAPPEND_BIND names '$path', which is not a folder"
        visible+=("$(cd "$path" && pwd -P)")
    done
}

# The folder above the checkout, unless that is the root of the file system.
visible_parent() {
    local parent; parent=$(dirname "$here")
    if [ "$parent" = / ]; then echo "$here"; else echo "$parent"; fi
}

# A file that is there and cannot be seen would be called missing.
warn_of_hidden_paths() {
    local root=$1 word path folder; shift
    for word in "$PWD/" "$@"; do
        [[ $word == /* && -e $word ]] || continue
        path=$(readlink -f -- "$word")
        for folder in "${visible[@]}" /tmp /proc /dev /sys; do
            [[ $path/ == "$folder"/* ]] && continue 2
        done
        [ -e "$root$word" ] ||
            say "$word is not visible in the environment: set MDIMAPPEND_BIND=$(dirname "$path")"
    done
}
