"""wasmtime, through the C API that every release of the package `wasmtime` wraps in `wasmtime._ffi`.

The package's own classes are passed by where they differ between releases, or cannot carry what only passes
through (tags, shared memories). A store is made for each request.
"""

import ctypes
import os
import re
from importlib import metadata

import wasmtime
from wasmtime import _ffi as ffi

from protocol import End, resolve

# Of Wasm frames; the thread that calls them has more.
STACK_BYTES_MAX = 16 << 20
PAGE_BYTES = 65536

# What must not be switched on: stack switching aborts the process, deterministic relaxed SIMD is not what the
# engine does by itself, and the others have nothing to do with core modules.
NEVER = ("stack_switching", "relaxed_simd_deterministic", "component", "module_linking", "branch_hinting")

# What every configuration must be able to compile, some of which refuse only when they compile:
# `(module (memory 1) (func (result i32) (i32.load (i32.const 0))))`.
PLAIN = bytes.fromhex("0061736d010000000105016000017f03020100050301000" + "10a0901070041002802000b")


class Unavailable(Exception):
    """The release cannot do what an option asks for."""


def _options(options):
    """The settings that the options ask for: pairs of a C function and its argument."""
    wanted = []
    for option in options:
        if option == "winch":
            # Releases that do not know Winch's number take it for another compiler's.
            strategies = getattr(ffi, "wasmtime_strategy_enum", None)
            if not hasattr(strategies, "WASMTIME_STRATEGY_WINCH"):
                raise Unavailable("this release has no Winch")
            wanted.append(("wasmtime_config_strategy_set", 2))
        elif option == "pulley":
            wanted.append(("wasmtime_config_target_set", b"pulley64"))
        elif option in ("opt-none", "opt-speed", "opt-size"):
            level = ("opt-none", "opt-speed", "opt-size").index(option)
            wanted.append(("wasmtime_config_cranelift_opt_level_set", level))
        else:
            raise Unavailable("no option `%s`: there are winch, pulley, opt-none, opt-speed and opt-size" % option)
    for name, _ in wanted:
        if not hasattr(ffi, name):
            raise Unavailable("this release cannot choose: it has no %s" % name)
    return wanted


def _raw(owner):
    """The pointer that an object of the package holds."""
    return owner.ptr() if hasattr(owner, "ptr") else owner._ptr


def _engine(settings, features):
    config = wasmtime.Config()
    pointer = _raw(config)
    for name, value in settings:
        error = getattr(ffi, name)(pointer, value)
        # Some setters can refuse, and all of these return an error or nothing.
        if error:
            raise Unavailable(str(wasmtime.WasmtimeError._from_ptr(error)))
    for name in features:
        getattr(ffi, name)(pointer, True)
    for name, value in (("consume_fuel", True), ("parallel_compilation", False), ("shared_memory", True)):
        setter = getattr(ffi, "wasmtime_config_%s_set" % name, None)
        if setter:
            setter(pointer, value)
    return wasmtime.Engine(config)


def _compiles(settings, features):
    engine = _engine(settings, features)
    binary = (ctypes.c_uint8 * len(PLAIN)).from_buffer_copy(PLAIN)
    module = ctypes.POINTER(ffi.wasmtime_module_t)()
    return not ffi.wasmtime_module_new(_raw(engine), binary, len(PLAIN), ctypes.byref(module))


