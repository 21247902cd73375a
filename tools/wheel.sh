#!/bin/sh
# Builds the wheel of maitred whose core is compiled, into a folder: for this kind of processor, and for the
# Python of the environment. The build lies outside the work tree, where nothing picks up compiled modules.
set -eu
venv=$1 out=$2
mkdir -p "$out"
python=$PWD/$venv/bin/python out=$(cd "$out" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$tree/service"
cp pyproject.toml README.md LICENSE "$tree"
cp -r service/maitred "$tree/service"
cp tools/compiled_setup.py "$tree/setup.py"
cd "$tree"
if ! "$python" -c 'import sys, setuptools.build_meta as b; print(b.build_wheel(sys.argv[1]))' "$out" >build.log 2>&1; then
  cat build.log >&2
  exit 1
fi
echo "$out/$(tail -n 1 build.log)"
