"""wasm3, through the C functions that the extension module of the package `pywasm3` exports.

Its instances cannot import each other's exports, so values cross as text; they do so as bits, which the package's own
classes would turn into Python's floats.
"""

import ctypes
from importlib import metadata

import wasm3

import binary
from protocol import End

# Of the engine's own stack.
STACK_BYTES = 1 << 20
PAGE_BYTES = 65536
BLOCK_BYTES = 4096

# The engine's numbers of value types, with their names, their letters in signatures and their C types.
TYPES = {
    1: ("i32", "i", ctypes.c_int32),
    2: ("i64", "I", ctypes.c_int64),
    3: ("f32", "f", ctypes.c_uint32),
    4: ("f64", "F", ctypes.c_uint64),
}
LETTERS = {name: letter for name, letter, _ in TYPES.values()}
C_TYPES = {name: c_type for name, _, c_type in TYPES.values()}


class Unavailable(Exception):
    """The release cannot do what an option asks for."""


class TaggedValue(ctypes.Structure):
    """The engine's `M3TaggedValue`."""

    _fields_ = [("type", ctypes.c_int), ("value", ctypes.c_uint64)]


POINTER = ctypes.c_void_p
TEXT = ctypes.c_char_p
NUMBER = ctypes.c_uint32
HOST = ctypes.CFUNCTYPE(POINTER, POINTER, POINTER, ctypes.POINTER(ctypes.c_uint64), POINTER)

# Results that are texts say what failed; they are null where nothing did.
FUNCTIONS = {
    "m3_NewEnvironment": (POINTER, []),
    "m3_NewRuntime": (POINTER, [POINTER, NUMBER, POINTER]),
    "m3_FreeRuntime": (None, [POINTER]),
    "m3_ParseModule": (TEXT, [POINTER, POINTER, TEXT, NUMBER]),
    "m3_FreeModule": (None, [POINTER]),
    "m3_LoadModule": (TEXT, [POINTER, POINTER]),
    "m3_CompileModule": (TEXT, [POINTER]),
    "m3_RunStart": (TEXT, [POINTER]),
    "m3_LinkRawFunction": (TEXT, [POINTER, TEXT, TEXT, TEXT, HOST]),
    "m3_FindFunction": (TEXT, [POINTER, POINTER, TEXT]),
    "m3_GetArgCount": (NUMBER, [POINTER]),
    "m3_GetRetCount": (NUMBER, [POINTER]),
    "m3_GetArgType": (ctypes.c_int, [POINTER, NUMBER]),
    "m3_GetRetType": (ctypes.c_int, [POINTER, NUMBER]),
    "m3_Call": (TEXT, [POINTER, NUMBER, POINTER]),
    "m3_GetResults": (TEXT, [POINTER, NUMBER, POINTER]),
    "m3_FindGlobal": (POINTER, [POINTER, TEXT]),
    "m3_GetGlobal": (TEXT, [POINTER, POINTER]),
    "m3_GetMemory": (POINTER, [POINTER, POINTER, NUMBER]),
}


def _library():
    library = ctypes.CDLL(wasm3.__file__)
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def prepare(options):
    """What makes the engine."""
    if options:
        raise Unavailable("wasm3 has no options")
    return Engine


class Engine:
    """The engine, which keeps nothing."""

    def __init__(self):
        self.library = _library()
        self.environment = self.library.m3_NewEnvironment()

    def hello(self):
        return {
            "version": metadata.version("pywasm3"),
            "bound": "kill",
            "drivers": False,
            "keeps": False,
            "builtins": [],
            "blind_spots": {
                "tables": "the engine shows none",
                "invalid modules": "the engine validates little, and compiles a function when it is called",
                "limits": "memories are bounded by their own maxima only",
            },
        }

    def open(self, request):
        return Session(self)


def _result(text):
    """Raises the end that a result of the engine means."""
    if text is None:
        return
    words = text.decode("utf-8", "replace")
    if words in TRAPS:
        raise End("trap", words, kinds=TRAPS[words])
    if words == "[trap] stack overflow":
        raise End("exhausted", words, resource="stack")
    if words.startswith("memory allocation failed"):
        raise End("exhausted", words, resource="memory")
    if words in ("missing imported function", "function signature mismatch"):
        raise End("unlinkable", words)
    if words in LIMITS:
        raise End("refused", words)
    raise End("unclassified", words)


TRAPS = {
    "[trap] unreachable executed": ["unreachable"],
    "[trap] integer divide by zero": ["integer-divide-by-zero"],
    "[trap] integer overflow": ["integer-overflow"],
    "[trap] invalid conversion to integer": ["invalid-conversion-to-integer"],
    "[trap] out of bounds memory access": ["memory-out-of-bounds", "segment-out-of-bounds"],
    # Of the index and of an element that no segment has reached.
    "[trap] undefined element": ["undefined-element", "uninitialized-element"],
    "[trap] null table element": ["uninitialized-element"],
    "[trap] indirect call type mismatch": ["indirect-call-type-mismatch"],
}
LIMITS = {
    "compiling function overran its stack height limit",
    "too many arguments or return values",
    "slot usage count overflow",
    "restricted opcode",
    "unsupported instruction executed",
}


class Instance:
    """A module in a runtime of its own; the engine reads its bytes as long as it lives."""

    def __init__(self, runtime, module, data, hosts):
        self.runtime = runtime
        self.module = module
        self.data = data
        self.hosts = hosts
        self.exports = binary.exports(data)

    def has(self, name, kind):
        """Whether an export is a function (0), a table (1), a memory (2) or a global (3)."""
        return self.exports.get(name, (None, None))[0] == kind


