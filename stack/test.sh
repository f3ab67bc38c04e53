#!/bin/sh
# All tests, the quick ones first; runs inside `python -m stack.with_services`. The media side's quick tests take as
# long as all others together, so the two halves run side by side, the second with services of its own.
set -eu
cd "$(dirname "$0")/.."
report=$(mktemp)
.venv/bin/python -m stack.with_services -- .venv/bin/pytest -m "not end_to_end" tests/transcode >"$report" 2>&1 &
media=$!
trap 'kill "$media" 2>/dev/null || true; rm -f "$report"' EXIT
trap 'exit 130' INT TERM

.venv/bin/pytest -m "not end_to_end" --ignore=tests/transcode
echo "The media side:"
wait "$media" && passed=yes || passed=no
cat "$report"
[ "$passed" = yes ]
.venv/bin/pytest -m end_to_end
