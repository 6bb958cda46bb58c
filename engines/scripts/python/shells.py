"""A worker (docs/worker-protocol.md) for programs that run scripts: binaryen's `wasm-shell`, wabt's `spectest-interp`.

    python3 shells.py --engine binaryen|wabt --program PATH

A request becomes one script, and one process runs it: slow second opinions. Each call becomes a module that writes the
input, calls, and prints what was returned. Where a process dies by a signal, the worker dies by the same one.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import protocol
from binary import linked, name, named, number, section, signed
from protocol import End, resolve

OPERATIONS = ("module", "instance", "call")
# The part of the deadline that a process gets, so that it ends before the worker is ended and nobody ends it.
DEADLINE_SHARE = 0.9


def calling(of, export, frame, data):
    """A module that writes `data` into the frame, calls, and prints the length and the bytes of the output: words of
    four bytes, then the rest byte by byte."""
    types = [b"\x60\0\1\x7f", b"\x60\1\x7f\0", b"\x60\0\0"]
    imports = [
        name(of) + name(export) + b"\0\0",
        name("spectest") + name("print_i32") + b"\0\1",
        name("i%d" % frame["instance"]) + name(frame["memory"]) + b"\2\0\0",
    ]

    def printing(load, size):
        # block loop; br_if where at + size > end; print(load at); at += size; br
        return (
            b"\2\x40\3\x40\x20\1\x41" + number(size) + b"\x6a\x20\0\x4b\x0d\1"
            b"\x20\1" + load + b"\0\0\x10\1\x20\1\x41" + number(size) + b"\x6a\x21\1\x0c\0\x0b\x0b"
        )

    code = (
        b"\1\2\x7f"  # Two locals: the end of the output, and where it is read.
        b"\x10\0\x22\0\x10\1"
        b"\x41" + signed(frame["output"]) + b"\x22\1\x20\0\x6a\x21\0"
        + printing(b"\x28", 4) + printing(b"\x2d", 1) + b"\x0b"
    )
    segments = [b"\0\x41" + signed(frame["input"]) + b"\x0b" + number(len(data)) + data] if data else []
    return (
        b"\0asm\1\0\0\0" + section(1, *types) + section(2, *imports) + section(3, b"\2")
        + section(7, name("go") + b"\0\2") + section(10, number(len(code)) + code)
        + (section(11, *segments) if segments else b"")
    )


# What is added to an operation's position: more than any length of an output.
MARK = 0x5EED0000


def mark(position):
    """What the marking function prints before an operation."""
    return "%d : i32" % (MARK + position)


# A module whose function prints its argument: it tells apart what the operations of a script print.
MARKING = (
    '(module $mark (import "spectest" "print_i32" (func $print (param i32)))'
    ' (func (export "mark") (param i32) (call $print (local.get 0))))'
)


# Requests.


class Batch:
    """A request whose operations are looked at one by one, and run together."""

    def __init__(self, shell, request):
        self.shell = shell
        self.frame = request.get("frame") or {}
        self.seconds = request.get("deadline_ms", 5000) / 1000 * DEADLINE_SHARE
        self.modules = {}

    def carry_out(self, ops):
        """The answers to all operations."""
        answers = {}
        deadline = time.monotonic() + self.seconds
        # What does not succeed changes what later operations find, so the script is made anew without it.
        while True:
            steps = self._steps(ops, answers)
            left = max(deadline - time.monotonic(), 0.01)
            found = {position: answer for position, answer in self.shell.run(steps, left).items() if position not in answers}
            first = next((position for position in sorted(found) if self._is_left_out(ops[position], found[position])), None)
            if first is None or time.monotonic() > deadline:
                answers.update(found)
                break
            # What was run behind it ran as if it had succeeded.
            answers.update(found)
            answers = {position: answer for position, answer in answers.items() if position <= first}
        missing = End("unclassified", "the script did not come so far").fields
        return [answers.get(position, missing) for position in range(len(ops))]

    def _is_left_out(self, op, answer):
        if "call" in op:
            return answer.get("end") == "absent"
        return "end" in answer

    def _steps(self, ops, answers):
        """Pairs of an operation's position and what the script does; what cannot be asked is answered at once."""
        modules = dict(self.shell.kept)
        instances = set()
        steps = []
        for position, op in enumerate(ops):
            known = answers.get(position, {})
            try:
                step = self._step(op, modules, instances, known)
                if step is not None:
                    steps.append((position, step))
            except End as end:
                answers[position] = end.fields
            except (KeyError, ValueError, TypeError) as error:
                answers[position] = {"end": "unclassified", "words": "%s: %s" % (type(error).__name__, error)}
        return steps

    def _step(self, op, modules, instances, known):
        if "module" in op:
            data = bytes.fromhex(op["bytes"])
            if "end" in known:
                return None
            modules[op["module"]] = data
            if op["module"] < 0:
                self.shell.kept[op["module"]] = data
            return ("module", data)
        if "instance" in op:
            if op["of"] not in modules:
                raise End("absent", "no module %s" % op["of"])
            names = []
            for entry in op.get("imports", []):
                if isinstance(entry, str):
                    raise End("unlinkable", "no builtin function `%s`" % entry)
                instance, export = resolve(entry, lambda instance: instance in instances)
                names.append(("i%d" % instance, export))
            try:
                data = linked(modules[op["of"]], names)
            except IndexError as error:
                raise End("rejected", str(error))
            if known.get("end") == "trap":
                return ("trapping", data)
            if "end" in known:
                return None
            instances.add(op["instance"])
            return ("instance", data, "i%d" % op["instance"])
        if "call" in op:
            if op["call"] not in instances:
                raise End("absent", "no instance %s" % op["call"])
            if self.frame.get("instance") not in instances:
                raise End("absent", "the frame's memory is not there")
            if known.get("end") == "absent":
                return None
            data = bytes.fromhex(op.get("in", ""))
            return ("call", calling("i%d" % op["call"], op["name"], self.frame, data))
        raise End("unclassified", "the worker has no such operation")


