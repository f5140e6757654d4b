#!/usr/bin/env bash
# A picture made from the cube of the demonstration: demo.png in FOLDER.
#
#   picture.sh FOLDER
#
# It needs more of Debian's packages than the demonstration itself.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$1"
echo "A picture made from the cube:"
python3 "$here/picture.py" cube.zarr demo.png
echo "Look at $(pwd -P)/demo.png"
