"""A worker that runs nothing and misbehaves as its option says. It answers every operation with success."""

import json
import os
import subprocess
import sys
import time

kind = sys.argv[sys.argv.index("--option") + 1] if "--option" in sys.argv else "calm"
answered = 0


def say(line):
    sys.stdout.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    sys.stdout.flush()


def version():
    if kind != "other-version":
        return "1"
    # A new one each time it is started.
    return str(time.monotonic_ns())


def been_before(times=1):
    # Each start leaves a file beside the path that the last argument names.
    starts = 0
    while os.path.exists(sys.argv[-1] + str(starts)):
        starts += 1
    open(sys.argv[-1] + str(starts), "w").close()
    return starts >= times


returns = kind.startswith("returns") and been_before()
if kind == "returns-mute" and returns:
    time.sleep(600)
if kind == "returns-dying" and returns:
    sys.exit("no way back")
if kind == "returns-garbled" and returns:
    say("Welcome back!")
if kind == "silent":
    time.sleep(600)
if kind == "stillborn":
    sys.exit("no engine here")
if kind == "chatty":
    say("Welcome to the engine!")
if kind == "future":
    say({"wassay": 2, "version": "1", "bound": "kill", "drivers": False, "keeps": False})
driven = kind == "dies-of-a-driven-probe"
say({"wassay": 1, "version": version(), "bound": "kill", "drivers": driven, "keeps": False, "builtins": []})

for line in sys.stdin:
    request = json.loads(line)
    probing = answered == 0
    answered += 1
    has_frame = False
    for number, op in enumerate(request["ops"]):
        if probing and kind in ("dies-of-a-probe", "dies-of-a-driven-probe") and op.get("module") == 1:
            os._exit(3)
        if not probing and number == 2:
            # The load and the instance are answered.
            if kind == "dies" or kind.startswith("returns") and not returns:
                sys.stderr.write("out of ideas\n")
                sys.stderr.flush()
                os._exit(7)
            if kind == "dies-once" and not os.path.exists(sys.argv[-1]):
                open(sys.argv[-1], "w").close()
                os.abort()
            if kind == "hangs":
                time.sleep(600)
            if kind == "out-of-order":
                number += 1
            if kind == "no-json":
                say("[object Object]")
            if kind == "floods":
                while True:
                    sys.stdout.write("x" * 65536)
            if kind == "floods-errors":
                for _ in range(2000):
                    sys.stderr.write("trace trace trace trace\n" * 100)
            if kind == "eats":
                hoard = []
                while True:
                    hoard.append(bytearray(16 << 20))
            if kind == "has-eaten":
                # Another process has the memory, in a session of its own, until this one is gone.
                code = "import sys; hoard = b'x' * (700 << 20); sys.stdin.read()"
                subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, start_new_session=True).wait()
            if kind == "unknown-trap":
                say({"op": number, "end": "trap", "kinds": ["boredom"]})
                continue
        answer = {"op": number, "ns": 1}
        has_frame |= op.get("instance") == 0
        if "call" in op:
            answer.update({"out": ""} if has_frame else {"end": "absent"})
        if "invoke" in op:
            # Probes check themselves, and find nothing wrong.
            answer["values"] = ["i32:0" if op["name"] == "check" else "i32:42"]
        if probing and kind == "unable" and "module" in op:
            answer["end"] = "rejected"
        say(answer)
    if kind == "returns-garbled-in-setup" and returns and not request["ops"]:
        say("Segmentation fault (not really)")
    if kind == "returns-garbled-once" and returns and not request["ops"] and not os.path.exists(sys.argv[-1] + "2"):
        say("oops")
    if kind == "ends-early" and not probing:
        say({"done": request["request"] + 1})
    done = json.dumps({"done": request["request"]})
    if kind == "talks-on" and not probing:
        done += '\n{"op": 0}'
    say(done)
