#!/bin/sh
# Makes a virtual environment. On Debian the module for that is a package of its own.
set -eu
python=$1 venv=$2
command -v "$python" >/dev/null || { echo "make: $python not found; set PYTHON=/path/to/python3.11 or newer" >&2; exit 2; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "make: maitred needs Python 3.11 or newer, $python is $("$python" -V)" >&2; exit 2; }
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $package, which $python needs to make an environment"
    apt-get update -qq && apt-get install -y -qq "$package" >/dev/null
  else
    echo "make: $python cannot make an environment; as root: apt-get install $package" >&2; exit 2
  fi
fi
rm -rf "$venv"
"$python" -m venv "$venv"
