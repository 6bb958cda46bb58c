//! Records: the readers of a run's journal and of a suite's record take any bytes, or say what is wrong with them; and a
//! journal that was resumed once is resumed again in the same state.
//!
//! The bytes are a record of the suite, and they are the first line of a manifest with a journal behind it.

use std::fs;

use wassay_campaign::RunFolder;
use wassay_reports::Record;

use crate::Broken;

/// Reads the bytes.
///
/// # Errors
/// A journal that reads differently the second time.
///
/// # Panics
/// The system's folder for temporary files cannot be written.
pub fn check(bytes: &[u8]) -> Result<(), Broken> {
    // Whether it is a record or an error is both right.
    let _ = Record::parse("input", bytes).map(|record| record.is_complete());

    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    let (manifest, journal) = bytes.split_at(end);
    if manifest.first() != Some(&b'{') {
        return Ok(());
    }
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("it can be written");
    write("manifest.json", manifest);
    write("journal.jsonl", journal);
    let Ok(first) = RunFolder::resume(folder.path()).map(state) else { return Ok(()) };
    let second = RunFolder::resume(folder.path()).map(state);
    match second {
        Ok(second) if second == first => Ok(()),
        Ok(_) => Err(Broken { what: "a resumed journal reads differently".to_owned(), bytes: bytes.to_vec() }),
        Err(error) => Err(Broken { what: format!("a resumed journal is broken: {error}"), bytes: bytes.to_vec() }),
    }
}

fn state(folder: RunFolder) -> impl PartialEq {
    (folder.chunks(), folder.tally().clone(), folder.cells().clone(), folder.buckets().clone())
}
