"""A worker (docs/worker-protocol.md) for programs that run scripts: binaryen's `wasm-shell`, wabt's `spectest-interp`.

    python3 shells.py --engine binaryen|wabt --program PATH

A request becomes one script, and one process runs it: slow second opinions. Functions are called by modules of our own,
which write the input, call, and print what was returned. Where a process dies by a signal, the worker dies by the same
one. A program that was compiled to JavaScript is hosted by one process for all scripts (shell_host.js).
"""

import argparse
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import protocol
from binary import linked, name, named, number, section, signed
from protocol import End, resolve

OPERATIONS = ("module", "instance", "call")
# The part of the deadline that a process gets, so that it ends before the worker is ended and nobody ends it.
DEADLINE_SHARE = 0.9


# Bytes of input that are passed as arguments; more are a segment of the calling module.
ARGUMENT_BYTES_MAX = 512


def calling(of, export, frame, length, segment):
    """A module that writes input into the frame, calls, and prints the length and the bytes of the output: words of
    four bytes, then the rest byte by byte. Its function takes a number that is shown with the call, then `length`
    bytes of input, words of eight bytes and then the rest byte by byte; `segment` is written when the module is made."""
    words, rest = divmod(length, 8)
    types = [
        b"\x60\0\1\x7f",
        b"\x60\1\x7f\0",
        b"\x60" + number(1 + words + rest) + b"\x7f" + b"\x7e" * words + b"\x7f" * rest + b"\0",
    ]
    imports = [
        name(of) + name(export) + b"\0\0",
        name("spectest") + name("print_i32") + b"\0\1",
        name("i%d" % frame["instance"]) + name(frame["memory"]) + b"\2\0\0",
    ]
    # Two locals: the end of the output, and where it is read.
    end, at = number(1 + words + rest), number(2 + words + rest)

    def storing(index):
        offset, store = (8 * index, b"\x37") if index < words else (7 * words + index, b"\x3a")
        return b"\x41" + signed(frame["input"] + offset) + b"\x20" + number(1 + index) + store + b"\0\0"

    def printing(load, size):
        # block loop; br_if where at + size > end; print(load at); at += size; br
        return (
            b"\2\x40\3\x40\x20" + at + b"\x41" + number(size) + b"\x6a\x20" + end + b"\x4b\x0d\1"
            b"\x20" + at + load + b"\0\0\x10\1\x20" + at + b"\x41" + number(size) + b"\x6a\x21" + at
            + b"\x0c\0\x0b\x0b"
        )

    code = (
        b"\1\2\x7f" + b"".join(storing(index) for index in range(words + rest))
        + b"\x10\0\x22" + end + b"\x10\1"
        + b"\x41" + signed(frame["output"]) + b"\x22" + at + b"\x20" + end + b"\x6a\x21" + end
        + printing(b"\x28", 4) + printing(b"\x2d", 1) + b"\x0b"
    )
    segments = [b"\0\x41" + signed(frame["input"]) + b"\x0b" + number(len(segment)) + segment] if segment else []
    return (
        b"\0asm\1\0\0\0" + section(1, *types) + section(2, *imports) + section(3, b"\2")
        + section(7, name("go") + b"\0\2") + section(10, number(len(code)) + code)
        + (section(11, *segments) if segments else b"")
    )


