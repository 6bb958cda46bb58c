//! What the modules of one script need, which is often less than its folder allows: most scripts of 3.0 need
//! nothing of 3.0, and an engine of 2.0 can be asked them.

use wasmparser::Validator;
use wassay_adapter::{needed_features, wasm_features};
use wassay_model::{Action, Expected, Feature, Features};

use crate::Script;

/// Every feature that a script can need.
pub(crate) const EVERYTHING: Features =
    Features::V3.union(Features::of(&[Feature::Threads, Feature::WideArithmetic, Feature::CustomPageSizes]));

/// The features without which an engine cannot be asked this script.
///
/// A module that should be taken needs what makes it valid. A module that should be refused needs what the
/// reason for its refusal speaks of: an engine that does not know structures refuses every module with one, and
/// its refusal says nothing. How far that goes is bounded by `folder`, the features of the scripts beside it:
/// what was refused under an older standard may be valid under a newer one.
pub(crate) fn needs(script: &Script, folder: Option<Features>) -> Features {
    let mut needed = Features::V1;
    for check in &script.checks {
        let Some(step) = check.step.and_then(|step| script.case.plan.steps.get(step.position())) else { continue };
        let (Action::Load { module } | Action::Instantiate { module }) = step.action else { continue };
        let Some(module) = script.case.modules.get(module.position()) else { continue };
        let bytes = &*module.bytes.0;
        let refused = matches!(check.expected, Expected::Malformed | Expected::Invalid);
        if !refused && verdict(bytes, Features::V1).is_none() {
            continue;
        }
        let more = match needed_features(bytes) {
            Some(features) if !refused => features,
            _ => spoken_of(bytes, folder.unwrap_or(EVERYTHING)),
        };
        needed = needed.union(more);
    }
    needed
}

/// The features that change what a validator says of a module that it refuses.
fn spoken_of(bytes: &[u8], all: Features) -> Features {
    let said = verdict(bytes, all);
    if said == verdict(bytes, Features::V1) {
        return Features::V1;
    }
    let matters = |feature: &Feature| verdict(bytes, all.minus(Features::of(&[*feature]))) != said;
    Features::of(&all.iter().filter(matters).collect::<Vec<_>>())
}

/// The words and the place of a refusal; none for a valid module.
fn verdict(bytes: &[u8], features: Features) -> Option<(String, usize)> {
    let error = Validator::new_with_features(wasm_features(features)).validate_all(bytes).err()?;
    Some((error.message().to_owned(), usize::try_from(error.offset()).unwrap_or(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, folder: Option<Features>) -> Features {
        let script = crate::parse("a.wast", text, EVERYTHING).unwrap_or_else(|error| panic!("{error}"));
        needs(&script, folder)
    }

    #[test]
    fn a_script_needs_what_its_modules_use() {
        assert_eq!(of("(module (func (param i32)))", Some(Features::V3)), Features::V1);
        assert_eq!(of("(module (func (param v128)))", Some(Features::V3)), Features::of(&[Feature::Simd]));
        assert!(of("(module (type (struct)))", Some(Features::V1)).contains(Feature::Gc));
    }

    #[test]
    fn a_refusal_needs_what_it_speaks_of_within_its_folder() {
        let two = "(assert_invalid (module (memory 1) (memory 1)) \"multiple memories\")";
        assert_eq!(of(two, Some(Features::V1)), Features::V1);
        let plain = "(assert_invalid (module (func (result i32))) \"type mismatch\")";
        assert_eq!(of(plain, None), Features::V1);
        let structure =
            "(assert_invalid (module (type (struct)) (func (result i32) (struct.new 0))) \"type mismatch\")";
        assert!(of(structure, None).contains(Feature::Gc));
    }
}
