#!/bin/sh
# All tests, the quick ones first; runs inside `python -m stack.with_services`. Most tests wait more than they compute, so
# three lines run side by side: those that watch the clock; behind them in line for the processor those that need no clock
# (marker `offline`) and those of pages, channels and recordings (`site`); and those of chat's rooms (`rooms`). The second and
# the third have services of their own. Then those end-to-end tests that only wait for events (`patient`) run beside those
# that need a whole core for a moment: a browser, a strict player.
set -eu
cd "$(dirname "$0")/.."
pytest=.venv/bin/pytest
reports=$(mktemp -d)
lines=

# start_line NAME COMMAND…: its output is shown by `end_line NAME TITLE`, which fails as it did.
start_line() {
    name=$1
    shift
    "$@" >"$reports/$name" 2>&1 &
    eval "line_$name=$!"
    lines="$lines $!"
}

end_line() {
    eval "wait \"\$line_$1\"" && status=0 || status=$?
    echo "$2:"
    cat "$reports/$1"
    return "$status"
}

stop_lines() {
    for line in $lines; do
        kill "$line" 2>/dev/null || true
    done
    rm -rf "$reports"
}

trap stop_lines EXIT
trap 'exit 130' INT TERM

# The clip takes a minute to draw: made here, no test waits for it.
start_line site sh -ec "nice -n 15 .venv/bin/python -m tests.media.counter_clip
    exec .venv/bin/python -m stack.with_services -- sh -ec '
        nice -n 15 $pytest -m offline && offline=passed || offline=failed
        nice -n 5 $pytest -m site && [ \$offline = passed ]'"
start_line rooms .venv/bin/python -m stack.with_services -- nice -n 2 $pytest -m rooms
$pytest -m "not end_to_end and not offline and not site and not rooms" && passed=yes || passed=no
end_line rooms Chat || passed=no
end_line site "Offline, pages, channels, recordings" || passed=no
lines=
[ "$passed" = yes ]

start_line patient nice -n 10 $pytest -m "end_to_end and patient"
$pytest -m "end_to_end and not patient" && passed=yes || passed=no
end_line patient Patient || passed=no
lines=
[ "$passed" = yes ]
