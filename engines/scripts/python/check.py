"""Checks a worker against the protocol (docs/worker-protocol.md) with requests made by hand.

    python3 check.py [--rate] COMMAND [ARGUMENT]...

Starts the worker once for each group of facts, prints every fact that does not hold, and exits with 1 if there
is one. With `--rate` it says how many requests a second the worker answers, with a module of 2 kB and 30 calls.
"""

import json
import subprocess
import sys
import time

# Each module in the text format, and its bytes.
MODULES = {
    "frame": (
        """(module (memory (export "mem") 3 8)
          (func (export "grow") (result i32)
            (drop (memory.grow (i32.const 2)))
            (i32.store (i32.const 131072) (i32.const 0x11223344))
            (i32.store (i32.const 262144) (memory.size))
            (i32.const 4))
          (func (export "peek") (result i32)
            (i32.store (i32.const 131072) (i32.load (i32.const 4096)))
            (i32.const 4))
          (func (export "nothing") (result i32) (i32.const 0)))""",
        "0061736d010000000105016000017f030403000000050401010308071f04036d656d02000467726f770000047065656b"
        "0001076e6f7468696e6700020a38031f00410240001a4180800841c4e6888901360200418080103f0036020041040b11"
        "004180800841802028020036020041040b040041000b",
    ),
    "subject": (
        """(module
          (type $i (func (result i32)))
          (type $l (func (result i64)))
          (memory (export "m") 1 2)
          (global (export "g") (mut i64) (i64.const 7))
          (table $t (export "t") 4 funcref)
          (elem (i32.const 0) $f3 $f4)
          (func $f3 (export "f3") (param i32) (result i32) (i32.add (local.get 0) (i32.const 3)))
          (func $f4 (export "f4") (param i32) (result i32) (i32.add (local.get 0) (i32.const 4)))
          (func (export "unreachable") (result i32) unreachable)
          (func (export "divide") (result i32) (i32.div_s (i32.const 1) (i32.const 0)))
          (func (export "overflow") (result i32) (i32.div_s (i32.const 0x80000000) (i32.const -1)))
          (func (export "convert") (result i32) (i32.trunc_f32_s (f32.const nan)))
          (func (export "memory") (result i32) (i32.load (i32.const 131072)))
          (func (export "undefined") (result i32) (call_indirect (type $i) (i32.const 9)))
          (func (export "uninitialized") (result i32) (call_indirect (type $i) (i32.const 3)))
          (func (export "mismatch") (result i32) (drop (call_indirect (type $l) (i32.const 0))) (i32.const 0))
          (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
          (func (export "endless") (result i32) (loop (br 0)) (i32.const 0)))""",
        "0061736d01000000010e036000017f6000017e60017f017f030d0c020200000000000000000000040401700004050401"
        "0101020606017e0142070b0784010f016d02000167030001740100026633000002663400010b756e726561636861626c"
        "650002066469766964650003086f766572666c6f77000407636f6e766572740005066d656d6f7279000609756e646566"
        "696e656400070d756e696e697469616c697a65640008086d69736d6174636800090464656570000a07656e646c657373"
        "000b0908010041000b0200010a690c0700200041036a0b0700200041046a0b0300000b0700410141006d0b0b00418080"
        "808078417f6d0b0800430000c07fa80b0900418080082802000b070041091100000b070041031100000b0a0041001101"
        "001a41000b0700100a41016a0b090003400c000b41000b0025046e616d65010f0300026633010266340a046465657004"
        "070200016901016c050401000174",
    ),
    "driver": (
        """(module
          (import "same" "name" (memory 1))
          (import "same" "name" (func $a (param i32) (result i32)))
          (import "same" "name" (func $b (param i32) (result i32)))
          (import "same" "name" (global $g (mut i64)))
          (import "same" "name" (table $t 4 funcref))
          (func (export "f0") (result i32)
            (i32.store (i32.const 131072) (call $a (i32.load (i32.const 0))))
            (i32.store (i32.const 131076) (call $b (i32.load (i32.const 4))))
            (global.set $g (i64.add (global.get $g) (i64.const 1)))
            (i64.store (i32.const 131080) (global.get $g))
            (i32.store (i32.const 131088) (call_indirect $t (param i32) (result i32) (i32.const 10) (i32.const 1)))
            (i32.const 20)))""",
        "0061736d01000000010a0260017f017f6000017f0241050473616d65046e616d650200010473616d65046e616d650000"
        "0473616d65046e616d6500000473616d65046e616d65037e010473616d65046e616d6501700004030201010706010266"
        "3000020a40013e0041808008410028020010003602004184800841042802001001360200230042017c24004188800823"
        "0037030041908008410a410111000036020041140b001a046e616d650107020001610101620504010001740704010001"
        "67",
    ),
    "start": (
        """(module (import "a" "mem" (memory 1))
          (data (i32.const 4096) "kept")
          (func $s unreachable) (start $s))""",
        "0061736d01000000010401600000020a010161036d656d020001030201000801000a05010300000b0b0b01004180200b"
        "046b657074000b046e616d65010401000173",
    ),
    "wants_a_table": (
        """(module (import "a" "b" (table 1 funcref)))""",
        "0061736d010000000209010161016201700001",
    ),
    "invalid": (
        """(module (func (export "f") (result i32) (i64.const 0)))""",
        "0061736d010000000105016000017f03020100070501016600000a0601040042000b",
    ),
    "host_values": (
        """(module
          (import "" "" (memory 1))
          (import "" "" (func $make (param i32) (result externref)))
          (import "" "" (func $of (param externref) (result i32)))
          (func (export "f") (result i32)
            (i32.store (i32.const 131072) (call $of (call $make (i32.const 5))))
            (i32.store (i32.const 131076) (call $of (call $make (i32.const 0))))
            (i32.const 8)))""",
        "0061736d01000000010f0360017f016f60016f017f6000017f020e030000020001000000000000000103020102070501"
        "016600020a20011e00418080084105100010013602004184800841001000100136020041080b0012046e616d65010b02"
        "00046d616b6501026f66",
    ),
    "functions": (
        """(module
          (import "" "" (memory 1))
          (import "" "" (func $id (param funcref) (result i32)))
          (import "" "" (func $a (param i32) (result i32)))
          (import "" "" (func $b (param i32) (result i32)))
          (import "" "" (table $t 4 funcref))
          (elem declare func $a $b)
          (func (export "f") (result i32)
            (i32.store (i32.const 131072) (i32.eq (call $id (ref.func $a)) (call $id (ref.func $b))))
            (i32.store (i32.const 131076) (i32.eq (call $id (ref.func $a)) (call $id (table.get $t (i32.const 0)))))
            (i32.const 8)))""",
        "0061736d01000000010f03600170017f60017f017f6000017f0218050000020001000000000000000100000001000001"
        "700004030201020705010166000309060103000201020a2801260041808008d2011000d20210004636020041848008d2"
        "0110004100250010004636020041080b0018046e616d65010b0300026964010161020162050401000174",
    ),
    "throws": (
        """(module (tag $e) (func (export "f") (result i32) (throw $e)))""",
        "0061736d010000000108026000006000017f030201010d03010000070501016600000a0601040008000b000b046e616d"
        "650b0401000165",
    ),
    "calls_the_host": (
        """(module
          (import "h" "f" (func $h (param i32 i64) (result f32)))
          (func (export "f") (param f64) (result f32) (drop (local.get 0)) (call $h (i32.const -5) (i64.const 7))))""",
        "0061736d01000000010c0260027f7e017d60017c017d02070101680166000003020101070501016600010a0d010b0020"
        "001a417b420710000b000b046e616d65010401000168",
    ),
}
FRAME = {"instance": 0, "memory": "mem", "input": 0, "output": 131072}
LIMITS = {
    "stream": False,
    "fuel_max": 10_000_000,
    "frames_max": 10_000,
    "memory_pages_max": 1024,
    "table_elements_max": 1_000_000,
    "deadline_ms": 60_000,
    "frame": FRAME,
}


