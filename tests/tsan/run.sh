#!/usr/bin/env bash
# The rate table's sixteen-thread audits and the verified-token cache's tests under ThreadSanitizer, on nightly. std is not
# instrumented: see suppressions.txt.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=$(rustc -vV | sed -n 's/^host: //p')
case $target in
    x86_64-unknown-linux-gnu | aarch64-unknown-linux-gnu) ;;
    *) echo "tsan: ThreadSanitizer is run on Linux with glibc alone, so nothing was run"; exit 0 ;;
esac
export RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan/suppressions.txt"
export DOORWARD_AUDIT_OPS=${DOORWARD_AUDIT_OPS:-1600000}
# Without randomised addresses: ThreadSanitizer wants its own (setarch -R).
exec setarch -R "${CARGO:-cargo}" "+${NIGHTLY:-nightly}" test --locked --target "$target" -p doorward --lib -- \
    rate::tests::audit jwt::cache jwt::revocation
