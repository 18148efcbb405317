#!/bin/sh
# Makes ./configure from a git checkout.  Needs autoconf, automake, pkg-config.
set -e
cd "$(dirname "$0")"
mkdir -p contrib/autotools
exec autoreconf --install --warnings=all,error "$@"
