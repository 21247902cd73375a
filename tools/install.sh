#!/bin/sh
# Installs what a lock names, with hashes checked, and maitred itself as an editable package. Nothing but pip
# is needed, and what must be built is built with the locked setuptools. `latest` instead of a lock takes the
# newest versions that pyproject.toml allows.
set -eu
venv=$1 lock=$2
python=$venv/bin/python

# durable-rules comes as source alone.
if ! "$python" -c 'import durable_rules_engine' 2>/dev/null; then
  compiler=${CC:-$("$python" -c 'import sysconfig; print((sysconfig.get_config_var("CC") or "cc").split()[0])')}
  header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include") + "/Python.h")')
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if ! command -v "$compiler" >/dev/null || ! [ -f "$header" ]; then
    packages="gcc libc6-dev python$version-dev"
    echo "make: durable-rules has no wheels for Python $version and is compiled here, which needs" >&2
    echo "make: a C compiler ($compiler) and Python's headers ($header)" >&2
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      echo "installing $packages" >&2
      # shellcheck disable=SC2086 -- three names
      apt-get update -qq && apt-get install -y -qq $packages >/dev/null
    else
      echo "make: on Debian, as root: apt-get install $packages" >&2
      exit 2
    fi
  fi
fi

# Its C code calls what CPython 3.13 took away; the function below is the same with two arguments.
if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then
  export CPPFLAGS="${CPPFLAGS:-} -DPyEval_CallObject=PyObject_CallObject"
fi

echo "installing $lock into $venv"
pip() { "$python" -m pip --disable-pip-version-check "$@"; }
if [ "$lock" = latest ]; then
  pip install --quiet --upgrade pip  # one that knows dependency groups
  pip install --quiet --upgrade --editable '.[insights]' --group dev
else
  pip install --quiet --require-hashes --requirement locks/build.txt
  pip install --quiet --require-hashes --no-build-isolation --requirement "$lock"
  pip install --quiet --no-deps --no-build-isolation --editable .
fi
