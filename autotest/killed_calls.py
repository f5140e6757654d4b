"""A command that is killed at one of its system calls, each time on a new copy of the
same store."""

import shutil
import signal

from straced import calls_on, strace


class KilledCalls:
    """`append(store, **options)` is what is killed."""

    def __init__(self, folder):
        # Not in the temporary folder's name, which slices have in common.
        self.folder = folder
        self.count = 0

    def append(self, store, **options):
        raise NotImplementedError

    def run_whole(self, base):
        """Finds the calls, on a copy of the store in `base`; what comes out of it."""
        self.base = base
        store = self.copy()
        log = self.folder / "calls"
        done = self.append(store, prefix=strace(log))
        assert done.status == 0, done
        self.points = calls_on(store.parent, log)
        return store

    def copy(self):
        # The same length of names each time.
        self.count += 1
        folder = self.folder / f"target{self.count:04}"
        shutil.copytree(self.base, folder)
        return folder / "cube.zarr"

    def kill_at(self, name, number):
        store = self.copy()
        inject = f"inject={name}:signal=KILL:when={number}"
        log = self.folder / "killed"
        done = self.append(store, prefix=strace(log, "-e", inject))
        assert done.status in (-signal.SIGKILL, 128 + signal.SIGKILL), done
        return store
