#!/bin/sh
# All tests, the quick ones first; runs inside `python -m stack.with_services`. Tests that need no clock (marker
# `offline`) run beside the others, with services of their own and behind them in line for the processor.
set -eu
cd "$(dirname "$0")/.."
report=$(mktemp)
nice -n 15 .venv/bin/python -m stack.with_services -- .venv/bin/pytest -m offline >"$report" 2>&1 &
offline=$!
trap 'kill "$offline" 2>/dev/null || true; rm -f "$report"' EXIT
trap 'exit 130' INT TERM

.venv/bin/pytest -m "not end_to_end and not offline"
echo "Offline:"
wait "$offline" && passed=yes || passed=no
cat "$report"
[ "$passed" = yes ]
.venv/bin/pytest -m end_to_end
