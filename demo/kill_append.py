"""Start an append and kill it, with SIGKILL, when its first new chunk is there.

usage: kill_append.py SLICE TARGET

Nothing in the product helps with this: new chunks are objects that no reader
looks at yet, so their number is watched from outside.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path


def chunks(arrays: list[Path]) -> int:
    return sum(len(os.listdir(array)) for array in arrays)


def main() -> None:
    slice_name, target = sys.argv[1], Path(sys.argv[2])
    arrays = list(target.glob("*/c"))
    before = chunks(arrays)
    process = subprocess.Popen(["gdalmdimappend", "--quiet", slice_name, target])
    while process.poll() is None and chunks(arrays) <= before:
        pass
    process.send_signal(signal.SIGKILL)
    status = process.wait()
    added = chunks(arrays) - before
    if status == -signal.SIGKILL:
        print(f"gdalmdimappend {slice_name} {target}: killed by SIGKILL,")
        print(f"with {added} new chunk{'' if added == 1 else 's'} in the store")
    else:
        print(f"gdalmdimappend {slice_name} {target}: ended before the kill")


if __name__ == "__main__":
    main()