def arguments_of(data):
    """The input of a calling module's function, each number with its type."""
    words, rest = divmod(len(data), 8)
    numbers = [("i64", int.from_bytes(data[8 * index : 8 * index + 8], "little")) for index in range(words)]
    return numbers + [("i32", byte) for byte in data[8 * words :]]


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
        """The answers to all operations, or to those before the one of which the program dies."""
        deadline = time.monotonic() + self.seconds
        answers = self._verdicts(ops, deadline) if self.shell.stops else {}
        missing = End("unclassified", "the script did not come so far").fields
        while True:
            steps, decided = self._steps(ops, answers)
            left = max(deadline - time.monotonic(), 0.01)
            found = self.shell.run(steps, left)
            answers.update(decided)
            # What was accepted ran again only for what comes behind it.
            found = {position: answer for position, answer in found.items() if position not in answers}
            wrong, decided = self._first_wrong(ops, steps, {**found, **answers})
            accepted = {position: answer for position, answer in {**found, **decided}.items() if position < wrong}
            answers.update(accepted)
            dead = next((position for position, _ in steps if position not in answers), len(ops))
            if self.shell.last_words and dead <= wrong:
                yield from (answers.get(position, missing) for position in range(dead))
                die_alike(signal.SIGABRT, self.shell.last_words)
            if not accepted or len(answers) == len(ops) or time.monotonic() > deadline:
                break
        yield from (answers.get(position, missing) for position in range(len(ops)))

    def _verdicts(self, ops, deadline):
        """The answers to all modules, each run going on behind the one that stopped the last: a module that is not
        accepted would have the whole script run once more for what comes behind it."""
        answers, left = {}, []
        for position, op in enumerate(ops):
            if isinstance(op.get("bytes"), str) and "module" in op:
                try:
                    left.append((position, ("module", bytes.fromhex(op["bytes"]))))
                except ValueError:
                    # Told where it is looked at.
                    pass
        # One that is accepted costs the same in the script itself.
        while len(left) > 1 and time.monotonic() < deadline:
            found = self.shell.run(left, max(deadline - time.monotonic(), 0.01))
            answers.update(found)
            behind = [pair for pair in left if pair[0] not in found]
            if len(behind) == len(left):
                break
            left = behind
        return answers

    def _first_wrong(self, ops, steps, answers):
        """What does not succeed changes what later operations find: the first position where another step would have
        run, had the answers been known, or one behind the last where there is none; and the answers to what would not
        have been asked then."""
        expected, decided = self._steps(ops, answers)
        expected = dict(expected)
        # Where nothing would have run, what did run was linked against an instance that is not there: without effect.
        wrong = (position for position, step in steps if position in expected and expected[position][1] != step[1])
        return next(wrong, len(ops)), decided

    def _steps(self, ops, answers):
        """Pairs of an operation's position and what the script does; and the answers to what cannot be asked."""
        modules = dict(self.shell.kept)
        instances = set()
        # What calls a function, by all that it is made of: the first position that needs it.
        self.callers = {}
        steps, decided = [], {}
        for position, op in enumerate(ops):
            try:
                step = self._step(position, op, modules, instances, answers)
                if step is not None:
                    steps.append((position, step))
            except End as end:
                decided[position] = end.fields
            except (KeyError, ValueError, TypeError) as error:
                decided[position] = {"end": "unclassified", "words": "%s: %s" % (type(error).__name__, error)}
        return steps, decided

    def _step(self, position, op, modules, instances, answers):
        known = answers.get(position, {})
        if "module" in op:
            data = bytes.fromhex(op["bytes"])
            if "end" in known:
                return None
            modules[op["module"]] = data
            if op["module"] < 0:
                self.shell.kept[op["module"]] = data
            # What is known to be accepted need not be shown again.
            return ("module", data) if position not in answers else None
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
            data = bytes.fromhex(op.get("in", ""))
            passed, segment = (data, b"") if len(data) <= ARGUMENT_BYTES_MAX else (b"", data)
            first = self.callers.setdefault((op["call"], op["name"], len(passed), segment), position)
            if answers.get(first, {}).get("end") == "absent":
                raise End("absent", answers[first].get("words"))
            # A segment is written when the module is made: such a one is made for each call.
            first = position if segment else first
            module = calling("i%d" % op["call"], op["name"], self.frame, len(passed), segment)
            return ("call", (module, "c%d" % first, first == position, arguments_of(passed)))
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
        die_alike(-done.returncode, done.stderr)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def die_alike(number, words):
    """Ends the worker by the signal that ended a program, with the program's last words."""
    sys.stderr.buffer.write(words[-4000:])
    sys.stderr.flush()
    if number not in (signal.SIGKILL, signal.SIGSTOP) and threading.current_thread() is threading.main_thread():
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


