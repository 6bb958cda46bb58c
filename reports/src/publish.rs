//! Publication: a whole report or none. Everything is written into a folder beside the old one, and the two change
//! places in one step; a reader never sees half of a report, and a failure leaves the old one as it was.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file by which a folder is known to be a report, so that nothing else is ever replaced.
const MARK: &str = ".wassay-report";

/// Why a report was not published. The old one, if there was one, is as it was.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Something cannot be written.
    #[error("cannot write {}: {source}; what was published before is unchanged; free some space or choose another \
             folder with --out", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder holds something else.
    #[error("{} is there and is no report: it is not replaced; choose another folder with --out or remove it", path.display())]
    Occupied {
        /// Which.
        path: PathBuf,
    },
    /// A name that leads out of the folder.
    #[error("`{name}` is no name for a file of a report; this is a fault of the program")]
    Name {
        /// Which.
        name: String,
    },
}

/// Writes `files`, named relative to `folder`, and puts them in its place.
///
/// # Errors
/// Something cannot be written, or `folder` holds anything but a report. The folder is then unchanged.
pub fn publish<'a>(folder: &Path, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<(), PublishError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| PublishError::Write { path, source }
    };
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let Some(name) = folder.file_name() else {
        return Err(PublishError::Occupied { path: folder.to_owned() });
    };
    let old = occupant(folder)?;
    fs::create_dir_all(&parent).map_err(failed(&parent))?;
    let prefix = format!(".{}.part-", name.to_string_lossy());
    let fresh = tempfile::Builder::new().prefix(&prefix).tempdir_in(&parent).map_err(failed(&parent))?;
    let mut made = std::collections::BTreeSet::new();
    for (name, bytes) in files.into_iter().chain([(MARK, &b""[..])]) {
        if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") || name.contains('\\') {
            return Err(PublishError::Name { name: name.to_owned() });
        }
        let path = fresh.path().join(name);
        if let Some(above) = path.parent()
            && made.insert(above.to_owned())
        {
            fs::create_dir_all(above).map_err(failed(above))?;
        }
        let mut file = fs::File::create(&path).map_err(failed(&path))?;
        file.write_all(bytes).map_err(failed(&path))?;
    }
    open_to_readers(fresh.path()).map_err(failed(fresh.path()))?;
    match old {
        Occupant::Nothing => fs::rename(fresh.path(), folder).map_err(failed(folder))?,
        Occupant::Report => exchange(fresh.path(), folder).map_err(failed(folder))?,
    }
    // What is left there now is the old report, if there was one. The new one stands, so a failure to clean up
    // is no failure to publish.
    let _ = fresh.close();
    Ok(())
}

enum Occupant {
    Nothing,
    Report,
}

/// What is at the place now.
fn occupant(folder: &Path) -> Result<Occupant, PublishError> {
    let failed = |source| PublishError::Write { path: folder.to_owned(), source };
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Occupant::Nothing),
        Err(error) => Err(failed(error)),
        Ok(found) if !found.is_dir() => Err(PublishError::Occupied { path: folder.to_owned() }),
        Ok(_) if folder.join(MARK).is_file() => Ok(Occupant::Report),
        Ok(_) => match fs::read_dir(folder).map_err(failed)?.next() {
            // A rename takes the place of an empty folder.
            None => Ok(Occupant::Nothing),
            Some(_) => Err(PublishError::Occupied { path: folder.to_owned() }),
        },
    }
}

/// Temporary folders are for their owner only; a report is for whoever serves it.
fn open_to_readers(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

/// Lets two folders change places: in one step where the file system can, in two otherwise, and then a failure of
/// the second step takes the first back.
fn exchange(fresh: &Path, folder: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    if renameat_with(CWD, fresh, CWD, folder, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    let mut aside = fresh.as_os_str().to_owned();
    aside.push("-old");
    let aside = PathBuf::from(aside);
    fs::rename(folder, &aside)?;
    if let Err(error) = fs::rename(fresh, folder) {
        fs::rename(&aside, folder)?;
        return Err(error);
    }
    let _ = fs::remove_dir_all(&aside);
    Ok(())
}
