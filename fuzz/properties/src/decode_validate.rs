//! Decoding and validation of any bytes: the reference and `wasmparser` accept the same, save for the disagreements
//! that `fuzz/switched-off.toml` lists with their reasons. Four of the engines validate with `wasmparser`, which makes it the
//! best partner that the reference's front end has.

use wasmparser::{Validator, WasmFeatures};
use wassay_model::off::Explained;
use wassay_model::{Feature, Features};
use wassay_reference::binary::{DecodeError, decode};
use wassay_reference::valid::validate;

use crate::Broken;
use crate::off::explained;

/// What the two said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Both accept.
    Accept,
    /// Both refuse.
    Refuse,
    /// They disagree, for this reason.
    Explained(&'static str),
}

/// Asks both about the bytes, under the versions of the standard and under all features.
///
/// # Errors
/// The first unexplained disagreement.
pub fn check(bytes: &[u8]) -> Result<(), Broken> {
    for features in [Features::of(Feature::ALL), Features::V3, Features::V2, Features::V1] {
        compare(bytes, features)?;
    }
    Ok(())
}

/// Asks both about the bytes under some features.
///
/// # Errors
/// An unexplained disagreement.
pub fn compare(bytes: &[u8], features: Features) -> Result<Answer, Broken> {
    let (ours, theirs) = (ours(bytes, features), theirs(bytes, features));
    match (&ours, &theirs) {
        (Ok(()), Ok(())) => Ok(Answer::Accept),
        (Err(_), Err(_)) => Ok(Answer::Refuse),
        _ => explanation(&ours, &theirs).map(Answer::Explained).ok_or_else(|| {
            let word = |said: Result<(), String>| match said {
                Ok(()) => "accepts".to_owned(),
                Err(why) => format!("refuses ({why})"),
            };
            let features: Vec<&str> = features.iter().map(Feature::name).collect();
            let with = if features.is_empty() { "no feature".to_owned() } else { features.join(" ") };
            let what = format!("the reference {}, wasmparser {}, with {with}", word(ours), word(theirs));
            Broken { what, bytes: bytes.to_vec() }
        }),
    }
}

/// What the reference says: nothing if it accepts.
///
/// # Errors
/// Its reason to refuse the bytes.
pub fn ours(bytes: &[u8], features: Features) -> Result<(), String> {
    match decode(bytes, features) {
        Ok(module) => validate(&module, features).map(|_| ()).map_err(|error| error.to_string()),
        Err(error @ (DecodeError::Malformed { .. } | DecodeError::Limit { .. })) => Err(error.to_string()),
    }
}

/// What `wasmparser` says: nothing if it accepts.
///
/// # Errors
/// Its reason to refuse the bytes.
pub fn theirs(bytes: &[u8], features: Features) -> Result<(), String> {
    let result = Validator::new_with_features(partner_features(features)).validate_all(bytes);
    result.map(|_| ()).map_err(|error| error.to_string())
}

fn explanation(ours: &Result<(), String>, theirs: &Result<(), String>) -> Option<&'static str> {
    let fits = |said: &Result<(), String>, part: &str| match said {
        Ok(()) => part.is_empty(),
        Err(said) => !part.is_empty() && said.contains(part),
    };
    let mut explained = explained();
    explained
        .find(|(_, Explained { ours: our, theirs: their })| fits(ours, our) && fits(theirs, their))
        .map(|(why, _)| why)
}

fn partner_features(features: Features) -> WasmFeatures {
    use Feature as F;
    let mut theirs = WasmFeatures::FLOATS | WasmFeatures::GC_TYPES;
    for feature in features.iter() {
        theirs |= match feature {
            F::MutableGlobal => WasmFeatures::MUTABLE_GLOBAL,
            F::SignExtension => WasmFeatures::SIGN_EXTENSION,
            F::SaturatingTruncation => WasmFeatures::SATURATING_FLOAT_TO_INT,
            F::MultiValue => WasmFeatures::MULTI_VALUE,
            F::BulkMemory => WasmFeatures::BULK_MEMORY,
            F::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
            F::Simd => WasmFeatures::SIMD,
            F::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
            F::TailCall => WasmFeatures::TAIL_CALL,
            F::ExtendedConst => WasmFeatures::EXTENDED_CONST,
            F::MultiMemory => WasmFeatures::MULTI_MEMORY,
            F::Memory64 => WasmFeatures::MEMORY64,
            F::FunctionReferences => WasmFeatures::FUNCTION_REFERENCES,
            F::Gc => WasmFeatures::GC,
            F::Exceptions => WasmFeatures::EXCEPTIONS,
            F::Threads => WasmFeatures::THREADS,
            F::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
            F::CustomPageSizes => WasmFeatures::CUSTOM_PAGE_SIZES,
        };
    }
    theirs
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn both_accept_the_empty_module_and_refuse_no_module() {
        assert_eq!(compare(EMPTY, Features::V1), Ok(Answer::Accept));
        assert_eq!(compare(&EMPTY[1..], Features::V1), Ok(Answer::Refuse));
        assert_eq!(check(EMPTY), Ok(()));
    }

    #[test]
    fn a_disagreement_is_explained_by_both_messages_or_not_at_all() {
        let refused = |why: &str| Err(why.to_owned());
        let (why, Explained { ours, .. }) = explained().find(|(_, row)| row.theirs.is_empty()).unwrap();
        assert_eq!(explanation(&refused(&format!("at byte 3: {ours}")), &Ok(())), Some(why));
        assert_eq!(explanation(&Ok(()), &refused(ours)), None);
        assert_eq!(explanation(&refused("something else"), &Ok(())), None);
    }

    #[test]
    fn what_is_broken_is_told_with_its_bytes() {
        let broken = Broken { what: "the reference accepts".into(), bytes: vec![0, 0xab] };
        assert_eq!(broken.to_string(), "the reference accepts, on the bytes 00ab");
    }
}
