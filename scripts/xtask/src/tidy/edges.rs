//! The rule `edges`: who may know whom. This table is the design; a new edge is a change of the design.
//!
//! What the table keeps out is the point of it:
//! - no engine sees the judge, and the judge sees no engine;
//! - the generator learns what engines can do from data, never by building one;
//! - triage sees neither engines nor judge;
//! - the reference shares no decoder or validator with an engine under test, or it could not see the
//!   mistakes that they have in common.

use super::file::Complaint;
use super::manifest::{Dependency, Kind, Package};

/// A crate of ours: `wassay-` and its name here.
struct Room {
    name: &'static str,
    /// The rooms that it may be built on. Every room but `xtask` may know `model`.
    knows: Knows,
    /// The rooms that only its tests may know, beside those.
    in_tests: &'static [&'static str],
    /// The crates of others that it may be built on. Its tests are free.
    takes: Takes,
}

enum Knows {
    All,
    Only(&'static [&'static str]),
    NotEvenModel,
}

enum Takes {
    /// Everything but engines and `anyhow`.
    Libraries,
    /// Everything but `anyhow`.
    LibrariesAndEngines,
    /// Everything but engines: here errors end, so they need no types.
    LibrariesAndAnyhow,
    Only(&'static [&'static str]),
}

use Knows::{All, NotEvenModel};
use Takes::{Libraries, LibrariesAndAnyhow, LibrariesAndEngines};

#[rustfmt::skip]
const ROOMS: &[Room] = &[
    Room { name: "model", knows: Knows::Only(&[]), in_tests: &[],
        takes: Takes::Only(&["base64", "postcard", "serde", "serde_bytes", "serde_json", "sha2", "thiserror"]) },
    // Reads modules only to see whether an instruction tells NaNs apart.
    Room { name: "judge", knows: Knows::Only(&[]), in_tests: &[],
        takes: Takes::Only(&["serde", "serde_json", "thiserror", "wasmparser"]) },

    Room { name: "reference", knows: Knows::Only(&[]), in_tests: &[],
        takes: Takes::Only(&["thiserror"]) },
    Room { name: "adapter", knows: Knows::Only(&[]), in_tests: &["reference"], takes: Libraries },
    // A benchmark loads generated modules.
    Room { name: "in-process", knows: Knows::Only(&["adapter", "reference"]), in_tests: &["generate"],
        takes: LibrariesAndEngines },
    // From cases to the three operations of the worker protocol, and back. Its tests carry them out on engines.
    Room { name: "driver", knows: Knows::Only(&["adapter"]), in_tests: &["generate", "in-process", "reference"],
        takes: Libraries },
    Room { name: "child", knows: Knows::Only(&["adapter", "driver"]), in_tests: &[], takes: Libraries },
    // Names engines of other programs as launches, and installs them.
    Room { name: "fleet", knows: Knows::Only(&["child"]), in_tests: &["adapter"], takes: Libraries },
    // Its tests speak to it as its parent does.
    Room { name: "worker", knows: Knows::Only(&["adapter", "in-process"]), in_tests: &["child"],
        takes: Libraries },

    // Its tests measure what engines make of its modules.
    Room { name: "generate", knows: Knows::Only(&[]), in_tests: &["adapter", "in-process", "judge", "reference"],
        takes: Libraries },
    // Runs cases again on the reference, with marks in the code, to see which cells of the language they execute.
    Room { name: "ledger", knows: Knows::Only(&["adapter", "generate", "in-process"]), in_tests: &[], takes: Libraries },
    // `triage` names the buckets; `runner` writes findings as `.wast`, the only writer of that format.
    Room { name: "campaign", knows: Knows::Only(&["adapter", "child", "generate", "judge", "ledger", "runner", "triage"]),
        in_tests: &["in-process", "reference", "worker"], takes: Libraries },
    Room { name: "triage", knows: Knows::Only(&[]), in_tests: &[],
        takes: Takes::Only(&["serde", "serde_json", "sha2", "thiserror", "wasm-encoder", "wasm-shrink", "wasmparser", "wasmprinter"]) },
    // What must hold of any bytes, of whichever room: `targets` is the glue that libFuzzer needs around it.
    Room { name: "properties", knows: All, in_tests: &[], takes: Libraries },
    Room { name: "targets", knows: All, in_tests: &[], takes: Libraries },

    // What its scripts expect comes from a model of its own; its tests hold them against engines.
    Room { name: "additions", knows: Knows::Only(&[]), in_tests: &["adapter", "in-process", "runner"],
        takes: Takes::Only(&[]) },
    Room { name: "runner", knows: Knows::Only(&["adapter", "judge"]), in_tests: &["in-process", "reference"],
        takes: Libraries },
    Room { name: "reports", knows: Knows::Only(&[]), in_tests: &[], takes: Libraries },
    Room { name: "cli", knows: All, in_tests: &[], takes: LibrariesAndAnyhow },
    Room { name: "xtask", knows: NotEvenModel, in_tests: &[], takes: LibrariesAndAnyhow },
];

