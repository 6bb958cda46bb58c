#!/usr/bin/env python3
"""Says hello in the form that the option names, and then nothing."""

import json
import sys
import time

HELLO = {"wassay": 1, "version": "1.0", "bound": "kill", "drivers": True, "keeps": False, "builtins": []}

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
    pass
