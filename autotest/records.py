"""Records of a journal, changed as another writer would have written them: whole."""

import hashlib
import json


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def rewrite(path, change=None, version=None):
    """`change`: of its body. `version`: of its format, instead of the one it has."""
    head, body = path.read_bytes().split(b"\n", 1)
    _, kind, present, *_ = head.decode().split()
    if change:
        members = json.loads(body)
        change(members)
        body = (json.dumps(members) + "\n").encode()
    line = f"mdimappend {kind} {version or present} {len(body)} {digest(body)}\n"
    path.write_bytes(line.encode() + body)


def decide_anew(journal):
    """What was decided is the manifest as it is now."""
    data = (journal / "manifest").read_bytes()
    content = {"size": len(data), "checksum": digest(data)}
    rewrite(journal / "decision", lambda members: members.update(manifest=content))
