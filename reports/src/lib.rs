//! Records of runs in, pages and machine formats out: a static site, JUnit, SARIF, CTRF, Markdown, a badge, a
//! table of features. Every format is one file here, and none reads anything but records.
//!
//! It must not know engines, nor run anything.

mod badge;
mod bundle;
mod ctrf;
mod diff;
mod entry;
mod features;
mod junit;
mod markdown;
mod publish;
mod record;
mod regress;
mod sarif;
mod site;
mod summary;
mod tally;

pub use badge::badges;
pub use bundle::{BundleError, Format, bundle};
pub use ctrf::ctrf;
pub use diff::{Change, ChangeKind, Changes, EngineChanges};
pub use features::features;
pub use junit::{JunitError, junit};
pub use markdown::{conformance, markdown};
pub use publish::{PublishError, publish};
pub use record::{Answer, FileAnswers, MergeError, Record, RecordError};
pub use regress::{regress_junit, regress_markdown, regress_sarif};
pub use sarif::sarif;
pub use site::{Site, SiteError, site};
pub use summary::{SUMMARY_SCHEMA, summary};
pub use tally::{Counts, Tally};
