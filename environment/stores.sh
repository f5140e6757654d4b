# Object stores of this machine's own, for `dev stores`: servers that are built once, each
# from the Go module of its makers, and kept in the cache folder.

servers=$cache/stores

# Module, version, and the package in it.
declare -A go_servers=(
    [versitygw]="github.com/versity/versitygw v1.8.0 cmd/versitygw"
    [minio]="github.com/minio/minio v0.0.0-20260212201848-7aac2a2c5b7c ."
    [seaweedfs]="github.com/seaweedfs/seaweedfs v0.0.0-20261109003541-7506e5f91cd6 weed"
)
known_stores=(moto azurite versitygw minio seaweedfs)

# Moto comes with what tests need, and Azurite from npm.
install_store() {
    case $1 in
        moto) ;;
        azurite) install_azurite ;;
        *)
            [ -n "${go_servers[$1]:-}" ] || die "stores: there is no '$1'; known are ${known_stores[*]}"
            locked install_go_server "$1" ${go_servers[$1]} ;;
    esac
}

# `go install` refuses modules that replace others. Built in their own folders, as their
# makers do, all are built the same way; static, for they run in the environment.
install_go_server() {
    local name=$1 module=$2 version=$3 package=$4 go
    [ ! -e "$servers/$name-$version" ] || return 0
    go=$(command -v go || command -v /usr/local/go/bin/go) ||
        { say "no go: $name cannot be built, and is skipped"; return 0; }
    mkdir -p "$servers"
    say "building $name $version (some minutes, once)"
    (
        export GOMODCACHE=$servers/modules GOCACHE=$servers/compiled GOFLAGS=-modcacherw CGO_ENABLED=0
        cd "$servers"
        source=$("$go" mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
        [ -n "$source" ] && cd "$source" &&
            nice "$go" build -p 1 -trimpath -ldflags=-s -o "$servers/$name.new" "./$package" >&2
    ) || { say "$name cannot be built, and is skipped"; return 0; }
    mv "$servers/$name.new" "$servers/$name-$version"
    ln -sfn "$name-$version" "$servers/$name"
    # The program is a tenth of what it was made of.
    rm -rf "$servers/modules" "$servers/compiled"
}
