//! The folder in which installed engines and written scripts lie.
//!
//! ```text
//! engines/FAMILY/VERSION/               one installed release, whole or not there at all
//! engines/FAMILY/VERSION/manifest.json  what it is and where it comes from
//! engines/FAMILY/.partial-XXXXXX/       an install under way, or one that was interrupted
//! engines/FAMILY/.lock                  held by who installs or removes
//! scripts/NAME-HASH/                    scripts of this program, for the engines that run them
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::error::FleetError;
use crate::fleet::{Installed, Progress};
use crate::table::Family;
use crate::version::Version;

/// The file that makes a folder an installed release.
const MANIFEST: &str = "manifest.json";
/// The version of that file's form.
const SCHEMA: &str = "wassay-installed/1";
/// How installs under way begin.
const PARTIAL: &str = ".partial-";
/// How long another install of the same family is waited for: a compiler may be at work there.
const BUSY_MAX: Duration = Duration::from_secs(900);
/// How often the lock is looked at.
const BUSY_TICK: Duration = Duration::from_millis(100);

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// A release that is installed but not whole, or an install that was interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// The engine, with its version where that is known.
    pub name: String,
    /// What is missing, and where.
    pub trouble: String,
    /// The command that mends it.
    pub command: String,
}

/// A folder of a family, as it is found.
pub(crate) enum Entry {
    Whole(Installed),
    Broken { version: Version, trouble: String },
}

/// What the manifest holds.
#[derive(Serialize, Deserialize)]
struct Manifest {
    schema: String,
    #[serde(flatten)]
    installed: Installed,
}

/// Held while a family's folder changes. Its end releases it, however the process ends.
pub(crate) struct Lock {
    _file: File,
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FleetError {
    move |source| FleetError::Cache { action, path: path.to_owned(), source }
}

impl Cache {
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder that `WASSAY_CACHE` names, else `wassay` in the user's cache folder.
    pub(crate) fn of_this_user() -> Result<Self, FleetError> {
        if let Some(root) = std::env::var_os("WASSAY_CACHE").filter(|root| !root.is_empty()) {
            // Launches outlive a change of the current directory.
            let root = PathBuf::from(root);
            return Ok(Self { root: std::path::absolute(&root).unwrap_or(root) });
        }
        let base = etcetera::choose_base_strategy().map_err(|_| FleetError::NoFolder)?;
        Ok(Self { root: base.cache_dir().join("wassay") })
    }

    fn family(&self, family: &Family) -> PathBuf {
        self.root.join("engines").join(family.name)
    }

    /// Where a release lies, or would.
    pub(crate) fn release(&self, family: &Family, version: &str) -> PathBuf {
        self.family(family).join(version)
    }

