#!/bin/sh
# Makes ./configure in a checkout; a release tarball has it already. Needs Debian's autoconf and automake.
set -e
cd "$(dirname "$0")"
for tool in autoreconf automake; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "autogen.sh: $tool is missing. On Debian: apt-get install autoconf automake" >&2
    exit 1
  fi
done
exec autoreconf -i "$@"
