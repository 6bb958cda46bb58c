//! Every format that was asked for, as files by name: what `publish` puts into place.

use std::collections::BTreeMap;

use crate::diff::Changes;
use crate::record::Record;
use crate::site::{Site, SiteError, site};
use crate::{badge, ctrf, features, junit, markdown, sarif, summary};

/// A form in which a record can be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The static site: `index.html` and what it leads to.
    Html,
    /// `junit.xml`.
    Junit,
    /// `wassay.sarif`.
    Sarif,
    /// `ctrf.json`.
    Ctrf,
    /// `summary.md`.
    Markdown,
    /// `badge.svg`, and `badges/ENGINE.svg`.
    Badge,
    /// `features.json`.
    Features,
    /// `summary.json`.
    Json,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 8] =
        [Self::Html, Self::Junit, Self::Sarif, Self::Ctrf, Self::Markdown, Self::Badge, Self::Features, Self::Json];

    /// The file, and what a page calls it.
    const fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Html => ("index.html", "pages"),
            Self::Junit => ("junit.xml", "JUnit"),
            Self::Sarif => ("wassay.sarif", "SARIF"),
            Self::Ctrf => ("ctrf.json", "CTRF"),
            Self::Markdown => ("summary.md", "Markdown"),
            Self::Badge => ("badge.svg", "badge"),
            Self::Features => ("features.json", "features"),
            Self::Json => ("summary.json", "JSON"),
        }
    }
}

/// Why a format cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The site.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// JUnit.
    #[error(transparent)]
    Junit(#[from] junit::JunitError),
    /// A badge.
    #[error("a badge cannot be rendered: {0}; this is a fault of the program")]
    Badge(#[from] askama::Error),
    /// One of the JSON formats.
    #[error("a JSON file cannot be written: {0}; this is a fault of the program")]
    Json(#[from] serde_json::Error),
}

/// The files of a report by their names.
///
/// # Errors
/// A format cannot be made.
pub fn bundle(
    record: &Record,
    formats: &[Format],
    changes: Option<&Changes>,
    history: &[Record],
) -> Result<BTreeMap<String, String>, BundleError> {
    let mut files = BTreeMap::new();
    let mut links = Vec::new();
    let mut formats = formats.to_vec();
    formats.sort_unstable();
    formats.dedup();
    for format in &formats {
        let (path, text) = format.file();
        if *format != Format::Html {
            links.push((text.to_owned(), path.to_owned()));
        }
        let path = path.to_owned();
        match format {
            Format::Html => continue,
            Format::Junit => files.insert(path, junit::junit(record)?),
            Format::Sarif => files.insert(path, serde_json::to_string(&sarif::sarif(record))? + "\n"),
            Format::Ctrf => files.insert(path, serde_json::to_string(&ctrf::ctrf(record))? + "\n"),
            Format::Markdown => files.insert(path, markdown::markdown(record)),
            Format::Features => files.insert(path, serde_json::to_string_pretty(&features::features(record))? + "\n"),
            Format::Json => files.insert(path, summary::summary(record)?),
            Format::Badge => {
                files.extend(badge::badges(record)?);
                continue;
            }
        };
    }
    if formats.contains(&Format::Html) {
        files.extend(site(&Site { record, changes, history, formats: &links })?);
    }
    Ok(files)
}
