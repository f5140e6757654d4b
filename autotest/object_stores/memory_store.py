"""Buckets of objects in memory. Each operation is atomic, and so is its condition:
that is what is tested with it."""

import bisect
import hashlib
import re
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path


class Refused(Exception):
    """An answer of the store's that is an error."""

    def __init__(self, status, code, message=""):
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class StoredObject:
    data: bytes
    etag: str  # with its quotes
    modified: float
    generation: int


@dataclass
class Bucket:
    objects: dict = field(default_factory=dict)
    keys: list = field(default_factory=list)  # sorted as UTF-8, which is as str
    # All that there have been, with their slashes.
    folders: set = field(default_factory=set)

    def copy(self):
        return Bucket(dict(self.objects), list(self.keys), set(self.folders))


@dataclass
class Page:
    """A page of a listing, in the order of keys."""

    limit: int
    objects: list = field(default_factory=list)  # of (key, StoredObject)
    prefixes: list = field(default_factory=list)
    truncated: bool = False
    last: str = ""


class MemoryStore:
    """Conditions are functions of the present object or None, which raise Refused.
    `keeps_folders`: folders are listed by a delimiter also when their objects are gone,
    as SeaweedFS does in buckets with versions."""

    def __init__(self, keeps_folders=False):
        self.keeps_folders = keeps_folders
        self.lock = threading.RLock()
        self.buckets = {}
        self.generation = 1000

    def create_bucket(self, name):
        with self.lock:
            self.buckets.setdefault(name, Bucket())

    def bucket(self, name):
        try:
            return self.buckets[name]
        except KeyError:
            raise Refused(404, "NoSuchBucket", f"no bucket '{name}'") from None

    def get(self, bucket, key):
        with self.lock:
            stored = self.bucket(bucket).objects.get(key)
        if stored is None:
            raise Refused(404, "NoSuchKey", f"no object '{key}'")
        return stored

    def put(self, bucket, key, data, condition=None, etag=None):
        etag = etag or md5_etag(data)
        with self.lock:
            into = self.bucket(bucket)
            present = into.objects.get(key)
            if condition is not None:
                condition(present)
            self.generation += 1
            stored = StoredObject(data, etag, time.time(), self.generation)
            if present is None:
                bisect.insort(into.keys, key)
            into.objects[key] = stored
            if self.keeps_folders:
                into.folders |= {key[: m.end()] for m in re.finditer("/", key)}
        return stored

    def age(self, bucket, key, seconds):
        """By the store's clock the object, if there is one, was written so long ago."""
        with self.lock:
            objects = self.bucket(bucket).objects
            if key in objects:
                modified = time.time() - seconds
                objects[key] = replace(objects[key], modified=modified)

    def delete(self, bucket, key, condition=None):
        """Whether it was there."""
        with self.lock:
            holder = self.bucket(bucket)
            if condition is not None:
                condition(holder.objects.get(key))
            if holder.objects.pop(key, None) is None:
                return False
            del holder.keys[bisect.bisect_left(holder.keys, key)]
            return True

    def list(self, bucket, prefix="", delimiter="", after="", limit=1000):
        """A page of the objects below a prefix that come after a key or, to continue
        a listing with a delimiter, after a common prefix."""
        page = Page(limit)
        with self.lock:
            holder = self.bucket(bucket)
            keys = holder.keys
            if delimiter and holder.folders:
                keys = sorted({*keys, *holder.folders})
            i = bisect.bisect_left(keys, prefix)
            if after:
                i = max(i, bisect.bisect_right(keys, after))
            while limit and i < len(keys) and keys[i].startswith(prefix):
                key = keys[i]
                end = key.find(delimiter, len(prefix)) if delimiter else -1
                common = key[: end + len(delimiter)] if end >= 0 else None
                if common is not None and common == after:
                    i = bisect.bisect_left(keys, following(common), i)
                    continue
                if len(page.objects) + len(page.prefixes) == limit:
                    page.truncated = True
                    break
                if common is None and key not in holder.objects:
                    i += 1  # The folder that is listed.
                elif common is None:
                    page.objects.append((key, holder.objects[key]))
                    page.last = key
                    i += 1
                else:
                    page.prefixes.append(common)
                    page.last = common
                    i = bisect.bisect_left(keys, following(common), i)
        return page

    def objects(self, bucket):
        with self.lock:
            found = self.bucket(bucket).objects
            return {key: stored.data for key, stored in found.items()}

    def snapshot(self):
        with self.lock:
            return {name: bucket.copy() for name, bucket in self.buckets.items()}

    def restore(self, snapshot):
        """Generations go on growing: those of a later time are not given again."""
        with self.lock:
            self.buckets = {name: bucket.copy() for name, bucket in snapshot.items()}

    def write_folder(self, bucket, prefix, folder):
        """The objects below a prefix as files, paths relative to the prefix."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for key, data in sorted(self.objects(bucket).items()):
            if key.startswith(prefix):
                write_file(folder, key[len(prefix) :], data)


def write_file(folder, key, data):
    """An object as a file; keys that end in a slash are folders."""
    path = Path(folder) / key.lstrip("/")
    if key.endswith("/") or key == "":
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def md5_etag(data):
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def following(prefix):
    """The first string after all that begin with a prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
