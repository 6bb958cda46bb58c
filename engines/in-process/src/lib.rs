//! An [`EngineName`](wassay_model::EngineName) in, an engine that can be asked out. Each linked engine is
//! one file and one cargo feature.
//!
//! This room must not know what a divergence is, nor share a translation between engines: two adapters
//! that translate by one table could hide each other's mistakes.

pub mod chaos;
#[cfg(feature = "dlr")]
mod dlr;
#[cfg(feature = "reference")]
mod reference;
mod registry;
#[cfg(feature = "tinywasm")]
mod tinywasm;
#[cfg(any(feature = "wasmi", feature = "wasmi-1"))]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

pub use registry::{
    Cost, Listed, Planted, Unavailable, faults_touching, list, open, planted_chapters, planted_faults, set, sets,
};

/// Puts `item` at `position`, behind as many holes as it takes.
fn put<T>(items: &mut Vec<Option<T>>, position: usize, item: T) {
    if items.len() <= position {
        items.resize_with(position + 1, || None);
    }
    items[position] = Some(item);
}