/// Programs rather than libraries: nobody builds on them.
const ENDS: &[&str] = &["cli", "targets", "xtask"];

const ENGINES: &[&str] = &[
    "dlr-wasm-interpreter",
    "fizzy",
    "makepad-stitch",
    "mozjs_sys",
    "tinywasm",
    "wamr-sys",
    "wasm3",
    "wasmer",
    "wasmi",
    "wasmtime",
];

const TABLE: &str = "scripts/xtask/src/tidy/edges.rs";

pub(crate) fn check(package: &Package) -> Vec<Complaint> {
    let Some(room) = ROOMS.iter().find(|room| package.name.strip_prefix("wassay-") == Some(room.name)) else {
        let message = format!("`{}` is not in the table of rooms: add it to {TABLE}", package.name);
        return vec![Complaint::new(&package.manifest, 1, "edges", message)];
    };
    let complaint = |dependency| {
        let message = refusal(room, dependency)?;
        Some(Complaint::new(&package.manifest, package.line_of(dependency), "edges", message))
    };
    package.dependencies.iter().filter_map(complaint).collect()
}

/// Why a room may not have a dependency; nothing when it may.
fn refusal(room: &Room, dependency: &Dependency) -> Option<String> {
    let Dependency { name, kind, .. } = dependency;
    if let Some(other) = name.strip_prefix("wassay-") {
        if may_know(room, other) || *kind == Kind::Dev && room.in_tests.contains(&other) {
            return None;
        }
        let place = if *kind == Kind::Dev { "not even in tests" } else { "a new edge between rooms" };
        return Some(format!(
            "`{}` may not know `{other}` ({place}): pass what it needs as data from `model` or as a closure, or move \
             the code to a room that knows both; if the design does change, change the table in {TABLE} with a reason",
            room.name
        ));
    }
    if *kind == Kind::Dev {
        return None;
    }
    let name = name.as_str();
    let is_engine = ENGINES.contains(&name);
    let refused = match room.takes {
        Takes::Only(list) if list.contains(&name) => return None,
        Takes::Only(_) => "this room takes only the crates that the table names",
        LibrariesAndEngines | Libraries if name == "anyhow" => "`anyhow` is for programs: libraries have error types",
        Libraries | LibrariesAndAnyhow if is_engine => "only `in-process` links engines",
        Libraries | LibrariesAndAnyhow | LibrariesAndEngines => return None,
    };
    Some(format!("`{}` may not be built on `{name}`: {refused}; the table is in {TABLE}", room.name))
}

