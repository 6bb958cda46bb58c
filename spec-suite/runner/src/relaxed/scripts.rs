//! The scripts, as text.

use std::fmt::Write as _;

use wassay_model::{Lane, Nan, Pattern, Value};

use super::CHOICES;
use super::probes::{Parameter, Probe, Shape, probes, truncation_f32, truncation_f64};

/// Path and text of each script.
pub(crate) fn scripts() -> Vec<(&'static str, String)> {
    vec![
        (CHOICES, calls(";; Inputs for which the standard lists several results (section 4.3.5).", &probes())),
        (
            "additions/relaxed-simd/truncation.wast",
            calls(";; Relaxed truncation, which the suite defines and does not call.", &truncations()),
        ),
        ("additions/relaxed-simd/consistency.wast", consistency(&probes())),
    ]
}

/// Within the range and at its edges results are exact; beyond, they are the standard's.
fn truncations() -> Vec<Probe> {
    let narrow: &[[f32; 4]] = &[
        [0.0, -0.0, 1.0, 1.9],
        [0.999_999_94, 0.5, f32::MIN_POSITIVE, 1e-45],
        [16_777_215.0, 16_777_216.0, 123_456.79, 2_147_483_520.0],
        [-0.0, -0.25, -0.999_999_94, -1e-45],
        [2_147_483_648.0, 3e9, 4_294_967_040.0, 4_294_967_296.0],
        [-1.0, -1.5, -2_147_483_648.0, -2_147_483_904.0],
        [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY],
        [f32::MAX, f32::MIN, 7.5, -7.5],
    ];
    let wide: &[[f64; 2]] = &[
        [0.0, -0.0],
        [1.9, 0.999_999_999_999_999_9],
        [f64::MIN_POSITIVE, 5e-324],
        [-0.25, -0.999_999_999_999_999_9],
        [2_147_483_647.0, 2_147_483_647.9],
        [2_147_483_648.0, 4_294_967_295.0],
        [4_294_967_295.9, 4_294_967_296.0],
        [-2_147_483_648.0, -2_147_483_648.9],
        [-2_147_483_649.0, -1.0],
        [f64::NAN, -f64::NAN],
        [f64::INFINITY, f64::NEG_INFINITY],
        [f64::MAX, f64::MIN],
        [1e18, -1e18],
    ];
    let mut all = Vec::new();
    for parameter in [Parameter::TruncS, Parameter::TruncU] {
        all.extend(narrow.iter().map(|values| truncation_f32(parameter, *values)));
        all.extend(wide.iter().map(|values| truncation_f64(parameter, *values)));
    }
    all
}

/// A module of one function an instruction, and a call a probe.
fn calls(head: &str, probes: &[Probe]) -> String {
    let mut text = format!("{head}\n\n(module\n");
    let mut known: Vec<&str> = Vec::new();
    for probe in probes {
        if !known.contains(&probe.instruction) {
            known.push(probe.instruction);
            let gets: Vec<String> = (0..probe.operands.len()).map(|operand| format!("(local.get {operand})")).collect();
            let params = vec!["v128"; probe.operands.len()].join(" ");
            let name = probe.instruction;
            let body = gets.join(" ");
            line(&mut text, &format!("  (func (export \"{name}\") (param {params}) (result v128) ({name} {body}))"));
        }
    }
    text.push_str(")\n");
    for probe in probes {
        let mut results: Vec<String> = Vec::new();
        for result in probe.results.iter().map(pattern) {
            if !results.contains(&result) {
                results.push(result);
            }
        }
        let expected = match results.as_slice() {
            [one] => one.clone(),
            several => format!("(either {})", several.join(" ")),
        };
        let args: Vec<String> = probe.operands.iter().map(|operand| constant(*operand)).collect();
        let call = format!("(invoke \"{}\" {})", probe.instruction, args.join(" "));
        line(&mut text, &format!("(assert_return {call}\n  {expected})"));
    }
    text
}

/// How often a function repeats itself: often enough for engines that compile again what runs often.
const REPEATS: u32 = 2000;

