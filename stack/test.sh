#!/bin/sh
# All tests, the quick ones first; runs inside `python -m stack.with_services`. Most tests wait more than they compute, so
# the lines of `tests/lines.py` run side by side, all but the first with services of their own and behind it in line for
# the processor. Then come the end-to-end tests: those that only wait for events beside those that need a whole core.
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
start_services library 5 ".venv/bin/python -m tests.media.counter_clip; $pytest --line library"
start_services pages 5 "$pytest --line pages"
start_services rooms 2 "$pytest --line rooms && passed=yes || passed=no
    nice -n 13 $pytest --line offline && [ \$passed = yes ]"
$pytest --line first && passed=yes || passed=no
end_line rooms "Chat, offline" || passed=no
end_line pages Pages || passed=no
end_line library "Accounts, channels, recordings" || passed=no
lines=
[ "$passed" = yes ]

start_line patient nice -n 10 $pytest --line patient
$pytest --line end_to_end && passed=yes || passed=no
end_line patient Patient || passed=no
lines=
[ "$passed" = yes ]
