"""pywasm, an interpreter in Python: slow, without a validator, and known to be wrong in places.

Its traps are assertions and errors of Python, so they are told by the source line at which they were raised.
"""

import io
import linecache
import sys
from importlib import metadata

import pywasm
from pywasm import core

from protocol import End, resolve

# Nested blocks are read by nested calls.
NESTING_MAX = 20_000


class Unavailable(Exception):
    """The release cannot do what an option asks for."""


def prepare(options):
    """What makes the engine."""
    if options:
        raise Unavailable("pywasm has no options")
    sys.setrecursionlimit(NESTING_MAX)
    return Engine


class Engine:
    """The engine with the modules that are kept."""

    def __init__(self):
        self.kept = {}

    def hello(self):
        return {
            "version": metadata.version("pywasm"),
            "bound": "kill",
            "drivers": True,
            "keeps": False,
            "builtins": ["func_id", "extern_id", "host_value"],
            "blind_spots": {"invalid modules": "the engine has no validator, and runs what others reject"},
        }

    def open(self, request):
        return Session(self, request)


def _read(data):
    try:
        return core.ModuleDesc.from_reader(io.BytesIO(data))
    except RecursionError:
        raise End("refused", "the module nests too deeply")
    except Exception as error:  # Its decoder has no error of its own: whatever it raises, it does not accept.
        raise End("rejected", "%s: %s" % (type(error).__name__, error))


class Session:
    """A request: a machine, and the modules and instances in it."""

    def __init__(self, engine, request):
        self.engine = engine
        self.frame = request.get("frame") or {}
        self.pages_max = request.get("memory_pages_max", 65536)
        self.elements_max = request.get("table_elements_max", 10_000_000)
        self.machine = core.Machine()
        self.modules = {}
        self.instances = {}

    def module(self, op):
        data = bytes.fromhex(op["bytes"])
        module = _read(data)
        if op["module"] < 0:
            self.engine.kept[op["module"]] = data
        else:
            self.modules[op["module"]] = module
        return {}

    def _module(self, number):
        # Dropping a segment of an instance empties it in the module, so one that is kept is read anew.
        if number in self.engine.kept:
            return _read(self.engine.kept[number])
        if number not in self.modules:
            raise End("absent", "no module %s" % number)
        return self.modules[number]

    def instance(self, op):
        module = self._module(op["of"])
        if any(memory.limits.n > self.pages_max for memory in module.mems) or any(
            table.limits.n > self.elements_max for table in module.tabl
        ):
            raise End("refused", "a memory or table begins larger than the case allows")
        imports = [self._import(entry) for entry in op.get("imports", [])]
        self.instances[op["instance"]] = self._run(self.machine.instance, module, imports)
        return {}

    def _import(self, entry):
        if isinstance(entry, str):
            if entry not in BUILTINS:
                raise End("unlinkable", "no builtin function `%s`" % entry)
            params, results, function = BUILTINS[entry]
            host = core.FuncHost(core.FuncType(params, results), function)
            return core.Extern(0, self.machine.store.allocate_func_host(host))
        number, name = resolve(entry, lambda number: number in self.instances)
        export = self._export(number, name)
        if export is None:
            raise End("unlinkable", "no export `%s`" % name)
        return export

    def _export(self, number, name):
        exports = self.instances[number].exps
        return next((export.data for export in exports if export.name == name), None)

    def _memory(self):
        export = None
        if self.frame.get("instance") in self.instances:
            export = self._export(self.frame["instance"], self.frame["memory"])
        if export is None or export.kind != 2:
            raise End("absent", "the frame's memory is not there")
        return self.machine.store.mems[export.data]

    def call(self, op):
        if op["call"] not in self.instances:
            raise End("absent", "no instance %s" % op["call"])
        export = self._export(op["call"], op["name"])
        if export is None or export.kind != 0:
            raise End("absent", "no function `%s`" % op["name"])
        memory = self._memory()
        data = bytearray.fromhex(op.get("in", ""))
        start = self.frame["input"]
        if start + len(data) > len(memory.data):
            raise End("unclassified", "the frame reaches beyond its memory")
        memory.data[start : start + len(data)] = data
        results = self._run(self.machine.invocate, export.data, [])
        length = results[0].into_u32()
        start = self.frame["output"]
        if start + length > len(memory.data):
            raise End("unclassified", "the frame reaches beyond its memory")
        return {"out": memory.data[start : start + length].hex()}

    def _run(self, function, *arguments):
        try:
            return function(*arguments)
        except Exception as error:  # Traps have no type of their own.
            raise _end(error)
        finally:
            # What was interrupted leaves its operands and frames behind.
            self.machine.stack = core.Stack()


