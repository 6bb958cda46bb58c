//! A manifest in, a run folder out: cases are drawn, engines asked, observations judged, and everything
//! is journaled so that a run can be stopped anywhere and go on.
//!
//! This room must not know any engine, only the parent's half of process isolation; nor how findings are
//! shown: it emits events, and terminals and reports read them.

mod conduct;
mod evidence;
mod folder;
mod lane;
mod pin;

pub use conduct::{Campaign, CampaignError, Live, Until};
pub use folder::{FolderError, RunFolder};
