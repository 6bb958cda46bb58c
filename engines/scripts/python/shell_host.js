// Runs a program that was compiled to JavaScript and WebAssembly, as npm's `wasm-shell` is, again and again in one
// process: node shell_host.js PROGRAM. Starting such a program takes most of a second, since its ten megabytes are read
// and compiled each time. Here that happens once, and each run has an instance of its own: memory, globals and tables
// of the program are as fresh as in a process of its own.
//
// In: lines, each a list of the arguments of a run. Out: what the program writes, at once, since it may hang; and for the
// end of a run a line that begins with a zero byte: {"status":S,"err":"..."}.

"use strict";

const fs = require("fs");
const vm = require("vm");

const PROGRAM = process.argv[2];
const NAMES = ["require", "module", "exports", "__filename", "__dirname", "process", "WebAssembly", "console", "Module"];

// The first line may name the program's interpreter.
const source = fs.readFileSync(PROGRAM, "utf8").replace(/^#![^\n]*/, "");
const start = vm.compileFunction(source, NAMES, { filename: PROGRAM });

// The WebAssembly of the program itself, once it was compiled.
let compiled;

// What a run has written to its error stream, and what ends it.
let run;

function write(file, data) {
  if (file === 2) {
    run.err.push(Buffer.from(data));
    return;
  }
  const bytes = Buffer.from(data);
  for (let written = 0; written < bytes.length;) written += fs.writeSync(1, bytes, written, bytes.length - written);
}

// The error stream of a run is collected; other files are the system's.
function collectingFs() {
  const isStream = (file) => file === 1 || file === 2;
  return Object.assign(Object.create(fs), {
    writeSync(file, data, offset, length, position) {
      if (!isStream(file)) return fs.writeSync(file, data, offset, length, position);
      if (typeof data === "string") {
        write(file, data);
        return Buffer.byteLength(data);
      }
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      const begin = offset === undefined || offset === null ? 0 : offset;
      const end = length === undefined || length === null ? bytes.length : begin + length;
      write(file, bytes.subarray(begin, end));
      return end - begin;
    },
  });
}

function collectingConsole() {
  const line = (file) => (...words) => write(file, words.join(" ") + "\n");
  return Object.assign(Object.create(console), { log: line(1), info: line(1), warn: line(2), error: line(2) });
}

// Compiles once.
function keepingWebAssembly() {
  return Object.assign(Object.create(WebAssembly), {
    async instantiate(code, imports) {
      if (code instanceof WebAssembly.Module) return WebAssembly.instantiate(code, imports);
      if (compiled === undefined) compiled = await WebAssembly.compile(code);
      return { module: compiled, instance: await WebAssembly.instantiate(compiled, imports) };
    },
  });
}

// The hook of emscripten with which a run needs not even decode what was compiled before.
function options() {
  if (compiled === undefined) return {};
  return {
    instantiateWasm(imports, receive) {
      WebAssembly.instantiate(compiled, imports).then((instance) => receive(instance, compiled));
      return {};
    },
  };
}

// The process as the program sees it: its own arguments, and an end that is only noted.
function endingProcess(args, end) {
  return Object.create(process, {
    argv: { value: [process.argv[0], PROGRAM, ...args] },
    exitCode: { get: () => run.status, set: end },
    exit: {
      value(status) {
        end(status);
        throw new Error("the program ended itself");
      },
    },
    // What it would do to the process's events is done here.
    on: { value() { return this; } },
  });
}

function begin(args) {
  return new Promise((resolve) => {
    let waiting = false;
    run = {
      err: [],
      status: undefined,
      // What the program throws after its status is set is reported before the next turn.
      end(status) {
        run.status = status;
        if (waiting) return;
        waiting = true;
        setImmediate(resolve);
      },
    };
    const required = (name) => (name === "fs" || name === "node:fs" ? collectingFs() : require(name));
    const module = { exports: {} };
    try {
      start(required, module, module.exports, PROGRAM, require("path").dirname(PROGRAM),
        endingProcess(args, run.end), keepingWebAssembly(), collectingConsole(), options());
    } catch (error) {
      fail(error);
    }
  });
}

// A program that throws ends as its own process would: with the words, and a status that is not 0.
function fail(error) {
  if (run === undefined) throw error;
  write(2, String((error && error.stack) || error) + "\n");
  run.end(1);
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

async function main() {
  let buffered = "";
  const chunk = Buffer.alloc(1 << 16);
  for (;;) {
    const end = buffered.indexOf("\n");
    if (end < 0) {
      const read = fs.readSync(0, chunk, 0, chunk.length, null);
      if (read === 0) return;
      buffered += chunk.toString("utf8", 0, read);
      continue;
    }
    const args = JSON.parse(buffered.slice(0, end));
    buffered = buffered.slice(end + 1);
    await begin(args);
    write(1, "\0" + JSON.stringify({ status: run.status, err: Buffer.concat(run.err).toString("utf8") }) + "\n");
    run = undefined;
  }
}

main();
