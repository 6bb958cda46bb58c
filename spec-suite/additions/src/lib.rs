//! Nothing in; `.wast` scripts out, for the parts of the standard that the pinned edition of the official suite leaves
//! out: bulk operations on memories with 64-bit addresses, and tables with 64-bit addresses.
//!
//! What a script expects comes from [`model`], a few lines about vectors, and from no engine: this room must not know
//! any. The scripts are ours, so they are counted apart from the official ones. Same version, same text.

mod bulk;
mod calls;
mod links;
mod memory;
mod model;
mod script;
mod table;

use wassay_model::{Feature, Features};

/// A script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The name of the file, after the official one that covers the same ground.
    pub name: &'static str,
    /// What its modules need.
    pub features: Features,
    /// The script.
    pub text: String,
}

/// Every script, in the order of their names.
#[must_use]
pub fn all() -> Vec<Addition> {
    let one = Features::V2.union(Features::of(&[Feature::Memory64]));
    let several = one.union(Features::of(&[Feature::MultiMemory]));
    let script = |name, features, make: fn() -> String| Addition { name, features, text: make() };
    vec![
        script("bulk64.wast", one, bulk::bulk64),
        script("call_indirect64.wast", one, calls::call_indirect64),
        script("memory64-imports.wast", several, memory::imports64),
        script("memory_copy64.wast", one, memory::copy64),
        script("memory_copy_mixed.wast", several, memory::copy_mixed),
        script("memory_fill64.wast", one, memory::fill64),
        script("memory_init64.wast", one, memory::init64),
        script("table64.wast", one, table::table64),
        script("table_copy64.wast", one, table::copy64),
        script("table_copy_mixed.wast", one, table::copy_mixed),
        script("table_fill64.wast", one, table::fill64),
        script("table_get64.wast", one, table::get64),
        script("table_grow64.wast", one, table::grow64),
        script("table_init64.wast", one, table::init64),
        script("table_set64.wast", one, table::set64),
        script("table_size64.wast", one, table::size64),
    ]
}
