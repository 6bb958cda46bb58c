"""The lines of the worker protocol (docs/worker-protocol.md): requests in, answers out.

An engine is an object with `hello()`, which returns the fields of the first line, and `open(request)`, which
returns a session. A session has one method for each operation, named after it, that takes the operation and
returns the fields of its answer or raises `End`; or a method `carry_out` that answers all at once. This file must not know which engines there are.
"""

import json
import os
import sys
import threading
import time

# Engines recurse on the stack of the thread that calls them, and Python's own frames lie on it too.
STACK_BYTES = 256 << 20
# Answers longer than this would fill the parent's pipe many times over with what nobody reads.
WORDS_MAX = 2000


# Operations whose names are keywords of Python.
METHODS = {"global": "global_"}


class End(Exception):
    """An operation that did not succeed; `fields` go into its answer."""

    def __init__(self, end, words=None, **fields):
        Exception.__init__(self, end)
        self.fields = dict(fields, end=end)
        if words:
            self.fields["words"] = words[:WORDS_MAX]


class Malformed(Exception):
    """A line that no parent sends: there is nothing to answer it with, so the worker ends."""


def candidates(entry):
    """The pairs that an entry of `imports` offers, and whether the entry is a list of them."""
    if len(entry) == 2 and isinstance(entry[0], int):
        return [entry], False
    return entry, True


def resolve(entry, is_there):
    """The pair of an instance and an export that an import gets: the first one whose instance exists."""
    pairs, is_list = candidates(entry)
    for instance, export in pairs:
        if is_there(instance):
            return instance, export
    if is_list:
        raise End("unlinkable", "no candidate's instance exists")
    raise End("absent", "no instance %s" % pairs[0][0])


def _answer(session, op, operations):
    kind = next((kind for kind in operations if kind in op), None)
    if kind is None:
        return {"end": "unclassified", "words": "the worker has no such operation"}
    started = time.perf_counter_ns()
    try:
        answer = getattr(session, METHODS.get(kind, kind))(op)
    except End as end:
        answer = end.fields
    answer.setdefault("ns", time.perf_counter_ns() - started)
    return answer


def _answers(session, ops, operations):
    if hasattr(session, "carry_out"):
        yield from session.carry_out(ops)
        return
    for op in ops:
        try:
            yield _answer(session, op, operations)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            # Either the operation is malformed, or the engine's package has a bug: both are worth a look.
            yield {"end": "unclassified", "words": "%s: %s" % (type(error).__name__, error)}


def _serve(engine, lines, output, operations):
    def write(value):
        output.write(json.dumps(value, separators=(",", ":")) + "\n")

    def ask_host(name, args):
        """The results of a function of the host, which the parent is asked for while an operation runs."""
        write({"host": name, "args": args})
        output.flush()
        return json.loads(next(lines))["results"]

    lines = iter(lines)
    write(dict({"wassay": 1}, **engine.hello()))
    output.flush()
    for line in lines:
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            number, ops, stream = request["request"], request["ops"], request.get("stream", False)
        except (ValueError, KeyError, TypeError) as error:
            raise Malformed("a request is not as the protocol says: %r" % error)
        session = engine.open(request)
        session.ask_host = ask_host
        for position, answer in enumerate(_answers(session, ops, operations)):
            write(dict({"op": position}, **answer))
            if stream:
                output.flush()
        close = getattr(session, "close", None)
        if close:
            close()
        write({"done": number})
        output.flush()


def run(make_engine, operations):
    """Serves requests until the input ends; returns the exit status. `make_engine` runs on the serving thread."""
    # Whatever an engine's library prints must not stand between answers.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    status = [70]

    def serve():
        try:
            _serve(make_engine(), sys.stdin, output, operations)
            status[0] = 0
        except Malformed as error:
            sys.stderr.write("%s\n" % error)
            status[0] = 2
        except BrokenPipeError:
            # The parent is gone.
            status[0] = 0
            os._exit(0)

    sys.stdin.reconfigure(encoding="utf-8")
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()
    sys.stdout.flush()
    return status[0]