/// One function a probe, which runs its instruction on arguments, on constants and on a mix of both, again and
/// again, and returns 1 if all results are alike.
fn consistency(probes: &[Probe]) -> String {
    let mut text = String::from(
        ";; The same relaxed instruction with the same operands has the same result each time, whether an\n\
         ;; implementation works it out when it compiles or when it runs. Of NaNs only the being one counts.\n\n\
         (module\n  \
         (func $alike_bits (param v128 v128) (result i32)\n    \
         (i8x16.all_true (i8x16.eq (local.get 0) (local.get 1))))\n  \
         (func $alike_f32x4 (param v128 v128) (result i32)\n    \
         (i32x4.all_true (v128.or (i32x4.eq (local.get 0) (local.get 1))\n      \
         (v128.and (f32x4.ne (local.get 0) (local.get 0)) (f32x4.ne (local.get 1) (local.get 1))))))\n  \
         (func $alike_f64x2 (param v128 v128) (result i32)\n    \
         (i64x2.all_true (v128.or (i64x2.eq (local.get 0) (local.get 1))\n      \
         (v128.and (f64x2.ne (local.get 0) (local.get 0)) (f64x2.ne (local.get 1) (local.get 1))))))\n",
    );
    let named = |number: usize, probe: &Probe| format!("{} {number}", probe.instruction);
    for (number, probe) in probes.iter().enumerate() {
        let count = probe.operands.len();
        let alike = match probe.shape() {
            Shape::Bits => "$alike_bits",
            Shape::F32x4 => "$alike_f32x4",
            Shape::F64x2 => "$alike_f64x2",
        };
        // Bit i of `constant_ones` says whether operand i is written as a constant.
        let run = |constant_ones: usize| {
            let operand = |position: usize| {
                if constant_ones >> position & 1 == 1 {
                    constant(probe.operands[position])
                } else {
                    format!("(local.get {position})")
                }
            };
            let operands: Vec<String> = (0..count).map(operand).collect();
            format!("({} {})", probe.instruction, operands.join(" "))
        };
        line(&mut text, &format!("  (func (export \"{}\")", named(number, probe)));
        let params = vec!["v128"; count].join(" ");
        line(&mut text, &format!("    (param {params}) (result i32) (local $first v128) (local $turn i32)"));
        line(&mut text, &format!("    (local.set $first {})", run(0)));
        text.push_str("    (loop $again\n");
        for constant_ones in 0..1 << count {
            let same = format!("(call {alike} (local.get $first) {})", run(constant_ones));
            line(&mut text, &format!("      (if (i32.eqz {same})\n        (then (return (i32.const 0))))"));
        }
        line(
            &mut text,
            &format!(
                "      (local.set $turn (i32.add (local.get $turn) (i32.const 1)))\n      \
                 (br_if $again (i32.lt_u (local.get $turn) (i32.const {REPEATS}))))\n    (i32.const 1))"
            ),
        );
    }
    text.push_str(")\n");
    for (number, probe) in probes.iter().enumerate() {
        let args: Vec<String> = probe.operands.iter().map(|operand| constant(*operand)).collect();
        let call = format!("(invoke \"{}\" {})", named(number, probe), args.join(" "));
        line(&mut text, &format!("(assert_return {call} (i32.const 1))"));
    }
    text
}

fn line(text: &mut String, words: &str) {
    writeln!(text, "{words}").expect("a string takes all");
}

fn constant(bits: u128) -> String {
    let lane = |position: u32| format!("{:#010x}", (bits >> (position * 32)) as u32);
    format!("(v128.const i32x4 {} {} {} {})", lane(0), lane(1), lane(2), lane(3))
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Value(Value::V128(bits)) => constant(*bits),
        Pattern::F32x4(lanes) => {
            let lane = |lane: &Lane<u32>| match lane {
                Lane::Bits(bits) => format!("{:?}", f32::from_bits(*bits)),
                Lane::Nan(nan) => class(*nan).to_owned(),
            };
            format!("(v128.const f32x4 {})", lanes.iter().map(lane).collect::<Vec<_>>().join(" "))
        }
        Pattern::F64x2(lanes) => {
            let lane = |lane: &Lane<u64>| match lane {
                Lane::Bits(bits) => format!("{:?}", f64::from_bits(*bits)),
                Lane::Nan(nan) => class(*nan).to_owned(),
            };
            format!("(v128.const f64x2 {})", lanes.iter().map(lane).collect::<Vec<_>>().join(" "))
        }
        other => unreachable!("no probe expects {other}"),
    }
}

const fn class(nan: Nan) -> &'static str {
    match nan {
        Nan::Canonical => "nan:canonical",
        Nan::Arithmetic => "nan:arithmetic",
    }
}
