#!/usr/bin/env bash
# Installs Debian packages the tests need. Each argument is command:package.
#   tests/deps-system.sh [--if-missing] valgrind:valgrind …
# Says what it does; starts no service. Where it can't install, it says so in one sentence and fails.
set -euo pipefail

if_missing=no
if [ "${1:-}" = --if-missing ]; then if_missing=yes; shift; fi

missing=()
for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair#*:}")
done
if [ ${#missing[@]} -eq 0 ]; then
    [ "$if_missing" = yes ] || echo "deps-system: everything is there already, nothing was installed"
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "deps-system: ${missing[*]} must be installed first: run 'sudo make deps-system'" >&2
        exit 1
    fi
    as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps-system: this system has no apt-get, so install these yourself: ${missing[*]}" >&2
    exit 1
fi

echo "deps-system: installing with apt-get: ${missing[*]}"
# Packages that bring a service would start it; a policy of 101 forbids that for as long as this runs.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
