#!/bin/sh
# Resolves requirements*.in with uv, which is fetched into its own environment under MILLRACE_DATA.
set -eu
cd "$(dirname "$0")/.."
stack/install.sh test
uv=${MILLRACE_DATA:-var}/uv
[ -x "$uv/bin/uv" ] || { .venv/bin/python -m venv "$uv" && "$uv/bin/pip" install --quiet uv; }
# No index or find-links addresses: the lock file must work with whatever registry the machine uses.
options="--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate"
# shellcheck disable=SC2086  several options
"$uv/bin/uv" pip compile $options "$@" -o requirements.txt requirements.in >/dev/null
# shellcheck disable=SC2086
"$uv/bin/uv" pip compile $options "$@" -o requirements-dev.txt requirements-dev.in >/dev/null
git diff --stat -- requirements.txt requirements-dev.txt
