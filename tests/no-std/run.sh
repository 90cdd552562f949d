#!/bin/sh
# Builds and runs the proof in both profiles and looks for an allocator among its symbols.
set -eu
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-target}

for profile in debug release; do
    case $profile in
        debug) cargo build --locked --quiet ;;
        release) cargo build --locked --quiet --release ;;
    esac
    program=$target/$profile/doorward-no-std
    "$program"
    symbols=$(nm "$program")
    # The first grep guards the second: a stripped program would show no symbols at all.
    echo "$symbols" | grep -q ' T main$'
    if echo "$symbols" | grep -E 'rust_(alloc|dealloc|realloc)|[ _](malloc|calloc|realloc|posix_memalign|aligned_alloc)(@|$)'; then
        echo "no-std: $profile names an allocator" >&2
        exit 1
    fi
    echo "no-std: $profile runs, names no allocator"
done

# The control: the same program must fail to build once the core has `alloc`, and for that reason.
if refusal=$(cargo check --locked --quiet --features control 2>&1); then
    echo "no-std: builds with alloc, so the proof proves nothing" >&2
    exit 1
fi
if ! echo "$refusal" | grep -q 'no global memory allocator found'; then
    echo "$refusal" >&2
    exit 1
fi
echo "no-std: with alloc it is refused for want of an allocator"
