#!/bin/sh
# Style, types, import contracts and templates; stops at the first that complains.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

step() {
    printf '%-12s' "$1"
    shift
    if output=$("$@" 2>&1); then
        echo ok
    else
        printf 'failed\n%s\n' "$output"
        exit 1
    fi
}

step ruff $bin/ruff check --quiet .
step format $bin/ruff format --check --quiet .
step mypy $bin/mypy .
step imports $bin/lint-imports
# shellcheck disable=SC2046  paths in this repository have no spaces
step templates $bin/djade --check --target-version 5.2 $(git ls-files 'templates/*.html')
