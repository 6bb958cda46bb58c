//! Records of runs in, pages and machine formats out: a static site, JUnit, SARIF, CTRF, Markdown, a badge, a
//! table of features. Every format is one file here, and none reads anything but records.
//!
//! It must not know engines, nor run anything.
