//! The `broken` family: valid modules with something changed, only loaded. What is compared is whether decoders and
//! validators take them.
//!
//! Engines are not alike in the features that they have, and have them switched on whatever a case uses. So a
//! changed module is asked about only if its verdict does not depend on that: wasmparser says the same of it with
//! the features of the case and with all of them. wasmparser is no judge here. Where it errs, and the reference does
//! not, its mistake is compared like any other engine's.
//!
//! Half of a case's modules are random changes of a large module, half are small ones at the edge of one rule each. A
//! part of the cases has only small modules, in which a value comes to where a type is wanted that it has or has not.

mod flow;
mod rules;

use wasmparser::{Validator, WasmFeatures};
use wassay_model::{Host, TestCase};

use crate::draw::Draw;
use crate::mutation::Changes;
use crate::script::Script;
use crate::{Order, smith, universe};

/// Changed modules of one case. Making the two modules that they come from costs more than changing them.
const MODULES: u32 = 8;
/// Modules at the edge of a rule of one case.
const RULES: u32 = 12;
/// Modules of a case about types.
const FLOWS: u32 = 24;
/// Changed modules that are drawn for a case at most.
const DRAWS_MAX: u32 = 3 * MODULES;

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    if flow::FEATURES.minus(order.features).is_empty() && draw.percent(30) {
        let features = universe::further(flow::FEATURES, order.features, draw);
        let mut script = Script::new(Host::None);
        for number in 1..=FLOWS {
            let module = script.module(&format!("flow{number}"), flow::module(features, draw));
            script.load(module);
        }
        return (script.finish(features), vec!["types"]);
    }
    let (base, _) = smith::generate(order.features, draw);
    let (other, _) = smith::generate(order.features, draw);
    let features = base.features;
    let base = &base.modules[base.modules.len() - 1].bytes.0;
    let other = &other.modules[other.modules.len() - 1].bytes.0;
    let needed = needed(base);

    let mut script = Script::new(Host::None);
    let unchanged = script.module("unchanged", base.clone());
    script.load(unchanged);
    let mut made = 0;
    for _ in 0..DRAWS_MAX {
        let mut bytes = base.clone();
        Changes(draw.stream()).change(&mut bytes, other);
        if bytes != *base && is_valid(&bytes, WasmFeatures::all()) == is_valid(&bytes, needed) {
            made += 1;
            let module = script.module(&format!("changed{made}"), bytes);
            script.load(module);
            if made == MODULES {
                break;
            }
        }
    }
    for number in 1..=RULES {
        let bytes = rules::module(draw);
        if is_valid(&bytes, WasmFeatures::all()) == is_valid(&bytes, needed) {
            let module = script.module(&format!("rule{number}"), bytes);
            script.load(module);
        }
    }
    (script.finish(features), Vec::new())
}

/// What a module needs: each feature is left out that it is valid without.
fn needed(module: &[u8]) -> WasmFeatures {
    let standard =
        WasmFeatures::WASM3 | WasmFeatures::THREADS | WasmFeatures::WIDE_ARITHMETIC | WasmFeatures::CUSTOM_PAGE_SIZES;
    standard.iter().fold(standard, |needed, one| {
        let rest = needed.difference(one);
        if is_valid(module, rest) { rest } else { needed }
    })
}

fn is_valid(module: &[u8], features: WasmFeatures) -> bool {
    Validator::new_with_features(features).validate_all(module).is_ok()
}
