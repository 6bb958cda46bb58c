//! Every feature has a switch: what it brought is refused without it, by the decoder or by the validator.

mod exec_kit;

use wassay_model::{Feature, Features};
use wassay_reference::exec::{Config, LoadError, LoadedModule};

/// Modules that need a feature, and no other one that can be had without it. No wildcard: a new feature needs a row.
fn modules(feature: Feature) -> &'static [&'static str] {
    match feature {
        Feature::MutableGlobal => &[
            r#"(module (global (export "g") (mut i32) (i32.const 0)))"#,
            r#"(module (global (import "a" "g") (mut i32)))"#,
        ],
        Feature::SignExtension => &[
            "(module (func (result i32) (i32.extend8_s (i32.const 0))))",
            "(module (func (result i64) (i64.extend32_s (i64.const 0))))",
        ],
        Feature::SaturatingTruncation => &["(module (func (result i32) (i32.trunc_sat_f32_u (f32.const 0))))"],
        Feature::MultiValue => &[
            "(module (func (result i32 i32) (i32.const 0) (i32.const 1)))",
            "(module (func (i32.const 0) (block (param i32) (drop))))",
        ],
        Feature::BulkMemory => &[
            "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))",
            r#"(module (data ""))"#,
            "(module (func) (elem func 0))",
        ],
        Feature::ReferenceTypes => &[
            "(module (func (param externref)))",
            "(module (table 1 funcref) (table 1 funcref))",
            "(module (table 1 funcref) (func (drop (table.get (i32.const 0)))))",
        ],
        Feature::Simd => {
            &["(module (func (param v128)))", "(module (memory 1) (func (drop (v128.load (i32.const 0)))))"]
        }
        Feature::RelaxedSimd => {
            &["(module (func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))"]
        }
        Feature::TailCall => &["(module (func (return_call 0)))"],
        Feature::ExtendedConst => &["(module (global i32 (i32.add (i32.const 1) (i32.const 2))))"],
        Feature::MultiMemory => {
            &["(module (memory 1) (memory 1))", "(module (memory 1) (memory 1) (func (drop (memory.size 1))))"]
        }
        Feature::Memory64 => &[
            "(module (memory i64 1))",
            "(module (table i64 1 funcref))",
            r#"(module (import "a" "m" (memory i64 1)))"#,
        ],
        Feature::FunctionReferences => &[
            "(module (type $f (func)) (func (param (ref null $f))))",
            "(module (type $f (func)) (func (param funcref) (local.get 0) (drop (ref.as_non_null))))",
        ],
        Feature::Gc => &[
            "(module (type (struct)))",
            "(module (type (array i8)))",
            "(module (rec (type (func)) (type (func))))",
            "(module (func (drop (ref.i31 (i32.const 0)))))",
            // With garbage collection came constants that read other globals of the same module.
            "(module (global i32 (i32.const 0)) (global i32 (global.get 0)))",
        ],
        Feature::Exceptions => &["(module (tag))", "(module (func (try_table)))", "(module (func (param exnref)))"],
        Feature::Threads => &[
            "(module (memory 1 1 shared))",
            r#"(module (import "a" "m" (memory 1 1 shared)))"#,
            "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
            "(module (memory 1) (func (drop (i64.atomic.rmw8.cmpxchg_u (i32.const 0) (i64.const 0) (i64.const 0)))))",
            "(module (func (atomic.fence)))",
        ],
        Feature::WideArithmetic => &[
            "(module (func (result i64 i64) (i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4))))",
            "(module (func (result i64 i64) (i64.sub128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4))))",
            "(module (func (result i64 i64) (i64.mul_wide_s (i64.const 1) (i64.const 2))))",
            "(module (func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 2))))",
        ],
        Feature::CustomPageSizes => &[
            "(module (memory 1 (pagesize 1)))",
            "(module (memory 1 (pagesize 65536)))",
            r#"(module (import "a" "m" (memory 0 1 (pagesize 1))))"#,
        ],
    }
}

#[test]
fn what_a_feature_brought_is_refused_without_it() {
    let all = Features::of(Feature::ALL);
    for &feature in Feature::ALL {
        let without = Config::new(all.minus(Features::of(&[feature])));
        for module in modules(feature) {
            let bytes = exec_kit::wat(module);
            assert!(LoadedModule::load(&bytes, &Config::new(all)).is_ok(), "{feature}: {module}");
            let refusal = LoadedModule::load(&bytes, &without).err();
            assert!(
                matches!(refusal, Some(LoadError::Malformed(_) | LoadError::Invalid(_))),
                "{feature}: {module}: {refusal:?}"
            );
        }
    }
}

#[test]
fn proposals_are_off_in_the_standards_own_versions() {
    for feature in [Feature::Threads, Feature::WideArithmetic, Feature::CustomPageSizes] {
        assert!(!Features::V3.contains(feature));
        for module in modules(feature) {
            let bytes = exec_kit::wat(module);
            for features in [Features::V1, Features::V2, Features::V3] {
                assert!(LoadedModule::load(&bytes, &Config::new(features)).is_err(), "{feature}: {module}");
            }
            let with = Features::V3.union(Features::of(&[feature]));
            assert!(LoadedModule::load(&bytes, &Config::new(with)).is_ok(), "{feature}: {module}");
        }
    }
}
