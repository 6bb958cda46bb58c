//! Bytes in; whether what must hold of any bytes held, out. A property is a file here and a row of [`ALL`]. It is
//! tried in two ways: on mutants of modules by [`mutants`], as a plain loop on stable, and on what libFuzzer makes up
//! by the glue in `fuzz/targets`.
//!
//! A property must not print, and must not know who calls it. What is *not* guaranteed: that a property looks at a
//! panic, an overflow of the stack or the memory taken. Whoever calls it watches those, as libFuzzer does by itself.

use std::fmt;

pub mod corpus;
pub mod decode_validate;
pub mod engines;
pub mod front;
pub mod in_process;
pub mod journal;
pub mod judge;
pub mod mutants;
pub mod mutator;
pub mod off;
pub mod protocol;
pub mod question;
pub mod reference_wasmi;
pub mod seeds;

/// What must hold of any bytes.
pub struct Property {
    /// The name, which is also that of the target in `fuzz/targets/fuzz_targets`.
    pub name: &'static str,
    /// Tries it on some bytes.
    pub check: fn(&[u8]) -> Result<(), Broken>,
}

/// A property does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Broken {
    /// What was seen instead.
    pub what: String,
    /// The bytes on which it was seen.
    pub bytes: Vec<u8>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, on the bytes ", self.what)?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Every property.
pub const ALL: &[Property] = &[
    Property { name: "decode_validate", check: decode_validate::check },
    Property { name: "reference_wasmi", check: reference_wasmi::check },
    Property { name: "in_process", check: in_process::check },
    Property { name: "judge", check: judge::check },
    Property { name: "journal", check: journal::check },
    Property { name: "protocol", check: protocol::check },
];

/// The property of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Property> {
    ALL.iter().find(|property| property.name == name)
}

/// Tries the property of this name, for callers that know failure as a panic, such as libFuzzer.
///
/// # Panics
/// If there is no such property, or if it does not hold of these bytes.
#[allow(clippy::panic, reason = "it is what its callers look for")]
pub fn hold(name: &str, bytes: &[u8]) {
    let Some(property) = by_name(name) else { panic!("there is no property {name}: see `wassay_properties::ALL`") };
    if let Err(broken) = (property.check)(bytes) {
        panic!("{name}: {broken}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_has_a_target_of_its_name() {
        let manifest = include_str!("../../targets/Cargo.toml");
        for Property { name, .. } in ALL {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "fuzz/targets has no {name}");
        }
        assert_eq!(manifest.matches("[[bin]]").count(), ALL.len());
    }

    #[test]
    fn properties_are_found_by_name() {
        assert!(ALL.iter().all(|property| by_name(property.name).is_some()));
        assert!(by_name("nothing").is_none());
        hold("decode_validate", b"no module");
    }
}
