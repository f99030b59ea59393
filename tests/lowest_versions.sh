#!/usr/bin/env bash
# Install the lowest versions that pyproject.toml admits in a fresh environment, and run the quick tests with them.
#
#     tests/lowest_versions.sh [--dry-run]      # --dry-run only sees whether they go together
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
python=$work/venv/bin/python

"$python" - > "$work/lowest.txt" << 'END'
import re, tomllib

with open("pyproject.toml", "rb") as file:
    needed = tomllib.load(file)["project"]["dependencies"]
for one in needed:
    name, lowest = re.match(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)", one).groups()
    print(f"{name}=={lowest}")
END
cat "$work/lowest.txt"

"$python" -m pip install -q --upgrade pip
if [ "${1:-}" = --dry-run ]; then
    "$python" -m pip install -q --dry-run -c "$work/lowest.txt" .
    echo 'they go together'
else
    "$python" -m pip install -q -c "$work/lowest.txt" -e '.[test]'
    "$python" -m pytest -W ignore::DeprecationWarning # of old versions beside the newest of what they need
fi