fn may_know(room: &Room, other: &str) -> bool {
    match room.knows {
        NotEvenModel => false,
        All => !ENDS.contains(&other),
        Knows::Only(list) => other == "model" || list.contains(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(room: &str, name: &str, kind: Kind) -> bool {
        let dependency = Dependency { name: name.into(), key: name.into(), kind };
        let package = Package { name: format!("wassay-{room}"), dependencies: vec![dependency], ..Package::default() };
        !check(&package).is_empty()
    }

    #[test]
    fn every_room_knows_the_nouns_but_xtask() {
        for room in ROOMS.iter().filter(|room| room.name != "model") {
            assert_eq!(refused(room.name, "wassay-model", Kind::Normal), room.name == "xtask", "{}", room.name);
        }
    }

    #[test]
    fn the_absences_of_the_design_are_refused() {
        for (room, other) in [
            ("judge", "reference"),
            ("judge", "adapter"),
            ("reference", "judge"),
            ("in-process", "judge"),
            ("adapter", "judge"),
            ("child", "worker"),
            ("generate", "in-process"),
            ("generate", "adapter"),
            ("triage", "judge"),
            ("triage", "adapter"),
            ("runner", "in-process"),
            ("campaign", "in-process"),
            ("reports", "judge"),
            ("model", "judge"),
            ("xtask", "cli"),
            ("cli", "xtask"),
        ] {
            assert!(refused(room, &format!("wassay-{other}"), Kind::Normal), "{room} -> {other}");
        }
    }

    #[test]
    fn the_edges_of_the_design_are_allowed() {
        for (room, other) in [
            ("in-process", "reference"),
            ("child", "adapter"),
            ("worker", "in-process"),
            ("campaign", "judge"),
            ("campaign", "triage"),
            ("runner", "judge"),
            ("cli", "campaign"),
            ("targets", "in-process"),
        ] {
            assert!(!refused(room, &format!("wassay-{other}"), Kind::Normal), "{room} -> {other}");
        }
    }

    #[test]
    fn tests_may_know_a_little_more_and_not_everything() {
        assert!(!refused("runner", "wassay-in-process", Kind::Dev));
        assert!(!refused("worker", "wassay-child", Kind::Dev));
        assert!(refused("worker", "wassay-child", Kind::Normal));
        assert!(refused("judge", "wassay-in-process", Kind::Dev));
    }

    #[test]
    fn the_reference_shares_no_front_end_with_its_subjects() {
        for name in ["wasmparser", "wast", "wasmi", "wasm-encoder", "serde"] {
            assert!(refused("reference", name, Kind::Normal), "{name}");
            assert!(!refused("reference", name, Kind::Dev), "{name}");
        }
        assert!(!refused("reference", "thiserror", Kind::Normal));
    }

    #[test]
    fn engines_are_linked_in_one_room() {
        assert!(!refused("in-process", "wasmtime", Kind::Normal));
        for room in ["judge", "generate", "campaign", "cli", "adapter", "worker"] {
            assert!(refused(room, "wasmtime", Kind::Normal), "{room}");
        }
    }

    #[test]
    fn anyhow_is_for_programs() {
        assert!(!refused("cli", "anyhow", Kind::Normal));
        assert!(!refused("xtask", "anyhow", Kind::Normal));
        assert!(refused("campaign", "anyhow", Kind::Normal));
        assert!(refused("in-process", "anyhow", Kind::Normal));
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        assert!(refused("new", "serde", Kind::Normal));
    }

    #[test]
    fn a_refusal_names_the_edge_the_line_and_the_way_out() {
        let package = Package {
            name: "wassay-judge".into(),
            manifest: "oracle/judge/Cargo.toml".into(),
            text: "[dependencies]\nwassay-adapter.workspace = true\n".into(),
            dependencies: vec![Dependency {
                name: "wassay-adapter".into(),
                key: "wassay-adapter".into(),
                kind: Kind::Normal,
            }],
            ..Package::default()
        };
        let [complaint] = check(&package).try_into().unwrap();
        let line = complaint.to_string();
        assert!(line.starts_with("oracle/judge/Cargo.toml:2: edges: `judge` may not know `adapter`"), "{line}");
        assert!(line.contains(TABLE), "{line}");
    }

    #[test]
    fn the_table_names_only_rooms_that_have_a_row() {
        let has_row = |name: &str| ROOMS.iter().any(|room| room.name == name);
        for room in ROOMS {
            let known = if let Knows::Only(list) = room.knows { list } else { &[] };
            for name in known.iter().chain(room.in_tests) {
                assert!(has_row(name), "{} -> {name}", room.name);
            }
        }
    }

    #[test]
    fn the_rooms_know_each_other_in_one_direction() {
        // Visiting a room's edges must never lead back to it.
        fn reaches(from: &Room, goal: &str, depth: usize) -> bool {
            let Knows::Only(list) = from.knows else { return false };
            assert!(depth < ROOMS.len(), "a circle through {}", from.name);
            let next = ROOMS.iter().filter(|room| list.contains(&room.name));
            next.into_iter().any(|room| room.name == goal || reaches(room, goal, depth + 1))
        }
        for room in ROOMS {
            assert!(!reaches(room, room.name, 0), "{} knows itself", room.name);
        }
    }
}