def module(name):
    """The bytes of a module, as an operation carries them."""
    return MODULES[name][1]


class Worker:
    """A worker that was started, and its hello."""

    def __init__(self, command):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.numbers = 0
        self.hello = self.read()

    def read(self):
        line = self.child.stdout.readline()
        return json.loads(line) if line else None

    def ask(self, ops, on_host=None, **changes):
        """Sends a request; returns the answers in order, `None` for those that did not come."""
        self.numbers += 1
        request = dict(LIMITS, request=self.numbers, ops=ops, **changes)
        try:
            self.child.stdin.write(json.dumps(request) + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            return [None] * len(ops)
        answers = [None] * len(ops)
        while True:
            answer = self.read()
            if answer is None or answer == {"done": self.numbers}:
                return answers
            if "host" in answer:
                self.child.stdin.write(json.dumps(on_host(answer)) + "\n")
                self.child.stdin.flush()
                continue
            answers[answer["op"]] = answer

    def close(self):
        """Ends the input; returns the exit status."""
        self.child.stdin.close()
        rest = self.child.stdout.read()
        status = self.child.wait(30)
        return status if not rest else "left words: %s" % rest[:200]


class Check:
    """The facts that were looked at, and those that do not hold."""

    def __init__(self):
        self.passed = 0
        self.failed = []

    def that(self, fact, holds, seen):
        if holds:
            self.passed += 1
        else:
            self.failed.append(fact)
            print("FAILS: %s\n       %s" % (fact, json.dumps(seen)[:600]))

    def ends(self, fact, answer, *ends):
        self.that(fact, answer is not None and answer.get("end") in ends, answer)

    def succeeds(self, fact, answer):
        self.that(fact, answer is not None and "end" not in answer, answer)

    def returns(self, fact, answer, out):
        self.that(fact, answer is not None and answer.get("out") == out, answer)


LOADED = [
    {"module": -1, "bytes": module("frame")},
    {"instance": 0, "of": -1, "imports": []},
    {"module": 0, "bytes": module("subject")},
    {"instance": 1, "of": 0, "imports": []},
]

# Functions of `subject`, and the kind of trap that each is.
TRAPS = [
    ("unreachable", "unreachable"),
    ("divide", "integer-divide-by-zero"),
    ("overflow", "integer-overflow"),
    ("convert", "invalid-conversion-to-integer"),
    ("memory", "memory-out-of-bounds"),
    ("undefined", "undefined-element"),
    ("uninitialized", "uninitialized-element"),
    ("mismatch", "indirect-call-type-mismatch"),
]


def check_hello(check, worker):
    hello = worker.hello or {}
    check.that("the first line is a hello", hello.get("wassay") == 1 and bool(hello.get("version")), hello)
    check.that("the bound is fuel or kill", hello.get("bound") in ("fuel", "kill"), hello)
    check.that("it says whether instances can be linked", isinstance(hello.get("drivers"), bool), hello)
    check.that("blind spots have reasons", all(hello.get("blind_spots", {}).values()), hello)


def check_modules(check, worker):
    answers = worker.ask(
        [
            {"module": 0, "bytes": "0061736d0100000001"},
            {"module": 1, "bytes": module("invalid")},
            {"module": 2, "bytes": module("subject")},
            {"instance": 0, "of": 7, "imports": []},
            {"instance": 0, "of": 1, "imports": []},
            {"what": 1},
        ]
    )
    check.ends("a module that is cut off is not accepted", answers[0], "malformed", "rejected")
    check.ends("an invalid module is not accepted", answers[1], "invalid", "rejected")
    check.succeeds("a valid module is accepted", answers[2])
    check.ends("an instance of no module is absent", answers[3], "absent")
    check.ends("an instance of a rejected module is absent", answers[4], "absent")
    check.ends("an unknown operation is unclassified", answers[5], "unclassified")
    answers = worker.ask([{"instance": 0, "of": 2, "imports": []}])
    check.ends("modules are forgotten with their request", answers[0], "absent")


def check_calls(check, worker):
    imports = [[0, "mem"], [1, "f3"], [[9, "f4"], [1, "f4"], [0, "grow"]], [1, "g"], [1, "t"]]
    answers = worker.ask(
        LOADED
        + [
            {"module": 1, "bytes": module("driver")},
            {"instance": 2, "of": 1, "imports": imports},
            {"call": 2, "name": "f0", "in": "0500000064000000"},
            {"call": 2, "name": "f0", "in": "ffffffff"},
            {"call": 2, "name": "f0"},
            {"call": 0, "name": "nothing"},
            {"call": 0, "name": "grow"},
            {"call": 2, "name": "f0", "in": "01000000"},
            {"call": 2, "name": "f1"},
            {"call": 3, "name": "f0"},
        ]
    )
    for answer in answers[:6]:
        check.succeeds("modules and instances are made", answer)
    check.returns("imports of one name are told apart", answers[6], "0800000068000000" + "0800000000000000" + "0e000000")
    check.returns("state lives on in an instance", answers[7], "0200000068000000" + "0900000000000000" + "0e000000")
    check.returns("a call without input finds the old one", answers[8], "0200000068000000" + "0a00000000000000" + "0e000000")
    check.returns("no bytes come back where none are returned", answers[9], "")
    check.returns("a frame that grew is read anew", answers[10], "44332211")
    check.returns("a frame that grew is written anew", answers[11], "0400000068000000" + "0b00000000000000" + "0e000000")
    check.ends("a function that is not there is absent", answers[12], "absent")
    check.ends("a call on no instance is absent", answers[13], "absent")


def check_linking(check, worker):
    answers = worker.ask(
        LOADED
        + [
            {"module": 1, "bytes": module("wants_a_table")},
            {"instance": 2, "of": 1, "imports": [[]]},
            {"instance": 2, "of": 1, "imports": [[[7, "t"], [8, "t"]]]},
            {"instance": 2, "of": 1, "imports": [[1, "f3"]]},
            {"instance": 2, "of": 1, "imports": [[1, "nothing"]]},
            {"instance": 2, "of": 1, "imports": [[0, "mem"]]},
            {"instance": 2, "of": 1, "imports": [[7, "t"]]},
            {"call": 2, "name": "f"},
            {"instance": 2, "of": 1, "imports": [[1, "t"]]},
        ]
    )
    check.ends("no candidates are unlinkable", answers[5], "unlinkable")
    check.ends("candidates that are not there are unlinkable", answers[6], "unlinkable")
    check.ends("a function for a table is unlinkable", answers[7], "unlinkable")
    check.ends("an export that is not there is unlinkable", answers[8], "unlinkable")
    check.ends("a memory for a table is unlinkable", answers[9], "unlinkable")
    check.ends("an instance that is not there is absent or unlinkable", answers[10], "absent", "unlinkable")
    check.ends("what was not linked is absent", answers[11], "absent")
    check.succeeds("a table for a table is linked", answers[12])


def check_traps(check, worker):
    calls = [{"call": 1, "name": name} for name, _ in TRAPS]
    answers = worker.ask(LOADED + calls + [{"call": 0, "name": "nothing"}])
    for (name, kind), answer in zip(TRAPS, answers[4:]):
        holds = bool(answer) and answer.get("end") == "trap" and kind in answer.get("kinds", [])
        check.that("%s is a trap of the kind %s" % (name, kind), holds, answer)
    check.returns("a trap ends nothing but its call", answers[-1], "")
    answers = worker.ask(
        LOADED
        + [
            {"module": 1, "bytes": module("start")},
            {"instance": 2, "of": 1, "imports": [[0, "mem"]]},
            {"call": 2, "name": "f"},
            {"call": 0, "name": "peek"},
        ]
    )
    holds = bool(answers[5]) and answers[5].get("end") == "trap" and "unreachable" in answers[5]["kinds"]
    check.that("a start function traps", holds, answers[5])
    check.ends("an instance whose start trapped is not there", answers[6], "absent")
    check.returns("what a failed instantiation wrote stays", answers[7], b"kept".hex())


def check_exhaustion(check, worker):
    answers = worker.ask(LOADED + [{"call": 1, "name": "deep"}, {"call": 0, "name": "nothing"}])
    check.ends("endless recursion exhausts", answers[4], "exhausted")
    check.returns("exhaustion of the stack ends nothing but its call", answers[5], "")
    if worker.hello["bound"] == "fuel":
        calls = [{"call": 1, "name": "endless"}, {"call": 1, "name": "endless"}, {"call": 0, "name": "nothing"}]
        answers = worker.ask(LOADED + calls, fuel_max=100_000)
        for answer in answers[4:6]:
            holds = bool(answer) and answer.get("resource") == "fuel"
            check.that("an endless loop runs out of fuel", holds, answer)
        check.returns("fuel is given anew to each call", answers[6], "")


def check_builtins(check, worker):
    builtins = worker.hello.get("builtins", [])
    if "host_value" in builtins and "extern_id" in builtins:
        link = {"instance": 2, "of": 1, "imports": [[0, "mem"], "host_value", "extern_id"]}
        ops = [{"module": 1, "bytes": module("host_values")}, link, {"call": 2, "name": "f"}]
        answers = worker.ask(LOADED + ops)
        check.returns("host values keep their numbers", answers[-1], "0500000000000000")
    if "func_id" in builtins:
        link = {"instance": 2, "of": 1, "imports": [[0, "mem"], "func_id", [1, "f3"], [1, "f4"], [1, "t"]]}
        ops = [{"module": 1, "bytes": module("functions")}, link, {"call": 2, "name": "f"}]
        answers = worker.ask(LOADED + ops)
        check.returns("functions are told apart, and one is itself through a table", answers[-1], "0000000001000000")
    ops = [{"module": 0, "bytes": module("frame")}, {"instance": 0, "of": 0, "imports": []}]
    ops += [{"module": 1, "bytes": module("throws")}, {"instance": 1, "of": 1, "imports": []}, {"call": 1, "name": "f"}]
    answers = worker.ask(ops)
    if answers[2] and "end" not in answers[2]:
        check.ends("an exception leaves the outermost function", answers[4], "threw")


def check_keeping(check, worker):
    worker.ask([{"module": -5, "bytes": module("frame")}])
    answers = worker.ask(
        [
            {"instance": 0, "of": -5, "imports": []},
            {"call": 0, "name": "grow"},
        ],
        stream=True,
    )
    check.succeeds("a kept module is there in the next request", answers[0])
    check.returns("an instance of a kept module can be called", answers[1], "44332211")
    answers = worker.ask([{"call": 0, "name": "nothing"}])
    check.ends("instances are forgotten with their request", answers[0], "absent")
    if worker.hello["keeps"]:
        worker.ask([{"instance": -6, "of": -5, "imports": []}])
        answers = worker.ask([{"call": -6, "name": "grow"}], frame=dict(FRAME, instance=-6))
        check.returns("a kept instance is there in the next request", answers[0], "44332211")


def check_values(check, worker):
    """Workers that do not link: values as text."""
    host = {"host": "f", "params": ["i32", "i64"], "results": ["f32"]}
    asked = []

    def on_host(question):
        asked.append(question)
        return {"results": ["f32:0x7fc00001"]}

    answers = worker.ask(
        [
            {"module": 0, "bytes": module("subject")},
            {"instance": 0, "of": 0, "imports": []},
            {"invoke": 0, "name": "f3", "args": ["i32:-5"]},
            {"global": 0, "name": "g"},
            {"memory": 0, "name": "m", "bytes_max": 65536},
            {"table": 0, "name": "t", "elements_max": 100},
            {"invoke": 0, "name": "f5", "args": []},
            {"invoke": 7, "name": "f3", "args": ["i32:-5"]},
            {"module": 1, "bytes": module("invalid")},
        ]
        + [{"invoke": 0, "name": name, "args": []} for name, _ in TRAPS]
    )
    check.that("values cross as text", bool(answers[2]) and answers[2].get("values") == ["i32:-2"], answers[2])
    holds = bool(answers[3]) and (answers[3].get("values") == ["i64:7"] or answers[3].get("end") == "absent")
    check.that("a global is shown, or absent", holds, answers[3])
    holds = bool(answers[4]) and (answers[4].get("bytes") == 65536 or answers[4].get("end") == "absent")
    check.that("a memory is shown, or absent", holds, answers[4])
    holds = bool(answers[5]) and (answers[5].get("elements") == 4 or answers[5].get("end") == "absent")
    check.that("a table is shown, or absent", holds, answers[5])
    check.ends("a function that is not there is absent", answers[6], "absent")
    check.ends("a call on no instance is absent", answers[7], "absent")
    check.ends("an invalid module is not accepted", answers[8], "invalid", "rejected")
    for (name, kind), answer in zip(TRAPS, answers[9:]):
        holds = bool(answer) and answer.get("end") == "trap" and kind in answer.get("kinds", [])
        check.that("%s is a trap of the kind %s" % (name, kind), holds, answer)
    ops = [{"module": 0, "bytes": module("calls_the_host")}, {"instance": 0, "of": 0, "imports": [host]}]
    ops.append({"invoke": 0, "name": "f", "args": ["f64:0x7ff8000000000001"]})
    answers = worker.ask(ops, on_host)
    # A worker that has no host functions says so when it links.
    if answers[1] and "end" not in answers[1]:
        holds = bool(answers[2]) and answers[2].get("values") == ["f32:0x7fc00001"]
        check.that("the host answers", holds, answers[2])
        holds = asked == [{"host": "f", "args": ["i32:-5", "i64:7"]}]
        check.that("the host is told the arguments", holds, asked)


def check_end(check, command):
    worker = Worker(command)
    status = worker.close()
    check.that("the end of the input ends the worker with 0", status == 0, status)
    worker = Worker(command)
    worker.child.stdin.write("this is no request\n")
    status = worker.close()
    check.that("a line that is no request ends the worker with a failure", isinstance(status, int) and status > 0, status)


def rate(command):
    """Requests a second: a module of 2 kB with the rest of it unused, and 30 calls."""
    worker = Worker(command)
    worker.ask([{"module": -1, "bytes": module("frame")}, {"module": -2, "bytes": module("driver")}])
    # A custom section makes the subject as long as a generated module.
    subject = bytes.fromhex(module("subject"))
    filling = 2048 - len(subject) - 3
    filled = subject + b"\0" + bytes([filling & 127 | 128, filling >> 7]) + b"\1x" + bytes(filling - 2)
    imports = [[0, "mem"], [1, "f3"], [1, "f4"], [1, "g"], [1, "t"]]
    ops = [
        {"instance": 0, "of": -1, "imports": []},
        {"module": 0, "bytes": filled.hex()},
        {"instance": 1, "of": 0, "imports": []},
        {"instance": 2, "of": -2, "imports": imports},
    ]
    ops += [{"call": 2, "name": "f0", "in": "0500000064000000"}] * 30
    for _ in range(20):
        answers = worker.ask(ops)
    if any(answer is None or "end" in answer for answer in answers):
        return 0
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < 3:
        worker.ask(ops)
        count += 1
    seconds = time.perf_counter() - started
    worker.close()
    return count / seconds


LINKING = [check_modules, check_calls, check_linking, check_traps, check_exhaustion, check_builtins, check_keeping]


def main():
    arguments = sys.argv[1:]
    with_rate = arguments[:1] == ["--rate"]
    command = arguments[1:] if with_rate else arguments
    if not command:
        sys.exit(__doc__)
    check = Check()
    worker = Worker(command)
    if worker.hello is None:
        sys.exit("the worker says no hello")
    print(json.dumps(worker.hello))
    check_hello(check, worker)
    drivers = worker.hello["drivers"]
    worker.close()
    for group in LINKING if drivers else [check_values]:
        worker = Worker(command)
        group(check, worker)
        status = worker.close()
        check.that("the worker survives %s" % group.__name__, status == 0, status)
    check_end(check, command)
    print("%d facts hold, %d do not" % (check.passed, len(check.failed)))
    if with_rate and drivers:
        print("%.0f requests a second" % rate(command))
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
