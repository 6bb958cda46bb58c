//! The `mutate` family: a case of the `smith` family, and the same plan again on a module that was rewritten
//! without a change of its meaning.
//!
//! Some rewrites are those of wasm-mutate, several one upon the other; some are our own ([`pad`]). wasm-mutate
//! refuses some modules, and gives up when its fuel is used up: then the case has our own rewrites alone, and says so
//! in its traits. A rewritten module that does not validate, or that puts effects into another order ([`effects`]), is not
//! used either.
//!
//! The deterministic host counts calls over the whole case, so that the second instance would get other answers than
//! the first: only cases without it are taken.

mod effects;
mod pad;

use wasm_mutate::WasmMutate;
use wasmparser::{Validator, WasmFeatures};
use wassay_model::{
    Action, Alike, Bytes, Feature, Features, Host, InstanceIdx, Module, ModuleIdx, Snapshot, StepIdx, TestCase,
};

use crate::draw::Draw;
use crate::{Order, smith};

/// How often a case with a host is drawn anew.
const REDRAWS_MAX: u32 = 16;
/// What bounds one rewrite of wasm-mutate; its unit is a step of its own search.
const FUEL: u64 = 300;

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    // Beyond 2.0 the cases of `smith` say little: most of them fall back or return nothing.
    let features = order.features.minus(Features::ALL.minus(Features::V2));
    let (mut case, mut traits) = smith::generate(features, draw);
    for _ in 0..REDRAWS_MAX {
        if case.host == Host::None {
            break;
        }
        (case, traits) = smith::generate(features, draw);
    }
    let Some(main) = case.modules.last() else { return (case, traits) };
    let mut bytes = main.bytes.0.clone();
    let ours = draw.percent(60);
    let theirs = if draw.percent(40) { draw.between(1, 4) } else { 0 };
    let mut done = 0;
    for _ in 0..theirs {
        if let Some(rewritten) = mutated(&bytes, case.features, draw) {
            bytes = rewritten;
            done += 1;
        }
    }
    match done {
        0 if theirs > 0 => traits.push("wasm-mutate-refused"),
        0 => {}
        1 => traits.push("wasm-mutate"),
        _ => traits.push("wasm-mutate-several"),
    }
    if (ours || done == 0)
        && let Some(padded) = pad::pad(&bytes, draw).filter(|padded| is_valid(padded, case.features))
    {
        bytes = padded;
        traits.push("padded");
    }
    if case.host == Host::None {
        again(&mut case, bytes);
    }
    (case, traits)
}

fn mutated(bytes: &[u8], features: Features, draw: &mut Draw) -> Option<Vec<u8>> {
    let mut mutate = WasmMutate::default();
    mutate.seed(draw.bits()).preserve_semantics(true).fuel(FUEL);
    let rewritten = mutate.run(bytes).ok()?.next()?.ok()?;
    (rewritten != bytes && is_valid(&rewritten, features) && effects::kept(bytes, &rewritten)).then_some(rewritten)
}

/// Whether a module is valid with the case's features.
fn is_valid(bytes: &[u8], features: Features) -> bool {
    let has = |feature| features.contains(feature);
    let mut parser = WasmFeatures::WASM1;
    for (flag, feature) in [
        (WasmFeatures::MUTABLE_GLOBAL, Feature::MutableGlobal),
        (WasmFeatures::SIGN_EXTENSION, Feature::SignExtension),
        (WasmFeatures::SATURATING_FLOAT_TO_INT, Feature::SaturatingTruncation),
        (WasmFeatures::MULTI_VALUE, Feature::MultiValue),
        (WasmFeatures::BULK_MEMORY, Feature::BulkMemory),
        (WasmFeatures::REFERENCE_TYPES, Feature::ReferenceTypes),
        (WasmFeatures::SIMD, Feature::Simd),
        (WasmFeatures::RELAXED_SIMD, Feature::RelaxedSimd),
        (WasmFeatures::TAIL_CALL, Feature::TailCall),
        (WasmFeatures::EXTENDED_CONST, Feature::ExtendedConst),
        (WasmFeatures::MULTI_MEMORY, Feature::MultiMemory),
        (WasmFeatures::MEMORY64, Feature::Memory64),
        (WasmFeatures::FUNCTION_REFERENCES, Feature::FunctionReferences),
        (WasmFeatures::GC, Feature::Gc),
        (WasmFeatures::EXCEPTIONS, Feature::Exceptions),
        (WasmFeatures::THREADS, Feature::Threads),
        (WasmFeatures::WIDE_ARITHMETIC, Feature::WideArithmetic),
        (WasmFeatures::CUSTOM_PAGE_SIZES, Feature::CustomPageSizes),
    ] {
        parser.set(flag, has(feature));
    }
    parser.insert(WasmFeatures::FLOATS);
    parser.set(WasmFeatures::GC_TYPES, has(Feature::Gc) || has(Feature::ReferenceTypes));
    Validator::new_with_features(parser).validate_all(bytes).is_ok()
}

/// Adds the rewritten main module, and the whole plan once more on it, with a companion of its own.
fn again(case: &mut TestCase, bytes: Vec<u8>) {
    let Some(main) = case.modules.len().checked_sub(1) else { return };
    case.modules.push(Module { name: "rewritten".to_owned(), bytes: Bytes(bytes) });
    let is_made = |action: &Action| matches!(action, Action::Instantiate { .. });
    let made = case.plan.steps.iter().filter(|step| is_made(&step.action)).count() as u32;
    let count = case.plan.steps.len() as u32;
    let mut steps = case.plan.steps.clone();
    for (number, step) in steps.iter_mut().enumerate() {
        match &mut step.action {
            Action::Load { module } | Action::Instantiate { module } => {
                if module.position() == main {
                    *module = ModuleIdx(main as u32 + 1);
                }
            }
            Action::Register { instance, .. } | Action::Invoke { instance, .. } | Action::Get { instance, .. } => {
                *instance = InstanceIdx(instance.0 + made);
            }
        }
        let number = number as u32;
        case.relations.push(Alike { original: StepIdx(number), rewritten: StepIdx(count + number) });
    }
    // One look at the end of each half is what tells states apart.
    for half in [&mut case.plan.steps, &mut steps] {
        if let Some(last) = half.last_mut() {
            last.snapshot = Snapshot::Take;
        }
    }
    case.plan.steps.append(&mut steps);
}
