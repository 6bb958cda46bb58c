//! What the standard leaves open, chosen otherwise than by the deterministic profile (4.3, "NaN Propagation", "Relaxed
//! Operations"; 4.7, growing).

mod exec_kit;

use exec_kit::{config, load, told};
use wassay_reference::exec::choices::{Asked, Growth, NanBits, NanClass, Parameter, Recorded, Relaxed};
use wassay_reference::exec::{AllowedError, Extern, FuncAddr, NoHost, Runs, Store};

fn store(module: &str, recorded: Recorded) -> (Store, FuncAddr) {
    let module = load(module, &config());
    let mut store = Store::with_choices(config(), recorded);
    let instance = store.instantiate(&module, &[], &mut NoHost).expect("an instance");
    let Some(Extern::Func(func)) = store.export(instance, "f") else { panic!("no function") };
    (store, func)
}

fn result(ty: &str, expression: &str, recorded: Recorded) -> (String, Vec<Asked>) {
    let (mut store, func) = store(
        &format!("(module (memory 1 9) (table 1 9 funcref) (func (export \"f\") (result {ty}) {expression}))"),
        recorded,
    );
    let told = told(store.invoke(func, &[], &mut NoHost));
    (told, std::mem::take(&mut store.choices_mut::<Recorded>().expect("recorded").asked))
}

/// The results of an operator on vectors for every index of its parameter, in their order, as words of 32 bits.
#[track_caller]
fn relaxed(parameter: Parameter, expression: &str, expected: &[[u32; 4]]) {
    assert_eq!(expected.len(), parameter.count() as usize);
    for (index, expected) in expected.iter().enumerate() {
        let relaxed = Relaxed::default().with(parameter, index as u8).expect("an index");
        let (told, asked) = result("v128", expression, Recorded { relaxed, ..Recorded::default() });
        let [a, b, c, d] = *expected;
        assert_eq!(told, format!("v128:0x{d:08x}{c:08x}{b:08x}{a:08x}"), "{} {index}: {expression}", parameter.name());
        assert_eq!(asked.iter().filter(|asked| **asked == Asked::Relaxed(parameter)).count(), 1, "{expression}");
    }
}

const ONE: u32 = 0x3f80_0000;
const TWO: u32 = 0x4000_0000;
const NAN: u32 = 0x7fc0_0000;
const NEGATIVE: u32 = 0x8000_0000;

