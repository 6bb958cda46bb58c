//! The modules of the parent that are the same for every case: the frame through which bytes cross, the trace of
//! host calls, and the eyes that look at memories. They use nothing but WebAssembly 1.0.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use wassay_adapter::limits::{BLOCK, BLOCK_BYTES_MAX, BLOCK_BYTES_MAX_IN_ALL, MEMORY_BYTES_MAX};
use wassay_model::Digest;

use crate::layout::{ASIDE, DIGEST, EDGES, FULL, NO_MORE, RECORDS, SLOT, UNREAD};
use crate::{FRAME, ImportEntry, Number, Op, Worker};

/// The module of the frame.
pub(crate) const FRAME_MODULE: i32 = -1;
/// The module of the trace.
pub(crate) const TRACE_MODULE: i32 = -2;
/// The module that looks at an ordinary memory.
pub(crate) const EYE_MODULE: i32 = -3;
/// The module to which the bytes of a memory are given, for workers that look at the state themselves.
const LOOK_MODULE: i32 = -4;
/// The modules that read a global of a type of numbers, from this one on down: see [`reader`].
const FIRST_READER: i32 = -5;
/// The instance of the trace, for workers that keep instances: making one makes a memory, which is dear.
pub(crate) const TRACE_INSTANCE: i32 = -2;
/// The instance of what looks at the bytes of memories.
pub(crate) const LOOK_INSTANCE: i32 = -3;

/// The module that reads a global.
pub(crate) const fn reader(number: Number, mutable: bool) -> i32 {
    FIRST_READER - 2 * number as i32 - mutable as i32
}

/// What every worker is sent before the first case, in one request: the modules that are kept, and frame and trace
/// for workers that keep instances.
#[must_use]
pub fn setup(worker: &Worker) -> Vec<Op> {
    if !worker.drivers {
        return Vec::new();
    }
    let mut ops = vec![
        Op::Module { module: FRAME_MODULE, bytes: Arc::clone(&FRAME_BYTES) },
        Op::Module { module: TRACE_MODULE, bytes: Arc::clone(&TRACE_BYTES) },
        Op::Module { module: EYE_MODULE, bytes: eye(Pages::ORDINARY) },
    ];
    if worker.keeps {
        ops.push(Op::Instance { instance: FRAME.instance, of: FRAME_MODULE, imports: Vec::new() });
        let imports = trace_imports(FRAME.instance);
        ops.push(Op::Instance { instance: TRACE_INSTANCE, of: TRACE_MODULE, imports });
    }
    if worker.looks {
        ops.push(Op::Module { module: LOOK_MODULE, bytes: Arc::clone(&LOOK_BYTES) });
        let imports = ["put", "room", "count", "begin", "end"].map(|name| ImportEntry::export(FRAME.instance, name));
        ops.push(Op::Instance { instance: LOOK_INSTANCE, of: LOOK_MODULE, imports: imports.into() });
        for number in Number::ALL {
            for mutable in [false, true] {
                let bytes = assemble(&reader_text(number, mutable));
                ops.push(Op::Module { module: reader(number, mutable), bytes });
            }
        }
    }
    ops
}

/// What kind of memory an eye looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pages {
    /// Whether it has 64-bit addresses.
    pub(crate) wide: bool,
    pub(crate) shared: bool,
    /// The binary logarithm of a page's size in bytes: 16, or 0 where the module says so.
    pub(crate) size_log2: u32,
}

impl Pages {
    /// A memory of 1.0.
    pub(crate) const ORDINARY: Self = Self { wide: false, shared: false, size_log2: 16 };

    /// The largest limit that a memory type may state, in pages.
    fn pages_max(self) -> u64 {
        match (self.wide, self.size_log2) {
            (false, 0) => u64::from(u32::MAX),
            (false, _) => 1 << 16,
            (true, 0) => u64::MAX,
            (true, log2) => 1 << (64 - log2),
        }
    }
}

/// What an instance of an eye is given.
pub(crate) fn eye_imports(frame: i32, instance: i32, memory: &str) -> Vec<ImportEntry> {
    let own = ["put", "room", "count"].map(|name| ImportEntry::export(frame, name));
    std::iter::once(ImportEntry::export(instance, memory)).chain(own).collect()
}