    /// What is installed of a family, newest first.
    pub(crate) fn entries(&self, family: &Family) -> Result<Vec<Entry>, FleetError> {
        let folder = self.family(family);
        let list = match fs::read_dir(&folder) {
            Ok(list) => list,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &folder)(error)),
        };
        let mut entries = Vec::new();
        for entry in list {
            let path = entry.map_err(failed("read", &folder))?.path();
            let version = path.file_name().and_then(|name| Version::parse(name.to_str()?).ok());
            // Whatever is called otherwise is not a release: a lock, an install under way, a file of somebody.
            if let Some(version) = version.filter(|_| path.is_dir()) {
                let entry = match self.look(family, &path) {
                    Ok(installed) => Entry::Whole(installed),
                    Err(trouble) => Entry::Broken { version: version.clone(), trouble },
                };
                entries.push((version, entry));
            }
        }
        entries.sort_by(|(a, _), (b, _)| b.cmp(a));
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The release in a folder; the error says what is missing there.
    fn look(&self, family: &Family, folder: &Path) -> Result<Installed, String> {
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("{} is not there", path.display()),
            _ => format!("{} cannot be read: {error}", path.display()),
        })?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| format!("{} is damaged: {error}", path.display()))?;
        if manifest.schema != SCHEMA {
            return Err(format!(
                "{} has the form {:?}, and this program reads {SCHEMA:?}",
                path.display(),
                manifest.schema
            ));
        }
        family.check_whole(folder)?;
        Ok(Installed { folder: folder.to_owned(), ..manifest.installed })
    }

    /// Installs that nobody is at work on any more.
    pub(crate) fn interrupted(&self, family: &Family) -> Vec<PathBuf> {
        let folder = self.family(family);
        // Without a lock file nobody has ever begun.
        let Ok(lock) = File::open(folder.join(".lock")) else { return Vec::new() };
        if lock.try_lock().is_err() {
            return Vec::new();
        }
        partials(&folder)
    }

    /// Waits until nobody else changes the family's folder, and keeps others from it.
    pub(crate) fn lock(
        &self,
        family: &'static Family,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Lock, FleetError> {
        let folder = self.family(family);
        fs::create_dir_all(&folder).map_err(failed("make", &folder))?;
        let path = folder.join(".lock");
        let file = File::options().create(true).append(true).open(&path).map_err(failed("open", &path))?;
        let began = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if began.elapsed() > BUSY_MAX => {
                    return Err(FleetError::Busy { family: family.name, lock: path, seconds: BUSY_MAX.as_secs() });
                }
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut told, true) {
                        progress(Progress::Waiting { family: family.name });
                    }
                    std::thread::sleep(BUSY_TICK);
                }
            }
        }
    }

    /// A folder to install into. It goes away with its value, unless [`Cache::settle`] keeps it. What
    /// interrupted installs left behind is removed; the lock says that nobody is at work there.
    pub(crate) fn partial(&self, family: &Family, _lock: &Lock) -> Result<TempDir, FleetError> {
        let folder = self.family(family);
        for path in partials(&folder) {
            fs::remove_dir_all(&path).map_err(failed("remove", &path))?;
        }
        tempfile::Builder::new().prefix(PARTIAL).tempdir_in(&folder).map_err(failed("make a folder in", &folder))
    }

    /// Makes a finished folder a release, in one step.
    pub(crate) fn settle(
        &self,
        family: &Family,
        partial: TempDir,
        mut installed: Installed,
        _lock: &Lock,
    ) -> Result<Installed, FleetError> {
        let target = self.release(family, &installed.version);
        installed.folder.clone_from(&target);
        let path = partial.path().join(MANIFEST);
        let manifest = Manifest { schema: SCHEMA.to_owned(), installed };
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from).map_err(failed("write", &path))?;
        fs::write(&path, text).map_err(failed("write", &path))?;
        // Only something half-installed can lie there: whoever found a whole one would not have installed.
        if target.exists() {
            fs::remove_dir_all(&target).map_err(failed("remove", &target))?;
        }
        fs::rename(partial.path(), &target).map_err(failed("rename a new install to", &target))?;
        // The folder has another name now; there is nothing left to remove.
        let _ = partial.keep();
        Ok(manifest.installed)
    }

    /// Removes a release.
    pub(crate) fn remove(&self, family: &Family, version: &str, _lock: &Lock) -> Result<(), FleetError> {
        let folder = self.release(family, version);
        // A reader must see all of it or nothing.
        let name = format!("{PARTIAL}removed-{version}");
        let aside = self.family(family).join(name);
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(failed("remove", &aside))?;
        }
        fs::rename(&folder, &aside).map_err(failed("remove", &folder))?;
        fs::remove_dir_all(&aside).map_err(failed("remove", &aside))
    }

    /// Writes files of this program where other programs can read them, once for each content.
    pub(crate) fn written(&self, name: &str, files: &[(&str, &str)]) -> Result<PathBuf, FleetError> {
        let mut hash = Sha256::new();
        for (path, text) in files {
            // Lengths in front, so that no two lists of files make the same bytes.
            hash.update((path.len() as u64).to_le_bytes());
            hash.update(path);
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        let short: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let folder = self.root.join("scripts");
        let target = folder.join(format!("{name}-{short}"));
        if target.is_dir() {
            return Ok(target);
        }
        fs::create_dir_all(&folder).map_err(failed("make", &folder))?;
        let partial = tempfile::Builder::new()
            .prefix(PARTIAL)
            .tempdir_in(&folder)
            .map_err(failed("make a folder in", &folder))?;
        write_files(partial.path(), files)?;
        match fs::rename(partial.path(), &target) {
            Ok(()) => {
                let _ = partial.keep();
                Ok(target)
            }
            // Somebody else has just written the same.
            Err(_) if target.is_dir() => Ok(target),
            Err(error) => Err(failed("write", &target)(error)),
        }
    }
}

/// Writes files below a folder.
pub(crate) fn write_files(folder: &Path, files: &[(&str, &str)]) -> Result<(), FleetError> {
    for (name, text) in files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed("make", parent))?;
        }
        fs::write(&path, text).map_err(failed("write", &path))?;
    }
    Ok(())
}

fn partials(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(PARTIAL)))
        .map(|entry| entry.path())
        .collect()
}