#[test]
fn every_relaxed_parameter_has_the_results_that_the_standard_lists() {
    // (1+2^-12)^2 - 1 has one bit more than the product has when it is rounded.
    relaxed(
        Parameter::Fmadd,
        "(f32x4.relaxed_madd (v128.const f32x4 0x1.001p0 1 0 0) (v128.const f32x4 0x1.001p0 1 0 0) (v128.const f32x4 -1 1 0 0))",
        &[[0x3a00_0000, TWO, 0, 0], [0x3a00_0400, TWO, 0, 0]],
    );
    relaxed(
        Parameter::Fmadd,
        "(f32x4.relaxed_nmadd (v128.const f32x4 0x1.001p0 1 0 0) (v128.const f32x4 0x1.001p0 1 0 0) (v128.const f32x4 1 3 0 0))",
        &[[0xba00_0000, TWO, 0, 0], [0xba00_0400, TWO, 0, 0]],
    );
    let nan = 0x7fa0_0001;
    relaxed(
        Parameter::Fmin,
        "(f32x4.relaxed_min (v128.const i32x4 0x7fa00001 0x3f800000 0 0x80000000) (v128.const i32x4 0x40000000 0x7fa00001 0x80000000 0))",
        &[
            [NAN, NAN, NEGATIVE, NEGATIVE],
            [nan, ONE, 0, NEGATIVE],
            [TWO, nan, NEGATIVE, 0],
            [TWO, ONE, NEGATIVE, NEGATIVE],
        ],
    );
    relaxed(
        Parameter::Fmax,
        "(f32x4.relaxed_max (v128.const i32x4 0x7fa00001 0x3f800000 0 0x80000000) (v128.const i32x4 0x40000000 0x7fa00001 0x80000000 0))",
        &[[NAN, NAN, 0, 0], [nan, ONE, 0, NEGATIVE], [TWO, nan, NEGATIVE, 0], [TWO, ONE, 0, 0]],
    );
    // -128 * -1 + -128 * -1 = 256; with unsigned factors -128 * 255 * 2, which saturates.
    relaxed(
        Parameter::Idot,
        "(i16x8.relaxed_dot_i8x16_i7x16_s (v128.const i32x4 0x8080 0 0 0) (v128.const i32x4 0xffff 0 0 0))",
        &[[256, 0, 0, 0], [0x8000, 0, 0, 0]],
    );
    relaxed(
        Parameter::Idot,
        "(i32x4.relaxed_dot_i8x16_i7x16_add_s (v128.const i32x4 0x0101 0 0 0) (v128.const i32x4 0xff02 0 0 0) (v128.const i32x4 5 6 7 8))",
        &[[6, 6, 7, 8], [262, 6, 7, 8]],
    );
    relaxed(
        Parameter::Iq15mulr,
        "(i16x8.relaxed_q15mulr_s (v128.const i32x4 0x80008000 0 0 0) (v128.const i32x4 0x40008000 0 0 0))",
        &[[0xc000_7fff, 0, 0, 0], [0xc000_8000, 0, 0, 0]],
    );
    relaxed(
        Parameter::TruncU,
        "(i32x4.relaxed_trunc_f32x4_u (v128.const f32x4 nan 1e20 -5 7))",
        &[
            [0, u32::MAX, 0, 7],
            [u32::MAX, u32::MAX, u32::MAX, 7],
            [u32::MAX - 1, u32::MAX - 1, u32::MAX - 1, 7],
            [1 << 31, 1 << 31, 1 << 31, 7],
        ],
    );
    relaxed(
        Parameter::TruncS,
        "(i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 nan 1e20 -1e20 -7))",
        &[[0, i32::MAX as u32, NEGATIVE, -7_i32 as u32], [NEGATIVE, NEGATIVE, NEGATIVE, -7_i32 as u32]],
    );
    relaxed(
        Parameter::TruncS,
        "(i32x4.relaxed_trunc_f64x2_s_zero (v128.const f64x2 nan 2))",
        &[[0, 2, 0, 0], [NEGATIVE, 2, 0, 0]],
    );
    relaxed(
        Parameter::Swizzle,
        "(i8x16.relaxed_swizzle (v128.const i32x4 0x04030201 0 0 0) (v128.const i32x4 0x80111003 -1 -1 -1))",
        &[[4, 0, 0, 0], [0x0002_0104, 0, 0, 0]],
    );
    relaxed(
        Parameter::Laneselect,
        "(i16x8.relaxed_laneselect (v128.const i32x4 -1 -1 0 0) (v128.const i32x4 0 0 0 0) (v128.const i32x4 0x8001ffff 0x7fff0000 0 0))",
        &[[0x8001_ffff, 0x7fff_0000, 0, 0], [0xffff_ffff, 0, 0, 0]],
    );
}

#[test]
fn nobody_is_asked_where_all_choices_give_the_same() {
    for (ty, expression) in [
        ("v128", "(i8x16.relaxed_swizzle (v128.const i64x2 1 2) (v128.const i64x2 15 255))"),
        ("v128", "(f32x4.relaxed_min (v128.const f32x4 1 2 3 4) (v128.const f32x4 1 2 3 4))"),
        ("f32", "(f32.neg (f32.const nan:0x1))"),
        ("i32", "(memory.grow (i32.const 20))"),
    ] {
        assert_eq!(result(ty, expression, Recorded::default()).1, [], "{expression}");
    }
}

