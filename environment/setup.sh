# Makes the environment: a root file system of Debian testing in the cache folder, by
# mmdebstrap, with the packages of packages.sh.

root_file_system() {
    local key owners=root
    ! in_user_namespace || owners=subordinate
    key=$(printf '%s\n' "${run_packages[@]}" "$owners" | sha256sum | cut -c1-12)
    echo "$cache/debian-testing-$key"
}

mirror() {
    if [ -n "${MDIMAPPEND_MIRROR:-}" ]; then echo "$MDIMAPPEND_MIRROR"; return; fi
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        grep -E '/debian/?$' | head -n 1
}

# `setup TIER...`: the environment, with the packages of these tiers.
setup() {
    host_suffices && return
    local root tier; root=$(root_file_system)
    [ -e "$root/.complete" ] || locked make_root_file_system "$root"
    for tier in "$@"; do
        [ -e "$root/$(tier_mark "$tier")" ] || locked add_tier "$root" "$tier"
    done
}

locked() {
    mkdir -p "$cache"
    exec 9>"$cache/setup.lock"
    flock 9
    "$@" 9>&-
    exec 9>&-
}

make_root_file_system() {
    local root=$1 from
    [ ! -e "$root/.complete" ] || return 0
    command -v apt-get >/dev/null ||
        die "GDAL >= 3.13 with headers is missing, and without apt this host cannot make a Debian root file system"
    from=$(mirror)
    [ -n "$from" ] ||
        die "no Debian mirror in the apt configuration (is this Ubuntu?): set" \
            "MDIMAPPEND_MIRROR to one (https://www.debian.org/mirror/list), and install" \
            "the package debian-archive-keyring"
    install_mmdebstrap
    say "making a root file system of Debian testing in $cache (a minute and the download, 2 GB, once)"
    remove_unused_root_file_systems
    # Fast: nothing is synced, no documentation is unpacked, and Python's packages
    # are compiled when they are first imported.
    by_mmdebstrap --quiet --variant=apt \
        --aptopt='Acquire::Check-Valid-Until "false"' \
        --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/bin/py3compile' \
        --include="$(IFS=,; echo "${run_packages[*]}")" \
        testing "$root" "$from" >&2
    as_root touch "$root/.complete"
    say "done in $SECONDS s"
}

install_mmdebstrap() {
    command -v mmdebstrap >/dev/null && return
    ! in_user_namespace ||
        die "mmdebstrap is missing: 'sudo apt-get install mmdebstrap uidmap'"
    say "installing mmdebstrap"
    as_root apt-get update -qq >&2
    as_root apt-get install -y -qq --no-install-recommends mmdebstrap >&2
}

by_mmdebstrap() {
    if in_user_namespace; then
        mmdebstrap --mode=unshare "$@"
    else
        as_root mmdebstrap --mode=root "$@"
    fi
}

# Those of older lists of packages, but for one in which something runs.
remove_unused_root_file_systems() {
    local old
    for old in "$cache"/debian-testing-*/; do
        [ -d "$old" ] || continue
        if [ -e "$old/.complete" ]; then
            exec 8<"$old/.complete"
            flock --nonblock 8 || { say "$old is in use, and stays"; continue; }
        fi
        as_root rm -rf "$old" "$cache/frozen-"*"-$(basename "$old")"*
    done
    exec 8>&-
}

tier_packages() {
    local -n packages=$1_packages
    printf '%s\n' "${packages[@]}"
}

tier_mark() {
    echo ".tier-$1-$(tier_packages "$1" | sha256sum | cut -c1-12)"
}

add_tier() {
    local root=$1 tier=$2
    [ ! -e "$root/$(tier_mark "$tier")" ] || return 0
    say "adding what '$tier' needs to the environment (once)"
    as_root bash -c '
        set -e
        root=$1; shift
        for path in /proc /dev; do mount --rbind "$path" "$root$path"; done
        chroot "$root" /usr/bin/env DEBIAN_FRONTEND=noninteractive \
            bash -c "apt-get update -qq && apt-get install -qq -y --no-install-recommends $*"
        ' dev "$root" $(tier_packages "$tier") >&2
    as_root touch "$root/$(tier_mark "$tier")"
}

# A server that speaks as Azure does, for the tests; they do without where the
# machine has no npm. It runs in the environment, where there is a node.
azurite=$cache/azurite/node_modules/azurite/dist/src/blob/main.js

install_azurite() {
    [ -e "$azurite" ] && return
    command -v npm >/dev/null || { say "no npm: the tests on Azure are skipped"; return; }
    mkdir -p "$cache/azurite"
    say "installing Azurite from the npm registry, for the tests"
    npm install --silent --no-audit --no-fund --prefix "$cache/azurite" azurite@3.35.0 >&2 ||
        say "Azurite cannot be installed: the tests on Azure are skipped"
}
