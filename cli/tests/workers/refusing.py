#!/usr/bin/env python3
"""Says hello in the form that the option names, and refuses every module."""

import json
import os
import sys
import time

VERSION = os.environ.get("REFUSING_VERSION", "1.0")
HELLO = {"wassay": 1, "version": VERSION, "bound": "kill", "drivers": True, "keeps": False, "builtins": []}

kind = sys.argv[2] if sys.argv[1:2] == ["--option"] else "plain"
if kind == "other-version":
    HELLO["wassay"] = 2
elif kind == "no-json":
    print("this is no hello")
    sys.exit(0)
elif kind == "no-bound":
    del HELLO["bound"]
elif kind == "dies":
    sys.stderr.write("the engine's library is missing\n")
    sys.exit(3)
elif kind == "sleeps":
    time.sleep(600)
print(json.dumps(HELLO), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    for position, op in enumerate(request["ops"]):
        # What the parent makes for itself is taken.
        answer = {} if min(op.get("module", 0), op.get("instance", 0)) < 0 else {"end": "refused", "words": "as told"}
        print(json.dumps({"op": position, **answer}))
    print(json.dumps({"done": request["request"]}), flush=True)