class Session:
    """A request."""

    def __init__(self, engine):
        self.library = engine.library
        self.environment = engine.environment
        self.modules = {}
        self.instances = {}
        # Set by the protocol: asks the parent for the results of a function of the host.
        self.ask_host = None

    def close(self):
        for instance in self.instances.values():
            self.library.m3_FreeRuntime(instance.runtime)

    def module(self, op):
        data = bytes.fromhex(op["bytes"])
        pointer = POINTER()
        error = self.library.m3_ParseModule(self.environment, ctypes.byref(pointer), data, len(data))
        if error is not None:
            raise End("rejected", error.decode("utf-8", "replace"))
        self.library.m3_FreeModule(pointer)
        self.modules[op["module"]] = data
        return {}

    def instance(self, op):
        data = self.modules.get(op["of"])
        if data is None:
            raise End("absent", "no module %s" % op["of"])
        entries = op.get("imports", [])
        if not all(isinstance(entry, dict) and "host" in entry for entry in entries):
            raise End("refused", "the engine links functions of the host only")
        # Functions are found by the names of a custom section first, and imports by their names only.
        try:
            data = binary.nameless(binary.linked(data, [("h", str(at)) for at in range(len(entries))]))
        except IndexError as error:
            raise End("rejected", str(error))
        pointer = POINTER()
        error = self.library.m3_ParseModule(self.environment, ctypes.byref(pointer), data, len(data))
        if error is not None:
            raise End("rejected", error.decode("utf-8", "replace"))
        runtime = self.library.m3_NewRuntime(self.environment, STACK_BYTES, None)
        hosts = [self._host(entry) for entry in entries]
        instance = Instance(runtime, pointer, data, hosts)
        try:
            _result(self.library.m3_LoadModule(runtime, pointer))
            for at, entry in enumerate(entries):
                _result(self.library.m3_LinkRawFunction(pointer, b"h", b"%d" % at, _signature(entry), hosts[at]))
            _result(self.library.m3_RunStart(pointer))
        except End:
            # What failed while it was loaded may be freed only with its runtime.
            self.library.m3_FreeRuntime(runtime)
            raise
        self.instances[op["instance"]] = instance
        return {}

    def _host(self, entry):
        def call(_runtime, _context, slots, _memory):
            first = len(entry["results"])
            args = [_text(ty, slots[first + at]) for at, ty in enumerate(entry["params"])]
            results = self.ask_host(entry["host"], args)
            for at, value in enumerate(results):
                slots[at] = _bits(value)[1]
            return None

        return HOST(call)

    def _instance(self, number):
        instance = self.instances.get(number)
        if instance is None:
            raise End("absent", "no instance %s" % number)
        return instance

    def invoke(self, op):
        instance = self._instance(op["invoke"])
        if not instance.has(op["name"], 0):
            raise End("absent", "no function `%s`" % op["name"])
        function = POINTER()
        name = op["name"].encode("utf-8", "surrogatepass")
        library = self.library
        _result(library.m3_FindFunction(ctypes.byref(function), instance.runtime, name))
        values = [C_TYPES[ty](bits) for ty, bits in map(_bits, op.get("args", []))]
        _result(library.m3_Call(function, len(values), _pointers(values)))
        types = [TYPES[library.m3_GetRetType(function, at)] for at in range(library.m3_GetRetCount(function))]
        results = [ctypes.c_uint64(0) for _ in types]
        _result(library.m3_GetResults(function, len(results), _pointers(results)))
        return {"values": [_text(ty[0], result.value) for ty, result in zip(types, results)]}

    def global_(self, op):
        instance = self._instance(op["global"])
        name = op["name"].encode("utf-8", "surrogatepass")
        found = self.library.m3_FindGlobal(instance.module, name) if instance.has(op["name"], 3) else None
        if not found:
            raise End("absent", "no global `%s`" % op["name"])
        value = TaggedValue()
        _result(self.library.m3_GetGlobal(found, ctypes.byref(value)))
        return {"values": [_text(TYPES[value.type][0], value.value)]}

    def memory(self, op):
        instance = self._instance(op["memory"])
        if not instance.has(op["name"], 2):
            raise End("absent", "no memory `%s`" % op["name"])
        size = NUMBER()
        address = self.library.m3_GetMemory(instance.runtime, ctypes.byref(size), 0)
        answer = {"bytes": size.value}
        if size.value <= op["bytes_max"]:
            data = ctypes.string_at(address, size.value) if size.value else b""
            blocks = [(at, data[at : at + BLOCK_BYTES]) for at in range(0, len(data), BLOCK_BYTES)]
            answer["blocks"] = [[at, block.hex()] for at, block in blocks if block.count(0) != len(block)]
        return answer

    def table(self, op):
        raise End("absent", "the engine shows no tables")


def _signature(entry):
    letters = [[LETTERS.get(ty, "*") for ty in entry[side]] for side in ("results", "params")]
    return ("%s(%s)" % ("".join(letters[0]) or "v", "".join(letters[1]))).encode()


def _pointers(values):
    return (POINTER * len(values))(*[ctypes.addressof(value) for value in values])


def _text(ty, bits):
    """A value as the protocol writes it: integers signed, floats as their bits."""
    value = C_TYPES[ty](bits).value
    if ty == "f32":
        return "f32:0x%08x" % value
    return "f64:0x%016x" % value if ty == "f64" else "%s:%d" % (ty, value)


def _bits(text):
    """The type and the bits of a value as the protocol writes it."""
    ty, _, value = text.partition(":")
    if ty not in C_TYPES:
        raise End("refused", "the engine has no values of the type %s" % ty)
    width = 64 if ty in ("i64", "f64") else 32
    return ty, int(value, 0) & ((1 << width) - 1)
