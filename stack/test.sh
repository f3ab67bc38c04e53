#!/bin/sh
# All tests, the quick ones first; runs inside `python -m stack.with_services`. What mostly waits runs side by side:
# tests that need no clock (marker `offline`), behind the others in line for the processor, then those of pages and channels
# (`site`) and of chat's rooms (`rooms`), with services of their own, beside all others; then those end-to-end tests that
# only wait for events (marker `patient`)
# beside those that need a whole core for a moment: a browser, a strict player.
set -eu
cd "$(dirname "$0")/.."
pytest=.venv/bin/pytest
report=$(mktemp)
beside=

# start_beside COMMAND…: its output is shown by `end_beside TITLE`, which fails as it did.
start_beside() {
    "$@" >"$report" 2>&1 &
    beside=$!
}

end_beside() {
    wait "$beside" && status=0 || status=$?
    beside=
    echo "$1:"
    cat "$report"
    return "$status"
}

trap '[ -z "$beside" ] || kill "$beside" 2>/dev/null || true; rm -f "$report"' EXIT
trap 'exit 130' INT TERM

# The clip takes a minute to draw: made here, no test waits for it.
start_beside sh -ec "nice -n 15 .venv/bin/python -m tests.media.counter_clip
    exec .venv/bin/python -m stack.with_services -- sh -ec '
        nice -n 15 $pytest -m offline
        nice -n 5 $pytest -m site
        exec $pytest -m rooms'"
$pytest -m "not end_to_end and not offline and not site and not rooms" && passed=yes || passed=no
end_beside "Offline, site, chat"
[ "$passed" = yes ]

start_beside nice -n 10 $pytest -m "end_to_end and patient"
$pytest -m "end_to_end and not patient" && passed=yes || passed=no
end_beside Patient
[ "$passed" = yes ]
