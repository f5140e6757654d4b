#!/usr/bin/env bash
# Measurements, inside the environment of `dev`: ./dev bench [--quick].
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/run.py" "$@"
