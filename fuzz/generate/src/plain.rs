//! Plain wasm-smith, to hold the other families against: the `plain` and the `plain-best` family.
//!
//! None of our passes touches these modules. What they share with the other families is only what lets them run
//! here: they import nothing, since a plan has nothing to give them, and `compact_imports_enabled` is off, since no
//! released engine reads that encoding.
//!
//! - `plain`: `Config::default()` as it is, arbitrary bytes of up to 4096, `ensure_termination(100)`, and every
//!   exported function called three times with random bits, as a user of the crate begins.
//! - `plain-best`: everything that wasm-smith itself offers to a fuzzer of engines. The configuration is drawn anew
//!   for each case (`Arbitrary for Config`, its swarm), traps are disallowed in three cases of four, everything is
//!   exported, there are at least four functions, a global, a table, a memory and a data segment each, memories and
//!   tables have a maximum and are small enough to be compared, 4 to 16 KiB of input, `ensure_termination(1000)`; every
//!   function is called eight times with arguments of which half lie at the edges of their types, and the state is
//!   looked at in the middle too. wasm-smith has no setting for the least size of a memory.

use arbitrary::{Arbitrary as _, Unstructured};
use wasm_smith::Config;
use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload};
use wassay_model::{Feature, Features, Host, TestCase, ValType, Value};

use crate::draw::Draw;
use crate::rewrite::model_of;
use crate::script::Script;
use crate::values;

/// Which settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settings {
    Defaults,
    Best,
}

/// How often a case is drawn before an empty module stands in for it.
const REDRAWS_MAX: u32 = 8;
/// The shortest module.
const EMPTY: [u8; 8] = *b"\0asm\x01\0\0\0";

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(settings: Settings, allowed: Features, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let (bytes, features) =
        (0..REDRAWS_MAX).find_map(|_| module(settings, allowed, draw)).unwrap_or((EMPTY.to_vec(), Features::V1));
    let functions = exported_functions(&bytes);
    let mut script = Script::new(Host::None);
    let main = script.module("main", bytes);
    let instance = script.instantiate(main);
    script.snapshot();
    let sets = if settings == Settings::Best { 8 } else { 3 };
    let mut calls: Vec<(&str, Vec<Value>)> = Vec::new();
    for (name, params) in &functions {
        for _ in 0..if params.is_empty() { 1 } else { sets } {
            let argument = |ty: &ValType| match settings {
                Settings::Best => values::argument(*ty, draw),
                Settings::Defaults => random(*ty, draw),
            };
            if let Some(args) = params.iter().map(argument).collect() {
                calls.push((name, args));
            }
        }
    }
    draw.shuffle(&mut calls);
    let middle = calls.len() / 2;
    for (at, (name, args)) in calls.into_iter().enumerate() {
        script.invoke(instance, name, args);
        if at == middle && settings == Settings::Best {
            script.snapshot();
        }
    }
    script.snapshot();
    (script.finish(features), Vec::new())
}

fn module(settings: Settings, allowed: Features, draw: &mut Draw) -> Option<(Vec<u8>, Features)> {
    let len = match settings {
        Settings::Defaults => draw.between(1, 4096),
        Settings::Best => draw.between(4096, 16384),
    };
    let mut input = vec![0; len as usize];
    draw.fill(&mut input);
    let mut input = Unstructured::new(&input);
    let config = match settings {
        Settings::Defaults => Config { max_imports: 0, compact_imports_enabled: false, ..Config::default() },
        Settings::Best => best(Config::arbitrary(&mut input).ok()?, draw),
    };
    let config = within(config, allowed);
    let features = features(&config);
    let fuel = if settings == Settings::Best { 1000 } else { 100 };
    let mut module = wasm_smith::Module::new(config, &mut input).ok()?;
    module.ensure_termination(fuel).ok()?;
    Some((module.to_bytes(), features))
}

/// The best that can be made of a configuration without touching what wasm-smith makes of it.
fn best(swarm: Config, draw: &mut Draw) -> Config {
    Config {
        max_imports: 0,
        min_types: 4,
        max_types: swarm.max_types.clamp(4, 40),
        min_funcs: 4,
        max_funcs: swarm.max_funcs.clamp(4, 12),
        min_globals: 1,
        max_globals: swarm.max_globals.clamp(1, 12),
        min_tables: 1,
        max_tables: if swarm.reference_types_enabled { swarm.max_tables.clamp(1, 4) } else { 1 },
        min_memories: 1,
        max_memories: swarm.max_memories.clamp(1, 3),
        max_tags: swarm.max_tags.clamp(1, 8),
        min_data_segments: 1,
        max_data_segments: swarm.max_data_segments.clamp(1, 8),
        min_element_segments: 1,
        max_element_segments: swarm.max_element_segments.clamp(1, 8),
        max_instructions: swarm.max_instructions.clamp(50, 400),
        max_memory32_bytes: 16 << 16,
        max_memory64_bytes: 16 << 16,
        memory_max_size_required: true,
        table_max_size_required: true,
        max_table_elements: 64,
        export_everything: true,
        disallow_traps: draw.percent(75),
        compact_imports_enabled: false,
        wide_arithmetic_enabled: draw.percent(50),
        ..swarm
    }
}