def output(words):
    """The bytes that a calling module printed, or nothing where words are missing."""
    length = words[0] & 0xFFFFFFFF
    whole, rest = divmod(length, 4)
    if len(words) < 1 + whole + rest:
        return None
    data = b"".join((word & 0xFFFFFFFF).to_bytes(4, "little") for word in words[1 : 1 + whole])
    return data + bytes(word & 255 for word in words[1 + whole : 1 + whole + rest])


def run(command, seconds):
    """What a program wrote to its two streams; the worker dies as it does."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        return "timeout", (error.stdout or b"").decode("utf-8", "replace"), ""
    if done.returncode < 0:
        sys.stderr.buffer.write(done.stderr[-4000:])
        sys.stderr.flush()
        signal.signal(-done.returncode, signal.SIG_DFL) if -done.returncode not in (9, 19) else None
        os.kill(os.getpid(), -done.returncode)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


class Engine:
    """A program, with the modules that are kept."""

    def __init__(self, shell):
        self.shell = shell

    def hello(self):
        return {
            "version": self.shell.version,
            "bound": "kill",
            "drivers": True,
            "keeps": False,
            "builtins": [],
            "blind_spots": {
                "references": "scripts have no functions of the host that could tell one from another",
                "limits": "memories and tables are bounded by their own maxima only",
            },
        }

    def open(self, request):
        return Batch(self.shell, request)


class Wabt:
    """wabt's `spectest-interp`, which goes on after every failure."""

    def __init__(self, program):
        self.program = program
        self.kept = {}
        self.version = run([program, "--version"], 60)[1].strip()
        self.folder = tempfile.mkdtemp(prefix="wassay-")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, steps, seconds):
        """The answers by the operations' positions; the line of a command is the position and one."""
        commands = []

        def add(position, kind, **fields):
            # The program wants the fields in the order in which its own converter writes them.
            commands.append(dict({"type": kind, "line": position + 1}, **fields))

        def stored(data):
            filename = "%d.wasm" % len(commands)
            with open(os.path.join(self.folder, filename), "wb") as file:
                file.write(data)
            return filename

        for position, step in steps:
            if step[0] == "module":
                add(position, "assert_invalid", filename=stored(step[1]), text="", module_type="binary")
            elif step[0] == "instance":
                add(position, "module", name="$" + step[2], filename=stored(step[1]))
                add(position, "register", name="$" + step[2], **{"as": step[2]})
            elif step[0] == "trapping":
                add(position, "module", filename=stored(step[1]))
            else:
                add(position, "module", name="$c%d" % position, filename=stored(step[1]))
                action = {"type": "invoke", "module": "$c%d" % position, "field": "go", "args": []}
                add(position, "action", action=action, expected=[])
        path = os.path.join(self.folder, "script.json")
        with open(path, "w") as file:
            json.dump({"source_filename": "script.wast", "commands": commands}, file)
        status, text, errors = run([self.program, "--enable-all", path], seconds)
        if status == 1 and not text:
            raise protocol.Malformed("%s cannot read the script: %s" % (self.program, errors))
        return self._read(steps, text, status == "timeout")

    def _read(self, steps, text, is_cut_off):
        complaints, calls, words = {}, [], []
        if is_cut_off:
            text = text[: text.rfind("\n") + 1]
        for line in text.splitlines():
            printed = re.fullmatch(r"called host spectest\.print_i32\(i32:(\d+)\) =>", line)
            complaint = re.fullmatch(r"script\.wast:(\d+): (.*)", line)
            called = re.fullmatch(r"go\(\) =>(?: error: (.*))?\s*", line)
            if printed:
                words.append(int(printed.group(1)))
            elif complaint:
                complaints.setdefault(int(complaint.group(1)) - 1, complaint.group(2))
            elif called:
                calls.append((called.group(1), words))
                words = []
        # Every `module` makes a complaint, and what came of a step that is silent when it succeeds is certain only
        # before the last word.
        silent = [position for position, step in steps if step[0] == "call" and position not in complaints]
        reached = max([*complaints, *silent[: len(calls)]], default=-1)
        answers = {}
        for position, step in steps:
            complaint = complaints.get(position)
            if is_cut_off and position > reached:
                answers[position] = End("unclassified", "it ran longer than the deadline").fields
            elif step[0] == "module":
                is_accepted = complaint is None or complaint.startswith("expected module to be invalid")
                answers[position] = {} if is_accepted else End("rejected", complaint).fields
            elif complaint is not None and complaint.startswith("error instantiating module: "):
                words = complaint[len("error instantiating module: ") :].strip('"')
                # The calling module imports the function: where there is none, it cannot be linked.
                end = End("absent", words) if step[0] == "call" else self._end(words)
                answers[position] = end.fields
            elif complaint is not None and complaint.startswith("error reading module"):
                answers[position] = End("absent" if step[0] == "call" else "rejected", complaint).fields
            elif step[0] != "call":
                answers[position] = {}
            elif calls:
                words, printed = calls.pop(0)
                answers[position] = self._called(words, printed)
        return answers

    def _called(self, words, printed):
        data = output(printed) if printed else None
        if words is None and data is not None:
            return {"out": data.hex()}
        if printed:
            return End("unclassified", "the frame reaches beyond its memory").fields
        return self._end(words or "").fields

    TRAPS = [
        (r"unreachable executed", ["unreachable"]),
        (r"out of bounds memory access: access at .*", ["memory-out-of-bounds"]),
        (r"out of bounds memory access: memory\..*", ["memory-out-of-bounds", "segment-out-of-bounds"]),
        (r"out of bounds memory access: .*", ["memory-out-of-bounds", "segment-out-of-bounds"]),
        (r"out of bounds table access: .*", ["table-out-of-bounds", "segment-out-of-bounds"]),
        (r"undefined table index", ["undefined-element"]),
        (r"uninitialized table element", ["uninitialized-element"]),
        (r"indirect call signature mismatch", ["indirect-call-type-mismatch"]),
        (r"integer divide by zero", ["integer-divide-by-zero"]),
        (r"integer overflow", ["integer-overflow"]),
        (r"invalid conversion to integer", ["invalid-conversion-to-integer"]),
        (r"null reference", ["null-reference"]),
        (r"invalid atomic access at .*", ["memory-out-of-bounds", "unaligned-atomic"]),
        (r"unaligned atomic.*", ["unaligned-atomic"]),
    ]
    UNLINKABLE = r"invalid import .*|import signature mismatch|actual size .*|.*type mismatch.*|expected .* got .*|max size .*|.*mutability.*|expected import.*"

    def _end(self, words):
        for pattern, kinds in self.TRAPS:
            if re.fullmatch(pattern, words):
                return End("trap", words, kinds=kinds)
        if words == "call stack exhausted":
            return End("exhausted", words, resource="stack")
        if words == "uncaught exception":
            return End("threw", words)
        if re.fullmatch(self.UNLINKABLE, words):
            return End("unlinkable", words)
        return End("unclassified", words)


