#!/bin/sh
# Builds wheels of the locked packages and of maitred into dist/. With them
# `pip install --no-index --find-links dist maitred` needs neither an index nor a compiler.
set -eu
venv=$1
python=$venv/bin/python

if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then
  export CPPFLAGS="${CPPFLAGS:-} -DPyEval_CallObject=PyObject_CallObject"  # see tools/install.sh
fi
rm -rf dist
pip() { "$python" -m pip --disable-pip-version-check "$@"; }
pip wheel --quiet --require-hashes --no-build-isolation --wheel-dir dist --requirement locks/run.txt
pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
rm -rf build
echo "$(find dist -name '*.whl' | wc -l) wheels in dist/"