#[test]
fn nans_are_of_the_class_that_the_inputs_give() {
    let recorded = || Recorded { nan: NanBits { negative: true, payload: 0x1234 }, ..Recorded::default() };
    for (ty, expression, expected, asked) in [
        ("f32", "(f32.div (f32.const 0) (f32.const 0))", "f32:0xffc00000", Asked::Nan32(NanClass::Canonical)),
        ("f32", "(f32.add (f32.const -nan) (f32.const 1))", "f32:0xffc00000", Asked::Nan32(NanClass::Canonical)),
        ("f32", "(f32.add (f32.const 1) (f32.const nan:0x1))", "f32:0xffc01234", Asked::Nan32(NanClass::Arithmetic)),
        ("f64", "(f64.sqrt (f64.const -1))", "f64:0xfff8000000000000", Asked::Nan64(NanClass::Canonical)),
        (
            "f64",
            "(f64.max (f64.const nan:0x1) (f64.const nan))",
            "f64:0xfff8000000001234",
            Asked::Nan64(NanClass::Arithmetic),
        ),
        ("f32", "(f32.demote_f64 (f64.const nan:0x1))", "f32:0xffc01234", Asked::Nan32(NanClass::Arithmetic)),
        ("f64", "(f64.promote_f32 (f32.const nan))", "f64:0xfff8000000000000", Asked::Nan64(NanClass::Canonical)),
        (
            "f32",
            "(f32x4.extract_lane 1 (f32x4.mul (v128.const f32x4 1 nan:0x7 1 1) (v128.const f32x4 1 1 1 1)))",
            "f32:0xffc01234",
            Asked::Nan32(NanClass::Arithmetic),
        ),
    ] {
        assert_eq!(result(ty, expression, recorded()), (expected.to_owned(), vec![asked]), "{expression}");
    }
}

#[test]
fn the_growth_that_is_to_be_refused_is_refused() {
    let grow = "(memory.grow (i32.const 1)) (table.grow 0 (ref.null func) (i32.const 2)) (memory.grow (i32.const 3)) (memory.size)";
    for (refused_growth, expected) in [
        (None, "i32:1 i32:1 i32:2 i32:5"),
        (Some(0), "i32:-1 i32:1 i32:1 i32:4"),
        (Some(1), "i32:1 i32:-1 i32:2 i32:5"),
        (Some(2), "i32:1 i32:1 i32:-1 i32:2"),
        (Some(3), "i32:1 i32:1 i32:2 i32:5"),
    ] {
        let (told, asked) = result("i32 i32 i32 i32", grow, Recorded { refused_growth, ..Recorded::default() });
        assert_eq!(told, expected, "{refused_growth:?}");
        let growths = [Growth::Memory(1), Growth::Table(2), Growth::Memory(3)];
        assert_eq!(asked, growths.map(Asked::Growth));
    }
}

fn allowed(module: &str, runs_max: usize) -> (Vec<String>, bool) {
    let (mut store, func) = store(module, Recorded::default());
    let Runs { runs, complete } = store.allowed(func, &[], || NoHost, runs_max).expect("runs");
    // The store is as before.
    assert_eq!(told(store.invoke(func, &[], &mut NoHost)), told(runs[0].outcome.clone()));
    (runs.into_iter().map(|run| told(run.outcome)).collect(), complete)
}

#[test]
fn all_runs_that_the_standard_allows_are_found() {
    // The second parameter is asked for only if the first is another than that of the deterministic profile.
    let module = r#"(module (memory 1 2) (func (export "f") (result i32 i32)
        (if (result i32) (i32x4.extract_lane 0 (i8x16.relaxed_swizzle (v128.const i64x2 1 0) (v128.const i64x2 0x1010101010101010 0)))
            (then (i32x4.extract_lane 0 (i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 nan 0 0 0))))
            (else (i32.const 7)))
        (i32.const 0)))"#;
    assert_eq!(
        allowed(module, 100),
        (["i32:7 i32:0", "i32:0 i32:0", "i32:-2147483648 i32:0", "i32:7 i32:0"].map(str::to_owned).to_vec(), true)
    );
    assert!(!allowed(module, 2).1);
    // Growths are refused one at a time, and what a run does to the store is undone.
    let module = r#"(module (memory 1 3) (func (export "f") (result i32 i32)
        (memory.grow (i32.const 1)) (memory.grow (i32.const 1))))"#;
    assert_eq!(
        allowed(module, 100),
        (["i32:1 i32:2", "i32:-1 i32:1", "i32:1 i32:-1"].map(str::to_owned).to_vec(), true)
    );
}

#[test]
fn a_store_that_does_not_record_cannot_be_asked() {
    let mut store = Store::new(config());
    let module = load(r#"(module (func (export "f")))"#, &config());
    let instance = store.instantiate(&module, &[], &mut NoHost).expect("an instance");
    let Some(Extern::Func(func)) = store.export(instance, "f") else { panic!("no function") };
    assert_eq!(store.allowed(func, &[], || NoHost, 10), Err(AllowedError::NotRecorded));
}