def _survives(settings, features):
    """Whether there is such an engine, asked in a child: a release that refuses a combination aborts the process."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        status = 1
        try:
            status = 0 if _compiles(settings, features) else 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def _features(settings):
    """The setters of every feature that the release can switch on with these settings."""
    names = sorted(
        name
        for name in dir(ffi)
        if re.fullmatch(r"wasmtime_config_wasm_\w+_set", name)
        and not any(name[len("wasmtime_config_wasm_") :].startswith(never) for never in NEVER)
    )
    if _survives(settings, names):
        return names
    chosen = []
    # Some features need others: what fails at first may work once the others are on.
    for _ in range(2):
        for name in names:
            if name not in chosen and _survives(settings, chosen + [name]):
                chosen.append(name)
    return chosen


def _stack():
    """The settings of the largest stack that the release lets us choose."""
    large = [("wasmtime_config_max_wasm_stack_set", STACK_BYTES_MAX)]
    # Where the library can suspend, no stack may exceed that of a suspended one.
    beside = [("wasmtime_config_async_stack_size_set", 2 * STACK_BYTES_MAX)]
    for settings in (beside + large if hasattr(ffi, beside[0][0]) else large, large):
        if _survives(settings, []):
            return settings
    return []


def prepare(options):
    """What makes the engine; the choices are made here, before there are threads, because they fork."""
    settings = _stack() + _options(options)
    if not _survives(settings, []):
        raise Unavailable("this release makes no engine with %s" % (options or "its defaults"))
    features = _features(settings)
    return lambda: Engine(settings, features)


class Engine:
    """An engine with the modules that are kept."""

    def __init__(self, settings, features):
        self.engine = _engine(settings, features)
        self.modules = {}
        self.host_values = _host_values(self.engine)

    def hello(self):
        blind = {"func identity": "a function that another instance imports has another address there"}
        builtins = ["extern_id", "host_value"] if self.host_values else []
        if not builtins:
            blind["host values"] = "this release or this compiler passes no externref to functions of the host"
        return {
            "version": metadata.version("wasmtime"),
            "bound": "fuel",
            "drivers": True,
            "keeps": False,
            "builtins": builtins,
            "blind_spots": blind,
        }

    def open(self, request):
        return Session(self, request)


def _host_values(engine):
    """Whether functions of the host can take and make externrefs; Winch cannot compile such signatures."""
    try:
        store = wasmtime.Store(engine)
        numbered = _host_value(store)
        identity = _extern_id(store)
        return identity(store, numbered(store, 3)) == 3
    except Exception:  # Whatever the package raises, the answer is no.
        return False


class HostValue:
    """What an externref of the host carries."""

    def __init__(self, number):
        self.number = number


def _host_value(store):
    ty = wasmtime.FuncType([wasmtime.ValType.i32()], [wasmtime.ValType.externref()])
    return wasmtime.Func(store, ty, HostValue)


def _extern_id(store):
    ty = wasmtime.FuncType([wasmtime.ValType.externref()], [wasmtime.ValType.i32()])
    return wasmtime.Func(store, ty, lambda value: value.number if isinstance(value, HostValue) else -1)


BUILTINS = {"host_value": _host_value, "extern_id": _extern_id}


class Session:
    """A request: a store, and the modules and instances in it."""

    def __init__(self, engine, request):
        self.engine = engine
        self.store = wasmtime.Store(engine.engine)
        context = self.store._context
        self.context = context() if callable(context) else context
        self.frame = request.get("frame") or {}
        self.fuel_max = min(request.get("fuel_max", 1 << 40), 1 << 62)
        self.fuel_given = 0
        self.modules = {}
        self.instances = {}
        if hasattr(ffi, "wasmtime_store_limiter"):
            bytes_max = request.get("memory_pages_max", 65536) * PAGE_BYTES
            elements_max = request.get("table_elements_max", 10_000_000)
            # Instances, tables and memories: an old parent's drivers make many of each.
            ffi.wasmtime_store_limiter(_raw(self.store), bytes_max, elements_max, 1 << 20, 1 << 20, 1 << 20)

    def close(self):
        for number, module in self.modules.items():
            if number < 0:
                self.engine.modules[number] = module
            else:
                ffi.wasmtime_module_delete(module)

    def _fill_up(self):
        if hasattr(ffi, "wasmtime_context_set_fuel"):
            error = ffi.wasmtime_context_set_fuel(self.context, self.fuel_max)
        else:
            consumed = ctypes.c_uint64(0)
            ffi.wasmtime_context_fuel_consumed(self.context, ctypes.byref(consumed))
            added = self.fuel_max - (self.fuel_given - consumed.value)
            self.fuel_given += added
            error = ffi.wasmtime_context_add_fuel(self.context, added) if added > 0 else None
        if error:
            raise End("unclassified", str(wasmtime.WasmtimeError._from_ptr(error)))

    def module(self, op):
        data = bytes.fromhex(op["bytes"])
        binary = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        pointer = ctypes.POINTER(ffi.wasmtime_module_t)()
        error = ffi.wasmtime_module_new(_raw(self.engine.engine), binary, len(data), ctypes.byref(pointer))
        if error:
            words = str(wasmtime.WasmtimeError._from_ptr(error))
            raise End(_refusal(words), words)
        self.modules[op["module"]] = pointer
        return {}

    def instance(self, op):
        number = op["of"]
        module = self.modules.get(number, self.engine.modules.get(number))
        if module is None:
            raise End("absent", "no module %s" % number)
        entries = op.get("imports", [])
        imports = (ffi.wasmtime_extern_t * len(entries))()
        for position, entry in enumerate(entries):
            imports[position] = self._import(entry)
        self._fill_up()
        instance = ffi.wasmtime_instance_t()
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        error = ffi.wasmtime_instance_new(
            self.context, module, imports, len(entries), ctypes.byref(instance), ctypes.byref(trap)
        )
        self._check(error, trap)
        self.instances[op["instance"]] = instance
        return {}

    def _import(self, entry):
        if isinstance(entry, str):
            make = BUILTINS.get(entry)
            if make is None or not self.engine.host_values:
                raise End("unlinkable", "no builtin function `%s`" % entry)
            return make(self.store)._as_extern()
        number, export = resolve(entry, lambda number: number in self.instances)
        item = self._export(self.instances[number], export)
        if item is None:
            raise End("unlinkable", "no export `%s`" % export)
        return item

    def _export(self, instance, name):
        encoded = name.encode("utf-8", "surrogatepass")
        item = ffi.wasmtime_extern_t()
        buffer = ctypes.create_string_buffer(encoded, len(encoded) + 1)
        found = ffi.wasmtime_instance_export_get(
            self.context, ctypes.byref(instance), buffer, len(encoded), ctypes.byref(item)
        )
        return item if found else None

    def _frame_memory(self):
        instance = self.instances.get(self.frame.get("instance"))
        item = None if instance is None else self._export(instance, self.frame["memory"])
        if item is None or item.kind != ffi.WASMTIME_EXTERN_MEMORY.value:
            raise End("absent", "the frame's memory is not there")
        return item.of.memory

    def _slice(self, memory, offset, length):
        size = ffi.wasmtime_memory_data_size(self.context, ctypes.byref(memory))
        if offset + length > size:
            raise End("unclassified", "the frame reaches beyond its memory")
        data = ffi.wasmtime_memory_data(self.context, ctypes.byref(memory))
        return ctypes.addressof(data.contents) + offset if length else None

    def call(self, op):
        instance = self.instances.get(op["call"])
        if instance is None:
            raise End("absent", "no instance %s" % op["call"])
        item = self._export(instance, op["name"])
        if item is None or item.kind != ffi.WASMTIME_EXTERN_FUNC.value:
            raise End("absent", "no function `%s`" % op["name"])
        memory = self._frame_memory()
        data = bytes.fromhex(op.get("in", ""))
        if data:
            ctypes.memmove(self._slice(memory, self.frame["input"], len(data)), data, len(data))
        self._fill_up()
        results = (ffi.wasmtime_val_t * 1)()
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        error = ffi.wasmtime_func_call(
            self.context, ctypes.byref(item.of.func), None, 0, results, 1, ctypes.byref(trap)
        )
        self._check(error, trap)
        length = results[0].of.i32 & 0xFFFFFFFF
        address = self._slice(memory, self.frame["output"], length)
        return {"out": ctypes.string_at(address, length).hex() if length else ""}

    def _check(self, error, trap):
        if trap:
            raise _trap(wasmtime.Trap._from_ptr(trap).message)
        if error:
            raise _failure(str(wasmtime.WasmtimeError._from_ptr(error)))


# What a part of a message means, where a module was to be compiled. The first row that fits counts.
REFUSALS = [
    ("gc types are disallowed but found type which requires gc", "refused"),
    (" exceeds limit of ", "refused"),
    ("Unsupported feature", "refused"),
    ("Implementation limit exceeded", "refused"),
    ("Invalid input WebAssembly code at offset", "rejected"),
    # Of the validator, whose messages end so.
    ("(at offset 0x", "rejected"),
    ("(at offset ", "rejected"),
    ("failed to parse WebAssembly module", "rejected"),
    ("failed to compile", "refused"),
]


def _refusal(words):
    return next((end for part, end in REFUSALS if part in words), "unclassified")


# What stands behind `wasm trap: `, in all releases. One code stands for accesses of memories and of data
# segments, and one for tables, element segments and the index of an indirect call.
MEMORY = ["memory-out-of-bounds", "segment-out-of-bounds"]
TABLE = ["table-out-of-bounds", "undefined-element", "segment-out-of-bounds"]
TRAPS = {
    "unreachable": ["unreachable"],
    "wasm `unreachable` instruction executed": ["unreachable"],
    "integer divide by zero": ["integer-divide-by-zero"],
    "integer overflow": ["integer-overflow"],
    "invalid conversion to integer": ["invalid-conversion-to-integer"],
    "out of bounds memory access": MEMORY,
    "out of bounds table access": TABLE,
    "undefined element: out of bounds table access": TABLE,
    "table access out of bounds": TABLE,
    "indirect call type mismatch": ["indirect-call-type-mismatch"],
    "uninitialized element": ["uninitialized-element"],
    "indirect call to null": ["uninitialized-element"],
    "misaligned memory access": ["unaligned-atomic"],
    "unaligned atomic": ["unaligned-atomic"],
    "atomic wait on non-shared memory": ["expected-shared-memory"],
    "null reference": ["null-reference"],
    "null i31 reference": ["null-reference"],
    "out of bounds array access": ["array-out-of-bounds"],
    "allocation size too large": ["allocation-too-large"],
    "cast failure": ["cast-failure"],
}
EXHAUSTIONS = {"call stack exhausted": "stack", "all fuel consumed by WebAssembly": "fuel"}


def _trap(words):
    lines = words.splitlines() or [""]
    for line in lines:
        text = line.strip()
        text = re.sub(r"^(\d+: )?(wasm trap: )?", "", text)
        # Some releases name the instruction's offset on the same line.
        if text in TRAPS:
            return End("trap", words, kinds=TRAPS[text])
        if text in EXHAUSTIONS:
            return End("exhausted", words, resource=EXHAUSTIONS[text])
        if text in ("thrown Wasm exception", "uncaught exception"):
            return End("threw", words)
    return End("unclassified", words)


# What the beginning of a line means, of an error that is no trap.
FAILURES = [
    ("incompatible import type for `", "unlinkable", {}),
    ("memory minimum size of ", "refused", {}),
    ("table minimum size of ", "refused", {}),
    ("resource limit exceeded: ", "refused", {}),
    ("GC heap out of memory", "exhausted", {"resource": "memory"}),
    ("thrown Wasm exception", "threw", {}),
]


def _failure(words):
    if re.match(r"expected \d+ imports, found \d+", words) or re.match(r"wrong number of imports", words):
        return End("unlinkable", words)
    for line in words.splitlines():
        text = re.sub(r"^\s*(\d+: )?", "", line)
        for start, end, fields in FAILURES:
            if text.startswith(start):
                return End(end, words, **fields)
    # Some releases report traps as errors.
    return _trap(words)
