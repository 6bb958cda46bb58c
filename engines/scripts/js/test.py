#!/usr/bin/env python3
"""Holds a worker to docs/worker-protocol.md: sends requests that were made by hand and checks the answers.

    python3 test.py [--requests N] [--bench] COMMAND [ARGUMENT]...

COMMAND starts the worker. N is how many requests one process must answer in `many_memories_in_one_process`. `--bench`
measures instead of testing. What the engine has no feature for is not asked, and is named at the end. The exit status
is 0 where everything holds.
"""

import json
import os
import select
import signal
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True

from test_modules import ENDS, MODULES, REFUSED, UNLINKABLE  # noqa: E402

OUTPUT = 131072
FRAME = {"instance": -1, "memory": "mem", "input": 0, "output": OUTPUT}
ANSWER_SECONDS = 60
START_SECONDS = 90
REFUSALS = {"malformed", "invalid", "rejected"}
ALL_ENDS = REFUSALS | {"trap", "threw", "exhausted", "unlinkable", "refused", "absent", "unclassified"}
KINDS = {
    "unreachable", "integer-divide-by-zero", "integer-overflow", "invalid-conversion-to-integer",
    "memory-out-of-bounds", "table-out-of-bounds", "undefined-element", "uninitialized-element",
    "indirect-call-type-mismatch", "null-reference", "cast-failure", "array-out-of-bounds", "segment-out-of-bounds",
    "allocation-too-large", "unaligned-atomic", "expected-shared-memory", "host",
}


