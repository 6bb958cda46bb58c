//! Whether an outcome matches what a suite expects.
//!
//! What an embedding does not show cannot fail: a reference of unknown kind matches every pattern of a
//! reference that is not null.

use wassay_model::{Expected, Lane, Nan, Outcome, Pattern, Ref, RefPattern, TrapKind, TrapKinds, Value};

use crate::likeness::{is_arithmetic_f32, is_arithmetic_f64};

/// Whether `outcome` is what the suite expects. A trap whose words are not in [`trap_kinds`] matches nothing.
#[must_use]
pub fn matches(expected: &Expected, outcome: &Outcome) -> bool {
    match (expected, outcome) {
        (Expected::Success, Outcome::Returned(_))
        | (Expected::Exhaustion, Outcome::Exhausted(_))
        // How a refusal is worded is left to the embedder (chapter 7), and the suite itself has moved
        // checks from one word to the other.
        | (Expected::Malformed | Expected::Invalid, Outcome::Malformed | Outcome::Invalid | Outcome::Rejected)
        | (Expected::Unlinkable, Outcome::Unlinkable)
        | (Expected::Exception, Outcome::Threw(_)) => true,
        (Expected::Return(patterns), Outcome::Returned(values)) => {
            patterns.len() == values.len()
                && patterns.iter().zip(values).all(|(pattern, value)| matches_value(pattern, *value))
        }
        (Expected::Trap(words), Outcome::Trapped(kinds)) => {
            trap_kinds(words).is_some_and(|expected| expected.overlaps(*kinds))
        }
        _ => false,
    }
}

/// Whether a result has a pattern.
#[must_use]
pub fn matches_value(pattern: &Pattern, value: Value) -> bool {
    match (pattern, value) {
        (Pattern::Value(Value::Ref(Ref::Extern(_))), Value::Ref(Ref::Opaque(_))) => true,
        (Pattern::Value(expected), _) => *expected == value,
        (Pattern::NanF32(nan), Value::F32(bits)) => is_nan_f32(*nan, bits),
        (Pattern::NanF64(nan), Value::F64(bits)) => is_nan_f64(*nan, bits),
        (Pattern::F32x4(lanes), Value::V128(bits)) => lanes.iter().enumerate().all(|(position, lane)| {
            let bits = (bits >> (position * 32)) as u32;
            match lane {
                Lane::Bits(expected) => *expected == bits,
                Lane::Nan(nan) => is_nan_f32(*nan, bits),
            }
        }),
        (Pattern::F64x2(lanes), Value::V128(bits)) => lanes.iter().enumerate().all(|(position, lane)| {
            let bits = (bits >> (position * 64)) as u64;
            match lane {
                Lane::Bits(expected) => *expected == bits,
                Lane::Nan(nan) => is_nan_f64(*nan, bits),
            }
        }),
        (Pattern::Ref(pattern), Value::Ref(reference)) => matches_ref(*pattern, reference),
        (Pattern::Either(patterns), _) => patterns.iter().any(|pattern| matches_value(pattern, value)),
        _ => false,
    }
}

const fn is_nan_f32(nan: Nan, bits: u32) -> bool {
    match nan {
        Nan::Canonical => bits & 0x7fff_ffff == 0x7fc0_0000,
        Nan::Arithmetic => is_arithmetic_f32(bits),
    }
}

const fn is_nan_f64(nan: Nan, bits: u64) -> bool {
    match nan {
        Nan::Canonical => bits & 0x7fff_ffff_ffff_ffff == 0x7ff8_0000_0000_0000,
        Nan::Arithmetic => is_arithmetic_f64(bits),
    }
}

const fn matches_ref(pattern: RefPattern, reference: Ref) -> bool {
    match (pattern, reference) {
        (_, Ref::Null) => false,
        (_, Ref::Opaque(_))
        | (RefPattern::Func, Ref::Func(_))
        | (RefPattern::Extern, Ref::Extern(_))
        | (RefPattern::I31 | RefPattern::Eq, Ref::I31(_))
        | (RefPattern::Struct | RefPattern::Eq, Ref::Struct(_))
        | (RefPattern::Array | RefPattern::Eq, Ref::Array(_))
        // A host value may be converted to an internal reference, and is then shown as what it is.
        | (RefPattern::Any, Ref::I31(_) | Ref::Struct(_) | Ref::Array(_) | Ref::Extern(_))
        // An internal reference may be converted to an external one.
        | (RefPattern::Extern, Ref::I31(_) | Ref::Struct(_) | Ref::Array(_)) => true,
        _ => false,
    }
}

