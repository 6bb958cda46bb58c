//! What is known beforehand about assertions: failures of an engine, by version, and assertions of older suites
//! that a later standard has overtaken. The files are in `spec-suite/expectations`.

use std::collections::{BTreeMap, HashMap};

use semver::{Version, VersionReq};
use serde::{Deserialize, Deserializer, de};
use wassay_model::EngineId;

/// The lists: file name and text.
const LISTS: &[(&str, &str)] = &[
    ("binaryen.toml", include_str!("../../expectations/binaryen.toml")),
    ("bun.toml", include_str!("../../expectations/bun.toml")),
    ("deno.toml", include_str!("../../expectations/deno.toml")),
    ("dlr.toml", include_str!("../../expectations/dlr.toml")),
    ("firefox.toml", include_str!("../../expectations/firefox.toml")),
    ("js102.toml", include_str!("../../expectations/js102.toml")),
    ("jsc.toml", include_str!("../../expectations/jsc.toml")),
    ("node.toml", include_str!("../../expectations/node.toml")),
    ("pywasm.toml", include_str!("../../expectations/pywasm.toml")),
    ("stitch.toml", include_str!("../../expectations/stitch.toml")),
    ("tinywasm.toml", include_str!("../../expectations/tinywasm.toml")),
    ("wabt.toml", include_str!("../../expectations/wabt.toml")),
    ("wamr.toml", include_str!("../../expectations/wamr.toml")),
    ("wasm3.toml", include_str!("../../expectations/wasm3.toml")),
    ("wasmi.toml", include_str!("../../expectations/wasmi.toml")),
    ("wasmtime.toml", include_str!("../../expectations/wasmtime.toml")),
    ("wasmtime+pulley.toml", include_str!("../../expectations/wasmtime+pulley.toml")),
    ("wasmtime+winch.toml", include_str!("../../expectations/wasmtime+winch.toml")),
];
const OVERTAKEN: (&str, &str) = ("overtaken.toml", include_str!("../../expectations/overtaken.toml"));

/// A list that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct ListError {
    /// Which list.
    pub file: String,
    /// Where and what.
    pub message: String,
}

/// All that is known of a suite's assertions.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    engines: Vec<EngineList>,
    overtaken: Lines,
}

/// Reasons by assertion.
#[derive(Clone, Debug, Default)]
struct Lines {
    by_line: HashMap<String, HashMap<u32, usize>>,
    by_id: HashMap<String, usize>,
    /// Reasons, and whether they hold only sometimes.
    reasons: Vec<(String, bool)>,
}

