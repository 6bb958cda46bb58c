//! The rows of `fuzz/switched-off.toml` that properties go by: which engines they do not ask, and which disagreements
//! they accept.

use std::sync::OnceLock;

use wassay_model::off::{Does, Excuse, Explained, SwitchedOffs};

const TEXT: &str = include_str!("../../switched-off.toml");

fn rows() -> &'static SwitchedOffs {
    static ROWS: OnceLock<SwitchedOffs> = OnceLock::new();
    ROWS.get_or_init(|| toml::from_str(TEXT).expect("a test reads the file"))
}

/// Instructions that no family writes.
pub fn unwritten_instructions() -> impl Iterator<Item = &'static str> {
    rows().off.iter().flat_map(|row| &row.instructions).map(String::as_str)
}

/// Known faults of engines, each with the name of its row.
pub fn excuses() -> impl Iterator<Item = (&'static str, &'static Excuse)> {
    rows().off.iter().filter_map(|row| Some((row.name.as_str(), row.excuse.as_ref()?)))
}

/// Disagreements of decoders that are understood, each with its reason.
pub fn explained() -> impl Iterator<Item = (&'static str, &'static Explained)> {
    rows().off.iter().filter_map(|row| Some((row.reason.as_str(), row.explained.as_ref()?)))
}

/// The row that accounts for what an engine does with a case that has `is_there` of the opcodes and marks.
#[must_use]
pub fn excuse(engine: &str, does: Does, is_there: impl Fn(&String) -> bool) -> Option<&'static str> {
    let fits = |excuse: &Excuse| {
        excuse.does == does
            && excuse.all.iter().all(&is_there)
            && (excuse.any.is_empty() || excuse.any.iter().any(&is_there))
            && excuse.engine.to_string() == engine
    };
    excuses().find(|(_, excuse)| fits(excuse)).map(|(name, _)| name)
}