/// The suite's words for traps, all of them; the first for a kind is the one that [`trap_words`] gives.
///
/// Some words cover several kinds: the suite words a null of any reference in its own way, and older
/// suites say less.
const TRAPS: &[(&str, TrapKinds)] = &[
    ("unreachable", TrapKinds::of(&[TrapKind::Unreachable])),
    ("integer divide by zero", TrapKinds::of(&[TrapKind::IntegerDivideByZero])),
    ("integer overflow", TrapKinds::of(&[TrapKind::IntegerOverflow])),
    ("invalid conversion to integer", TrapKinds::of(&[TrapKind::InvalidConversion])),
    // `array.new_data` and `memory.init` say this of a segment that is too short, too.
    ("out of bounds memory access", TrapKinds::of(&[TrapKind::MemoryOutOfBounds, TrapKind::SegmentOutOfBounds])),
    // `array.new_elem` and `table.init` likewise.
    ("out of bounds table access", TrapKinds::of(&[TrapKind::TableOutOfBounds, TrapKind::SegmentOutOfBounds])),
    ("out of bounds array access", TrapKinds::of(&[TrapKind::ArrayOutOfBounds])),
    ("undefined element", TrapKinds::of(&[TrapKind::UndefinedElement, TrapKind::TableOutOfBounds])),
    ("uninitialized element", TrapKinds::of(&[TrapKind::UninitializedElement, TrapKind::NullReference])),
    ("uninitialized element 2", TrapKinds::of(&[TrapKind::UninitializedElement, TrapKind::NullReference])),
    ("uninitialized element 7", TrapKinds::of(&[TrapKind::UninitializedElement, TrapKind::NullReference])),
    ("indirect call type mismatch", TrapKinds::of(&[TrapKind::IndirectCallTypeMismatch])),
    ("null reference", TrapKinds::of(&[TrapKind::NullReference])),
    ("null function reference", TrapKinds::of(&[TrapKind::NullReference])),
    ("null array reference", TrapKinds::of(&[TrapKind::NullReference])),
    ("null structure reference", TrapKinds::of(&[TrapKind::NullReference])),
    ("null i31 reference", TrapKinds::of(&[TrapKind::NullReference])),
    ("null exception reference", TrapKinds::of(&[TrapKind::NullReference])),
    ("null descriptor reference", TrapKinds::of(&[TrapKind::NullReference])),
    ("cast failure", TrapKinds::of(&[TrapKind::CastFailure])),
    ("descriptor cast failure", TrapKinds::of(&[TrapKind::CastFailure])),
    ("unaligned atomic", TrapKinds::of(&[TrapKind::UnalignedAtomic])),
    ("expected shared memory", TrapKinds::of(&[TrapKind::ExpectedSharedMemory])),
    (
        "out of bounds",
        TrapKinds::of(&[
            TrapKind::MemoryOutOfBounds,
            TrapKind::TableOutOfBounds,
            TrapKind::ArrayOutOfBounds,
            TrapKind::SegmentOutOfBounds,
        ]),
    ),
    ("undefined", TrapKinds::of(&[TrapKind::UndefinedElement, TrapKind::TableOutOfBounds])),
    ("uninitialized", TrapKinds::of(&[TrapKind::UninitializedElement, TrapKind::NullReference])),
    ("indirect call", TrapKinds::of(&[TrapKind::IndirectCallTypeMismatch])),
    // A script that says nothing more than that it traps; runners compare prefixes.
    ("", TrapKinds::UNTOLD),
];

/// What the suite's words for a trap may mean; `None` where the words are not in the table.
#[must_use]
pub fn trap_kinds(words: &str) -> Option<TrapKinds> {
    TRAPS.iter().find(|(known, _)| *known == words).map(|(_, kinds)| *kinds)
}

