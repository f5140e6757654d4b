"""What strangers send, and what must not come of it.

Each run has little memory and little time. It ends with an exit status and a
message, never by a signal, and nothing outside of target and sidecar is read,
written, replaced or deleted.
"""

import contextlib
import json

import cubes
import numcodecs

# Enough for GDAL and all its libraries, and for a cube of some bytes.
LIMITED = cubes.in_gigabytes(3)
SECONDS = 100 if cubes.SANITIZED else 20


def refused(*arguments, words=(), statuses=(1, 4, 5), **options):
    """The command fails, and says what is wrong with what."""
    done = cubes.append(
        *arguments, status=None, prefix=LIMITED, timeout=SECONDS, **options
    )
    assert done.status in statuses, repr(done)
    for word in words:
        assert str(word) in done.message, done.message
    assert done.message, repr(done)
    return done


def survived(*arguments, **options):
    """The command does it or refuses it; it neither crashes nor hangs."""
    done = cubes.append(
        *arguments, status=None, prefix=LIMITED, timeout=SECONDS, **options
    )
    assert done.status in (0, 1, 4, 5), repr(done)
    assert done.status == 0 or done.message, repr(done)
    return done


def verb(name, store, *arguments, statuses=(0, 1)):
    """A verb of `gdal driver mdimappend`."""
    words = ("driver", "mdimappend", name, *arguments, store)
    done = cubes.run(
        *words, command="gdal", status=None, prefix=LIMITED, timeout=SECONDS
    )
    assert done.status in statuses, repr(done)
    return done


@contextlib.contextmanager
def untouched(*folders):
    """The folders are the same byte for byte afterwards."""
    before = [cubes.tree(folder) for folder in folders]
    assert all(before), folders
    yield
    assert [cubes.tree(folder) for folder in folders] == before


def victim(folder):
    """Somebody's files, which are none of the command's business."""
    victim = folder / "victim"
    (victim / "empty").mkdir(parents=True)
    (victim / "letter.txt").write_text("dear reader\n")
    for name in ("0", "1", "2", "3", "0.0.0", "1.0.0", "3.0.0", "zarr.json", "plan"):
        (victim / name).write_text("{}")
    return victim


def edit(path, change):
    """Changes a JSON document in place."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return document


def document(store, name):
    """The path of an array's document."""
    v3 = store / name / "zarr.json"
    return v3 if v3.exists() else store / name / ".zarray"


def edit_array(store, name, change):
    """Changes an array's document and its consolidated copy alike."""
    path = document(store, name)
    edit(path, change)
    if path.name == "zarr.json":
        edit(
            store / "zarr.json",
            lambda root: change(root["consolidated_metadata"]["metadata"][name]),
        )
    else:
        edit(
            store / ".zmetadata",
            lambda root: change(root["metadata"][f"{name}/.zarray"]),
        )


def deep(levels, inside="1"):
    """JSON that is nested."""
    return "[" * levels + inside + "]" * levels


def gigabyte_of_zeros(codec):
    """Encoded, in seconds."""
    name = {"gzip": "GZip", "zstd": "Zstd", "blosc": "Blosc", "zlib": "Zlib"}
    quick = {"gzip": {"level": 1}, "zlib": {"level": 1}, "lzma": {"preset": 0}}
    kind = getattr(numcodecs, name.get(codec, codec.upper()))
    return kind(**quick.get(codec, {})).encode(bytes(1 << 30))