/// The configuration without what a profile does not allow.
fn within(mut config: Config, allowed: Features) -> Config {
    let has = |feature| allowed.contains(feature);
    config.bulk_memory_enabled &= has(Feature::BulkMemory);
    config.reference_types_enabled &= has(Feature::ReferenceTypes) && config.bulk_memory_enabled;
    config.simd_enabled &= has(Feature::Simd);
    config.relaxed_simd_enabled &= has(Feature::RelaxedSimd) && config.simd_enabled;
    config.multi_value_enabled &= has(Feature::MultiValue);
    config.saturating_float_to_int_enabled &= has(Feature::SaturatingTruncation);
    config.sign_extension_ops_enabled &= has(Feature::SignExtension);
    config.exceptions_enabled &= has(Feature::Exceptions) && config.reference_types_enabled;
    config.threads_enabled &= has(Feature::Threads);
    config.tail_call_enabled &= has(Feature::TailCall);
    config.gc_enabled &= has(Feature::Gc) && config.reference_types_enabled;
    config.memory64_enabled &= has(Feature::Memory64);
    config.extended_const_enabled &= has(Feature::ExtendedConst);
    config.wide_arithmetic_enabled &= has(Feature::WideArithmetic);
    if !has(Feature::MultiMemory) {
        config.max_memories = config.max_memories.min(1);
    }
    config
}

/// What modules of the configuration may use.
fn features(config: &Config) -> Features {
    // What a version earlier than 2.0 lacks and wasm-smith has no switch for.
    let mut features = vec![Feature::MutableGlobal];
    let mut add = |on: bool, feature: &[Feature]| {
        if on {
            features.extend_from_slice(feature);
        }
    };
    add(config.bulk_memory_enabled, &[Feature::BulkMemory]);
    add(config.reference_types_enabled, &[Feature::ReferenceTypes]);
    add(config.simd_enabled, &[Feature::Simd]);
    add(config.relaxed_simd_enabled, &[Feature::RelaxedSimd]);
    add(config.multi_value_enabled, &[Feature::MultiValue]);
    add(config.saturating_float_to_int_enabled, &[Feature::SaturatingTruncation]);
    add(config.sign_extension_ops_enabled, &[Feature::SignExtension]);
    add(config.exceptions_enabled, &[Feature::Exceptions]);
    add(config.threads_enabled, &[Feature::Threads]);
    add(config.tail_call_enabled, &[Feature::TailCall]);
    add(config.gc_enabled, &[Feature::Gc, Feature::FunctionReferences]);
    add(config.memory64_enabled, &[Feature::Memory64]);
    add(config.extended_const_enabled, &[Feature::ExtendedConst]);
    add(config.wide_arithmetic_enabled, &[Feature::WideArithmetic]);
    add(config.max_memories > 1, &[Feature::MultiMemory]);
    Features::of(&features)
}

/// Exported functions whose parameters have values that a plan can write.
fn exported_functions(module: &[u8]) -> Vec<(String, Vec<ValType>)> {
    let (mut types, mut functions, mut exports) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
        match payload {
            Payload::TypeSection(section) => {
                for ty in section.into_iter().flatten().flat_map(wasmparser::RecGroup::into_types) {
                    types.push(match ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => {
                            ty.params().iter().map(|ty| model_of(*ty)).collect::<Option<Vec<_>>>()
                        }
                        _ => None,
                    });
                }
            }
            Payload::FunctionSection(section) => functions.extend(section.into_iter().flatten()),
            Payload::ExportSection(section) => {
                let is_function = |export: &wasmparser::Export<'_>| export.kind == ExternalKind::Func;
                exports.extend(section.into_iter().flatten().filter(is_function));
            }
            _ => {}
        }
    }
    let signature = |export: wasmparser::Export<'_>| {
        // Nothing is imported, so the index is the definition's.
        let ty = *functions.get(export.index as usize)?;
        Some((export.name.to_owned(), types.get(ty as usize)?.clone()?))
    };
    exports.into_iter().filter_map(signature).collect()
}

/// Random bits; null for references, or an `externref` of the host's.
fn random(ty: ValType, draw: &mut Draw) -> Option<Value> {
    Some(match ty {
        ValType::I32 => Value::I32(draw.bits() as u32),
        ValType::I64 => Value::I64(draw.bits()),
        ValType::F32 => Value::F32(draw.bits() as u32),
        ValType::F64 => Value::F64(draw.bits()),
        ValType::V128 => Value::V128(u128::from(draw.bits()) << 64 | u128::from(draw.bits())),
        ValType::Ref(_) => return values::argument(ty, draw),
    })
}
