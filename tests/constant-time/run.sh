#!/bin/sh
# Builds the proof in both profiles; what is claimed must run under Valgrind without a report, and every control must be
# reported.
set -eu
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-target}
reported=99

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
    echo "constant-time: not run: the requests to Valgrind are written for x86-64 Linux, and this is $(uname -sm)"
    exit 0
fi
if ! command -v valgrind >/dev/null; then
    echo "constant-time: valgrind must be installed first: run 'make deps-system'" >&2
    exit 1
fi

memcheck() { valgrind --quiet --error-exitcode=$reported --leak-check=no "$@"; }
export RUSTFLAGS="--cfg doorward_memcheck"

for profile in debug release; do
    case $profile in
        debug) cargo build --locked --quiet --bin memcheck ;;
        release) cargo build --locked --quiet --release --bin memcheck ;;
    esac
    program=$target/$profile/memcheck
    if ! said=$(memcheck "$program" 2>&1); then
        echo "$said" | grep -v ': 0 reports; ' | tail -n 60
        echo "constant-time: $profile leaks, by the reports above" >&2
        exit 1
    fi
    echo "constant-time: $profile: $(echo "$said" | grep -c ': 0 reports; ') operations on secrets, no report"

    controls=$("$program" --controls)
    for control in $controls; do
        status=0
        memcheck "$program" "$control" >/dev/null 2>&1 || status=$?
        if [ $status -ne $reported ]; then
            echo "constant-time: $profile: nothing is reported of $control, so the proof proves nothing" >&2
            exit 1
        fi
    done
    # An empty list would have passed too.
    [ -n "$controls" ]
    echo "constant-time: $profile: $(echo "$controls" | wc -l) controls, all reported"
done
