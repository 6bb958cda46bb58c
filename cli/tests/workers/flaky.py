#!/usr/bin/env python3
"""Rejects a module in half of all cases or so, and refuses it for a limit of its own in the others.

How often it was asked stands in the file that FLAKY_COUNT names, so that new processes go on counting,
and the same count is answered alike.
"""

import json
import os
import random
import sys

HELLO = {"wassay": 1, "version": "1.0", "bound": "kill", "drivers": True, "keeps": False, "builtins": []}


def counted():
    """How often this was asked before."""
    path = os.environ["FLAKY_COUNT"]
    with open(path, encoding="utf-8") as file:
        count = int(file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(count + 1))
    return count


print(json.dumps(HELLO), flush=True)
is_opening = True
for line in sys.stdin:
    request = json.loads(line)
    for position, op in enumerate(request["ops"]):
        answer = {"end": "absent"}
        if is_opening:
            # The first request holds what is kept and the probes, each of which it passes.
            answer = {"out": ""} if "call" in op else {}
        elif min(op.get("module", 0), op.get("instance", 0)) < 0:
            # What the parent makes for itself is taken.
            answer = {}
        elif "module" in op:
            answer = {"end": "refused" if random.Random(counted()).random() < 1 / 2 else "rejected"}
        print(json.dumps({"op": position, **answer}))
    print(json.dumps({"done": request["request"]}), flush=True)
    is_opening = False
