#!/usr/bin/env bash
# Builds every target of fuzz/targets into $OUT, each with its dictionary, its options and what it begins with.
# OSS-Fuzz calls it in its image, with $SRC and $OUT set; the README says how to call it elsewhere.
set -euo pipefail

: "${OUT:?the folder for the targets}"
if [[ -n ${SRC:-} ]]; then
    cd "$SRC/wassay"
else
    cd "$(dirname "$0")/../.."
fi
# What the repository pins is for everything else.
export RUSTUP_TOOLCHAIN="${RUSTUP_TOOLCHAIN:-nightly}"
target_dir="${CARGO_TARGET_DIR:-$PWD/fuzz/targets/target}"
host="$(rustc -vV | sed -n 's/^host: //p')"

targets="$(cargo fuzz list --fuzz-dir fuzz/targets)"
cargo fuzz build --fuzz-dir fuzz/targets -O --debug-assertions

# The inputs come from an ordinary program: flags of sanitizers are none of its business.
seeds=(env -u RUSTFLAGS -u CFLAGS -u CXXFLAGS CARGO_TARGET_DIR="$target_dir/seeds"
    cargo run --release --locked --quiet -p wassay-properties --example mutants --)
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

for target in $targets; do
    cp "$target_dir/$host/release/$target" "$OUT/"
    "${seeds[@]}" --target "$target" --corpus "$work/$target"
    (cd "$work/$target" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
    case "$target" in
        journal | protocol) ;;
        *) cp scripts/oss-fuzz/wasm.dict "$OUT/$target.dict" ;;
    esac
    printf '[libfuzzer]\nmax_len = 65536\ntimeout = 25\nrss_limit_mb = 2560\n' >"$OUT/$target.options"
done
