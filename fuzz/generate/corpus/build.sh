#!/usr/bin/env bash
# Builds the modules of this folder from their sources. They are kept beside the sources, since compilers of C and
# AssemblyScript are not everybody's: run this after a change of a source.
#
#     rustup target add wasm32-unknown-unknown
#     pip install ziglang
#     npm install assemblyscript
set -euo pipefail
cd "$(dirname "$0")"

rust() {
    rustc --edition 2021 --crate-type cdylib --target wasm32-unknown-unknown -C panic=abort -C strip=symbols \
        -C link-arg=-zstack-size=16384 -C link-arg=--max-memory=262144 "$@" rust/lib.rs
}
rust -C opt-level=s -C target-cpu=mvp -o rust-small.wasm
rust -C opt-level=3 -o rust-fast.wasm
rust -C opt-level=3 -C target-feature=+simd128,+tail-call,+extended-const -o rust-vector.wasm

c() {
    python3 -m ziglang cc -target wasm32-freestanding -nostdlib -Wl,--no-entry -Wl,--max-memory=262144 \
        -Wl,-z,stack-size=8192 -Wl,-s "$@" c/programs.c
}
c -mcpu=mvp -Os -o c-small.wasm
c -mcpu=mvp -O2 -o c-fast.wasm
c -mcpu=generic+simd128+tail_call -O3 -o c-vector.wasm

npx asc assemblyscript/programs.ts -o assemblyscript.wasm -O --use abort= --runtime incremental \
    --initialMemory 1 --maximumMemory 4