def _identity(machine, args):
    return args


def _host_value(machine, args):
    # A reference is its number: the engine's own are numbered from zero, and this is what it is seen as.
    return args


I32 = core.ValType.i32()
FUNC = core.ValType.ref_func()
EXTERN = core.ValType.ref_extern()
BUILTINS = {
    "func_id": ([FUNC], [I32], _identity),
    "extern_id": ([EXTERN], [I32], _identity),
    "host_value": ([I32], [EXTERN], _host_value),
}

MEMORY = ["memory-out-of-bounds", "segment-out-of-bounds"]
TABLE = ["table-out-of-bounds", "segment-out-of-bounds"]
CALL_INDIRECT = "addr = tabl.elem[self.stack.value.pop().into_u32()].into_ref()"

# The source line at which an error was raised, and the kinds of traps that it may be.
TRAPS = {
    "assert 0": ["unreachable"],
    "assert a != self.min or b != -1": ["integer-overflow"],
    "assert addr + size <= len(mems.data)": MEMORY,
    "assert d + n <= len(mems.data)": MEMORY,
    "assert s + n <= len(mems.data)": MEMORY,
    "assert s + n <= len(data.data)": MEMORY,
    "assert d + n <= len(tabl.elem)": TABLE,
    "assert s + n <= len(taby.elem)": TABLE,
    "assert s + n <= len(elem.data)": TABLE,
    "b = tabl.elem[a]": TABLE,
    "tabl.elem[b] = a": TABLE,
    CALL_INDIRECT: ["undefined-element"],
    "assert self.store.func[addr].type == type": ["indirect-call-type-mismatch"],
    "assert c.into_i32() == b": ["integer-overflow"],
    "assert c.into_u32() == b": ["integer-overflow"],
    "assert c.into_i64() == b": ["integer-overflow"],
    "assert c.into_u64() == b": ["integer-overflow"],
}
UNLINKABLE = {
    "assert len(module.imps) == len(extern)",
    "assert a.kind == b.kind",
    "assert self.store.func[b.data].type == module.type[a.desc]",
    "assert self.store.tabl[b.data].type.type == a.desc.type",
    "assert self.store.tabl[b.data].suit(a.desc.limits)",
    "assert self.store.mems[b.data].suit(a.desc.limits)",
    "assert self.store.glob[b.data].data.type == a.desc.type",
    "assert self.store.glob[b.data].mut == a.desc.mut",
}


def _lines(error):
    """The source lines of the engine that led to an error, the innermost last."""
    lines, entry = [], error.__traceback__
    while entry:
        code = entry.tb_frame.f_code
        lines.append(linecache.getline(code.co_filename, entry.tb_lineno).strip())
        entry = entry.tb_next
    return lines


def _end(error):
    lines = _lines(error)
    words = "%s: %s (%s)" % (type(error).__name__, error, lines[-1])
    if isinstance(error, MemoryError):
        return End("exhausted", words, resource="memory")
    if isinstance(error, ZeroDivisionError):
        return End("trap", words, kinds=["integer-divide-by-zero"])
    if lines[-1] == "assert len(self.stack.frame) < 1024":
        return End("exhausted", words, resource="stack")
    if lines[-1] in UNLINKABLE:
        return End("unlinkable", words)
    if lines[-1] == "b = int(a)":
        # Python refuses NaN with one error and infinities with another.
        kind = "invalid-conversion-to-integer" if isinstance(error, ValueError) else "integer-overflow"
        return End("trap", words, kinds=[kind])
    if isinstance(error, OverflowError) and lines[-1].startswith("return bytearray(n.to_bytes("):
        return End("trap", words, kinds=["integer-overflow"])
    if lines[-1] == "assert self.data[4] == 0x01" and CALL_INDIRECT in lines:
        return End("trap", words, kinds=["uninitialized-element"])
    if lines[-1] in TRAPS:
        return End("trap", words, kinds=TRAPS[lines[-1]])
    return End("unclassified", words)