/// What an instance of the trace is given.
pub(crate) fn trace_imports(frame: i32) -> Vec<ImportEntry> {
    ["begin", "put", "end"].map(|name| ImportEntry::export(frame, name)).into()
}

static FRAME_BYTES: LazyLock<Arc<[u8]>> = LazyLock::new(|| {
    let output = FRAME.output;
    assemble(&format!(
        r#"(module
            (memory (export "mem") 2)
            (global $at (mut i32) (i32.const {output}))
            ;; Bytes of blocks that full capture has recorded.
            (global $blocks (mut i64) (i64.const 0))
            (func (export "begin") (global.set $at (i32.const {output})))
            (func (export "end") (result i32) (i32.sub (global.get $at) (i32.const {output})))
            (func (export "put") (param i64)
                (if (i32.gt_u (i32.add (global.get $at) (i32.const 8)) (i32.shl (memory.size) (i32.const 16)))
                    (then
                        (if (i32.eq (memory.grow (i32.const 4)) (i32.const -1))
                            (then
                                (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))))))
                (i64.store (global.get $at) (local.get 0))
                (global.set $at (i32.add (global.get $at) (i32.const 8))))
            (func (export "forget") (result i32) (global.set $blocks (i64.const 0)) (i32.const 0))
            (func (export "room") (result i32) (i64.lt_u (global.get $blocks) (i64.const {BLOCK_BYTES_MAX_IN_ALL})))
            (func (export "count") (param i64)
                (global.set $blocks (i64.add (global.get $blocks) (local.get 0)))))"#
    ))
});

