# Who may mount and chroot: root, anybody in a user namespace of his own, or sudo.

# Sets `elevated`, the command that runs another one as root with mounts of its own,
# and `own_ids`, whom it has to become to be oneself.
find_elevation() {
    [ -z "${own_ids:-}" ] || return 0
    own_ids=$(id -u):$(id -g)
    elevated=(unshare --mount --propagation private)
    # The ids of the root file system are subordinate ones, and 70000 is oneself: so
    # what is made in the checkout is one's own.
    local namespace=(unshare --user --map-auto --map-user=70000 --map-group=70000
        --setuid 0 --setgid 0 --mount --propagation private)
    if [ "$(id -u)" = 0 ]; then
        return
    elif "${namespace[@]}" true 2>/dev/null; then
        own_ids=70000:70000
        elevated=("${namespace[@]}")
    else
        command -v sudo >/dev/null || die "$(without_root)"
        sudo -n true 2>/dev/null || say "$(without_root)"
        elevated=(sudo --preserve-env --preserve-env=PATH "${elevated[@]}")
    fi
}

# Whether the root of a root file system is a subordinate id.
in_user_namespace() {
    find_elevation
    [ "$own_ids" = 70000:70000 ]
}

as_root() { find_elevation; "${elevated[@]}" "$@"; }

without_root() {
    echo "this needs root (sudo) here, since user namespaces cannot be used:" \
        "they need newuidmap (Debian, Ubuntu: the package uidmap), lines for" \
        "$(id -un) in /etc/subuid and /etc/subgid, util-linux 2.38 and, on Ubuntu" \
        "24.04 and later, 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'"
}
