//! The folder of a finding: everything that a person or a better judge needs, and nothing that needs us.
//!
//! ```text
//! report.md            what, where, who, and the command that replays it
//! case.json            the test case, whole
//! MODULE.wasm, .wat    its modules
//! case.wast            the case as a script that any runner of the standard's suite understands
//! observations.json    what every engine did, in full capture
//! finding.json         signature and verdict
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use wassay_model::{Finding, Observation, TestCase};

use crate::folder::{FolderError, writing};

/// What is kept of a case on which engines differ.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) case: TestCase,
    pub(crate) observations: Vec<Observation>,
    /// What the judge said, in a sentence.
    pub(crate) explanation: String,
}

impl Evidence {
    /// Writes the folder. It appears whole or not at all, and replaces one of the same name: the same
    /// case, done again after a kill.
    pub(crate) fn write(&self, target: &Path, shown: &str, finding: Option<&Finding>) -> Result<(), FolderError> {
        let part = target.with_extension("part");
        // What a kill left half-written.
        if part.exists() {
            fs::remove_dir_all(&part).map_err(writing(&part))?;
        }
        fs::create_dir_all(&part).map_err(writing(&part))?;
        for (name, content) in self.files(shown, finding) {
            let path = part.join(name);
            fs::write(&path, content).map_err(writing(&path))?;
        }
        if target.exists() {
            fs::remove_dir_all(target).map_err(writing(target))?;
        }
        fs::rename(&part, target).map_err(writing(target))
    }

    fn files(&self, shown: &str, finding: Option<&Finding>) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for module in &self.case.modules {
            files.push((format!("{}.wasm", module.name), module.bytes.0.clone()));
            // A module that does not even decode has no text.
            if let Ok(text) = wasmprinter::print_bytes(&module.bytes.0) {
                files.push((format!("{}.wat", module.name), text.into_bytes()));
            }
        }
        let expectation = self
            .observations
            .iter()
            .find(|observation| {
                finding.and_then(|finding| finding.signature.against.as_ref()).map(|party| &party.engine)
                    == Some(&observation.engine.name)
            })
            .or(self.observations.first());
        if let Some(expectation) = expectation {
            files.push(("case.wast".to_owned(), wassay_runner::write_wast(&self.case, expectation).into_bytes()));
        }
        let mut json = |name: &str, value: Result<Vec<u8>, serde_json::Error>| {
            files.extend(value.ok().map(|mut text| {
                text.push(b'\n');
                (name.to_owned(), text)
            }));
        };
        json("case.json", serde_json::to_vec_pretty(&self.case));
        json("observations.json", serde_json::to_vec_pretty(&self.observations));
        if let Some(finding) = finding {
            json("finding.json", serde_json::to_vec_pretty(finding));
        }
        files.push(("report.md".to_owned(), self.report(shown, finding).into_bytes()));
        files
    }

    fn report(&self, shown: &str, finding: Option<&Finding>) -> String {
        let mut text = format!("# {}\n\n{}\n\n", self.case.id(), self.explanation);
        if let Some(finding) = finding {
            let (times, runs) = finding.confirmed;
            let _ = writeln!(text, "Seen in {times} of {runs} runs of this case.\n");
            if finding.verdict.differences.len() > 1 {
                let _ = writeln!(text, "## Differences\n");
                for difference in &finding.verdict.differences {
                    let _ = writeln!(
                        text,
                        "- {}: {} {}; {} {} ({})",
                        difference.site,
                        difference.against,
                        difference.expected,
                        difference.engine,
                        difference.actual,
                        difference.ruling
                    );
                }
                text.push('\n');
            }
        }
        let _ = writeln!(text, "## Engines\n");
        for observation in &self.observations {
            let _ = writeln!(text, "- {}: {}", observation.engine, observation.ending);
        }
        let engines: Vec<String> =
            self.observations.iter().map(|observation| observation.engine.name.to_string()).collect();
        let _ = writeln!(
            text,
            "\n## Replay\n\nIn the folder of the run:\n\n    wassay run {shown}/case.json --engines {}\n\n\
             `case.wast` is the same case as a script for any runner of the standard's suite.",
            engines.join(",")
        );
        text
    }
}
