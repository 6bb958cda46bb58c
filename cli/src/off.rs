//! What is switched off, in `fuzz/switched-off.toml`, which is part of the program.

use std::collections::BTreeMap;

use anyhow::Context as _;
use wassay_model::EngineName;
use wassay_model::off::{Part, SwitchedOff, SwitchedOffs};

use crate::exit::{Exit, Failure, OrExit as _};

const PATH: &str = "fuzz/switched-off.toml";
const TEXT: &str = include_str!("../../fuzz/switched-off.toml");

/// Every row.
pub(crate) fn read() -> Result<Vec<SwitchedOff>, Failure> {
    let file: SwitchedOffs = toml::from_str(TEXT).context(PATH).or_exit(Exit::Internal)?;
    Ok(file.off)
}

/// The names of the rows that concern a campaign with these engines.
pub(crate) fn names<'a>(engines: impl Iterator<Item = &'a EngineName> + Clone) -> Result<Vec<String>, Failure> {
    let concerned = |row: &SwitchedOff| row.part.is_of_campaigns() && row.concerns(engines.clone());
    Ok(read()?.into_iter().filter(concerned).map(|row| row.name).collect())
}

/// Rows by the part of the program that leaves something out. A name that this program does not have, since
/// another one made the record, has no part.
pub(crate) fn by_part(names: &[String]) -> Result<BTreeMap<Option<Part>, Vec<String>>, Failure> {
    let rows = read()?;
    let mut parts: BTreeMap<Option<Part>, Vec<String>> = BTreeMap::new();
    for name in names {
        let part = rows.iter().find(|row| row.name == *name).map(|row| row.part);
        parts.entry(part).or_default().push(name.clone());
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    fn rows() -> Vec<SwitchedOff> {
        let Ok(rows) = read() else {
            panic!("{PATH} cannot be read: {:?}", toml::from_str::<SwitchedOffs>(TEXT).err())
        };
        rows
    }

    fn root() -> PathBuf {
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("..")
    }

    /// What keeps a row from standing for something that is there.
    fn complaints(row: &SwitchedOff, text_of: impl Fn(&str) -> Option<String>, today: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        if row.expires.parse::<jiff::civil::Date>().is_err() {
            complaints.push(format!("{:?} is no day", row.expires));
        }
        if row.expires.as_str() < today {
            complaints.push(format!("it expired on {}: does its reason still hold?", row.expires));
        }
        for (what, words) in [("what", &row.what), ("reason", &row.reason), ("owner", &row.owner)] {
            if words.trim().is_empty() {
                complaints.push(format!("it has no {what}"));
            }
        }
        let is_read = row.excuse.is_some() || row.explained.is_some() || !row.instructions.is_empty();
        if row.places.is_empty() && !is_read {
            complaints.push("it stands for nothing: no place, and nothing that the code reads".to_owned());
        }
        for place in &row.places {
            match text_of(&place.file) {
                None => complaints.push(format!("{} is not there", place.file)),
                Some(text) if !text.contains(&row.anchor(place)) => {
                    complaints.push(format!("{} does not hold {:?} any more", place.file, row.anchor(place)));
                }
                Some(_) => {}
            }
        }
        if let Some(link) = &row.link
            && text_of(link).is_none()
        {
            complaints.push(format!("{link} is not there"));
        }
        complaints
    }

    #[test]
    fn every_row_stands_for_something_in_the_code_and_has_not_expired() {
        let today = jiff::Zoned::now().date().to_string();
        let text_of = |file: &str| std::fs::read_to_string(root().join(file)).ok();
        let mut names = BTreeSet::new();
        let mut all = Vec::new();
        for row in rows() {
            all.extend(
                complaints(&row, text_of, &today).into_iter().map(|complaint| format!("{}: {complaint}", row.name)),
            );
            if !names.insert(row.name.clone()) {
                all.push(format!("{}: there are two rows of this name", row.name));
            }
        }
        assert!(all.is_empty(), "{PATH}:\n{}", all.join("\n"));
    }

    #[test]
    fn a_row_that_has_drifted_from_the_code_is_complained_of() {
        let mut row = rows().into_iter().find(|row| row.places.iter().any(|place| place.text.is_none())).unwrap();
        row.places.truncate(1);
        let (name, file) = (row.name.clone(), row.places[0].file.clone());
        let with = |text: &str| {
            let (text, file) = (text.to_owned(), file.clone());
            move |path: &str| (path == file.as_str()).then(|| text.clone())
        };
        let good = format!("// switched-off: {name}\n");
        assert_eq!(complaints(&row, with(&good), "2026-01-01"), [""; 0]);
        assert_eq!(complaints(&row, with("// nothing\n"), "2026-01-01").len(), 1);
        assert_eq!(complaints(&row, |_: &str| None, "2026-01-01").len(), 1);
        assert_eq!(complaints(&row, with(&good), "9999-01-01").len(), 1);
        let timeless = SwitchedOff { expires: "soon".to_owned(), ..row.clone() };
        assert_eq!(complaints(&timeless, with(&good), "2026-01-01").len(), 1);
        let aimless = SwitchedOff { places: Vec::new(), reason: " ".to_owned(), ..row };
        assert_eq!(complaints(&aimless, with(&good), "2026-01-01").len(), 2);
    }

    /// The names behind `switched-off: ` in a text.
    fn marks(text: &str) -> impl Iterator<Item = &str> {
        let names = text.split("switched-off: ").skip(1).map(|rest| {
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter));
            rest[..end.unwrap_or(rest.len())].trim_end_matches('.')
        });
        // Where the words are explained, no name follows.
        names.filter(|name| !name.is_empty())
    }

    /// Every Rust file below a folder.
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn every_mark_in_the_code_has_a_row_that_names_its_file() {
        let rows = rows();
        let mut files = Vec::new();
        for folder in ["cli/src", "engines", "fuzz", "oracle", "reports", "scripts", "spec-suite"] {
            sources(&root().join(folder), &mut files);
        }
        let mut count = 0;
        for path in files.iter().filter(|path| !path.ends_with("cli/src/off.rs")) {
            let text = std::fs::read_to_string(path).unwrap();
            for mark in marks(&text) {
                let row = rows.iter().find(|row| row.name == mark);
                let row = row.unwrap_or_else(|| panic!("{}: {PATH} has no row {mark}", path.display()));
                let is_named = row.places.iter().any(|place| path.ends_with(&place.file));
                assert!(is_named, "{}: the row {mark} does not name this file", path.display());
                count += 1;
            }
        }
        let expected = rows.iter().flat_map(|row| &row.places).filter(|place| place.text.is_none()).count();
        assert!(count >= expected && expected > 0, "{count} marks, {expected} places");
    }

    #[test]
    fn marks_are_names_without_the_full_stop_behind_them() {
        let text = "// switched-off: one-thing. More.\n/// (switched-off: mutate-beyond-2.0)\n\"switched-off: \"";
        assert_eq!(marks(text).collect::<Vec<_>>(), ["one-thing", "mutate-beyond-2.0"]);
    }

    #[test]
    fn a_run_is_told_of_what_concerns_its_engines() {
        let of = |list: &[&str]| -> Vec<String> {
            let engines: Vec<EngineName> = list.iter().map(|name| name.parse().unwrap()).collect();
            let Ok(names) = names(engines.iter()) else { panic!("{PATH} cannot be read") };
            names
        };
        let reference = of(&["reference"]);
        let winch = of(&["reference", "wasmtime@38.0.0+winch"]);
        assert!(!reference.is_empty() && reference.iter().all(|name| winch.contains(name)), "{reference:?}");
        let is_there = |names: &[String], name: &str| names.iter().any(|other| other == name);
        assert!(is_there(&winch, "winch-without-host-references") && is_there(&winch, "wasmtime-one-way-of-each"));
        assert!(!is_there(&winch, "pulley-without-threads") && !is_there(&reference, "wasmtime-one-way-of-each"));
        // Properties are no part of a run.
        assert!(!winch.iter().any(|name| name.starts_with("properties-")), "{winch:?}");
    }
}
