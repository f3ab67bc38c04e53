#!/bin/sh
# All tests, the quick ones first; runs inside `python -m stack.with_services`. Most tests wait more than they compute, so
# four lines run side by side, all but the first with services of their own: those that watch the clock; behind them in line
# for the processor those of pages (`pages`), those of accounts, channels and recordings (`library`), and those of chat's
# rooms (`rooms`) with those that need no clock (`offline`). Then those end-to-end tests that only wait for events
# (`patient`) run beside those that need a whole core for a moment: a browser, a strict player.
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

# start_services NAME NICE COMMAND: with services of its own, which are as nice, so that the first line comes first.
start_services() {
    start_line "$1" nice -n "$2" .venv/bin/python -m stack.with_services -- sh -ec "$3"
}

# The clip takes a minute to draw: made here, no test waits for it.
start_services library 5 ".venv/bin/python -m tests.media.counter_clip; $pytest -m library"
start_services pages 5 "$pytest -m pages"
start_services rooms 2 "$pytest -m rooms && passed=yes || passed=no
    nice -n 13 $pytest -m offline && [ \$passed = yes ]"
$pytest -m "not end_to_end and not offline and not pages and not library and not rooms" && passed=yes || passed=no
end_line rooms "Chat, offline" || passed=no
end_line pages Pages || passed=no
end_line library "Accounts, channels, recordings" || passed=no
lines=
[ "$passed" = yes ]

start_line patient nice -n 10 $pytest -m "end_to_end and patient"
$pytest -m "end_to_end and not patient" && passed=yes || passed=no
end_line patient Patient || passed=no
lines=
[ "$passed" = yes ]