class Binaryen:
    """binaryen's `wasm-shell`, which stops where a module of the script cannot be instantiated."""

    def __init__(self, program):
        self.program = program
        self.kept = {}
        words = run([program, "--version"], 60)[1]
        self.version = (re.findall(r"\d+", words) or ["unknown"])[0]
        self.folder = tempfile.mkdtemp(prefix="wassay-")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, steps, seconds):
        """The answers by the operations' positions, up to the first module that stops the script."""
        lines = [MARKING]
        for position, step in steps:
            # Only this name tells the module from others: `(module $name binary ...)` is not instantiated.
            data = escaped(named(step[1], step[2]) if step[0] == "instance" else step[1])
            if step[0] == "module":
                commands = '(module definition binary "%s")' % data
            elif step[0] == "instance":
                commands = '(module binary "%s") (register "%s" $%s)' % (data, step[2], step[2])
            elif step[0] == "trapping":
                commands = '(assert_trap (module binary "%s") "")' % data
            else:
                commands = '(module binary "%s") (invoke "go")' % data
            lines.append('(invoke $mark "mark" (i32.const %d)) %s' % (MARK + position, commands))
        path = os.path.join(self.folder, "script.wast")
        with open(path, "w") as file:
            lines.append('(invoke $mark "mark" (i32.const %d))' % (MARK + len(steps)))
            file.write("\n".join(lines) + "\n")
        status, text, errors = run([self.program, path], seconds)
        return self._read(steps, text, errors, status)

    def _read(self, steps, text, errors, status):
        printed = [line for line in text.splitlines() if re.fullmatch(r"-?\d+ : i32|\[.*\]", line)]
        segments, at = {}, 0
        for index, (position, step) in enumerate(steps):
            if at >= len(printed) or printed[at] != mark(position):
                break
            begin = at + 1
            following = mark(steps[index + 1][0] if index + 1 < len(steps) else len(steps))
            at = begin
            if step[0] == "call" and at < len(printed) and not printed[at].startswith(("[", following)):
                length = int(printed[at].split()[0]) & 0xFFFFFFFF
                # Words of the output may look like marks; a length does not.
                at = min(at + 1 + length // 4 + length % 4, len(printed))
            while at < len(printed) and printed[at] != following:
                at += 1
            segments[position] = printed[begin:at]
        answers = {}
        reached = list(segments)
        stopped = status not in (0, "timeout") and "all checks passed" not in errors
        for position, step in steps:
            if position not in segments:
                break
            is_last = position == reached[-1]
            segment = segments[position]
            trap = next((line[1:-1] for line in segment if line.startswith("[")), None)
            trap = re.sub("^trap ", "", trap) if trap else None
            if status == "timeout" and is_last:
                answers[position] = End("unclassified", "it ran longer than the deadline").fields
            elif stopped and is_last:
                answers[position] = self._stopped(step, trap, errors).fields
            elif step[0] == "call":
                answers[position] = self._called(segment, trap)
            else:
                answers[position] = {}
        return answers

    def _called(self, segment, trap):
        words = [int(line.split()[0]) for line in segment if line.endswith(" : i32")]
        data = output(words) if words else None
        if trap is None and data is not None:
            return {"out": data.hex()}
        if trap is not None and not words:
            return self._end(trap).fields
        if words:
            return End("unclassified", "the frame reaches beyond its memory").fields
        # An exception ends a function without a word.
        return End("threw", "the call returned nothing and did not trap").fields

    def _stopped(self, step, trap, errors):
        words = trap or (errors.strip().splitlines() or [""])[-1]
        if step[0] == "call":
            return End("absent", words)
        if "[parse exception" in errors or "failed validation" in errors or "[wasm-validator error" in errors:
            return End("rejected", errors.strip()[-500:])
        if trap is None:
            return End("unclassified", errors.strip()[-500:])
        if re.fullmatch(r"Export .* doesn't exist\.|Exported kind: .*|Imported .*|.*imported.*|.*isn't compatible.*|unknown import.*", trap):
            return End("unlinkable", trap)
        return self._end(trap)

    TRAPS = [
        (r"unreachable", ["unreachable"]),
        (r"(final|highest) > memory: .*|(final|highest) > memory", ["memory-out-of-bounds"]),
        (r"out of bounds memory access in .*", ["memory-out-of-bounds", "segment-out-of-bounds"]),
        (r"out of bounds segment access in memory\.init", ["memory-out-of-bounds", "segment-out-of-bounds"]),
        (r"out of bounds segment access in table\.init", ["table-out-of-bounds", "segment-out-of-bounds"]),
        (r"out of bounds segment access in .*", ["segment-out-of-bounds", "array-out-of-bounds"]),
        (r"out of bounds table access.*", ["table-out-of-bounds", "undefined-element", "segment-out-of-bounds"]),
        (r"null target in call_indirect", ["uninitialized-element"]),
        (r"callIndirect: .*", ["indirect-call-type-mismatch"]),
        (r"i(32|64)\.(div|rem)_[su] by 0", ["integer-divide-by-zero"]),
        (r"i(32|64)\.div_s overflow", ["integer-overflow"]),
        (r"trunc[SU]Float of nan", ["invalid-conversion-to-integer"]),
        (r"i(32|64)\.trunc[SU]Float overflow", ["integer-overflow"]),
        (r"null ref", ["null-reference"]),
        (r"cast error", ["cast-failure"]),
        (r"array oob", ["array-out-of-bounds"]),
        (r"unaligned atomic operation", ["unaligned-atomic"]),
    ]

    def _end(self, words):
        for pattern, kinds in self.TRAPS:
            if re.fullmatch(pattern, words):
                return End("trap", words, kinds=kinds)
        if words == "host limit stack limit":
            return End("exhausted", words, resource="stack")
        if words.startswith("host limit allocation failure"):
            return End("exhausted", words, resource="memory")
        if words.startswith("host limit "):
            return End("refused", words)
        if words == "exported function not found":
            return End("absent", words)
        return End("unclassified", words)


def escaped(data):
    """Bytes as a string of the text format."""
    return "".join("\\%02x" % byte for byte in data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True, choices=["binaryen", "wabt"])
    parser.add_argument("--program", required=True)
    parser.add_argument("--option", action="append", default=[])
    arguments = parser.parse_args()
    if arguments.option:
        sys.stderr.write("%s has no options\n" % arguments.engine)
        return 2
    shell = {"binaryen": Binaryen, "wabt": Wabt}[arguments.engine](arguments.program)
    try:
        return protocol.run(lambda: Engine(shell), OPERATIONS)
    finally:
        shell.close()


if __name__ == "__main__":
    sys.exit(main())