class Hosted:
    """A program that was compiled to JavaScript: one process of Node hosts all its runs (shell_host.js)."""

    HOST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shell_host.js")

    def __init__(self, program):
        self.program = program
        self.process = None

    @staticmethod
    def is_one(program):
        """Whether a program is such a one: its first line says who reads it."""
        with open(program, "rb") as file:
            return re.match(rb"#!.*\bnode\b", file.readline(200)) is not None

    def run(self, arguments, seconds):
        """As `run` does."""
        if self.process is None:
            # What the process itself says, when it dies, are the worker's last words.
            self.process = subprocess.Popen(["node", self.HOST, self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        text, deadline = bytearray(), time.monotonic() + seconds
        try:
            self.process.stdin.write(json.dumps(arguments).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        while not (text.endswith(b"\n") and b"\0" in text):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self.end()
                return "timeout", text.decode("utf-8", "replace"), ""
            piece = os.read(self.process.stdout.fileno(), 1 << 16)
            if not piece:
                status = self.process.wait()
                if status < 0:
                    die_alike(-status, b"")
                self.process = None
                return status or 1, "", "the host of %s ended with status %d" % (self.program, status)
            text += piece
        out, end = text.split(b"\0", 1)
        told = json.loads(end)
        return told["status"], out.decode("utf-8", "replace"), told["err"]

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


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


# Files of modules that are kept for later scripts.
FILES_MAX = 2000


def folder():
    """A folder for scripts: in memory, where there is such a place."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.mkdtemp(prefix="wassay-", dir=place)


class Wabt:
    """wabt's `spectest-interp`, which goes on after every failure."""

    stops = False
    # What it said when it died in the last run; this one's death is the worker's at once.
    last_words = b""

    def __init__(self, program):
        self.program = program
        self.kept = {}
        self.version = run([program, "--version"], 60)[1].strip()
        self.folder = folder()
        # Modules by their bytes: the files that hold them.
        self.files = {}
        with open(os.path.join(self.folder, "empty.wasm"), "wb") as file:
            file.write(b"\0asm\1\0\0\0")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, steps, seconds):
        """The answers by the operations' positions; the line of a command is the position and one."""
        commands = []

        def add(position, kind, **fields):
            # The program wants the fields in the order in which its own converter writes them.
            commands.append(dict({"type": kind, "line": position + 1}, **fields))

        def stored(data):
            # Much is the same in one script and the next.
            filename = self.files.get(data)
            if filename is None:
                filename = self.files[data] = "%d.wasm" % len(self.files)
                with open(os.path.join(self.folder, filename), "wb") as file:
                    file.write(data)
            return filename

        if len(self.files) > FILES_MAX:
            for filename in self.files.values():
                os.remove(os.path.join(self.folder, filename))
            self.files = {}

        for position, step in steps:
            if step[0] == "module":
                add(position, "assert_invalid", filename=stored(step[1]), text="", module_type="binary")
            elif step[0] == "instance":
                # A name that no module has ends the script. So it is an empty module's, should this one fail.
                add(position, "module", name="$" + step[2], filename="empty.wasm")
                add(position, "module", name="$" + step[2], filename=stored(step[1]))
                add(position, "register", name="$" + step[2], **{"as": step[2]})
            elif step[0] == "trapping":
                add(position, "module", filename=stored(step[1]))
            else:
                module, caller, is_new, passed = step[1]
                if is_new:
                    add(position, "module", name="$" + caller, filename=stored(module))
                args = [{"type": kind, "value": str(value)} for kind, value in [("i32", position), *passed]]
                action = {"type": "invoke", "module": "$" + caller, "field": "go", "args": args}
                add(position, "action", action=action, expected=[])
        path = os.path.join(self.folder, "script.json")
        with open(path, "w") as file:
            json.dump({"source_filename": "script.wast", "commands": commands}, file)
        status, text, errors = run([self.program, "--enable-all", path], seconds)
        if status == 1 and not text:
            raise protocol.Malformed("%s cannot read the script: %s" % (self.program, errors))
        return self._read(steps, text, status == "timeout")

    def _read(self, steps, text, is_cut_off):
        complaints, calls, words = {}, {}, []
        if is_cut_off:
            text = text[: text.rfind("\n") + 1]
        for line in text.splitlines():
            printed = re.fullmatch(r"called host spectest\.print_i32\(i32:(\d+)\) =>", line)
            complaint = re.fullmatch(r"script\.wast:(\d+): (.*)", line)
            called = re.fullmatch(r"go\(i32:(\d+)(?:, .*)?\) =>(?: error: (.*))?\s*", line)
            if printed:
                words.append(int(printed.group(1)))
            elif complaint:
                complaints.setdefault(int(complaint.group(1)) - 1, complaint.group(2))
            elif called:
                calls[int(called.group(1))] = (called.group(2), words)
                words = []
        # What came of a step that is silent when it succeeds is certain only before the last word.
        reached = max([*complaints, *calls], default=-1)
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
            elif position in calls:
                answers[position] = self._called(*calls[position])
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
    """binaryen's `wasm-shell`, which stops where a module of the script is not accepted or cannot be instantiated."""

    stops = True

    def __init__(self, program):
        self.hosted = Hosted(program) if Hosted.is_one(program) else None
        self.last_words = b""
        self.start = self.hosted.run if self.hosted else lambda arguments, seconds: run([program, *arguments], seconds)
        self.kept = {}
        words = self.start(["--version"], 60)[1]
        self.version = (re.findall(r"\d+", words) or ["unknown"])[0]
        self.folder = folder()

    def close(self):
        if self.hosted:
            self.hosted.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, steps, seconds):
        """The answers by the operations' positions, up to the first module that stops the script."""
        lines = [MARKING]
        for position, step in steps:
            # Only this name tells the module from others: `(module $name binary ...)` is not instantiated.
            if step[0] == "module":
                commands = '(module definition binary "%s")' % escaped(step[1])
            elif step[0] == "instance":
                commands = '(module binary "%s") (register "%s" $%s)' % (escaped(named(step[1], step[2])), step[2], step[2])
            elif step[0] == "trapping":
                commands = '(assert_trap (module binary "%s") "")' % escaped(step[1])
            else:
                module, caller, is_new, passed = step[1]
                commands = '(module binary "%s") ' % escaped(named(module, caller)) if is_new else ""
                args = "".join(" (%s.const %d)" % argument for argument in [("i32", position), *passed])
                commands += '(invoke $%s "go"%s)' % (caller, args)
            lines.append('(invoke $mark "mark" (i32.const %d)) %s' % (MARK + position, commands))
        path = os.path.join(self.folder, "script.wast")
        with open(path, "w") as file:
            lines.append('(invoke $mark "mark" (i32.const %d))' % (MARK + len(steps)))
            file.write("\n".join(lines) + "\n")
        status, text, errors = self.start([path], seconds)
        # How a program that was compiled to JavaScript dies.
        self.last_words = errors[errors.index("Aborted(") :].encode() if "Aborted(" in errors else b""
        answers = self._read(steps, text, errors, status)
        if self.last_words and answers:
            # The step of which it died has no answer.
            del answers[max(answers)]
        return answers

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
        # Said of every bulk operation, whether it has a segment or not.
        (r"out of bounds segment access in memory\..*", ["memory-out-of-bounds", "segment-out-of-bounds"]),
        (r"out of bounds segment access in table\..*", ["table-out-of-bounds", "segment-out-of-bounds"]),
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