static TRACE_BYTES: LazyLock<Arc<[u8]>> = LazyLock::new(|| {
    let edges = edges();
    let digest = digest("i32");
    assemble(&format!(
        r#"(module
            (import "f" "begin" (func $begin))
            (import "f" "put" (func $put (param i64)))
            (import "f" "end" (func $end (result i32)))
            (memory (export "mem") 2)
            (data (i32.const {EDGES}) "{edges}")
            ;; Calls over the whole case, since the last look, and records of them.
            (global $total (mut i32) (i32.const 0))
            (global $count (mut i32) (i32.const 0))
            (global $kept (mut i32) (i32.const 0))
            (global $at (mut i32) (i32.const {RECORDS}))
            ;; Whether a record found no room.
            (global $lost (mut i32) (i32.const 0))
            (global $rest_low (mut i64) (i64.const 0))
            (global $rest_high (mut i64) (i64.const 0))
            (global $state (mut i64) (i64.const 0))
            {digest}
            ;; Begins a call: writes its number behind the name, and says where its record goes.
            (func (export "enter") (param $func i32) (param $bytes i32) (param $name i32) (param $first_max i32)
                (result i32)
                (local $record i32) (local $missing i32)
                (i32.store (local.get $name) (global.get $total))
                (global.set $total (i32.add (global.get $total) (i32.const 1)))
                (if (i32.ne (global.get $count) (i32.const -1))
                    (then (global.set $count (i32.add (global.get $count) (i32.const 1)))))
                (local.set $record (i32.const {ASIDE}))
                (if (i32.and (i32.lt_u (global.get $kept) (local.get $first_max)) (i32.eqz (global.get $lost)))
                    (then
                        (local.set $missing
                            (i32.sub
                                (i32.add (global.get $at) (local.get $bytes))
                                (i32.shl (memory.size) (i32.const 16))))
                        (if (i32.gt_s (local.get $missing) (i32.const 0))
                            (then
                                (global.set $lost
                                    (i32.eq
                                        (memory.grow
                                            (i32.shr_u
                                                (i32.add (local.get $missing) (i32.const 65535))
                                                (i32.const 16)))
                                        (i32.const -1)))))
                        (if (i32.eqz (global.get $lost))
                            (then
                                (local.set $record (global.get $at))
                                (global.set $at (i32.add (global.get $at) (local.get $bytes)))
                                (global.set $kept (i32.add (global.get $kept) (i32.const 1)))))))
                (i64.store (local.get $record) (i64.extend_i32_u (local.get $func)))
                (local.get $record))
            ;; Makes the text the seed of the call's answers.
            (func (export "seed") (param $len i32)
                (call $digest (local.get $len))
                (global.set $state (global.get $low)))
            (func (export "next") (result i64) (local $bits i64)
                (global.set $state (i64.add (global.get $state) (i64.const 0x9e3779b97f4a7c15)))
                (local.set $bits (global.get $state))
                (local.set $bits
                    (i64.mul
                        (i64.xor (local.get $bits) (i64.shr_u (local.get $bits) (i64.const 30)))
                        (i64.const 0xbf58476d1ce4e5b9)))
                (local.set $bits
                    (i64.mul
                        (i64.xor (local.get $bits) (i64.shr_u (local.get $bits) (i64.const 27)))
                        (i64.const 0x94d049bb133111eb)))
                (i64.xor (local.get $bits) (i64.shr_u (local.get $bits) (i64.const 31))))
            (func $edge (param $bits i64) (param $log2 i32) (result i32)
                (i32.shl
                    (i32.and (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 1))) (i32.const 7))
                    (local.get $log2)))
            (func $odd (param $bits i64) (result i32) (i32.and (i32.wrap_i64 (local.get $bits)) (i32.const 1)))
            (func (export "i32") (param $bits i64) (result i32)
                (if (result i32) (call $odd (local.get $bits))
                    (then (i32.load offset={EDGES} (call $edge (local.get $bits) (i32.const 2))))
                    (else (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 4))))))
            (func (export "i64") (param $bits i64) (result i64)
                (if (result i64) (call $odd (local.get $bits))
                    (then (i64.load offset={} (call $edge (local.get $bits) (i32.const 3))))
                    (else (i64.rotl (local.get $bits) (i64.const 17)))))
            (func (export "f32") (param $bits i64) (result f32)
                (if (result f32) (call $odd (local.get $bits))
                    (then (f32.load offset={} (call $edge (local.get $bits) (i32.const 2))))
                    (else
                        (f32.sub
                            (f32.div
                                (f32.convert_i32_u (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 4))))
                                (f32.const 65536))
                            (f32.const 32768)))))
            (func (export "f64") (param $bits i64) (result f64)
                (if (result f64) (call $odd (local.get $bits))
                    (then (f64.load offset={} (call $edge (local.get $bits) (i32.const 3))))
                    (else
                        (f64.sub
                            (f64.div
                                (f64.convert_i64_u (i64.shr_u (local.get $bits) (i64.const 4)))
                                (f64.const 1048576))
                            (f64.const 549755813888)))))
            ;; Takes a call without a record into the digest of those; its name stands at 16.
            (func (export "chain") (param $record i32) (param $name i32) (param $args i32) (local $i i32)
                (i64.store (i32.const 0) (global.get $rest_low))
                (i64.store (i32.const 8) (global.get $rest_high))
                (local.set $name (i32.add (local.get $name) (i32.const 16)))
                (block $done
                    (loop $words
                        (br_if $done (i32.ge_u (local.get $i) (local.get $args)))
                        (i64.store
                            (i32.add (local.get $name) (local.get $i))
                            (i64.load offset=8 (i32.add (local.get $record) (local.get $i))))
                        (local.set $i (i32.add (local.get $i) (i32.const 8)))
                        (br $words)))
                (call $digest (i32.add (local.get $name) (local.get $args)))
                (global.set $rest_low (global.get $low))
                (global.set $rest_high (global.get $high)))
            ;; Shows the calls since the last look; nothing where there was none.
            (func (export "trace") (result i32) (local $i i32)
                (if (i32.eqz (global.get $count)) (then (return (i32.const 0))))
                (call $begin)
                (call $put (i64.extend_i32_u (global.get $count)))
                (call $put (i64.extend_i32_u (global.get $lost)))
                (call $put (global.get $rest_low))
                (call $put (global.get $rest_high))
                (call $put (i64.extend_i32_u (global.get $kept)))
                (local.set $i (i32.const {RECORDS}))
                (block $done
                    (loop $words
                        (br_if $done (i32.ge_u (local.get $i) (global.get $at)))
                        (call $put (i64.load (local.get $i)))
                        (local.set $i (i32.add (local.get $i) (i32.const 8)))
                        (br $words)))
                (call $clear)
                (call $end))
            (func $clear
                (global.set $count (i32.const 0))
                (global.set $kept (i32.const 0))
                (global.set $at (i32.const {RECORDS}))
                (global.set $lost (i32.const 0))
                (global.set $rest_low (i64.const 0))
                (global.set $rest_high (i64.const 0)))
            ;; Begins a case, whatever the one before has left.
            (func (export "reset") (result i32)
                (call $clear)
                (global.set $total (i32.const 0))
                (i32.const 0)))"#,
        EDGES + 32,
        EDGES + 96,
        EDGES + 128,
    ))
});

