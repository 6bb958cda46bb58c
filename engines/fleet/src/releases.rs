//! Which releases of a package there are, as package managers tell.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::channel::{Channel, Crate, cargo, command, no_hint, succeed};
use crate::error::FleetError;
use crate::fleet::{Progress, Search};
use crate::run::{run, typed};
use crate::version::Version;

impl Channel {
    /// Every release that can be had, the oldest first, without previews and without what was withdrawn.
    pub(crate) fn releases(
        &self,
        asked: &str,
        search: &Search,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Version>, FleetError> {
        let (texts, command) = match self {
            Self::Npm(package) => npm(package, asked, search, progress)?,
            Self::Pip(package) | Self::PipSource(package) => pip(package, asked, search, progress)?,
            Self::Cargo(of) => of.releases(asked, search, progress)?,
            Self::Apt(package) => {
                return Err(FleetError::OneRelease { name: asked.to_owned(), package });
            }
        };
        let is_release = |version: &Version| version.is_numbers_only();
        let mut releases: Vec<Version> =
            texts.iter().filter_map(|text| Version::parse(text).ok()).filter(is_release).collect();
        releases.sort();
        releases.dedup();
        match releases.is_empty() {
            true => Err(FleetError::Unfit { command, missing: "no release is in what it wrote".to_owned() }),
            false => Ok(releases),
        }
    }
}

/// What a program wrote to its streams, line by line.
fn lines(
    mut command: std::process::Command,
    search: &Search,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(Vec<String>, String), FleetError> {
    search.apply(&mut command);
    let line = typed(&command);
    progress(Progress::Running { command: &line });
    let mut all = Vec::new();
    let ended = run(command, None, &mut |text| all.push(text.to_owned()))
        .map_err(|source| FleetError::Start { command: line.clone(), source })?;
    if ended.succeeded() {
        return Ok((all, line));
    }
    Err(FleetError::Failed { hint: String::new(), how: ended.how(), tail: ended.tail(), command: line })
}

fn npm(
    package: &str,
    asked: &str,
    search: &Search,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(Vec<String>, String), FleetError> {
    /// A package with one release has a text in place of a list.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Versions {
        One(String),
        Many(Vec<String>),
    }
    let mut view = command("npm", "install Node.js, which brings it", asked, search)?;
    view.args(["view", package, "versions", "--json"]);
    let (lines, command) = lines(view, search, progress)?;
    match serde_json::from_str(&lines.join("\n")) {
        Ok(Versions::One(version)) => Ok((vec![version], command)),
        Ok(Versions::Many(versions)) => Ok((versions, command)),
        Err(error) => Err(FleetError::Unfit { command, missing: format!("its list is not understood: {error}") }),
    }
}

fn pip(
    package: &str,
    asked: &str,
    search: &Search,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(Vec<String>, String), FleetError> {
    let mut index = command("python3", "install Python 3 with pip", asked, search)?;
    index.args(["-m", "pip", "index", "versions", "--disable-pip-version-check", package]);
    let (lines, command) = lines(index, search, progress)?;
    let listed = lines.iter().find_map(|line| line.trim().strip_prefix("Available versions:"));
    match listed {
        Some(listed) => Ok((listed.split(',').map(|version| version.trim().to_owned()).collect(), command)),
        None => Err(FleetError::Unfit { command, missing: "it names no available versions".to_owned() }),
    }
}

impl Crate {
    /// Cargo has no command that lists releases; but whenever it resolves a package, it writes down what its
    /// registry says of it.
    fn releases(
        &self,
        asked: &str,
        search: &Search,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(Vec<String>, String), FleetError> {
        let folder = tempfile::tempdir().map_err(|source| FleetError::Cache {
            action: "make a folder in",
            path: env::temp_dir(),
            source,
        })?;
        let manifest = format!(
            "[package]\nname = \"resolve\"\nedition = \"2021\"\n[workspace]\n[dependencies]\n{} = \"*\"\n",
            self.package
        );
        crate::cache::write_files(folder.path(), &[("Cargo.toml", &manifest), ("src/lib.rs", "")])?;
        let mut resolve = cargo(asked, search)?;
        resolve.args(["generate-lockfile", "--manifest-path"]).arg(folder.path().join("Cargo.toml"));
        resolve.current_dir(folder.path());
        let command = succeed(resolve, no_hint, progress)?;
        let mut releases = BTreeSet::new();
        for file in index_files(self.package) {
            releases.extend(fs::read(&file).map(|bytes| of_index(&bytes, self.package)).unwrap_or_default());
        }
        Ok((releases.into_iter().collect(), command))
    }
}

/// Where cargo keeps what registries say of a package.
fn index_files(package: &str) -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let Some(home) = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"))) else {
        return Vec::new();
    };
    let registries = fs::read_dir(home.join("registry/index")).into_iter().flatten().flatten();
    let path = |registry: PathBuf| registry.join(".cache").join(sub_path(package));
    registries.map(|registry| path(registry.path())).filter(|path| path.is_file()).collect()
}

/// The path of a package in an index: short names have folders of their own.
fn sub_path(package: &str) -> PathBuf {
    match package.len() {
        1 => Path::new("1").join(package),
        2 => Path::new("2").join(package),
        3 => Path::new("3").join(&package[..1]).join(package),
        _ => Path::new(&package[..2]).join(&package[2..4]).join(package),
    }
}

/// The releases in such a file: JSON objects with zero bytes between them, and other things that are none.
fn of_index(bytes: &[u8], package: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Row {
        name: String,
        vers: String,
        #[serde(default)]
        yanked: bool,
    }
    let rows = bytes.split(|byte| *byte == 0).filter_map(|part| serde_json::from_slice::<Row>(part).ok());
    rows.filter(|row| row.name == package && !row.yanked).map(|row| row.vers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_file_lists_what_was_not_withdrawn() {
        let rows = [
            "\x03\x02\x00etag",
            "1.0.0",
            r#"{"name": "wasmi", "vers": "1.0.0", "deps": [], "yanked": false}"#,
            "1.0.1",
            r#"{"name": "wasmi", "vers": "1.0.1", "deps": [], "yanked": true}"#,
            "2.0.0-beta.1",
            r#"{"name": "wasmi", "vers": "2.0.0-beta.1", "deps": []}"#,
        ];
        assert_eq!(of_index(rows.join("\0").as_bytes(), "wasmi"), ["1.0.0", "2.0.0-beta.1"]);
        assert!(of_index(b"\xff\xff", "wasmi").is_empty());
    }

    #[test]
    fn a_package_has_its_place_in_an_index() {
        for (package, path) in [("a", "1/a"), ("ab", "2/ab"), ("abc", "3/a/abc"), ("wasmi", "wa/sm/wasmi")] {
            assert_eq!(sub_path(package), Path::new(path));
        }
    }
}