class Worker:
    """A process that speaks the protocol."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        start_new_session=True)
        self.buffer = b""
        self.number = 0
        self.hello = json.loads(self.line(START_SECONDS))

    def line(self, seconds=ANSWER_SECONDS):
        """The next line that the worker writes; fails where none comes in time."""
        until = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))
            assert ready, f"no answer within {seconds} s"
            piece = os.read(self.process.stdout.fileno(), 1 << 20)
            assert piece, f"the worker ended: {self.process.stderr.read().decode(errors='replace')[-2000:]}"
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line

    def send(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def start(self, *ops, stream=False, frame=FRAME):
        self.number += 1
        request = {
            "request": self.number, "stream": stream, "fuel_max": 100000000, "frames_max": 10000,
            "memory_pages_max": 1024, "table_elements_max": 1000000, "deadline_ms": 5000, "frame": frame, "ops": ops,
        }
        self.send(json.dumps(request, ensure_ascii=False))

    def ask(self, *ops, **more):
        """The answers to the operations, in their order."""
        self.start(*ops, **more)
        answers = []
        for index, _ in enumerate(ops):
            answer = json.loads(self.line())
            assert answer.pop("op", None) == index, f"the answer to operation {index}: {answer}"
            assert answer.get("end") in ALL_ENDS | {None}, answer
            assert set(answer.get("kinds", [])) <= KINDS, answer
            assert ("kinds" in answer) == (answer.get("end") == "trap"), answer
            assert isinstance(answer.get("ns", 0), int) and answer.get("ns", 0) >= 0, answer
            answers.append(answer)
        assert json.loads(self.line()) == {"done": self.number}
        return answers

    def close(self):
        """Closes the input. Returns the exit status and what is on the error stream."""
        try:
            _, errors = self.process.communicate(timeout=ANSWER_SECONDS)
        finally:
            self.kill()
        return self.process.returncode, errors.decode(errors="replace")

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def module(number, name):
    return {"module": number, "bytes": digits(name)}


def digits(name):
    return MODULES[name][2]


def instance(number, of, *imports):
    return {"instance": number, "of": of, "imports": list(imports)}


def call(number, name="f", data=None):
    return {"call": number, "name": name} if data is None else {"call": number, "name": name, "in": data}


# The frame memory, as instance -1.
FRAME_OPS = [module(-1, "frame"), instance(-1, -1)]
MEM = [-1, "mem"]


def good(answer, out=None):
    assert "end" not in answer, answer
    if out is not None:
        assert answer.get("out") == out, answer


def ended(answer, *ends):
    assert answer.get("end") in ends, f"{answer}, and not {' or '.join(ends)}"


def section(kind, payload):
    return bytes([kind]) + leb(len(payload)) + payload


def leb(number):
    digits_ = b""
    while number > 127:
        digits_ += bytes([number & 127 | 128])
        number >>= 7
    return digits_ + bytes([number])


HEADER = b"\0asm\1\0\0\0"


# ---- Tests: each gets a worker that has its frame memory, and a Run ----


def the_hello_names_what_the_worker_can(worker, run):
    hello = worker.hello
    assert hello["wassay"] == 1 and hello["bound"] == "kill" and hello["drivers"] is True and hello["keeps"] is True
    assert isinstance(hello["version"], str) and hello["version"] not in ("", "unknown")
    assert set(hello["builtins"]) <= {"func_id", "extern_id", "host_value", "any_id"}
    assert set(hello["blind_spots"]) <= {"func_id"}, hello["blind_spots"]
    assert not set(hello["blind_spots"]) & set(hello["builtins"])


def a_call_passes_bytes_through_the_frame_memory(worker, run):
    answers = worker.ask(module(0, "negate"), instance(0, 0, MEM), call(0, data="05000000"), call(0, data="FFffFFff"),
                         call(0), call(0, "nothing"))
    for answer in answers[:2]:
        good(answer)
    good(answers[2], "fbffffff")
    good(answers[3], "01000000")
    good(answers[4], "01000000")
    good(answers[5], "")


def several_calls_are_one_operation_and_answered_one_by_one(worker, run):
    assert worker.hello["calls"] is True
    several = {"calls": [[0, "f", 4], [0, "f", 0], [0, "nothing", 0], [0, "gone", 0], [9, "f", 4], [1, "f", 0]],
               "order": [0, 1, 2, 3, 4, 5, 0], "in": "05000000" + "01010101" + "ffffffff"}
    worker.start(module(0, "negate"), instance(0, 0, MEM), {"module": 1, "bytes": ENDS[0][4]}, instance(1, 1), several,
                 call(0))
    answers = [json.loads(worker.line()) for _ in range(6)]
    assert json.loads(worker.line()) == {"done": worker.number}
    # The calls count as seven operations.
    assert [answer["op"] for answer in answers] == [0, 1, 2, 3, 4, 11], answers
    told = answers[4]
    assert told["lengths"] == [4, 4, 0, 0, 0, 0, 4] and told["out"] == "fbffffff" "fbffffff" "01000000", told
    assert len(told["times"]) == 7 and all(isinstance(time, int) and time >= 0 for time in told["times"]), told
    ends = dict(told["ends"])
    assert set(ends) == {3, 4, 5} and ends[3]["end"] == ends[4]["end"] == "absent", told
    assert ends[5]["end"] == "trap" and ends[5]["kinds"] == ["unreachable"] and ends[5]["words"], told
    good(answers[5], "01000000")
    # A memory that grows in one of them; an operation that contradicts itself ends each of them.
    worker.start(module(0, "frame"), instance(0, 0), module(1, "grow"), instance(1, 1, [0, "mem"]),
                 {"calls": [[1, "f", 0]], "order": [0, 0], "in": ""},
                 frame={"instance": 0, "memory": "mem", "input": 0, "output": OUTPUT})
    grown = [json.loads(worker.line()) for _ in range(5)][4]
    assert json.loads(worker.line()) == {"done": worker.number}
    assert grown["lengths"][0] > 0 and len(grown["out"]) == 2 * sum(grown["lengths"]), grown["lengths"]
    worker.start({"calls": [[0, "f", 4]], "order": [0, 0], "in": "0000"})
    wrong = json.loads(worker.line())
    assert json.loads(worker.line()) == {"done": worker.number}
    assert [(index, end["end"]) for index, end in wrong["ends"]] == [(0, "unclassified"), (1, "unclassified")] or \
        [(index, end["end"]) for index, end in wrong["ends"]] == [(0, "absent"), (1, "absent")], wrong


# Words of eight bytes.
ZERO = 16 * "0"
NO_MORE = 16 * "f"


def word(number):
    return number.to_bytes(8, "little").hex()


def a_look_shows_memories_globals_and_tables(worker, run):
    assert worker.hello["looks"] is True
    frame = {"instance": 0, "memory": "mem", "input": 0, "output": OUTPUT}
    made = [module(0, "showing_frame"), instance(0, 0), module(1, "state"), instance(1, 1), module(2, "eye"),
            instance(2, 2, [0, "put"]), module(3, "reads_i64"), module(4, "reads_f64")]

    def looked(*exports, of=1, eye=2, full=False, bytes_max=65536, elements_max=10):
        look = {"look": of, "eye": eye, "full": full, "bytes_max": bytes_max, "elements_max": elements_max,
                "exports": list(exports)}
        answers = worker.ask(*made, look, frame=frame)
        for answer in answers[:-1]:
            good(answer)
        return answers[-1]

    good(looked(["m", "memory"]), word(7))
    good(looked(["m", "memory"], full=True), word(1007))
    # Too large to be looked at: its size, and that it was not.
    good(looked(["m", "memory"], bytes_max=65535), word(65536) + ZERO)
    good(looked(["i", "i32", 9]), "fbffffff" + 24 * "0")
    good(looked(["l", "i64", 3]), "efcdab8967452301" + ZERO)
    good(looked(["d", "f64", 4]), "000000000000f83f" + ZERO)
    good(looked(["s", "f32", 9]), "00000080" + 24 * "0")
    # A NaN, with the bits that only an instance sees.
    good(looked(["n", "f64", 4]), "010000000000f47f" + ZERO)
    good(looked([0, "give"]), "0d0c0b0a")
    good(looked(), "")
    null, size = word(1) + ZERO + ZERO, word(4)
    if "func_id" in worker.hello["builtins"]:
        functions = word(2) + word(1) + word(0) + word(1) + word(1) + word(1)
        first = word(1) + word(1) + word(0)
    else:
        functions, first = word(3) + word(17) + word(0), word(1) + word(17) + word(0)
    good(looked(["t", "table", "funcref"]), size + null + functions + NO_MORE)
    good(looked(["t", "table", "funcref"], elements_max=2), size + null + first + NO_MORE)
    several = looked(["i", "i32", 9], ["m", "memory"], [0, "give"])
    good(several, "fbffffff" + 24 * "0" + word(7) + "0d0c0b0a")
    ended(looked(["m", "memory"], of=9), "absent")
    ended(looked([9, "give"]), "absent")
    for wrong in (["i", "memory"], ["m", "i32", 9], ["m", "table", "funcref"], ["n", "f64", 9], ["gone", "i32", 9]):
        ended(looked(wrong), "unclassified")
    ended(looked(["m", "memory"], eye=9), "unclassified")


def a_look_shows_references(worker, run):
    if not run.has("references"):
        return
    look = {"look": 0, "eye": 9, "full": False, "bytes_max": 0, "elements_max": 10,
            "exports": [["r", "externref"], ["z", "funcref"], ["t", "table", "externref"], ["f", "funcref"]]}
    answers = worker.ask(module(0, "referring"), instance(0, 0), look)
    func = word(1 if "func_id" in worker.hello["builtins"] else 17) + word(0)
    good(answers[2], 4 * ZERO + word(3) + word(3) + 2 * ZERO + NO_MORE + func)


def a_seat_is_taken_before_the_call(worker, run):
    assert worker.hello["seats"] is True
    made = [module(0, "seated"), instance(0, 0, MEM), module(1, "sitters"), instance(1, 1)]
    seats = [[1, "more"], [1, "less"], [1, "more"], [1, "gone"], [1, "g"], [9, "more"]]
    answers = worker.ask(*made, *({"call": 0, "name": "f", "in": "05000000", "seat": seat} for seat in seats))
    for answer, out in zip(answers[4:7], ("06000000", "04000000", "06000000")):
        good(answer, out)
    for answer in answers[7:]:
        ended(answer, "absent")
    calls = [[0, "f", 4, seat] for seat in seats]
    worker.start(*made, {"calls": calls, "order": [1, 0, 3, 5], "in": "05000000" "07000000" "01000000" "01000000"})
    told = [json.loads(worker.line()) for _ in range(5)][4]
    assert json.loads(worker.line()) == {"done": worker.number}
    assert told["lengths"] == [4, 4, 0, 0] and told["out"] == "04000000" "08000000", told
    assert [(index, end["end"]) for index, end in told["ends"]] == [(2, "absent"), (3, "absent")], told


def a_caller_is_made_once_and_its_seat_is_emptied(worker, run):
    assert worker.hello["callers"] is True
    keep = {"keep": -300, "bytes": module(0, "seated")["bytes"], "imports": [MEM]}
    sitters = [module(1, "sitters"), instance(1, 1)]
    call_through = {"call": -300, "name": "f", "in": "05000000"}
    answers = worker.ask(*sitters, keep, {"keep": -300}, {**call_through, "seat": [1, "more"]})
    for answer in answers[2:4]:
        good(answer)
    good(answers[4], "06000000")
    # Another request is told that it is there, and finds nobody in the seat.
    answers = worker.ask(*sitters, {"keep": -300}, call_through, {**call_through, "seat": [1, "less"]})
    good(answers[2])
    ended(answers[3], "trap")
    good(answers[4], "04000000")
    worker.start(*sitters, {"calls": [[-300, "f", 4, [1, "more"]]], "order": [0], "in": "05000000"})
    while "done" not in json.loads(worker.line()):
        pass
    ended(worker.ask(call_through)[0], "trap")
    # Two calls through one seat, another in between, and the first again.
    worker.start(*sitters, {"calls": [[-300, "f", 4, [1, "more"]], [-300, "f", 4, [1, "less"]]], "order": [0, 0, 1, 0], "in": "05000000" * 4})
    told = json.loads([worker.line() for _ in range(4)][2])
    assert told["out"] == "06000000" "06000000" "04000000" "06000000", told
    # Other bytes take the place of what was there, also where they are no module.
    ended(worker.ask({**keep, "bytes": "00"})[0], *REFUSALS)
    ended(worker.ask({"keep": -300})[0], "absent")
    answers = worker.ask({**keep, "keep": 5}, {**keep, "keep": -301, "bytes": "00"}, {**call_through, "call": -301},
                         {**keep, "keep": -301, "imports": [[9, "mem"]]}, {**keep, "keep": -301}, {**call_through, "call": -301})
    ended(answers[0], "unclassified")
    ended(answers[1], *REFUSALS)
    ended(answers[2], "absent")
    ended(answers[3], "unlinkable")
    good(answers[4])
    ended(answers[5], "trap")


def memory_that_grows_during_a_call_is_read_as_it_is_then(worker, run):
    answers = worker.ask(module(0, "frame"), instance(0, 0), module(1, "grow"), instance(1, 1, [0, "mem"]), call(1),
                         frame={"instance": 0, "memory": "mem", "input": 0, "output": OUTPUT})
    good(answers[4])
    assert answers[4]["out"] == "00" * OUTPUT + "04030201"


def what_belongs_to_a_request_is_forgotten_and_what_is_negative_is_kept(worker, run):
    worker.ask(module(3, "negate"), module(-7, "negate"), instance(3, 3, MEM), instance(-7, 3, MEM))
    answers = worker.ask(instance(0, 3, MEM), call(3), instance(0, -7, MEM), call(-7, data="01000000"), call(0, "f"))
    ended(answers[0], "absent")
    ended(answers[1], "absent")
    good(answers[2])
    good(answers[3], "ffffffff")
    good(answers[4], "ffffffff")


def a_number_may_be_given_again(worker, run):
    answers = worker.ask(module(0, "two"), module(0, "negate"), instance(-8, 0, MEM), call(-8, data="02000000"),
                         module(0, "reads"), instance(-8, 0), call(-8))
    good(answers[3], "feffffff")
    good(answers[6], "feffffff")


def an_instantiation_that_fails_makes_no_instance(worker, run):
    answers = worker.ask(module(0, "missing_import"), instance(0, 0, [[5, "f"]]), call(0), module(1, "writes_and_traps"),
                         instance(1, 1, MEM), call(1), instance(0, 0, [-1, "nothing"]))
    ended(answers[1], "unlinkable")
    ended(answers[2], "absent")
    ended(answers[4], "trap")
    ended(answers[5], "absent")
    ended(answers[6], "unlinkable")


def what_a_start_function_wrote_before_its_trap_stays_written(worker, run):
    answers = worker.ask(module(0, "writes_and_traps"), module(1, "reads"), instance(0, 0, MEM), instance(1, 1), call(1))
    ended(answers[2], "trap")
    assert answers[2]["kinds"] == ["unreachable"], answers[2]
    good(answers[4], "44332211")


def the_first_candidate_whose_instance_exists_is_taken(worker, run):
    answers = worker.ask(module(0, "negate"), instance(0, 0, [[9, "mem"], MEM, [-1, "nothing"]]), call(0, data="03000000"),
                         instance(1, 0, [[9, "mem"], [8, "mem"]]), instance(2, 0, []))
    good(answers[1])
    good(answers[2], "fdffffff")
    ended(answers[3], "unlinkable")
    ended(answers[4], "unlinkable")


def imports_of_the_same_names_get_each_its_own_entry(worker, run):
    answers = worker.ask(module(0, "two"), instance(0, 0), module(1, "same_names"),
                         instance(1, 1, [0, "one"], [0, "two"], [0, "three"], [0, "g5"], [0, "one"], MEM), call(1),
                         instance(2, 1, [0, "three"], [[0, "three"]], [0, "one"], [0, "g5"], [0, "two"], MEM), call(2),
                         instance(3, 1, [0, "one"], [0, "two"], [0, "three"], [0, "one"], [0, "g5"], MEM))
    good(answers[4], "0102030501")
    good(answers[6], "0303010502")
    ended(answers[7], "unlinkable")


def names_may_be_any_text(worker, run):
    answers = worker.ask(module(0, "two"), instance(0, 0), module(1, "strange_names"),
                         instance(1, 1, [0, "one"], [0, "two"], [0, "three"], [0, "one"], MEM), call(1, "\U0001f600"),
                         instance(2, 1, [0, "one"], [0, "two"], [0, "three"], [0, "m1"], MEM))
    good(answers[4], "01020301")
    ended(answers[5], "unlinkable")


def every_end_is_told_by_its_kind(worker, run):
    for name, feature, end, _, code in ENDS:
        if not run.has(feature):
            continue
        answers = worker.ask({"module": 0, "bytes": code}, instance(0, 0), call(0), call(0))
        try:
            good(answers[0])
            # A start function or a segment leaves no instance to call, and what traps in a call traps again.
            found = answers[1] if "end" in answers[1] else answers[2]
            if found is answers[1]:
                ended(answers[2], "absent")
            else:
                assert answers[3].get("kinds") == found.get("kinds") and answers[3].get("end") == found.get("end")
            if end in ("exhausted", "threw"):
                ended(found, end)
                assert found.get("resource", "stack") == "stack", found
            else:
                ended(found, "trap")
                assert end in found["kinds"], f"{found} has not {end}"
                assert len(found["kinds"]) == len(set(found["kinds"])) <= 5, found
            assert found["words"], found
        except AssertionError as error:
            run.fail(f"{name}: {error}")


def what_does_not_match_is_unlinkable(worker, run):
    for name, feature, _, code in UNLINKABLE:
        if not run.has(feature):
            continue
        export = code_name(code)
        answers = worker.ask(module(0, "exporter"), instance(0, 0), {"module": 1, "bytes": code},
                             instance(1, 1, [0, export]), call(1))
        try:
            good(answers[2])
            ended(answers[3], "unlinkable")
            assert answers[3]["words"], answers[3]
            ended(answers[4], "absent")
        except AssertionError as error:
            run.fail(f"{name}: {error}")


def code_name(code):
    """The second name of the first import, which is called "m" and something."""
    data = bytes.fromhex(code)
    at = data.index(b"\1m") + 2
    return data[at + 1:at + 1 + data[at]].decode()


def limits_of_the_implementation_are_refused(worker, run):
    too_many = b"\1\x60" + leb(1001) + b"\x7f" * 1001 + b"\0"
    locals_ = b"\1" + leb(50001) + b"\x7f\x0b"
    body = HEADER + section(1, b"\1\x60\0\0") + section(3, b"\1\0")
    large = [("parameters", "mvp", "", (HEADER + section(1, too_many)).hex()),
             ("types", "mvp", "", (HEADER + section(1, leb(1000001) + b"\x60\0\0" * 1000001)).hex()),
             ("locals", "mvp", "", (body + section(10, b"\1" + leb(len(locals_)) + locals_)).hex())]
    for name, feature, _, code in REFUSED + large:
        if not run.has(feature):
            continue
        answers = worker.ask({"module": 0, "bytes": code}, instance(0, 0))
        try:
            found = answers[0] if "end" in answers[0] else answers[1]
            # Where the text does not tell a limit from memory that is not there.
            if found.get("resource") != "memory":
                ended(found, "refused")
        except AssertionError as error:
            run.fail(f"{name}: {error}")


def modules_that_are_none_are_rejected(worker, run):
    bodies = {
        "no magic": b"\0ASM\1\0\0\0",
        "nothing": b"",
        "another version": b"\0asm\2\0\0\0",
        "a section beyond the end": HEADER + b"\1\5\1",
        "a function without its result": HEADER + section(1, b"\1\x60\0\1\x7f") + section(3, b"\1\0")
                                         + section(10, b"\1\2\0\x0b"),
        "a type that is not there": HEADER + section(3, b"\1\0") + section(10, b"\1\2\0\x0b"),
        # i8x16.extract_lane_s 16: the standard's rule, whatever the engine's words about size.
        "a lane that is not there": HEADER + section(1, b"\1\x60\0\0") + section(3, b"\1\0")
                                    + section(10, b"\1\x18\0\xfd\x0c" + bytes(16) + b"\xfd\x15\x10\x1a\x0b"),
    }
    for name, data in bodies.items():
        answers = worker.ask({"module": 0, "bytes": data.hex()}, instance(0, 0))
        try:
            ended(answers[0], *REFUSALS)
            ended(answers[1], "absent")
        except AssertionError as error:
            run.fail(f"{name}: {error}")


def functions_are_numbered_by_identity(worker, run):
    if not run.offers("func_id"):
        return
    answers = worker.ask(module(0, "two"), instance(0, 0), module(1, "func_id"),
                         instance(1, 1, "func_id", MEM, [0, "one"]), call(1),
                         module(2, "table_of_functions"), instance(2, 2), module(3, "func_id_of_table"),
                         instance(3, 3, "func_id", MEM, [2, "t"], [2, "f"]), call(3))
    good(answers[4], "010001")
    good(answers[9], "0100")


def host_values_carry_their_number(worker, run):
    if not run.offers("extern_id") or not run.offers("host_value"):
        return
    ops = [module(0, "extern_id"), instance(0, 0, "extern_id", "host_value", MEM)]
    for data in ("00000000", "07000000", "ffffffff", "00000080", "ffffff7f"):
        good(worker.ask(*ops, call(0, data=data))[2], data + "00")


def objects_are_numbered_by_identity(worker, run):
    if not run.offers("any_id"):
        return
    answers = worker.ask(module(0, "any_id"), instance(0, 0, "any_id", "extern_id", MEM), call(0))
    good(answers[2], "0100ffff")


def streamed_answers_come_before_a_hang(worker, run):
    worker.start(module(0, "loop"), instance(0, 0), call(0), stream=True)
    for index in range(2):
        assert json.loads(worker.line())["op"] == index
    ready, _, _ = select.select([worker.process.stdout], [], [], 0.5)
    assert not ready, worker.line()
    worker.kill()
    run.renew()


def requests_that_make_no_sense_are_unclassified(worker, run):
    answers = worker.ask({"module": 0, "bytes": "0"}, {"module": 0, "bytes": "0g"}, {"module": 0, "bytes": "\u0130\u0131"},
                         {"module": 0}, {"dance": 1}, 5, None, {"module": "x", "bytes": ""}, module(0, "negate"),
                         instance(0, 0), instance(0, 0, "no_such_builtin"), instance(0, 0, 5), instance(0, 0, [["a"]]),
                         {"instance": 0, "of": 0, "imports": 7}, instance(0, 0, {"host": "h", "params": []}),
                         instance(0, 0, MEM), call(0, data="zz"), call(0, data="00" * 300000), call(0, "negative"),
                         call(0, "endless"), call(0, "void"))
    good(answers[8])
    good(answers[15])
    for index, answer in enumerate(answers):
        if index not in (8, 15):
            ended(answer, "unclassified")
            assert answer["words"], answer
    for frame in (None, {"instance": 77, "memory": "mem", "input": 0, "output": 0},
                  {"instance": -1, "memory": "none", "input": 0, "output": 0}):
        answers = worker.ask(module(0, "negate"), instance(0, 0, MEM), call(0, data="00000000"), call(0), frame=frame)
        ended(answers[2], "unclassified")
        ended(answers[3], "unclassified")


def names_that_are_not_there_are_absent(worker, run):
    answers = worker.ask(module(0, "negate"), instance(0, 1), instance(0, 0, MEM), call(0, "no such function"), call(1),
                         call(0, "g"))
    for index in (1, 3, 4, 5):
        ended(answers[index], "absent")


def lines_of_megabytes_pass(worker, run):
    code = HEADER + section(0, b"\1n" + bytes(range(256)) * 10000)
    answers = worker.ask({"module": 0, "bytes": code.hex()}, instance(0, 0), module(1, "negate"), instance(1, 1, MEM),
                         call(1, "megabyte"))
    for answer in answers:
        good(answer)
    assert answers[4]["out"] == "01020304" + "00" * (OUTPUT - 4)
    answers = worker.ask(module(0, "negate"), instance(0, 0, MEM), *[call(0, "megabyte")] * 30)
    assert all(len(answer["out"]) == 2 * OUTPUT for answer in answers[2:])


def many_memories_in_one_process(worker, run):
    ops = [module(0, "frame"), instance(0, 0), module(1, "negate"), instance(1, 1, [0, "mem"]), instance(2, 1, MEM),
           call(1, data="01000000"), {"module": 2, "bytes": ENDS[0][4]}, instance(3, 2), call(3), instance(4, 0)]
    frame = {"instance": 0, "memory": "mem", "input": 0, "output": OUTPUT}
    for index in range(run.requests):
        answers = worker.ask(*ops, frame=frame)
        try:
            good(answers[5], "ffffffff")
            ended(answers[8], "trap")
            good(answers[9])
        except AssertionError as error:
            raise AssertionError(f"request {index}: {error}; {answers}") from error


def what_is_no_request_ends_the_worker_with_words(worker, run):
    for line in ("{", "no", "5", "{}", '{"request":1}', '{"request":1,"ops":{}}', '{"ops":[]}'):
        with run.another() as other:
            other.send(line)
            status, words = other.close()
            assert words.strip(), f"no words about {line}"
            # jsc has no way to end with another status.
            assert status in (0, 2), f"{line}: status {status}"
            assert other.process.stdout.read() == b"" if not other.process.stdout.closed else True


def an_option_that_is_not_known_ends_the_worker_with_words(worker, run):
    if not run.takes_options:
        return
    with_option = run.command + (["--"] if run.command[0].endswith("jsc") and "--" not in run.command else [])
    done = subprocess.run(with_option + ["--option", "no-such-thing"], input=b"", capture_output=True,
                          timeout=START_SECONDS, check=False)
    assert b"wassay" not in done.stdout and b"no-such-thing" in done.stderr, done


def the_end_of_the_input_ends_the_worker(worker, run):
    with run.another() as other:
        other.ask(module(0, "empty"))
        status, _ = other.close()
        assert status == 0, status


TESTS = [
    the_hello_names_what_the_worker_can,
    a_call_passes_bytes_through_the_frame_memory,
    several_calls_are_one_operation_and_answered_one_by_one,
    a_look_shows_memories_globals_and_tables,
    a_look_shows_references,
    a_seat_is_taken_before_the_call,
    a_caller_is_made_once_and_its_seat_is_emptied,
    memory_that_grows_during_a_call_is_read_as_it_is_then,
    what_belongs_to_a_request_is_forgotten_and_what_is_negative_is_kept,
    a_number_may_be_given_again,
    an_instantiation_that_fails_makes_no_instance,
    what_a_start_function_wrote_before_its_trap_stays_written,
    the_first_candidate_whose_instance_exists_is_taken,
    imports_of_the_same_names_get_each_its_own_entry,
    names_may_be_any_text,
    every_end_is_told_by_its_kind,
    what_does_not_match_is_unlinkable,
    limits_of_the_implementation_are_refused,
    modules_that_are_none_are_rejected,
    functions_are_numbered_by_identity,
    host_values_carry_their_number,
    objects_are_numbered_by_identity,
    streamed_answers_come_before_a_hang,
    requests_that_make_no_sense_are_unclassified,
    names_that_are_not_there_are_absent,
    lines_of_megabytes_pass,
    many_memories_in_one_process,
    what_is_no_request_ends_the_worker_with_words,
    an_option_that_is_not_known_ends_the_worker_with_words,
    the_end_of_the_input_ends_the_worker,
]


class Run:
    """The tests of one command."""

    def __init__(self, command, requests):
        self.command = command
        self.requests = requests
        self.takes_options = any(word.endswith((".js", ".py")) for word in command)
        self.failures = []
        self.missing = set()
        self.features = {}
        self.renew()

    def renew(self):
        self.worker = self.fresh()

    def fresh(self):
        worker = Worker(self.command)
        for answer in worker.ask(*FRAME_OPS):
            good(answer)
        return worker

    def another(self):
        return Closing(Worker(self.command))

    def fail(self, words):
        self.failures.append(words)
        print(f"  {words}", flush=True)

    def has(self, feature):
        """Whether the engine compiles the first module of a feature."""
        if feature not in self.features:
            code = next(row[-1] for row in ENDS + REFUSED if row[1] == feature)
            (answer,) = self.worker.ask({"module": 0, "bytes": code})
            self.features[feature] = "end" not in answer
            if not self.features[feature]:
                assert feature != "mvp", answer
                ended(answer, *REFUSALS, "refused")
                self.missing.add(feature)
        return self.features[feature]

    def offers(self, builtin):
        """Whether the worker has a builtin. It must where the engine has the types for it, or say why not."""
        types = {"func_id": "references", "extern_id": "references", "host_value": "references", "any_id": "gc"}
        if builtin in self.worker.hello["blind_spots"]:
            return False
        offered = builtin in self.worker.hello["builtins"]
        assert offered == self.has(types[builtin]), f"{builtin} is {'' if offered else 'not '}offered"
        return offered

    def all(self):
        print(f"{self.worker.hello['version']}: {' '.join(self.command)}", flush=True)
        for test in TESTS:
            start = time.monotonic()
            count = len(self.failures)
            try:
                test(self.worker, self)
            except (AssertionError, OSError, ValueError, KeyError, IndexError) as error:
                self.fail(f"{type(error).__name__}: {str(error)[:2000]}")
                self.worker.kill()
                self.renew()
            word = "ok" if len(self.failures) == count else "FAILED"
            print(f"{word:7}{test.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        status, words = self.worker.close()
        if status != 0:
            self.fail(f"the worker ended with status {status}: {words[-500:]}")
        print(f"not in this engine: {', '.join(sorted(self.missing)) or 'nothing'}; {len(self.failures)} failures")
        return not self.failures


class Closing:
    """A worker that is killed at the end of a block."""

    def __init__(self, worker):
        self.worker = worker

    def __enter__(self):
        return self.worker

    def __exit__(self, *_):
        self.worker.kill()


def bench(command):
    """Requests a second: a module of 2 kB, a driver, and 30 calls that each pass bytes in and out."""
    worker = Worker(command)
    worker.ask(*FRAME_OPS)
    # 110 functions of some arithmetic each.
    body = bytes.fromhex("00410141026a4103" + "6c41056a" + "410773" + "0b")
    functions = 110
    code = (HEADER + section(1, b"\1\x60\0\1\x7f") + section(3, leb(functions) + b"\0" * functions)
            + section(7, b"\1\1f\0\0") + section(10, leb(functions) + (leb(len(body)) + body) * functions))
    ops = [{"module": 0, "bytes": code.hex()}, instance(0, 0), module(1, "negate"), instance(1, 1, MEM)]
    ops += [call(1, data="05000000")] * 30

    def seconds(count):
        start = time.monotonic()
        for _ in range(count):
            worker.ask(*ops)
        return time.monotonic() - start

    seconds(200)
    taken = min(seconds(500) for _ in range(3))
    print(f"{500 / taken:.0f} requests/s ({len(code)} bytes): {worker.hello['version']}: {' '.join(command)}")
    # What the way there and back takes, whatever an engine does: nothing is asked, and as much as a usual case is long.
    padding = {"padding": "00" * 4000}
    for name, more in [("an empty request", {}), ("8 kB of padding", padding)]:
        line = (json.dumps({"request": 1, "stream": False, "frame": FRAME, "ops": [], **more}) + "\n").encode()
        times = []
        for _ in range(3000):
            start = time.monotonic()
            worker.process.stdin.write(line)
            worker.process.stdin.flush()
            worker.line()
            times.append(time.monotonic() - start)
        print(f"  {name}: {statistics.median(times) * 1e6:.0f} us there and back")
    worker.kill()


def main():
    arguments = sys.argv[1:]
    requests, measure = 2000, False
    while arguments and arguments[0] in ("--requests", "--bench"):
        if arguments.pop(0) == "--bench":
            measure = True
        else:
            requests = int(arguments.pop(0))
    if not arguments:
        sys.exit(__doc__)
    if measure:
        bench(arguments)
    else:
        sys.exit(0 if Run(arguments, requests).all() else 1)


if __name__ == "__main__":
    main()