/// The tables of [`wassay_model::host::answer`], one behind the other.
fn edges() -> String {
    let words: [u32; 8] = [0, 1, u32::MAX, 0x7fff_ffff, 0x8000_0000, 31, 32, 0xffff];
    let longs: [u64; 8] = [0, 1, u64::MAX, i64::MAX.cast_unsigned(), 1 << 63, 63, 64, 0xffff_ffff];
    let floats: [f32; 8] = [0.0, -0.0, 1.0, -1.5, f32::INFINITY, f32::MIN_POSITIVE, f32::MAX, 2_147_483_648.0];
    let doubles: [f64; 8] =
        [0.0, -0.0, 1.0, -1.5, f64::NEG_INFINITY, f64::MIN_POSITIVE, f64::MAX, 9_007_199_254_740_993.0];
    let bytes = words.into_iter().flat_map(u32::to_le_bytes).chain(longs.into_iter().flat_map(u64::to_le_bytes));
    let bytes = bytes.chain(floats.into_iter().flat_map(f32::to_le_bytes));
    bytes.chain(doubles.into_iter().flat_map(f64::to_le_bytes)).fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").expect("a text takes whatever is written to it");
        text
    })
}

/// The function that computes [`Digest::of`] the first `$len` bytes of memory 0 and leaves it in two globals.
fn digest(index: &str) -> String {
    let mix = |lane: char, word: &str| {
        let word = if word.is_empty() {
            String::new()
        } else {
            format!("(local.set ${lane} (i64.xor (local.get ${lane}) {word}))")
        };
        format!(
            "{word}(local.set ${lane} (i64.rotl (i64.mul (local.get ${lane}) (i64.const {:#x})) (i64.const 29)))\n",
            Digest::MULTIPLIER
        )
    };
    let lanes = ['a', 'b', 'c', 'd'];
    // A block whose words are read in the given way.
    let block = |load: &dyn Fn(u32) -> String| {
        let mut text = String::from("(local.set $n (i64.add (local.get $n) (i64.const 1)))\n");
        text.push_str(&load(0));
        for word in 1..32 {
            text.push_str(&load(word * 8));
            text.push_str("i64.or\n");
        }
        text.push_str("i64.eqz\ni32.eqz\nif\n");
        text.push_str(&mix('a', "(local.get $n)"));
        for lane in &lanes[1..] {
            text.push_str(&mix(*lane, ""));
        }
        for group in 0..8 {
            for (position, lane) in (0..).zip(lanes) {
                text.push_str(&mix(lane, &load(group * 32 + position * 8)));
            }
        }
        text.push_str("end\n");
        text
    };
    let fast = block(&|offset| format!("(i64.load offset={offset} (local.get $p))"));
    let slow =
        block(&|offset| format!("(call $word ({index}.add (local.get $p) ({index}.const {offset})) (local.get $len))"));
    let seeds: String = lanes
        .iter()
        .zip(Digest::SEEDS)
        .map(|(lane, seed)| format!("(local.set ${lane} (i64.const {seed:#x}))\n"))
        .collect();
    let length = if index == "i32" { "(i64.extend_i32_u (local.get $len))" } else { "(local.get $len)" };
    let last: String = ["(local.get $a)", "(local.get $b)", "(local.get $c)", "(local.get $d)", length]
        .iter()
        .map(|word| {
            format!(
                "(global.set $low
                    (i64.rotl (i64.mul (i64.xor (global.get $low) {word}) (i64.const {0:#x})) (i64.const 31)))
                (global.set $high
                    (i64.xor
                        (i64.rotl (i64.mul (i64.add (global.get $high) {word}) (i64.const {0:#x})) (i64.const 33))
                        (global.get $low)))\n",
                Digest::MULTIPLIER
            )
        })
        .collect();
    format!(
        r#"(global $low (mut i64) (i64.const 0))
        (global $high (mut i64) (i64.const 0))
        ;; The word at $p, with zeros for the bytes from $len on.
        (func $word (param $p {index}) (param $len {index}) (result i64) (local $value i64)
            (if ({index}.ge_u (local.get $p) (local.get $len)) (then (return (i64.const 0))))
            (local.set $len ({index}.sub (local.get $len) (local.get $p)))
            (if ({index}.ge_u (local.get $len) ({index}.const 8)) (then (return (i64.load (local.get $p)))))
            (loop $bytes
                (local.set $len ({index}.sub (local.get $len) ({index}.const 1)))
                (local.set $value
                    (i64.or
                        (i64.shl (local.get $value) (i64.const 8))
                        (i64.load8_u ({index}.add (local.get $p) (local.get $len)))))
                (br_if $bytes ({index}.ne (local.get $len) ({index}.const 0))))
            (local.get $value))
        (func $digest (param $len {index})
            (local $p {index}) (local $end {index}) (local $n i64)
            (local $a i64) (local $b i64) (local $c i64) (local $d i64)
            {seeds}
            (local.set $end ({index}.and (local.get $len) ({index}.const -256)))
            (block $done
                (loop $blocks
                    (br_if $done ({index}.ge_u (local.get $p) (local.get $end)))
                    {fast}
                    (local.set $p ({index}.add (local.get $p) ({index}.const 256)))
                    (br $blocks)))
            (if ({index}.lt_u (local.get $p) (local.get $len)) (then {slow}))
            (global.set $low (i64.const 0))
            (global.set $high (i64.const 0))
            {last})"#
    )
}

/// Reads a global, like the function of a driver does.
fn reader_text(number: Number, mutable: bool) -> String {
    let (ty, output) = (number.name(), FRAME.output);
    let global = if mutable { format!("(mut {ty})") } else { ty.to_owned() };
    format!(
        r#"(module
            (import "w" "0" (memory 2))
            (import "w" "1" (global $global {global}))
            (func (export "read") (result i32)
                (i64.store offset={output} (i32.const 0) (i64.const 0))
                (i64.store offset={output} (i32.const 8) (i64.const 0))
                ({ty}.store offset={output} (i32.const 0) (global.get $global))
                (i32.const {SLOT})))"#
    )
}

static LOOK_BYTES: LazyLock<Arc<[u8]>> = LazyLock::new(|| assemble(&eye_text(Pages::ORDINARY, Whose::Given)));

/// Whose memory an eye looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// Another instance's, which is imported.
    Imported,
    /// Its own, into which the bytes of another were written. Memories of all kinds can be looked at like that.
    Given,
}

/// The module that looks at memories of a kind.
pub(crate) fn eye(pages: Pages) -> Arc<[u8]> {
    static ORDINARY: LazyLock<Arc<[u8]>> = LazyLock::new(|| assemble(&eye_text(Pages::ORDINARY, Whose::Imported)));
    if pages == Pages::ORDINARY { Arc::clone(&ORDINARY) } else { assemble(&eye_text(pages, Whose::Imported)) }
}

fn eye_text(pages: Pages, whose: Whose) -> String {
    let Pages { wide, shared, size_log2 } = pages;
    let index = if wide { "i64" } else { "i32" };
    let long = |value: &str| if wide { value.to_owned() } else { format!("(i64.extend_i32_u {value})") };
    let address_of = |value: &str| if wide { value.to_owned() } else { format!("(i32.wrap_i64 {value})") };
    let (size, p, left) = (long("(memory.size)"), long("(local.get $p)"), long("(local.get $left)"));
    let end = address_of("(local.get $bytes)");
    let limits = if shared { format!("0 {} shared", pages.pages_max()) } else { "0".to_owned() };
    let address = if wide { "i64 " } else { "" };
    let page = if size_log2 == 16 { String::new() } else { format!(" (pagesize {})", 1_u64 << size_log2) };
    let digest = digest(index);
    let fast: String = (0..BLOCK / 8)
        .map(|word| {
            format!("(i64.load offset={} (local.get $p)){}", word * 8, if word > 0 { " i64.or\n" } else { "\n" })
        })
        .collect();
    let word = |word: usize| {
        format!("(call $word ({index}.add (local.get $p) ({index}.const {})) (local.get $end))", word * 8)
    };
    let slow: String =
        (0..BLOCK / 8).map(|at| format!("{}{}", word(at), if at > 0 { " i64.or\n" } else { "\n" })).collect();
    let put: String = (0..BLOCK / 8).map(|at| format!("(call $put {})\n", word(at))).collect();
    let no_more = NO_MORE.cast_signed();
    let given = whose == Whose::Given;
    let imported = if given { String::new() } else { format!(r#"(import "m" "m" (memory {address}{limits}{page}))"#) };
    // Where the bytes are given, the functions that the protocol names are around the same eye.
    let (export, around) = if given { ("", GIVEN) } else { (r#"(export "look")"#, "") };
    let bytes = if given {
        "(i64.extend_i32_u (global.get $given))".to_owned()
    } else {
        format!("(i64.shl {size} (i64.const {size_log2}))")
    };
    format!(
        r#"(module
            {imported}
            (import "f" "put" (func $put (param i64)))
            (import "f" "room" (func $room (result i32)))
            (import "f" "count" (func $count (param i64)))
            {around}
            {digest}
            (func $look {export} (param $full i32)
                (local $bytes i64) (local $end {index}) (local $p {index}) (local $left {index})
                (local $budget i64) (local $size i64)
                (local.set $bytes {bytes})
                (call $put (local.get $bytes))
                (if (i64.gt_u (local.get $bytes) (i64.const {MEMORY_BYTES_MAX}))
                    (then (call $put (i64.const {UNREAD})) (return)))
                (local.set $end {end})
                (call $digest (local.get $end))
                (local.set $full (if (result i32) (local.get $full) (then (call $room)) (else (i32.const 0))))
                (call $put (if (result i64) (local.get $full) (then (i64.const {FULL})) (else (i64.const {DIGEST}))))
                (call $put (global.get $low))
                (call $put (global.get $high))
                (if (i32.eqz (local.get $full)) (then (return)))
                (local.set $budget (i64.const {BLOCK_BYTES_MAX}))
                (block $done
                    (loop $blocks
                        (br_if $done ({index}.ge_u (local.get $p) (local.get $end)))
                        (local.set $left ({index}.sub (local.get $end) (local.get $p)))
                        (if
                            (i64.ne
                                (if (result i64) ({index}.ge_u (local.get $left) ({index}.const {BLOCK}))
                                    (then {fast})
                                    (else {slow}))
                                (i64.const 0))
                            (then
                                (local.set $size (i64.const {BLOCK}))
                                (if ({index}.lt_u (local.get $left) ({index}.const {BLOCK}))
                                    (then (local.set $size {left})))
                                (br_if $done (i64.lt_u (local.get $budget) (local.get $size)))
                                (local.set $budget (i64.sub (local.get $budget) (local.get $size)))
                                (call $put {p})
                                {put}))
                        (local.set $p ({index}.add (local.get $p) ({index}.const {BLOCK})))
                        (br $blocks)))
                (call $put (i64.const {no_more}))
                (call $count (i64.sub (i64.const {BLOCK_BYTES_MAX}) (local.get $budget)))))"#
    )
}

/// What stands around an eye to which bytes are given: room for so many, and a look at them that says how many bytes
/// it has left in the frame.
const GIVEN: &str = r#"
    (import "f" "begin" (func $begin))
    (import "f" "end" (func $end (result i32)))
    (memory (export "mem") 1)
    (global $given (mut i32) (i32.const 0))
    (func (export "fit") (param $bytes i32) (result i32) (local $pages i32)
        (global.set $given (local.get $bytes))
        (local.set $pages
            (i32.sub
                (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16))
                (memory.size)))
        (if (i32.le_s (local.get $pages) (i32.const 0)) (then (return (i32.const 1))))
        (i32.ne (memory.grow (local.get $pages)) (i32.const -1)))
    (func (export "look") (param $full i32) (result i32)
        (call $begin)
        (call $look (local.get $full))
        (call $end))
"#;

/// The binary form of a module of ours.
pub(crate) fn assemble(text: &str) -> Arc<[u8]> {
    let buffer = wast::parser::ParseBuffer::new(text).expect("a text of ours has tokens");
    let mut wat: wast::Wat<'_> =
        wast::parser::parse(&buffer).unwrap_or_else(|error| unreachable!("a text of ours is a module: {error}"));
    wat.encode().unwrap_or_else(|error| unreachable!("a text of ours can be encoded: {error}")).into()
}