/// Words of the suite that cover a trap as an engine reported it; empty where none do.
#[must_use]
pub fn trap_words(kinds: TrapKinds) -> &'static str {
    let covers = |known: TrapKinds| kinds.iter().all(|kind| known.contains(kind));
    TRAPS.iter().find(|(_, known)| kinds != TrapKinds::UNTOLD && covers(*known)).map_or("", |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wassay_model::{Identity, Resource};

    fn value(text: &str) -> Value {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(pattern: &Pattern, fitting: &[&str], unfit: &[&str]) {
        for text in fitting {
            assert!(matches_value(pattern, value(text)), "{pattern} should match {text}");
        }
        for text in unfit {
            assert!(!matches_value(pattern, value(text)), "{pattern} should not match {text}");
        }
    }

    #[test]
    fn nan_patterns_are_the_standards_classes() {
        check(
            &Pattern::NanF32(Nan::Canonical),
            &["f32:0x7fc00000", "f32:0xffc00000"],
            &["f32:0x7fc00001", "f32:0x7f800000", "f64:0x7ff8000000000000", "i32:2143289344"],
        );
        check(&Pattern::NanF32(Nan::Arithmetic), &["f32:0x7fc00001", "f32:0xffffffff"], &["f32:0x7fa00000"]);
        check(&Pattern::NanF64(Nan::Canonical), &["f64:0xfff8000000000000"], &["f64:0xfff8000000000001"]);
        check(&Pattern::NanF64(Nan::Arithmetic), &["f64:0xfff8000000000001"], &["f64:0x7ff4000000000000"]);
    }

    #[test]
    fn lanes_are_matched_one_by_one() {
        let lanes = [Lane::Bits(7), Lane::Nan(Nan::Canonical), Lane::Bits(0), Lane::Nan(Nan::Arithmetic)];
        check(
            &Pattern::F32x4(lanes),
            &["v128:0x7fc0000100000000ffc0000000000007"],
            &["v128:0x7fc0000100000000ffc0000000000008", "v128:0x7fc0000100000000ffc0000100000007"],
        );
        check(
            &Pattern::F64x2([Lane::Nan(Nan::Canonical), Lane::Bits(1)]),
            &["v128:0x00000000000000017ff8000000000000"],
            &["v128:0x7ff80000000000000000000000000001"],
        );
    }

    #[test]
    fn reference_patterns_want_something_that_is_not_null_and_fits() {
        check(
            &Pattern::Ref(RefPattern::Func),
            &["ref:func", "ref:func:#2", "ref:opaque"],
            &["ref:null", "ref:extern:1"],
        );
        check(&Pattern::Ref(RefPattern::Eq), &["ref:i31:1", "ref:struct"], &["ref:func", "ref:extern:1", "ref:null"]);
        check(&Pattern::Value(value("ref:null")), &["ref:null"], &["ref:opaque"]);
        check(&Pattern::Value(value("ref:extern:1")), &["ref:extern:1", "ref:opaque"], &["ref:extern:2", "ref:null"]);
    }

    #[test]
    fn either_matches_any_of_its_patterns() {
        let either = Pattern::Either(vec![Pattern::Value(value("i32:1")), Pattern::NanF32(Nan::Canonical)]);
        check(&either, &["i32:1", "f32:0x7fc00000"], &["i32:2"]);
    }

    #[test]
    fn outcomes_match_by_class() {
        let trap = |words: &str| Expected::Trap(words.to_owned());
        let trapped = |kind: TrapKind| Outcome::Trapped(kind.into());
        assert!(matches(&trap("unreachable"), &trapped(TrapKind::Unreachable)));
        assert!(!matches(&trap("unreachable"), &trapped(TrapKind::IntegerOverflow)));
        assert!(!matches(&trap("no such words"), &trapped(TrapKind::Unreachable)));
        assert!(!matches(&trap("unreachable"), &Outcome::Exhausted(Resource::Stack)));
        assert!(matches(&Expected::Exhaustion, &Outcome::Exhausted(Resource::Fuel)));
        assert!(matches(&Expected::Malformed, &Outcome::Rejected));
        assert!(!matches(&Expected::Malformed, &Outcome::Unlinkable));
        assert!(!matches(
            &Expected::Return(vec![]),
            &Outcome::Returned(vec![Value::Ref(Ref::Func(Identity::Unknown))])
        ));
    }

    #[test]
    fn every_kind_that_the_suite_words_comes_back_from_its_words() {
        for kind in TrapKind::ALL {
            let words = trap_words(kind.into());
            assert!(trap_kinds(words).unwrap().overlaps(kind.into()), "{kind}: {words}");
        }
    }
}