/// What is known of one engine.
#[derive(Clone, Debug, Default)]
pub struct Known {
    failures: Lines,
    /// Reasons by the name of a command.
    kinds: BTreeMap<String, String>,
    overtaken: Lines,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EngineList {
    /// The engine's name and options, without a version.
    engine: String,
    /// The same engine with options that change nothing in the list.
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    known: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The versions that fail.
    #[serde(deserialize_with = "version_requirement")]
    versions: VersionReq,
    /// Why.
    reason: String,
    /// The instruction set that the failure is particular to, as [`std::env::consts::ARCH`] has it; empty for all.
    #[serde(default)]
    machine: String,
    /// Whether the assertions pass at other times, since it depends on which of an engine's compilers gets to run.
    #[serde(default)]
    sometimes: bool,
    /// Where the engine's people speak of it.
    #[serde(default)]
    link: String,
    /// The assertions, by file and line.
    #[serde(default)]
    lines: BTreeMap<String, Vec<u32>>,
    /// The assertions, by identifier.
    #[serde(default)]
    ids: Vec<String>,
    /// Commands that fail wherever they stand, as `assert_invalid` does on an engine that does not validate. Those
    /// that pass all the same are no surprise.
    #[serde(default)]
    kinds: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OvertakenList {
    overtaken: Vec<OvertakenEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OvertakenEntry {
    reason: String,
    lines: BTreeMap<String, Vec<u32>>,
}

impl Expectations {
    /// The lists of this repository.
    ///
    /// # Errors
    ///
    /// [`ListError`], where one of them is malformed, which a test excludes.
    pub fn of_the_pinned_suite() -> Result<Self, ListError> {
        let failed = |file: &str, error: toml::de::Error| ListError {
            file: format!("spec-suite/expectations/{file}"),
            message: error.to_string(),
        };
        let mut engines = Vec::new();
        for (file, text) in LISTS {
            engines.push(toml::from_str(text).map_err(|error| failed(file, error))?);
        }
        let list: OvertakenList = toml::from_str(OVERTAKEN.1).map_err(|error| failed(OVERTAKEN.0, error))?;
        let mut overtaken = Lines::default();
        for entry in list.overtaken {
            overtaken.add((entry.reason, false), entry.lines, Vec::new());
        }
        Ok(Self { engines, overtaken })
    }

    /// What is known of an engine in the version that it reports.
    #[must_use]
    pub fn of(&self, engine: &EngineId) -> Known {
        let mut name = engine.name.clone();
        name.version = None;
        let name = name.to_string();
        let version = lenient(&engine.version);
        let mut failures = Lines::default();
        let mut kinds = BTreeMap::new();
        for list in self.engines.iter().filter(|list| list.engine == name || list.also.contains(&name)) {
            let holds = |entry: &&Entry| {
                let machine = entry.machine.is_empty() || entry.machine == std::env::consts::ARCH;
                machine && entry.versions.matches(&version)
            };
            for entry in list.known.iter().filter(holds) {
                let link = if entry.link.is_empty() { String::new() } else { format!(" ({})", entry.link) };
                let reason = (format!("{}{link}", entry.reason), entry.sometimes);
                kinds.extend(entry.kinds.iter().map(|kind| (kind.clone(), reason.0.clone())));
                failures.add(reason, entry.lines.clone(), entry.ids.clone());
            }
        }
        Known { failures, kinds, overtaken: self.overtaken.clone() }
    }

    /// Every engine that has a list, as the list names it.
    pub fn engines(&self) -> impl Iterator<Item = &str> {
        self.engines.iter().map(|list| list.engine.as_str())
    }

    /// Every place that any list names: file and line, or an identifier.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let entries = self.engines.iter().flat_map(|list| &list.known);
        let by_line = |(file, lines): (&String, &Vec<u32>)| {
            lines.iter().map(|line| Place::Line(file.clone(), *line)).collect::<Vec<_>>()
        };
        let mut places: Vec<Place> = Vec::new();
        for entry in entries {
            places.extend(entry.lines.iter().flat_map(by_line));
            places.extend(entry.ids.iter().cloned().map(Place::Id));
        }
        for (file, lines) in &self.overtaken.by_line {
            places.extend(lines.keys().map(|line| Place::Line(file.clone(), *line)));
        }
        places
    }
}

/// What a list names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The assertions on a line of a file.
    Line(String, u32),
    /// The assertion of this identifier.
    Id(String),
}

impl Known {
    /// Why the assertion is known to fail on the engine, if it is.
    #[must_use]
    pub fn failure(&self, file: &str, line: u32, id: &str) -> Option<&str> {
        self.failures.find(file, line, id).map(|(reason, _)| reason)
    }

    /// Why commands of this name are known to fail on the engine wherever they stand, if they are.
    #[must_use]
    pub fn failure_of_kind(&self, kind: &str) -> Option<&str> {
        self.kinds.get(kind).map(String::as_str)
    }

    /// Whether an assertion that is known to fail passes at other times, so that a pass of it says nothing.
    #[must_use]
    pub fn is_only_sometimes(&self, file: &str, line: u32, id: &str) -> bool {
        self.failures.find(file, line, id).is_some_and(|(_, sometimes)| sometimes)
    }

