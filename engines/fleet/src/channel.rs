//! Package managers: one engine package by its name into one folder, and what came of it.
//!
//! Where packages come from is the package managers' own configuration. Install scripts are not run where
//! they can be kept from running.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cache;
use crate::error::FleetError;
use crate::fleet::{Progress, Search};
use crate::run::{run, typed};
use crate::version::Version;

/// Where a family comes from.
pub(crate) enum Channel {
    /// A package of npm, into `node_modules`.
    Npm(&'static str),
    /// A wheel of pip, into `site`.
    Pip(&'static str),
    /// Sources from pip, which it compiles into `site`: for packages without wheels.
    PipSource(&'static str),
    /// A crate of cargo, built into a worker program of ours, `worker`.
    Cargo(Crate),
    /// A package of the Debian family of systems, for the whole machine.
    Apt(&'static str),
}

/// A crate and the worker that hosts it.
pub(crate) struct Crate {
    /// The crate's name.
    pub(crate) package: &'static str,
    /// The worker's sources by path. One that ends in `.in` is written without that ending, and with `@VERSION@`
    /// and `@FEATURES@` in it replaced.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// The folder among them that is built.
    pub(crate) folder: &'static str,
    /// The program that comes of it.
    pub(crate) program: &'static str,
    /// The crate's features that a release is built with: what stands between the brackets of a list.
    pub(crate) features: fn(&Version) -> &'static str,
    /// The worker's own features.
    pub(crate) worker_features: &'static str,
}

/// What a package manager brought.
pub(crate) struct Fetched {
    pub(crate) version: String,
    /// As the package manager knows it, with the name of the algorithm in front.
    pub(crate) checksum: Option<String>,
    pub(crate) command: String,
}

impl Channel {
    /// The package's name.
    pub(crate) const fn package(&self) -> &'static str {
        match self {
            Self::Npm(package) | Self::Pip(package) | Self::PipSource(package) | Self::Apt(package) => package,
            Self::Cargo(of) => of.package,
        }
    }

    /// Brings a release into a folder; the newest, or the newest of those that the version covers.
    pub(crate) fn fetch(
        &self,
        asked: &str,
        version: Option<&Version>,
        into: &Path,
        search: &Search,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Fetched, FleetError> {
        match self {
            Self::Npm(package) => npm(package, asked, version, into, search, progress),
            Self::Pip(package) => pip(package, "--only-binary=:all:", asked, version, into, search, progress),
            Self::PipSource(package) => pip(package, "--no-deps", asked, version, into, search, progress),
            Self::Cargo(of) => of.build(asked, version, into, search, progress),
            Self::Apt(package) => apt(package, asked, search, progress),
        }
    }
}

/// The command that a package manager is started with.
pub(crate) fn command(
    program: &'static str,
    mend: &'static str,
    asked: &str,
    search: &Search,
) -> Result<Command, FleetError> {
    let path = search.program(program).ok_or_else(|| FleetError::Needs { name: asked.to_owned(), program, mend })?;
    let mut command = Command::new(path);
    search.apply(&mut command);
    Ok(command)
}

/// Runs a package manager to its good end. Returns the command line.
pub(crate) fn succeed(
    command: Command,
    hint: impl Fn(&str) -> String,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<String, FleetError> {
    let line = typed(&command);
    progress(Progress::Running { command: &line });
    let ended = run(command, None, &mut |line| progress(Progress::Says { line }))
        .map_err(|source| FleetError::Start { command: line.clone(), source })?;
    if ended.succeeded() {
        return Ok(line);
    }
    let tail = ended.tail();
    Err(FleetError::Failed { hint: hint(&tail), how: ended.how(), tail, command: line })
}

pub(crate) fn no_hint(_: &str) -> String {
    String::new()
}

/// Reads a file that a package manager wrote.
fn report<T: DeserializeOwned>(path: &Path, command: &str) -> Result<T, FleetError> {
    let unfit = |missing| FleetError::Unfit { command: command.to_owned(), missing };
    let text = fs::read(path).map_err(|error| unfit(format!("{} cannot be read: {error}", path.display())))?;
    serde_json::from_slice(&text).map_err(|error| unfit(format!("{} is not understood: {error}", path.display())))
}

fn npm(
    package: &str,
    asked: &str,
    version: Option<&Version>,
    into: &Path,
    search: &Search,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Fetched, FleetError> {
    #[derive(Deserialize)]
    struct LockFile {
        packages: std::collections::BTreeMap<String, Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        version: Option<String>,
        integrity: Option<String>,
    }

    let mut command = command("npm", "install Node.js, which brings it", asked, search)?;
    let wanted = format!("{package}@{}", version.map_or("latest", Version::text));
    command
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--package-lock", "--prefix"])
        .arg(into)
        .arg(wanted)
        .current_dir(into);
    let command = succeed(command, no_hint, progress)?;
    let path = into.join("package-lock.json");
    let lock: LockFile = report(&path, &command)?;
    let entry = lock.packages.get(&format!("node_modules/{package}"));
    match entry.and_then(|entry| Some((entry.version.clone()?, entry.integrity.clone()))) {
        Some((version, checksum)) => Ok(Fetched { version, checksum, command }),
        None => Err(FleetError::Unfit { missing: format!("{} does not name {package}", path.display()), command }),
    }
}

fn pip(
    package: &str,
    form: &str,
    asked: &str,
    version: Option<&Version>,
    into: &Path,
    search: &Search,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Fetched, FleetError> {
    #[derive(Deserialize)]
    struct Report {
        install: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        metadata: Metadata,
        download_info: DownloadInfo,
    }
    #[derive(Deserialize)]
    struct Metadata {
        name: String,
        version: String,
    }
    #[derive(Deserialize)]
    struct DownloadInfo {
        archive_info: Option<ArchiveInfo>,
    }
    #[derive(Deserialize)]
    struct ArchiveInfo {
        #[serde(default)]
        hashes: std::collections::BTreeMap<String, String>,
    }

    let wanted = match version {
        None => package.to_owned(),
        Some(version) if version.is_whole() => format!("{package}=={}", version.text()),
        Some(version) => format!("{package}=={}.*", version.text()),
    };
    let path = into.join("report.json");
    let mut command = command("python3", "install Python 3 with pip", asked, search)?;
    command
        .args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check", form, "--report"])
        .arg(&path)
        .arg("--target")
        .arg(into.join("site"))
        .arg(wanted)
        .current_dir(into);
    let hint = |tail: &str| {
        let cause = [
            ("no such option: --report", "; pip 22.2 or newer is needed"),
            ("No module named pip", "; install pip for python3"),
        ];
        let found = cause.iter().find(|(words, _)| tail.contains(words));
        found.map_or(String::new(), |(_, hint)| (*hint).to_owned())
    };
    let command = succeed(command, hint, progress)?;
    let report: Report = report(&path, &command)?;
    let named = |item: &Item| item.metadata.name.eq_ignore_ascii_case(package);
    match report.install.into_iter().find(named) {
        Some(Item { metadata, download_info }) => Ok(Fetched {
            version: metadata.version,
            checksum: download_info
                .archive_info
                .and_then(|info| info.hashes.into_iter().next())
                .map(|(algorithm, hash)| format!("{algorithm}:{hash}")),
            command,
        }),
        None => Err(FleetError::Unfit { missing: format!("{} does not name {package}", path.display()), command }),
    }
}

/// A package in a lock file of cargo.
#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Crate {
    /// Builds the worker. Sources and lock file are kept, what else the compiler made is not.
    fn build(
        &self,
        asked: &str,
        version: Option<&Version>,
        into: &Path,
        search: &Search,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Fetched, FleetError> {
        let release = self.resolve(asked, version, into, search, progress)?;
        let features = Version::parse(&release.version).map_or("", |version| (self.features)(&version));
        let fill = |text: &str| text.replace("@VERSION@", &release.version).replace("@FEATURES@", features);
        let files: Vec<(&str, String)> = self
            .files
            .iter()
            .map(|(path, text)| match path.strip_suffix(".in") {
                Some(path) => (path, fill(text)),
                None => (*path, (*text).to_owned()),
            })
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let sources = into.join("source");
        cache::write_files(&sources, &files)?;
        let target = into.join("target");
        let mut command = cargo(asked, search)?;
        command.args(["build", "--release"]);
        if !self.worker_features.is_empty() {
            command.args(["--features", self.worker_features]);
        }
        command.arg("--target-dir").arg(&target).arg("--manifest-path");
        command.arg(sources.join(self.folder).join("Cargo.toml")).current_dir(into);
        let command = succeed(command, no_hint, progress)?;
        let built = target.join("release").join(self.program);
        fs::rename(&built, into.join("worker")).map_err(|error| FleetError::Unfit {
            command: command.clone(),
            missing: format!("{} is not there: {error}", built.display()),
        })?;
        remove(&target)?;
        let checksum = release.checksum.map(|checksum| format!("sha256:{checksum}"));
        Ok(Fetched { version: release.version, checksum, command })
    }

    /// The release that cargo would take: sources name it, so it must be known before they are written.
    fn resolve(
        &self,
        asked: &str,
        version: Option<&Version>,
        into: &Path,
        search: &Search,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Locked, FleetError> {
        #[derive(Deserialize)]
        struct LockFile {
            package: Vec<Locked>,
        }

        let requirement = version.map_or_else(|| "*".to_owned(), |version| format!("={}", version.text()));
        let manifest = format!(
            "[package]\nname = \"resolve\"\nedition = \"2021\"\n[workspace]\n[dependencies]\n{} = \"{requirement}\"\n",
            self.package
        );
        let folder = into.join("resolve");
        cache::write_files(&folder, &[("Cargo.toml", &manifest), ("src/lib.rs", "")])?;
        let mut command = cargo(asked, search)?;
        command.args(["generate-lockfile", "--manifest-path"]).arg(folder.join("Cargo.toml")).current_dir(&folder);
        let command = succeed(command, no_hint, progress)?;
        let path = folder.join("Cargo.lock");
        let unfit = |missing| FleetError::Unfit { command: command.clone(), missing };
        let text =
            fs::read_to_string(&path).map_err(|error| unfit(format!("{} cannot be read: {error}", path.display())))?;
        let lock: LockFile =
            toml::from_str(&text).map_err(|error| unfit(format!("{} is not understood: {error}", path.display())))?;
        let release = lock.package.into_iter().find(|package| package.name == self.package);
        let release = release.ok_or_else(|| unfit(format!("{} does not name {}", path.display(), self.package)))?;
        remove(&folder)?;
        Ok(release)
    }
}

pub(crate) fn cargo(asked: &str, search: &Search) -> Result<Command, FleetError> {
    let mut command = command("cargo", "install Rust", asked, search)?;
    // Where this program itself was started by cargo, these are meant for its own build.
    for name in ["RUSTUP_TOOLCHAIN", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET"] {
        command.env_remove(name);
    }
    Ok(command)
}

fn remove(folder: &Path) -> Result<(), FleetError> {
    fs::remove_dir_all(folder).map_err(|source| FleetError::Cache { action: "remove", path: folder.to_owned(), source })
}

fn apt(
    package: &str,
    asked: &str,
    search: &Search,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Fetched, FleetError> {
    let mut command =
        command("apt-get", "this engine comes from the packages of Debian and its family only", asked, search)?;
    command.args(["install", "--yes", "--no-install-recommends", package]).env("DEBIAN_FRONTEND", "noninteractive");
    let hint = |_: &str| match rustix::process::geteuid().is_root() {
        true => "; where its lists are old, `apt-get update` renews them".to_owned(),
        false => format!("; only root may: sudo apt-get install {package}"),
    };
    let command = succeed(command, hint, progress)?;
    let version = system_version(package, search).ok_or_else(|| FleetError::Unfit {
        command: command.clone(),
        missing: format!("the system does not list {package} as installed"),
    })?;
    Ok(Fetched { version, checksum: None, command })
}

/// The version of an installed package of the system.
pub(crate) fn system_version(package: &str, search: &Search) -> Option<String> {
    let mut command = Command::new(search.program("dpkg-query")?);
    search.apply(&mut command);
    command.args(["--show", "--showformat=${db:Status-Status} ${Version}\\n", package]);
    let mut found = None;
    let ended = run(command, Some(std::time::Duration::from_secs(10)), &mut |line| {
        if let Some(version) = line.strip_prefix("installed ") {
            found = Some(version.to_owned());
        }
    });
    ended.is_ok_and(|ended| ended.succeeded()).then_some(found).flatten()
}

/// The folder of python packages in a release.
pub(crate) fn site(folder: &Path) -> PathBuf {
    folder.join("site")
}

/// The variable that leads python to it.
pub(crate) fn python_path(folder: &Path) -> (std::ffi::OsString, std::ffi::OsString) {
    (OsStr::new("PYTHONPATH").to_owned(), site(folder).into_os_string())
}
