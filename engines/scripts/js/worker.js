#!/usr/bin/env node
// A worker of the protocol in docs/worker-protocol.md for every shell of JavaScript: Node from 12 on, Deno, Bun, jsc,
// SpiderMonkey's js, and a page of Firefox that firefox.py opens. README.md says how each is started.
//
// In: requests, a line each. Out: answers, a line each. The core uses nothing but the language and WebAssembly; the
// shells at the end read lines and write lines, and that is all in which they differ. The syntax is that of the oldest
// shell, so that one file runs in all of them as it stands.

(function (shellArguments) {
  "use strict";

  const PROTOCOL = 1;

  // Something is wrong with a request, and not with what the engine did.
  function Mistake(words) {
    this.words = words;
  }

  // ---- Texts ----

  const NO_DIGIT = 256;
  // The value of a digit, by its character's code.
  const DIGIT_VALUE = new Uint16Array(128).fill(NO_DIGIT);
  // The codes of a byte's two digits.
  const HIGH_DIGIT = new Uint8Array(256);
  const LOW_DIGIT = new Uint8Array(256);
  const DIGITS = "0123456789abcdef";
  for (let value = 0; value < 16; value++) {
    DIGIT_VALUE[DIGITS.charCodeAt(value)] = value;
    DIGIT_VALUE[DIGITS.toUpperCase().charCodeAt(value)] = value;
  }
  for (let byte = 0; byte < 256; byte++) {
    HIGH_DIGIT[byte] = DIGITS.charCodeAt(byte >> 4);
    LOW_DIGIT[byte] = DIGITS.charCodeAt(byte & 15);
  }

  // Newer engines have both directions built in.
  const nativeHex = typeof Uint8Array.fromHex === "function" && typeof Uint8Array.prototype.toHex === "function";

  function decodeHex(text) {
    if (typeof text !== "string") throw new Mistake("bytes are not a text of hexadecimal digits");
    if (text.length % 2 !== 0) throw new Mistake("a text of bytes has an odd number of digits");
    if (nativeHex) {
      try {
        return Uint8Array.fromHex(text);
      } catch (error) {
        // What is no digit is told below.
      }
    }
    const bytes = new Uint8Array(text.length / 2);
    // Bits that no digit sets, from all digits.
    let strange = 0;
    for (let at = 0, index = 0; index < bytes.length; index++, at += 2) {
      const high = text.charCodeAt(at);
      const low = text.charCodeAt(at + 1);
      strange |= high | low;
      const digits = (DIGIT_VALUE[high & 127] << 4) | DIGIT_VALUE[low & 127];
      strange |= digits & ~127 & ~255;
      bytes[index] = digits;
    }
    if (strange & ~127) throw new Mistake("a text of bytes has characters that are not hexadecimal digits");
    return bytes;
  }

  // Few enough for `apply` in every engine.
  const ENCODE_BLOCK = 8192;
  const encoded = new Uint8Array(ENCODE_BLOCK);

  function encodeHex(bytes) {
    if (nativeHex) return bytes.toHex();
    let text = "";
    let filled = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      encoded[filled++] = HIGH_DIGIT[byte];
      encoded[filled++] = LOW_DIGIT[byte];
      if (filled === ENCODE_BLOCK) {
        text += String.fromCharCode.apply(null, encoded);
        filled = 0;
      }
    }
    return filled === 0 ? text : text + String.fromCharCode.apply(null, encoded.subarray(0, filled));
  }

  // JSON in ASCII: shells do not agree on how they write other characters. A surrogate without its partner has no
  // form in UTF-8 and becomes the replacement character.
  function quote(text) {
    const whole = text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, function (found) {
      return found.length === 2 ? found : "\ufffd";
    });
    return JSON.stringify(whole).replace(/[^\x20-\x7e]/g, function (character) {
      return "\\u" + ("000" + character.charCodeAt(0).toString(16)).slice(-4);
    });
  }

  // ---- What the errors of the engines mean ----

  const THREW = { end: "threw" };
  const UNLINKABLE = { end: "unlinkable" };
  const REFUSED = { end: "refused" };
  const REJECTED = { end: "rejected" };
  const STACK = { end: "exhausted", resource: "stack" };
  const MEMORY = { end: "exhausted", resource: "memory" };

  function trap() {
    return { end: "trap", kinds: Array.prototype.slice.call(arguments) };
  }

  // An engine is known by the text of its simplest trap. `texts` is the table of what execution ends with: whole texts.
  // `patterns` holds those of instantiation and compilation that have numbers or names in them; the first that matches
  // counts. `tidy` takes off what stands around a text. No engine has the table of another: a mistake in it would make
  // the two agree.
  const V8 = {
    unreachable: "unreachable",
    texts: {
      "unreachable": trap("unreachable"),
      "divide by zero": trap("integer-divide-by-zero"),
      "remainder by zero": trap("integer-divide-by-zero"),
      "divide result unrepresentable": trap("integer-overflow"),
      "float unrepresentable in integer range": trap("integer-overflow", "invalid-conversion-to-integer"),
      // Said of the segment of a `memory.init` too.
      "memory access out of bounds": trap("memory-out-of-bounds", "segment-out-of-bounds"),
      "operation does not support unaligned accesses": trap("unaligned-atomic"),
      // Said of memories that are not shared. Threads that may not wait at all have the same text; the main threads of
      // Node and Deno may.
      "Atomics.wait cannot be called in this context": trap("expected-shared-memory"),
      "table index is out of bounds": trap("table-out-of-bounds", "undefined-element"),
      "dereferencing a null pointer": trap("null-reference"),
      "rethrowing null value": trap("null-reference"),
      "illegal cast": trap("cast-failure"),
      "array element access out of bounds": trap("array-out-of-bounds"),
      "data segment out of bounds": trap("segment-out-of-bounds"),
      "element segment out of bounds": trap("segment-out-of-bounds", "table-out-of-bounds"),
      // Said before the length of a segment is looked at.
      "requested new array is too large": trap("allocation-too-large", "segment-out-of-bounds"),
      // Up to 14.
      "invalid index into function table": trap("undefined-element"),
      "table access out of bounds": trap("table-out-of-bounds"),
      "data segment has been dropped": trap("memory-out-of-bounds", "segment-out-of-bounds"),
      "element segment has been dropped": trap("table-out-of-bounds", "segment-out-of-bounds"),
      // Up to Node 14, and again in Node 26, also where the element is null.
      "function signature mismatch": trap("indirect-call-type-mismatch", "uninitialized-element"),
      "null function or function signature mismatch": trap("indirect-call-type-mismatch", "uninitialized-element"),
      "null function": trap("uninitialized-element"),
      // Active segments. Up to Node 20 without numbers, and in Node 12 as a LinkError, before anything is written.
      "data segment is out of bounds": trap("memory-out-of-bounds"),
      "table initializer is out of bounds": trap("table-out-of-bounds"),
      "Maximum call stack size exceeded": STACK,
      // Where WebAssembly.Exception is missing.
      "wasm exception": THREW,
    },
    patterns: [
      [/^data segment \d+ is out of bounds \(offset \d+, length \d+, memory size \d+\)$/, trap("memory-out-of-bounds")],
      // 2^16 pages are the standard's bound for memories with 32-bit addresses; other bounds are V8's own.
      [/^(?:initial|maximum) memory size \(\d+ pages\) is larger than implementation limit \(65536(?: pages)?\) @\+\d+$/, REJECTED],
      [/^(?:initial|maximum) (?:memory|table|table elements) size \(\d+ (?:pages|elements)\) is larger than implementation limit \(\d+(?: pages| elements)?\)(?: @\+\d+)?$/, REFUSED],
      [/^Out of memory: /, REFUSED],
      [/ count of \d+ exceeds internal limit of \d+ @\+\d+$/, REFUSED],
      [/^ ?number of elements of \d+ exceeds internal limit of \d+ @\+\d+$/, REFUSED],
      [/^size \d+ > maximum (?:function|module) size \(?\d+\)?(?: @\+\d+)?$/, REFUSED],
      [/^Compiling function #\d+(?::"[^]*")? failed: (?:local count too large|invalid table count \(> max br_table size\): \d+) @\+\d+$/, REFUSED],
      [/^type \d+: subtyping depth is greater than allowed @\+\d+$/, REFUSED],
    ],
    // What collecting garbage may mend.
    shortage: /^Out of memory: /,
    tidy: function (words) {
      return words.replace(/^WebAssembly\.(?:Module|Instance)\(\): /, "");
    },
  };

  const JSC = {
    unreachable: "Unreachable code should not be executed",
    texts: {
      "Unreachable code should not be executed": trap("unreachable"),
      "Division by zero": trap("integer-divide-by-zero"),
      "Integer overflow": trap("integer-overflow"),
      "Out of bounds Trunc operation": trap("integer-overflow", "invalid-conversion-to-integer"),
      // Waiting and notifying say this for every reason to trap, and `memory.init` of its segment.
      "Out of bounds memory access": trap("memory-out-of-bounds", "segment-out-of-bounds", "unaligned-atomic",
        "expected-shared-memory"),
      "Unaligned memory access": trap("unaligned-atomic"),
      // Said of the segment of a `table.init` too.
      "Out of bounds table access": trap("table-out-of-bounds", "segment-out-of-bounds"),
      "Out of bounds call_indirect": trap("undefined-element"),
      "call_indirect to a null table entry": trap("uninitialized-element"),
      // In Bun also where the element is null.
      "call_indirect to a signature that does not match": trap("indirect-call-type-mismatch", "uninitialized-element"),
      "call_ref to a null reference": trap("null-reference"),
      "ref.as_non_null to a null reference": trap("null-reference"),
      "i31.get_<sx> to a null reference": trap("null-reference"),
      "throw_ref on a null reference": trap("null-reference"),
      "struct.get to a null reference": trap("null-reference"),
      "struct.set to a null reference": trap("null-reference"),
      "array.get to a null reference": trap("null-reference"),
      "array.set to a null reference": trap("null-reference"),
      "array.len to a null reference": trap("null-reference"),
      "array.fill to a null reference": trap("null-reference"),
      "array.copy to a null reference": trap("null-reference"),
      "array.init_data to a null reference": trap("null-reference"),
      "array.init_elem to a null reference": trap("null-reference"),
      // In Bun also where null is cast to a type that has none.
      "access to a null reference": trap("null-reference", "cast-failure"),
      "ref.cast failed to cast reference to target heap type": trap("cast-failure"),
      "Out of bounds array.get": trap("array-out-of-bounds"),
      "Out of bounds array.set": trap("array-out-of-bounds"),
      "Out of bounds array.fill": trap("array-out-of-bounds"),
      "Out of bounds array.copy": trap("array-out-of-bounds"),
      "Out of bounds array.init_data": trap("array-out-of-bounds", "segment-out-of-bounds"),
      "Out of bounds array.init_elem": trap("array-out-of-bounds", "segment-out-of-bounds"),
      "Out of bounds or failed to allocate in array.new_data": trap("segment-out-of-bounds", "allocation-too-large"),
      "Out of bounds or failed to allocate in array.new_elem": trap("segment-out-of-bounds", "allocation-too-large"),
      "Offset + array length would exceed the size of a data segment": trap("segment-out-of-bounds"),
      "Offset + array length would exceed the length of an element segment": trap("segment-out-of-bounds"),
      "Failed to allocate new array": trap("allocation-too-large"),
      "Failed to allocate new struct": MEMORY,
      "Element is trying to set an out of bounds table index": trap("table-out-of-bounds"),
      "Maximum call stack size exceeded.": STACK,
      "Stack overflow": STACK,
      "Out of memory": MEMORY,
      "couldn't create Table": REFUSED,
    },
    patterns: [
      [/^Invalid data segment initialization: segment of \d+ bytes memory of \d+ bytes, at offset \d+, segment (?:writes outside of memory|is too big)$/, trap("memory-out-of-bounds")],
      // A rule of the standard, and no limit, although the words are alike.
      [/^WebAssembly\.Module doesn't (?:parse at byte \d+|validate): Lane index immediate is too large, /, REJECTED],
      [/^WebAssembly\.Module doesn't (?:parse at byte \d+|validate): .* (?:is|are) too (?:big|large)(?:,? .*)?$/, REFUSED],
      [/^WebAssembly\.Module doesn't (?:parse at byte \d+|validate): .* exceeded the limits? of \d+$/, REFUSED],
      [/^WebAssembly\.Module doesn't (?:parse at byte \d+|validate): there can be at most \d+ memories$/, REFUSED],
      [/^WebAssembly\.Module doesn't (?:parse at byte \d+|validate): array_new_fixed can take at most .*$/, REFUSED],
    ],
    shortage: /^(?:Out of memory|couldn't create Table)$/,
    tidy: function (words) {
      return words.replace(/ \(evaluating '[^]*$/, "")
        .replace(/^couldn't evaluate constant expression: WebAssembly\.Module doesn't parse at byte \d+: /, "");
    },
  };

  const SPIDERMONKEY = {
    unreachable: "unreachable executed",
    texts: {
      "unreachable executed": trap("unreachable"),
      "integer divide by zero": trap("integer-divide-by-zero"),
      "integer overflow": trap("integer-overflow"),
      "invalid conversion to integer": trap("invalid-conversion-to-integer"),
      "index out of bounds": trap("memory-out-of-bounds", "table-out-of-bounds", "undefined-element",
        "array-out-of-bounds", "segment-out-of-bounds"),
      "table index out of bounds": trap("table-out-of-bounds"),
      "unaligned memory access": trap("unaligned-atomic"),
      "atomic wait on non-shared memory": trap("expected-shared-memory"),
      "indirect call to null": trap("uninitialized-element"),
      "indirect call signature mismatch": trap("indirect-call-type-mismatch"),
      "dereferencing null pointer": trap("null-reference"),
      "bad cast": trap("cast-failure"),
      // Said before the length of a segment is looked at.
      "too many array elements": trap("allocation-too-large", "segment-out-of-bounds"),
      "too much recursion": STACK,
      "out of memory": MEMORY,
      "allocation size overflow": MEMORY,
      "too many memory pages": REFUSED,
      "too many table elements": REFUSED,
    },
    patterns: [
      // The text does not say whether it is the standard's bound or, for 64-bit addresses, SpiderMonkey's own.
      [/^at offset \d+: (?:initial|maximum) memory size too big$/, REFUSED],
      [/^at offset \d+: too many [a-z._ ]+$/, REFUSED],
      [/^at offset \d+: (?:function body|code section|br_table|module|segment size|type is) too (?:big|deep)$/, REFUSED],
    ],
    shortage: /^out of memory$/,
    tidy: function (words) {
      return words;
    },
  };

  const UNKNOWN = {
    unreachable: undefined,
    texts: {},
    patterns: [],
    shortage: /^$/,
    tidy: function (words) {
      return words;
    },
  };

  // The module (func (export "f") unreachable).
  const UNREACHABLE = "0061736d0100000001040160000003020100070501016600000a05010300000b";

  const engine = recogniseEngine();

  function recogniseEngine() {
    try {
      instantiateProbe(UNREACHABLE, {}).f();
    } catch (error) {
      const words = rawWordsOf(error);
      return [V8, JSC, SPIDERMONKEY].find(function (each) { return each.tidy(words) === each.unreachable; }) || UNKNOWN;
    }
    return UNKNOWN;
  }

  function rawWordsOf(error) {
    const hasMessage = typeof error === "object" && error !== null && typeof error.message === "string";
    return hasMessage ? error.message : String(error);
  }

  function isException(error) {
    return typeof WebAssembly.Exception === "function" && error instanceof WebAssembly.Exception;
  }

  // The end that an error means, with the engine's words. `otherwise` says what an error is that is in no table.
  function endOf(error, otherwise) {
    if (error instanceof Mistake) return answerOf({ end: "unclassified" }, error.words);
    if (isException(error)) return answerOf(THREW, "an exception");
    const words = engine.tidy(rawWordsOf(error));
    return answerOf(look(words) || otherwise(error, words) || { end: "unclassified" }, String(error && error.name) + ": " + words);
  }

  function look(words) {
    if (Object.prototype.hasOwnProperty.call(engine.texts, words)) return engine.texts[words];
    const pattern = engine.patterns.find(function (each) { return each[0].test(words); });
    return pattern === undefined ? undefined : pattern[1];
  }

  // The engine's words may hold a name of any length.
  const WORDS_MAX = 1000;

  function answerOf(end, words) {
    let answer = '"end":"' + end.end + '"';
    if (end.kinds !== undefined) answer += ',"kinds":' + JSON.stringify(end.kinds);
    if (end.resource !== undefined) answer += ',"resource":"' + end.resource + '"';
    return answer + ',"words":' + quote(words.length > WORDS_MAX ? words.slice(0, WORDS_MAX) + "..." : words);
  }

  function otherwiseOfModule(error) {
    return error instanceof WebAssembly.CompileError ? REJECTED : undefined;
  }

  // Where nothing by an import's names is there, the error is a TypeError: the name leads to `undefined`.
  function otherwiseOfInstance(error, words) {
    if (error instanceof WebAssembly.LinkError) return UNLINKABLE;
    return error instanceof TypeError && /\bimport\b/i.test(words) ? UNLINKABLE : undefined;
  }

  function otherwiseOfCall() {
    return undefined;
  }

  // ---- Builtin functions ----

  // What `host_value` makes.
  function HostValue(number) {
    this.number = number;
  }

  // Numbers of functions and of objects, in the order in which they are met in a request.
  let numbers = new Map();
  // Host values by their number. Those that cases use are few; others last as long as the request.
  const lastingHostValues = [];
  let hostValues = new Map();
  const LASTING_MAX = 4096;

  function numberOf(reference) {
    let number = numbers.get(reference);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(reference, number);
    }
    return number;
  }

  const BUILTINS = {
    func_id: function (reference) {
      return numberOf(reference);
    },
    extern_id: function (value) {
      return value instanceof HostValue ? value.number : -1;
    },
    host_value: function (number) {
      if (number >= 0 && number < LASTING_MAX) {
        while (lastingHostValues.length <= number) lastingHostValues.push(new HostValue(lastingHostValues.length));
        return lastingHostValues[number];
      }
      let value = hostValues.get(number);
      if (value === undefined) {
        value = new HostValue(number);
        hostValues.set(number, value);
      }
      return value;
    },
    any_id: function (reference) {
      return numberOf(reference);
    },
  };

  // A module for each group of builtins, and what keeps them from being offered where its function "f" does not return 1.
  const BUILTIN_PROBES = [
    // (module (import "m" "func_id" (func $id (param funcref) (result i32)))
    //   (table $t funcref (elem $a))
    //   (func $a (export "f") (result i32)
    //     (i32.and (i32.eq (call $id (ref.func $a)) (call $id (table.get $t (i32.const 0))))
    //       (i32.ne (call $id (ref.func $a)) (call $id (ref.func $b)))))
    //   (func $b (export "g")))
    // In JSC up to Bun 1.3 a table that was filled by a segment has objects of its own for the functions in it.
    [["func_id"], "0061736d01000000010d03600170017f6000017f600000020d01016d0766756e635f696400000303020102040501700101010709020166000101670002090901020041000b0001010a1c021700d201100041002500100046d2011000d202100047710b02000b",
      "a function in a table is another object than where it was exported"],
    // (module (import "m" "extern_id" (func $id (param externref) (result i32)))
    //   (import "m" "host_value" (func $value (param i32) (result externref)))
    //   (func (export "f") (result i32) (i32.eq (call $id (call $value (i32.const 7))) (i32.const 7))))
    [["extern_id", "host_value"], "0061736d01000000010f0360016f017f60017f016f6000017f021e02016d0965787465726e5f69640000016d0a686f73745f76616c7565000103020102070501016600020a0d010b004107100110004107460b",
      "a host value comes back as another"],
    // (module (type $s (struct (field i32)))
    //   (import "m" "any_id" (func $id (param anyref) (result i32)))
    //   (func (export "f") (result i32) (local $x (ref null $s))
    //     (local.set $x (struct.new $s (i32.const 1)))
    //     (i32.and (i32.eq (call $id (local.get $x)) (call $id (local.get $x)))
    //       (i32.ne (call $id (local.get $x)) (call $id (struct.new $s (i32.const 1)))))))
    [["any_id"], "0061736d01000000010e035f017f0060016e017f6000017f020c01016d06616e795f6964000103020102070501016600010a240122010163004101fb00002100200010002000100046200010004101fb0000100047710b",
      "an object does not come back as what it was"],
  ];

  function instantiateProbe(hex, imports) {
    return new WebAssembly.Instance(new WebAssembly.Module(decodeHex(hex)), { m: imports }).exports;
  }

  function probeBuiltins() {
    const found = [];
    BUILTIN_PROBES.forEach(function (probe) {
      let works;
      try {
        works = instantiateProbe(probe[1], BUILTINS).f() === 1;
      } catch (error) {
        // The engine lacks the types.
        return;
      }
      probe[0].forEach(function (name) {
        if (works) found.push(name);
        else blindSpots[name] = probe[2];
      });
    });
    numbers = new Map();
    return found;
  }

  const blindSpots = {};
  const builtins = probeBuiltins();
  if (engine === UNKNOWN) blindSpots.traps = "the texts of this engine's errors are in no table of the worker";

  // ---- Operations ----

  const now = pickClock();

  // A clock in milliseconds, the finest that the shell has.
  function pickClock() {
    if (typeof preciseTime === "function") {
      return function () { return preciseTime() * 1e3; };
    }
    if (typeof performance === "object" && typeof performance.now === "function") {
      return function () { return performance.now(); };
    }
    if (typeof process === "object" && typeof process.hrtime === "function") {
      return function () { const time = process.hrtime(); return time[0] * 1e3 + time[1] / 1e6; };
    }
    return function () { return Date.now(); };
  }

  function nanoseconds(start) {
    return ',"ns":' + Math.max(0, Math.round((now() - start) * 1e6));
  }

  // Modules and instances by their numbers: what is kept, and what belongs to the request.
  const keptModules = new Map();
  const keptInstances = new Map();
  let modules = new Map();
  let instances = new Map();
  // Collects garbage, where the shell offers it.
  let collectGarbage = function () {};

  function moduleTable(number) {
    return number < 0 ? keptModules : modules;
  }

  function instanceTable(number) {
    return number < 0 ? keptInstances : instances;
  }

  function absent(words) {
    return answerOf({ end: "absent" }, words);
  }

  function checkNumber(number, what) {
    if (typeof number !== "number") throw new Mistake(what + " is no number");
    return number;
  }

  function compile(operation) {
    const number = checkNumber(operation.module, "the name of a module");
    moduleTable(number).delete(number);
    const bytes = decodeHex(operation.bytes);
    const start = now();
    let compiled;
    try {
      compiled = new WebAssembly.Module(bytes);
    } catch (error) {
      return endOf(error, otherwiseOfModule) + nanoseconds(start);
    }
    const time = nanoseconds(start);
    moduleTable(number).set(number, { compiled: compiled, imports: undefined });
    return time.slice(1);
  }

  function instantiate(operation) {
    const number = checkNumber(operation.instance, "the name of an instance");
    instanceTable(number).delete(number);
    const module = moduleTable(operation.of).get(operation.of);
    if (module === undefined) return absent("there is no module " + operation.of);
    // Asked once for a module: a kept one is instantiated for many cases.
    if (module.imports === undefined) module.imports = importsOf(module.compiled);
    const entries = operation.imports === undefined ? [] : operation.imports;
    if (!Array.isArray(entries)) throw new Mistake("`imports` is no list");
    if (module.imports !== null && entries.length !== module.imports.length) {
      throw new Mistake("`imports` has " + entries.length + " entries, and the module imports " + module.imports.length);
    }
    const resolved = resolveImports(entries);
    if (resolved.missing !== undefined) return resolved.missing;
    const values = resolved.values;
    const start = now();
    let instance;
    try {
      instance = link(module, values);
    } catch (error) {
      return endOf(error, otherwiseOfInstance) + nanoseconds(start);
    }
    const time = nanoseconds(start);
    instanceTable(number).set(number, instance.exports);
    return time.slice(1);
  }

  // Compiles and instantiates a module for later requests; or sees that it is still there.
  function keep(operation) {
    const number = checkNumber(operation.keep, "the name of an instance");
    if (number >= 0) throw new Mistake("an instance that is kept has a negative number");
    if (operation.bytes === undefined) return keptInstances.has(number) ? '"ns":0' : absent("there is no instance " + number);
    keptInstances.delete(number);
    if (!Array.isArray(operation.imports)) throw new Mistake("`imports` is no list");
    const bytes = decodeHex(operation.bytes);
    const resolved = resolveImports(operation.imports);
    if (resolved.missing !== undefined) return resolved.missing;
    const start = now();
    let compiled;
    try {
      compiled = new WebAssembly.Module(bytes);
    } catch (error) {
      return endOf(error, otherwiseOfModule) + nanoseconds(start);
    }
    try {
      const instance = link({ compiled: compiled, imports: importsOf(compiled) }, resolved.values);
      keptInstances.set(number, instance.exports);
    } catch (error) {
      return endOf(error, otherwiseOfInstance) + nanoseconds(start);
    }
    return nanoseconds(start).slice(1);
  }

  // The names of a module's imports; null where the engine cannot tell. JSC up to Bun 1.3 throws a TypeError where a type
  // has none in its JavaScript interface, as references to structures have.
  function importsOf(compiled) {
    try {
      return WebAssembly.Module.imports(compiled);
    } catch (error) {
      return null;
    }
  }

  // What all entries name, in their order; or the answer where one names nothing that is there.
  function resolveImports(entries) {
    const values = [];
    for (let index = 0; index < entries.length; index++) {
      const found = resolveImport(entries[index]);
      if (found === undefined) {
        return { missing: answerOf(UNLINKABLE, "import " + index + ": none of its candidates is there"), values: values };
      }
      values.push(found.value);
    }
    return { missing: undefined, values: values };
  }

  // A box with what an entry of `imports` names; undefined where it names instances and none of them exists.
  function resolveImport(entry) {
    if (typeof entry === "string") {
      if (!Object.prototype.hasOwnProperty.call(BUILTINS, entry)) throw new Mistake("there is no builtin `" + entry + "`");
      return { value: BUILTINS[entry] };
    }
    if (!Array.isArray(entry)) throw new Mistake("an entry of `imports` is neither a text nor a list");
    const candidates = typeof entry[0] === "number" ? [entry] : entry;
    for (let index = 0; index < candidates.length; index++) {
      const candidate = candidates[index];
      if (!Array.isArray(candidate) || typeof candidate[0] !== "number" || typeof candidate[1] !== "string") {
        throw new Mistake("a candidate for an import is no pair of an instance and a name");
      }
      const found = instanceTable(candidate[0]).get(candidate[0]);
      if (found !== undefined) return { value: found[candidate[1]] };
    }
    return undefined;
  }

  function link(module, values) {
    try {
      return new WebAssembly.Instance(module.compiled, importObject(module.imports, values));
    } catch (error) {
      // Nothing was written or run: memories and tables are made first.
      if (isException(error) || !engine.shortage.test(engine.tidy(rawWordsOf(error)))) throw error;
      collectGarbage();
      return new WebAssembly.Instance(module.compiled, importObject(module.imports, values));
    }
  }

  // An object from which instantiation reads the n-th value for the n-th import. Where two imports have the same names,
  // the property answers each reading with the next value: imports are read in their order, each once.
  function importObject(imports, values) {
    if (imports === null) return valuesInTurn(values);
    const object = Object.create(null);
    for (let index = 0; index < imports.length; index++) {
      const names = imports[index];
      const fields = object[names.module] || (object[names.module] = Object.create(null));
      const property = Object.getOwnPropertyDescriptor(fields, names.name);
      if (property === undefined) {
        fields[names.name] = values[index];
      } else if (property.get === undefined) {
        const queue = [property.value, values[index]];
        const get = nextOf(queue);
        get.queue = queue;
        Object.defineProperty(fields, names.name, { get: get, configurable: true, enumerable: true });
      } else {
        property.get.queue.push(values[index]);
      }
    }
    return object;
  }

  // The same where the names are not known.
  function valuesInTurn(values) {
    const fields = new Proxy({}, { get: nextOf(values) });
    return new Proxy({}, { get: function () { return fields; } });
  }

  function nextOf(queue) {
    let next = 0;
    return function () {
      return queue[next++];
    };
  }

  function call(operation, frame) {
    const number = checkNumber(operation.call, "the name of an instance");
    const found = instanceTable(number).get(number);
    if (found === undefined) return absent("there is no instance " + number);
    const target = found[operation.name];
    if (typeof target !== "function") return absent("instance " + number + " exports no function of this name");
    if (operation.in !== undefined) writeFrame(frame, decodeHex(operation.in));
    if (operation.seat !== undefined) {
      const seated = seatOf(operation.seat);
      if (seated === undefined) return absent(NO_FUNCTION);
      found.seat.set(0, seated);
      taken.add(found.seat);
    }
    const start = now();
    let length;
    try {
      length = target();
    } catch (error) {
      return endOf(error, otherwiseOfCall) + nanoseconds(start);
    }
    const time = nanoseconds(start);
    if (typeof length !== "number") throw new Mistake("the called function returned no i32");
    return '"out":"' + (length === 0 ? "" : encodeHex(readFrame(frame, length))) + '"' + time;
  }

  // ---- Looks at the state ----

  // What a look has to tell: words of eight bytes, low half first.
  let shown = new DataView(new ArrayBuffer(1 << 16));
  let shownBytes = 0;

  function reserve(count) {
    if (shownBytes + count <= shown.byteLength) return;
    const larger = new Uint8Array(2 * (shownBytes + count));
    larger.set(new Uint8Array(shown.buffer));
    shown = new DataView(larger.buffer);
  }

  function show(low, high) {
    reserve(8);
    shown.setUint32(shownBytes, low, true);
    shown.setUint32(shownBytes + 4, high, true);
    shownBytes += 8;
  }

  // A whole number that a double holds exactly.
  function showNumber(number) {
    show(number >>> 0, Math.floor(number / 4294967296));
  }

  // What functions of the parent have left in the frame.
  function showFrame(frame, length) {
    if (typeof length !== "number") throw new Mistake("the called function returned no i32");
    const bytes = readFrame(frame, length);
    reserve(length);
    new Uint8Array(shown.buffer).set(bytes, shownBytes);
    shownBytes += length;
  }

  // Kinds of references.
  const NULL = 0;
  const FUNC = 1;
  const EXTERN = 2;
  const OPAQUE = 7;
  // Added where the number is not known.
  const UNKNOWN_NUMBER = 16;
  const UNREAD = 0;
  // Ends a list of runs.
  const NO_MORE = 4294967295;

  const tellsFuncs = builtins.indexOf("func_id") >= 0;
  const tellsExterns = builtins.indexOf("extern_id") >= 0;

  // The number of the reference whose kind was told last.
  let referenceNumber = 0;

  function kindOf(type, value) {
    referenceNumber = 0;
    if (value === null) return NULL;
    if (type === "funcref") {
      if (!tellsFuncs) return FUNC + UNKNOWN_NUMBER;
      referenceNumber = numberOf(value);
      return FUNC;
    }
    if (!tellsExterns || !(value instanceof HostValue)) return OPAQUE + UNKNOWN_NUMBER;
    referenceNumber = value.number;
    return EXTERN;
  }

  function isReference(type) {
    return type === "funcref" || type === "externref";
  }

  // Whether numbers of 64 bits cross at all.
  const crossesLong = typeof BigInt === "function" && typeof DataView.prototype.setBigInt64 === "function";

  // The value of a global as 16 bytes. The bits of a NaN do not cross, nor do old engines pass numbers of 64 bits: then
  // a module of the parent reads it, which is made once for the global.
  function showGlobal(global, type, reader, frame, readers) {
    if (!(global instanceof WebAssembly.Global)) throw new Mistake("an export is no global");
    if (isReference(type)) {
      show(kindOf(type, global.value), 0);
      show(referenceNumber, 0);
      return;
    }
    let value;
    try {
      value = global.value;
    } catch (error) {
      // Read below.
    }
    reserve(16);
    if (type === "i32" && typeof value === "number") {
      shown.setInt32(shownBytes, value, true);
      shown.setInt32(shownBytes + 4, 0, true);
    } else if (type === "i64" && crossesLong && typeof value === "bigint") {
      shown.setBigInt64(shownBytes, value, true);
    } else if (type === "f32" && value === value && typeof value === "number") {
      shown.setFloat32(shownBytes, value, true);
      shown.setInt32(shownBytes + 4, 0, true);
    } else if (type === "f64" && value === value && typeof value === "number") {
      shown.setFloat64(shownBytes, value, true);
    } else {
      let read = readers.get(global);
      if (read === undefined) {
        const module = moduleTable(reader).get(reader);
        if (module === undefined) throw new Mistake("there is no module " + reader + " that reads a global");
        if (module.imports === undefined) module.imports = importsOf(module.compiled);
        read = link(module, [frameMemory(frame), global]).exports.read;
        readers.set(global, read);
      }
      showFrame(frame, read());
      return;
    }
    shown.setInt32(shownBytes + 8, 0, true);
    shown.setInt32(shownBytes + 12, 0, true);
    shownBytes += 16;
  }

  // What a function of the parent makes of the bytes of a memory, which are given to it in a memory of its own.
  function showMemory(memory, operation, frame) {
    if (!(memory instanceof WebAssembly.Memory)) throw new Mistake("an export is no memory");
    const buffer = memory.buffer;
    const length = buffer.byteLength;
    if (length > operation.bytes_max) {
      showNumber(length);
      show(UNREAD, 0);
      return;
    }
    const eye = instanceTable(operation.eye).get(operation.eye);
    if (eye === undefined) throw new Mistake("there is no instance " + operation.eye + " that looks at memories");
    if (eye.fit(length) !== 1) throw new Mistake("there is no room to look at a memory of " + length + " bytes");
    if (length > 0) new Uint8Array(eye.mem.buffer).set(new Uint8Array(buffer));
    showFrame(frame, eye.look(operation.full === true ? 1 : 0));
  }

  // The elements of a table, as runs of what is equal.
  function showTable(table, type, operation) {
    if (!(table instanceof WebAssembly.Table)) throw new Mistake("an export is no table");
    const size = table.length;
    showNumber(size);
    const end = Math.min(size, operation.elements_max);
    let run = 0;
    let lastKind = NULL;
    let lastNumber = 0;
    for (let index = 0; index < end; index++) {
      const kind = kindOf(type, table.get(index));
      if (run > 0 && (kind !== lastKind || referenceNumber !== lastNumber)) {
        showNumber(run);
        show(lastKind, 0);
        show(lastNumber, 0);
        run = 0;
      }
      run++;
      lastKind = kind;
      lastNumber = referenceNumber;
    }
    if (run > 0) {
      showNumber(run);
      show(lastKind, 0);
      show(lastNumber, 0);
    }
    show(NO_MORE, NO_MORE);
  }

  // What reads globals whose values do not cross, by the global; for the request.
  let readers = new Map();

  function lookAt(operation, frame) {
    const of = checkNumber(operation.look, "the name of an instance");
    const found = instanceTable(of).get(of);
    if (found === undefined) return absent("there is no instance " + of);
    if (!Array.isArray(operation.exports)) throw new Mistake("`exports` is no list");
    shownBytes = 0;
    for (let index = 0; index < operation.exports.length; index++) {
      const entry = operation.exports[index];
      const type = entry[1];
      if (typeof entry[0] === "number") {
        const other = instanceTable(entry[0]).get(entry[0]);
        if (other === undefined) return absent("there is no instance " + entry[0]);
        showFrame(frame, other[type]());
      } else if (type === "memory") {
        showMemory(found[entry[0]], operation, frame);
      } else if (type === "table") {
        showTable(found[entry[0]], entry[2], operation);
      } else {
        showGlobal(found[entry[0]], type, entry[2], frame, readers);
      }
    }
    const out = encodeHex(new Uint8Array(shown.buffer, 0, shownBytes));
    if (shown.byteLength > GATHERED_KEPT) shown = new DataView(new ArrayBuffer(1 << 16));
    return '"out":"' + out + '"';
  }

  // ---- Calls in one operation ----

  // Bytes that the calls of an operation have left, one behind the other.
  let gathered = new Uint8Array(1 << 16);

  // Several calls. Whatever becomes of one, the next is made.
  function callAll(operation, frame) {
    const order = operation.order;
    const targets = operation.calls.map(targetOf);
    const input = decodeHex(operation.in);
    const memory = frameMemory(frame);
    const inputOffset = checkNumber(frame.input, "the offset of the input");
    const outputOffset = checkNumber(frame.output, "the offset of the output");
    let bytes = new Uint8Array(memory.buffer);
    let read = 0;
    let filled = 0;
    let lengths = "";
    let times = "";
    let ends = "";
    let lastSeat;
    let lastSeated;
    for (let index = 0; index < order.length; index++) {
      const target = targets[order[index]];
      let length = 0;
      let time = 0;
      let end;
      if (target.bytes > 0) {
        if (inputOffset + target.bytes > bytes.length || read + target.bytes > input.length) {
          throw new Mistake("the input does not fit into the frame memory, or is too short");
        }
        bytes.set(input.subarray(read, read + target.bytes), inputOffset);
        read += target.bytes;
      }
      if (target.run === undefined) {
        end = target.end;
      } else {
        const run = target.run;
        if (target.seat !== undefined && (target.seat !== lastSeat || target.seated !== lastSeated)) {
          target.seat.set(0, target.seated);
          lastSeat = target.seat;
          lastSeated = target.seated;
        }
        const start = now();
        try {
          length = run();
          time = now() - start;
        } catch (error) {
          time = now() - start;
          end = endOf(error, otherwiseOfCall);
        }
        // Growing makes a new buffer.
        if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
      }
      if (end !== undefined) {
        ends += (ends === "" ? "[" : ",[") + index + ",{" + end + "}]";
        length = 0;
      } else if (length > 0) {
        if (outputOffset + length > bytes.length) {
          throw new Mistake("the called function returned " + length + ", and so much output is not in the frame memory");
        }
        if (filled + length > gathered.length) {
          const larger = new Uint8Array(2 * (filled + length));
          larger.set(gathered);
          gathered = larger;
        }
        gathered.set(bytes.subarray(outputOffset, outputOffset + length), filled);
        filled += length;
      } else if (length !== 0) {
        throw new Mistake("the called function returned no i32 that is a length");
      }
      lengths += (index === 0 ? "" : ",") + length;
      times += (index === 0 ? "" : ",") + Math.max(0, Math.round(time * 1e6));
    }
    const answer = '"lengths":[' + lengths + '],"times":[' + times + '],"out":"' + encodeHex(gathered.subarray(0, filled)) + '"';
    if (gathered.length > GATHERED_KEPT) gathered = new Uint8Array(1 << 16);
    return ends === "" ? answer : answer + ',"ends":[' + ends + "]";
  }

  // Above this size the buffer is given back.
  const GATHERED_KEPT = 1 << 22;

  // A function that is called, how many bytes it is passed; or why it is not there.
  function targetOf(target) {
    const found = instanceTable(checkNumber(target[0], "the name of an instance")).get(target[0]);
    const run = found === undefined ? undefined : found[target[1]];
    const seated = target[3] === undefined ? undefined : seatOf(target[3]);
    if (seated !== undefined && found !== undefined) taken.add(found.seat);
    if (typeof run !== "function" || (target[3] !== undefined && seated === undefined)) {
      return { bytes: target[2], run: undefined, seat: undefined, seated: undefined, end: absent(NO_FUNCTION) };
    }
    return { bytes: target[2], run: run, seat: seated === undefined ? undefined : found.seat, seated: seated, end: undefined };
  }

  // Tables into which functions were put. A caller outlives the request, and would keep the function's instance alive.
  const taken = new Set();

  function emptySeats() {
    taken.forEach(function (seat) { if (seat instanceof WebAssembly.Table) seat.set(0, null); });
    taken.clear();
  }

  const NO_FUNCTION = "there is no such instance, or it exports no function of this name";

  // The function that is put into a table before a call; undefined where it is not there.
  function seatOf(pair) {
    if (!Array.isArray(pair)) throw new Mistake("a seat is no pair of an instance and a name");
    const found = instanceTable(checkNumber(pair[0], "the name of an instance")).get(pair[0]);
    const func = found === undefined ? undefined : found[pair[1]];
    return typeof func === "function" ? func : undefined;
  }

  // The same answer to each of several calls, none of which was made or can be told.
  function endsOf(count, end) {
    const lengths = [];
    const ends = [];
    for (let index = 0; index < count; index++) {
      lengths.push(0);
      ends.push("[" + index + ",{" + end + "}]");
    }
    return '"lengths":[' + lengths.join(",") + '],"out":"","ends":[' + ends.join(",") + "]";
  }

  // The bytes of the frame memory, as it is now: growing makes a new buffer.
  function frameBytes(frame) {
    return new Uint8Array(frameMemory(frame).buffer);
  }

  function frameMemory(frame) {
    if (typeof frame !== "object" || frame === null) throw new Mistake("the request has no `frame`");
    const found = instanceTable(frame.instance).get(frame.instance);
    if (found === undefined) throw new Mistake("there is no instance " + frame.instance + ", whose memory is the frame");
    const memory = found[frame.memory];
    if (!(memory instanceof WebAssembly.Memory)) throw new Mistake("instance " + frame.instance + " exports no memory of the frame's name");
    return memory;
  }

  function writeFrame(frame, input) {
    const bytes = frameBytes(frame);
    const offset = checkNumber(frame.input, "the offset of the input");
    if (offset < 0 || offset + input.length > bytes.length) throw new Mistake("the input does not fit into the frame memory");
    bytes.set(input, offset);
  }

  function readFrame(frame, length) {
    const bytes = frameBytes(frame);
    const offset = checkNumber(frame.output, "the offset of the output");
    if (offset < 0 || length < 0 || offset + length > bytes.length) {
      throw new Mistake("the called function returned " + length + ", and so much output is not in the frame memory");
    }
    return bytes.subarray(offset, offset + length);
  }

  function perform(operation, frame) {
    if (typeof operation !== "object" || operation === null) throw new Mistake("an operation is no object");
    if (operation.module !== undefined) return compile(operation);
    if (operation.instance !== undefined) return instantiate(operation);
    if (operation.call !== undefined) return call(operation, frame);
    if (operation.keep !== undefined) return keep(operation);
    if (operation.look !== undefined) return lookAt(operation, frame);
    if (Array.isArray(operation.calls) && Array.isArray(operation.order)) return callAll(operation, frame);
    throw new Mistake("there is no such operation: " + Object.keys(operation).join(", "));
  }

  // ---- Requests ----

  // Lines are collected up to this many characters.
  const COLLECTED_MAX = 1 << 20;

  // Carries out the request of a line, and gives texts of whole lines to `write`. Throws a Mistake where the line is no
  // request.
  function answer(line, write) {
    let request;
    try {
      request = JSON.parse(line);
    } catch (error) {
      throw new Mistake("a line is no JSON: " + rawWordsOf(error));
    }
    if (typeof request !== "object" || request === null || !Array.isArray(request.ops)) {
      throw new Mistake("a line is no request: it has no list `ops`");
    }
    if (typeof request.request !== "number") throw new Mistake("a request has no number");
    modules = new Map();
    instances = new Map();
    numbers = new Map();
    hostValues = new Map();
    readers = new Map();
    let collected = "";
    // Several calls count as what they are.
    let position = 0;
    for (let index = 0; index < request.ops.length; index++) {
      const operation = request.ops[index];
      const calls = typeof operation === "object" && operation !== null && Array.isArray(operation.order) ? operation.order.length : 0;
      let result;
      try {
        result = perform(operation, request.frame);
      } catch (error) {
        result = endOf(error, otherwiseOfCall);
        if (calls > 0) result = endsOf(calls, result);
      }
      collected += '{"op":' + position + "," + result + "}\n";
      position += calls > 0 ? calls : 1;
      if (request.stream === true || collected.length > COLLECTED_MAX) {
        write(collected);
        collected = "";
      }
    }
    write(collected + '{"done":' + request.request + "}\n");
    emptySeats();
    modules = new Map();
    instances = new Map();
    readers = new Map();
  }

  function hello(version) {
    return '{"wassay":' + PROTOCOL + ',"version":' + quote(version) + ',"bound":"kill","drivers":true,"keeps":true,"calls":true,"seats":true,"callers":true,"looks":true,"builtins":' +
      JSON.stringify(builtins) + ',"blind_spots":' + JSON.stringify(blindSpots) + "}\n";
  }

  // The version that `--option version=V` gives; undefined where it is not there. Throws a Mistake for other options.
  function versionOption(args) {
    let version;
    for (let index = 0; index < args.length; index += 2) {
      const value = args[index + 1];
      if (args[index] !== "--option" || value === undefined) throw new Mistake("what is not understood: " + args.slice(index).join(" "));
      if (value.indexOf("version=") !== 0) throw new Mistake("there is no option `" + value + "`: the shell's own options are given to the shell");
      version = value.slice("version=".length);
    }
    return version;
  }

  // ---- Shells ----

  // Whole lines from `readSome`, which gives bytes, or null at the end. A line is kept in pieces until it is whole.
  function lineReader(readSome) {
    const decoder = new TextDecoder();
    const LINE_FEED = 10;
    let pieces = [];
    let bytes = new Uint8Array(0);
    return function () {
      for (;;) {
        const end = bytes.indexOf(LINE_FEED);
        if (end >= 0) {
          pieces.push(bytes.subarray(0, end));
          bytes = bytes.subarray(end + 1);
          const line = decoder.decode(pieces.length === 1 ? pieces[0] : joined(pieces));
          pieces = [];
          return line;
        }
        // The next reading may use the same buffer.
        if (bytes.length > 0) pieces.push(bytes.slice());
        bytes = readSome();
        if (bytes === null) return null;
      }
    };
  }

  function joined(pieces) {
    const whole = new Uint8Array(pieces.reduce(function (sum, piece) { return sum + piece.length; }, 0));
    pieces.reduce(function (offset, piece) {
      whole.set(piece, offset);
      return offset + piece.length;
    }, 0);
    return whole;
  }

  // Answers are ASCII.
  function bytesOf(text) {
    return new TextEncoder().encode(text);
  }

  const READ_BYTES = 1 << 16;

  // Waits for a stream that says "not now".
  function pause() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }

  // Node and Bun.
  function nodeShell(require) {
    const fs = require("fs");
    const buffer = new Uint8Array(READ_BYTES);
    function persistently(act) {
      for (;;) {
        try {
          return act();
        } catch (error) {
          if (error.code !== "EAGAIN") throw error;
          pause();
        }
      }
    }
    // Answers are ASCII: a character is a byte.
    function writeAll(file, text) {
      for (let rest = text; rest !== "";) {
        rest = rest.slice(persistently(function () { return fs.writeSync(file, rest, null, "latin1"); }));
      }
    }
    return {
      args: process.argv.slice(2),
      version: function () {
        return typeof Bun === "object" ? Bun.version : process.versions.node + " (V8 " + process.versions.v8 + ")";
      },
      readLine: lineReader(function () {
        const length = persistently(function () { return fs.readSync(0, buffer, 0, READ_BYTES, null); });
        return length === 0 ? null : buffer.subarray(0, length);
      }),
      write: function (text) { writeAll(1, text); },
      fail: function (words) {
        persistently(function () { return fs.writeSync(2, words + "\n"); });
        process.exit(2);
      },
      collectGarbage: function () {
        if (typeof Bun === "object") {
          Bun.gc(true);
        } else {
          require("v8").setFlagsFromString("--expose-gc");
          require("vm").runInNewContext("gc")();
        }
      },
    };
  }

  function denoShell() {
    const buffer = new Uint8Array(READ_BYTES);
    function writeAll(stream, text) {
      const bytes = bytesOf(text);
      for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
    }
    return {
      args: Deno.args,
      version: function () { return Deno.version.deno + " (V8 " + Deno.version.v8 + ")"; },
      readLine: lineReader(function () {
        const length = Deno.stdin.readSync(buffer);
        return length === null || length === 0 ? null : buffer.subarray(0, length);
      }),
      write: function (text) { writeAll(Deno.stdout, text); },
      fail: function (words) {
        writeAll(Deno.stderr, words + "\n");
        Deno.exit(2);
      },
      collectGarbage: function () {
        // There with --v8-flags=--expose-gc only.
        if (typeof gc === "function") gc();
      },
    };
  }

  // Where the shells of engines cannot say their own version, the system's list of packages can.
  function packageVersion(read, name) {
    let status;
    try {
      status = read("/var/lib/dpkg/status");
    } catch (error) {
      return "unknown";
    }
    const found = new RegExp("^Package: " + name + "$[^]*?^Version: ([^-\\n]*)", "m").exec(status);
    return found === null ? "unknown" : found[1];
  }

  // The shells give each byte of a line as one character.
  function fromBytes(line) {
    return /[\x80-\xff]/.test(line) ? decodeURIComponent(escape(line)) : line;
  }

  // `print` ends a line by itself.
  function printLines(text) {
    print(text.slice(0, -1));
  }

  function jscShell(args) {
    return {
      args: args,
      version: function () { return packageVersion(readFile, "libjavascriptcoregtk-4.0-bin"); },
      // An empty line is all that shows the end of the input.
      readLine: function () {
        const line = readline();
        return line === "" || typeof line !== "string" ? null : fromBytes(line);
      },
      write: printLines,
      fail: function (words) {
        printErr(words);
        quit();
      },
      collectGarbage: function () { fullGC(); },
    };
  }

  function spidermonkeyShell(args) {
    return {
      args: args,
      version: function () { return packageVersion(read, "libmozjs-102-dev"); },
      readLine: function () {
        const line = readline();
        return line === null ? null : fromBytes(line);
      },
      write: printLines,
      fail: function (words) {
        printErr(words);
        quit(2);
      },
      collectGarbage: function () { gc(); },
    };
  }

  // Reads requests until the input ends.
  function serve(shell) {
    try {
      const version = versionOption(shell.args);
      collectGarbage = shell.collectGarbage;
      shell.write(hello(version === undefined ? shell.version() : version));
      for (;;) {
        const line = shell.readLine();
        if (line === null) return;
        answer(line, shell.write);
      }
    } catch (error) {
      shell.fail(error instanceof Mistake ? error.words : String(error) + "\n" + String(error && error.stack));
    }
  }

  // A page: the bridge that serves it sends each request as a message of a socket.
  function serveSocket() {
    const socket = new WebSocket("ws://" + location.host + location.pathname);
    function write(text) {
      socket.send(text);
    }
    socket.onopen = function () {
      write(hello(decodeURIComponent(location.hash.slice(1))));
    };
    socket.onmessage = function (message) {
      try {
        answer(message.data, write);
      } catch (error) {
        socket.close(4000, (error instanceof Mistake ? error.words : String(error)).slice(0, 40));
      }
    };
  }

  if (typeof document === "object") {
    serveSocket();
  } else if (typeof Deno === "object") {
    serve(denoShell());
  } else if (typeof process === "object" && typeof require === "function") {
    serve(nodeShell(require));
  } else if (typeof scriptArgs === "object") {
    serve(spidermonkeyShell(scriptArgs));
  } else if (typeof readline === "function") {
    serve(jscShell(Array.from(shellArguments)));
  } else {
    throw new Error("this shell of JavaScript is not known: see README.md");
  }
})(typeof arguments === "object" ? arguments : []);
