//! The record of a run, which is there as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use wassay_model::suite::{SuiteEnd, SuiteEvent, SuiteManifest};

/// The name of the file in its folder.
const NAME: &str = "record.jsonl";

/// A record that is being written, under a name of its own until it is complete.
pub(crate) struct Record {
    folder: PathBuf,
    /// None once it has its final name.
    temporary: Option<PathBuf>,
    file: BufWriter<File>,
}

impl Record {
    /// Begins a record in a folder, which is made where it is missing.
    pub(crate) fn create(folder: &Path, manifest: &SuiteManifest) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let temporary = folder.join(format!(".{NAME}.{}", std::process::id()));
        let file = File::create(&temporary).with_context(|| format!("cannot write {}", temporary.display()))?;
        let mut record = Self {
            folder: folder.to_owned(),
            temporary: Some(temporary),
            file: BufWriter::with_capacity(1 << 16, file),
        };
        record.line(manifest)?;
        Ok(record)
    }

    pub(crate) fn write(&mut self, event: &SuiteEvent) -> io::Result<()> {
        self.line(event)
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, line)?;
        self.file.write_all(b"\n")
    }

    /// Writes the end and gives the record its name; one that stood there before is replaced.
    pub(crate) fn finish(mut self, end: &SuiteEnd) -> anyhow::Result<PathBuf> {
        self.write(&SuiteEvent::End(end.clone()))?;
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        let path = self.folder.join(NAME);
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        self.temporary = None;
        Ok(path)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What is cut short is of no use. Neither is a folder that holds nothing; one that holds something stays.
            let _ = fs::remove_file(temporary);
            let _ = fs::remove_dir(&self.folder);
        }
    }
}