    /// Why the assertion holds no longer under the standard of today, if so.
    #[must_use]
    pub fn overtaken(&self, file: &str, line: u32) -> Option<&str> {
        self.overtaken.find(file, line, "").map(|(reason, _)| reason)
    }
}

impl Lines {
    fn add(&mut self, reason: (String, bool), lines: BTreeMap<String, Vec<u32>>, ids: Vec<String>) {
        let number = self.reasons.len();
        self.reasons.push(reason);
        for (file, lines) in lines {
            self.by_line.entry(file).or_default().extend(lines.into_iter().map(|line| (line, number)));
        }
        self.by_id.extend(ids.into_iter().map(|id| (id, number)));
    }

    fn find(&self, file: &str, line: u32, id: &str) -> Option<(&str, bool)> {
        let by_line = || self.by_line.get(file)?.get(&line);
        let number = self.by_id.get(id).or_else(by_line)?;
        self.reasons.get(*number).map(|(reason, sometimes)| (reason.as_str(), *sometimes))
    }
}

/// Without the library's own feature for this: enabling it would build every engine once more.
fn version_requirement<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VersionReq, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error| de::Error::custom(format!("`{text}` is no requirement on versions: {error}")))
}

/// The version that a text begins with; what is no number counts as zero.
fn lenient(text: &str) -> Version {
    if let Ok(version) = Version::parse(text) {
        return version;
    }
    let mut numbers = text
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    Version::new(next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wassay_model::EngineName;

    fn id(name: &str, version: &str) -> EngineId {
        EngineId { name: name.parse().unwrap(), version: version.to_owned() }
    }

    fn list(text: &str) -> Expectations {
        Expectations { engines: vec![toml::from_str(text).unwrap()], overtaken: Lines::default() }
    }

    #[test]
    fn the_lists_are_well_formed_and_the_reference_has_none() {
        let all = Expectations::of_the_pinned_suite().unwrap();
        for name in all.engines() {
            let name: EngineName = name.parse().unwrap();
            assert!(name.version.is_none() && name.name != "reference", "{name}");
        }
        for (file, text) in LISTS {
            let list: EngineList = toml::from_str(text).unwrap();
            assert_eq!(format!("{}.toml", list.engine), **file);
            let is_same = |also: &String| also.starts_with(&format!("{}+", list.engine));
            assert!(list.also.iter().all(is_same), "{file}: {:?}", list.also);
            for entry in list.known {
                assert!(entry.reason.len() > 10, "{file}: {:?}", entry.reason);
                let names = ["assert_invalid", "assert_malformed", "assert_unlinkable"];
                assert!(entry.kinds.iter().all(|kind| names.contains(&&**kind)), "{file}: {:?}", entry.kinds);
            }
        }
    }

    #[test]
    fn an_entry_holds_for_its_engine_versions_and_assertions_only() {
        let all = list(
            "engine = \"made-up+fast\"\n[[known]]\nversions = \">=2, <3\"\nreason = \"it is\"\nlink = \"there\"\n\
             lines.\"a/b.wast\" = [7]\nids = [\"c.wast:1:0\"]\n",
        );
        let known = |name: &str, version: &str| all.of(&id(name, version));
        let fitting = known("made-up@2.1+fast", "2.1.0");
        assert_eq!(fitting.failure("a/b.wast", 7, ""), Some("it is (there)"));
        assert_eq!(fitting.failure("c.wast", 9, "c.wast:1:0"), Some("it is (there)"));
        assert_eq!(fitting.failure("a/b.wast", 8, ""), None);
        assert_eq!(known("made-up+fast", "3.0.0").failure("a/b.wast", 7, ""), None);
        assert_eq!(known("made-up", "2.1.0").failure("a/b.wast", 7, ""), None);
    }

    #[test]
    fn an_entry_for_one_instruction_set_holds_there_only() {
        let entry = |machine: &str| {
            let text = format!(
                "engine = \"made-up\"\n[[known]]\nversions = \"*\"\nreason = \"it is\"\nmachine = \"{machine}\"\n\
                 lines.\"a.wast\" = [7]\n"
            );
            list(&text).of(&id("made-up", "1.0.0")).failure("a.wast", 7, "").is_some()
        };
        assert!(entry(std::env::consts::ARCH) && !entry("another"));
    }

    #[test]
    fn a_listed_failure_is_known_and_a_listed_pass_is_unexpected() {
        use crate::{Answer, SourceFile, SuiteScript};
        use wassay_model::suite::SuiteOrigin;
        use wassay_model::{Ending, HostCalls, Observation, Outcome, Step, Timing, Value};

        let text = "(module (func (export \"f\") (result i32) (i32.const 1)))\n\
                    (assert_return (invoke \"f\") (i32.const 1))\n(assert_return (invoke \"f\") (i32.const 1))\n\
                    (assert_return (invoke \"f\") (i32.const 1))\n(assert_return (invoke \"f\") (i32.const 1))\n\
                    (assert_return (invoke \"f\") (i32.const 1))\n(assert_return (invoke \"f\") (i32.const 1))\n";
        let script = SuiteScript::read(&SourceFile {
            path: "a.wast".to_owned(),
            proposal: "core".to_owned(),
            origin: SuiteOrigin::Official,
            folder: None,
            text: Ok(text.into()),
            skipped: None,
        });
        let mut all = list(
            "engine = \"made-up\"\n[[known]]\nversions = \"*\"\nreason = \"it is wrong\"\nlines.\"a.wast\" = [3, 4]\n\
             [[known]]\nversions = \"*\"\nreason = \"at times\"\nsometimes = true\nlines.\"a.wast\" = [6, 7]\n",
        );
        all.overtaken.add(
            ("it was so".to_owned(), false),
            BTreeMap::from([("a.wast".to_owned(), vec![5])]),
            Vec::new(),
        );
        let engine = id("made-up", "1.0.0");
        let returned = |value| Outcome::Returned(vec![Value::I32(value)]);
        let outcomes =
            [Outcome::Returned(vec![]), returned(2), returned(2), returned(1), returned(2), returned(2), returned(1)];
        let steps = outcomes
            .map(|outcome| Step { outcome, host_calls: HostCalls::default(), state: None })
            .into_iter()
            .collect();
        let observation = Observation {
            engine: engine.clone(),
            steps,
            ending: Ending::Finished,
            open: vec![],
            words: vec![],
            instructions: vec![],
            timing: Timing::default(),
        };
        let result = script.result(&engine.name, Answer::Observed(&observation), &all.of(&engine));
        assert_eq!(result.states, "PFKXSKP");
        let reasons: Vec<&str> = result.details.iter().map(|detail| detail.reason.as_str()).collect();
        assert_eq!(
            reasons,
            ["", "it is wrong", "it is listed as failing: it is wrong", "overtaken: it was so", "at times"]
        );
    }

    #[test]
    fn a_command_that_is_known_to_fail_wherever_it_stands_may_pass() {
        let all = list(
            "engine = \"made-up\"\n[[known]]\nversions = \"=1.0.0\"\nreason = \"it does not validate\"\n\
             kinds = [\"assert_invalid\"]\n",
        );
        let known = all.of(&id("made-up", "1.0.0"));
        assert_eq!(known.failure_of_kind("assert_invalid"), Some("it does not validate"));
        assert_eq!(known.failure_of_kind("assert_return"), None);
        assert_eq!(known.failure("a.wast", 1, ""), None, "so that a pass is no surprise");
        assert_eq!(all.of(&id("made-up", "1.0.1")).failure_of_kind("assert_invalid"), None);
    }

    #[test]
    fn versions_are_read_from_whatever_engines_say() {
        for (text, version) in [
            ("48.0.8", (48, 0, 8)),
            ("26.1.0 (V8 14.2)", (26, 1, 0)),
            ("2.50", (2, 50, 0)),
            ("JavaScript-C102.15.0", (102, 15, 0)),
            ("", (0, 0, 0)),
        ] {
            let (major, minor, patch) = version;
            assert_eq!(lenient(text), Version::new(major, minor, patch), "{text}");
        }
    }
}
