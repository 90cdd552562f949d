#!/bin/sh
# Instructions an operation, by callgrind: a case runs N times and 2N times, and the difference is N operations
# without what it takes to start and to build the tables. Repeats to the instruction on the same build.
#
# Valgrind's processor has no SHA instructions, so hashes are counted in their portable form, several times as
# long as what runs: compare one build with another, and never this count with a time.
set -eu

times=${1:-2000}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- jwt/hs256/fresh api_key/find/1000 rate/check/1

cd "$(dirname "$0")/.."
cargo build --quiet --locked --profile bench -p doorward-benches --bin one
folder=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
one=$folder/release/one

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$one" "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}

for id in "$@"; do
    once=$(count "$id" "$times")
    twice=$(count "$id" $((times * 2)))
    printf '%-24s %7d instructions\n' "$id" $(((twice - once) / times))
done
