"""A worker (docs/worker-protocol.md) for engines that are Python packages.

    PYTHONPATH=FOLDER python3 worker.py --engine wasmtime|pywasm|wasm3 [--option O]...

FOLDER is where the package was installed, with `pip install --target FOLDER wasmtime==V`, `pywasm==V` or `pywasm3==V`. An option that the engine's
release does not have ends the worker with status 2 and the reason on the standard error stream.
"""

import argparse
import importlib
import sys

import protocol

OPERATIONS = ("module", "instance", "call", "invoke", "global", "memory", "table")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True, choices=["wasmtime", "pywasm", "wasm3"])
    parser.add_argument("--option", action="append", default=[])
    arguments = parser.parse_args()
    adapter = importlib.import_module(arguments.engine + "_engine")
    try:
        make_engine = adapter.prepare(arguments.option)
    except adapter.Unavailable as error:
        sys.stderr.write("%s\n" % error)
        return 2
    return protocol.run(make_engine, OPERATIONS)


if __name__ == "__main__":
    sys.exit(main())
