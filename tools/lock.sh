#!/bin/sh
# Renews the locks: the newest version of every package that pyproject.toml allows, with hashes, for CPython
# 3.11 and newer on any platform. No address of an index gets in: pip takes the files from where it is set to.
set -eu
command -v uv >/dev/null || { echo "make: \`make lock\` needs uv: pip install uv" >&2; exit 2; }
lowest=$(mktemp)
trap 'rm -f "$lowest"' EXIT

lock() {
  file=$1
  shift
  uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
    --upgrade --output-file "$file" "$@"
}

mkdir -p locks
lock locks/dev.txt --group build --group dev --extra insights
# The others are parts of it, so that tests run with what is served.
lock locks/run.txt --group build --constraints locks/dev.txt
lock locks/demo.txt --group build --group demo --constraints locks/dev.txt
uv pip compile --quiet --group build --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
    --upgrade --output-file locks/build.txt --constraints locks/dev.txt
# The floors of pyproject.toml, with today's tools around them.
uv pip compile pyproject.toml --extra insights --quiet --universal --python-version 3.11 --resolution lowest-direct \
  --no-annotate --no-header --upgrade --output-file "$lowest"
lock locks/lowest.txt --group build --group dev --extra insights --constraints "$lowest"
