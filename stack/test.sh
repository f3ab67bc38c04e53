#!/bin/sh
# All tests, the quick ones first; runs inside `python -m stack.with_services`.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/pytest -m "not end_to_end"
.venv/bin/pytest -m end_to_end
