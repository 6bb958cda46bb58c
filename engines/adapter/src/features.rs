//! Which features a module needs, for modules that come without that knowledge: a person's file.

use wasmparser::{Validator, WasmFeatures};
use wassay_model::{Feature, Features};

/// The features without which the module is not valid; `None` where it is not valid with all of them.
///
/// This asks a validator that engines under test share, which is fine for what it decides: whom to ask,
/// never what is right.
#[must_use]
pub fn needed_features(bytes: &[u8]) -> Option<Features> {
    let all = Features::V3.union(Features::of(&[Feature::Threads, Feature::WideArithmetic, Feature::CustomPageSizes]));
    if !is_valid(bytes, all) {
        return None;
    }
    let needed: Vec<Feature> =
        all.iter().filter(|feature| !is_valid(bytes, all.minus(with_dependents(*feature)))).collect();
    Some(Features::of(&needed))
}

/// A feature with those that are built on it: without function references there is no GC.
const fn with_dependents(feature: Feature) -> Features {
    match feature {
        Feature::ReferenceTypes => {
            Features::of(&[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc, Feature::Exceptions])
        }
        Feature::FunctionReferences => Features::of(&[Feature::FunctionReferences, Feature::Gc]),
        Feature::Simd => Features::of(&[Feature::Simd, Feature::RelaxedSimd]),
        feature => Features::of(&[feature]),
    }
}

fn is_valid(bytes: &[u8], features: Features) -> bool {
    Validator::new_with_features(wasm_features(features)).validate_all(bytes).is_ok()
}

/// The same features as `wasmparser` and the crates beside it name them.
#[must_use]
pub fn wasm_features(features: Features) -> WasmFeatures {
    let mut switches = WasmFeatures::MVP;
    for feature in features.iter() {
        switches |= match feature {
            Feature::MutableGlobal => WasmFeatures::MUTABLE_GLOBAL,
            Feature::SignExtension => WasmFeatures::SIGN_EXTENSION,
            Feature::SaturatingTruncation => WasmFeatures::SATURATING_FLOAT_TO_INT,
            Feature::MultiValue => WasmFeatures::MULTI_VALUE,
            Feature::BulkMemory => WasmFeatures::BULK_MEMORY,
            Feature::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
            Feature::Simd => WasmFeatures::SIMD,
            Feature::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
            Feature::TailCall => WasmFeatures::TAIL_CALL,
            Feature::ExtendedConst => WasmFeatures::EXTENDED_CONST,
            Feature::MultiMemory => WasmFeatures::MULTI_MEMORY,
            Feature::Memory64 => WasmFeatures::MEMORY64,
            Feature::FunctionReferences => WasmFeatures::FUNCTION_REFERENCES,
            Feature::Gc => WasmFeatures::GC,
            Feature::Exceptions => WasmFeatures::EXCEPTIONS,
            Feature::Threads => WasmFeatures::THREADS,
            Feature::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
            Feature::CustomPageSizes => WasmFeatures::CUSTOM_PAGE_SIZES,
        };
    }
    switches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[Feature]) {
        let bytes = crate::kit::module(text);
        assert_eq!(needed_features(&bytes), Some(Features::of(expected)), "{text}");
    }

    #[test]
    fn a_module_needs_what_it_uses_and_no_more() {
        check("(module (func (param i32) (result i32) local.get 0))", &[]);
        check("(module (func (result i32 i32) i32.const 1 i32.const 2))", &[Feature::MultiValue]);
        check("(module (func (param v128)))", &[Feature::Simd]);
        check("(module (memory i64 1))", &[Feature::Memory64]);
        check("(module (func $f (return_call $f)))", &[Feature::TailCall]);
        check(
            "(module (type (struct (field i32))))",
            &[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc],
        );
    }

    #[test]
    fn an_invalid_module_needs_nothing_that_could_be_known() {
        assert_eq!(needed_features(b"\0asm\x02\0\0\0"), None);
        assert_eq!(needed_features(&crate::kit::module("(module (func (result i32)))")), None);
    }
}
