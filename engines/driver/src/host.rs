//! Functions of the deterministic host as a module: what `wassay_model::host::answer` computes, and the trace of
//! calls, in Wasm.

use std::sync::Arc;

use wasm_encoder::{BlockType, ValType as Out};
use wasmparser::ValType;
use wassay_model::Features;

use crate::Worker;
use crate::build::{Builder, Code, Identify, Place, Source, out, word_at};
use crate::layout::{ASIDE, RECORD_BYTES_MAX, SLOT, TEXT_BYTES_MAX};
use crate::read::{Entity, Module};
use crate::slot::Shape;

/// A function of the host, as the trace knows it.
#[derive(Clone, Debug)]
pub(crate) struct HostFunc {
    pub(crate) name: Arc<str>,
    pub(crate) params: Vec<Shape>,
    pub(crate) results: Vec<Shape>,
}

/// The functions that the imports of a module may be given.
#[derive(Debug)]
pub(crate) struct HostModule {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) sources: Vec<Source>,
}

/// Makes one function for each of these imports, by position and name; the trace knows the first by `first_number`.
/// `None` where one of them cannot be made: too many parameters, or types that no engine is asked about.
pub(crate) fn host_module(
    module: &Module,
    imports: &[(usize, Arc<str>)],
    first_max: u32,
    known: &mut Vec<HostFunc>,
    worker: &Worker,
    usable: Features,
) -> Option<HostModule> {
    let mut builder = Builder::new(module, worker, usable);
    builder.import_memory(Source::Trace("mem"));
    let own = Own {
        enter: builder.import_own(Source::Trace("enter"), &[Out::I32; 4], &[Out::I32]),
        seed: builder.import_own(Source::Trace("seed"), &[Out::I32], &[]),
        next: builder.import_own(Source::Trace("next"), &[], &[Out::I64]),
        i32: builder.import_own(Source::Trace("i32"), &[Out::I64], &[Out::I32]),
        i64: builder.import_own(Source::Trace("i64"), &[Out::I64], &[Out::I64]),
        f32: builder.import_own(Source::Trace("f32"), &[Out::I64], &[Out::F32]),
        f64: builder.import_own(Source::Trace("f64"), &[Out::I64], &[Out::F64]),
        chain: builder.import_own(Source::Trace("chain"), &[Out::I32; 3], &[]),
    };
    let mut made = Vec::with_capacity(imports.len());
    for (position, name) in imports {
        let Some(Entity::Func(ty)) = module.imports.get(*position) else { return None };
        let signature = module.signature(*ty)?;
        let all = || signature.params.iter().chain(&signature.results).copied();
        if !all().all(|ty| builder.movable(ty)) {
            return None;
        }
        let slots = u32::try_from(all().count()).ok()?;
        let text_bytes = u32::try_from(name.len()).ok()?.checked_add(16 + slots.checked_mul(SLOT)?)?;
        if text_bytes > TEXT_BYTES_MAX || 8 + slots * SLOT > RECORD_BYTES_MAX {
            return None;
        }
        let number = u32::try_from(known.len() + made.len()).ok()?;
        let code = body(&mut builder, &own, number, name, &signature.params, &signature.results, first_max)?;
        builder.define(format!("h{position}"), *ty, code);
        let shapes = |types: &[ValType]| types.iter().map(|ty| Shape::from(*ty)).collect();
        made.push(HostFunc {
            name: Arc::clone(name),
            params: shapes(&signature.params),
            results: shapes(&signature.results),
        });
    }
    known.extend(made);
    let (bytes, sources) = builder.finish();
    Some(HostModule { bytes, sources })
}

/// The functions of the trace.
struct Own {
    enter: u32,
    seed: u32,
    next: u32,
    i32: u32,
    i64: u32,
    f32: u32,
    f64: u32,
    chain: u32,
}

fn body(
    builder: &mut Builder<'_>,
    own: &Own,
    number: u32,
    name: &str,
    params: &[ValType],
    results: &[ValType],
    first_max: u32,
) -> Option<Code> {
    let mut code = Code::new(params.len() as u32);
    let record = code.local(Out::I32);
    let bits = code.local(Out::I64);
    let name_bytes = name.len() as u32;
    let record_bytes = 8 + (params.len() + results.len()) as u32 * SLOT;
    write_name(&mut code, 0, name);
    for constant in [number, record_bytes, name_bytes, first_max] {
        code.emit().i32_const(constant.cast_signed());
    }
    code.emit().call(own.enter).local_set(record);
    for (position, ty) in (0..).zip(params) {
        // The text: the argument without what the standard leaves open of it.
        let at = name_bytes + 4 + position * SLOT;
        code.emit().i32_const(0);
        match ty {
            ValType::I32 => _ = code.emit().local_get(position).i64_extend_i32_u(),
            ValType::I64 => _ = code.emit().local_get(position),
            ValType::F32 => {
                code.emit().local_get(position).local_get(position).f32_ne();
                code.emit().if_(BlockType::Result(Out::I64)).i64_const(0x7fc0_0000).else_();
                code.emit().local_get(position).i32_reinterpret_f32().i64_extend_i32_u().end();
            }
            ValType::F64 => {
                code.emit().local_get(position).local_get(position).f64_ne();
                code.emit().if_(BlockType::Result(Out::I64)).i64_const(0x7ff8_0000_0000_0000).else_();
                code.emit().local_get(position).i64_reinterpret_f64().end();
            }
            ValType::V128 => _ = code.emit().i64_const(1),
            ValType::Ref(_) => {
                code.emit().local_get(position).ref_is_null();
                code.emit().if_(BlockType::Result(Out::I64)).i64_const(2).else_().i64_const(3).end();
            }
        }
        code.emit().i64_store(word_at(at)).i32_const(0).i64_const(0).i64_store(word_at(at + 8));
        builder.store(&mut code, *ty, position, Place::Behind(record, 8 + position * SLOT), Identify::No);
    }
    code.emit().i32_const((name_bytes + 4 + params.len() as u32 * SLOT).cast_signed()).call(own.seed);
    let mut answers = Vec::with_capacity(results.len());
    for (position, ty) in (params.len() as u32..).zip(results) {
        let answer = code.local(out(*ty)?);
        code.emit().call(own.next).local_set(bits);
        match ty {
            ValType::I32 => _ = code.emit().local_get(bits).call(own.i32),
            ValType::I64 => _ = code.emit().local_get(bits).call(own.i64),
            ValType::F32 => _ = code.emit().local_get(bits).call(own.f32),
            ValType::F64 => _ = code.emit().local_get(bits).call(own.f64),
            ValType::V128 => {
                code.emit().local_get(bits).i64_const(32).i64_rotl().i64x2_splat();
                code.emit().local_get(bits).i64x2_replace_lane(1);
            }
            // The host has no answer to give where null is none, and the standard has no value to make here.
            ValType::Ref(ty) if !ty.is_nullable() => return None,
            ValType::Ref(ty) => _ = code.emit().ref_null(crate::build::out_heap(ty.heap_type())?),
        }
        code.emit().local_set(answer);
        builder.store(&mut code, *ty, answer, Place::Behind(record, 8 + position * SLOT), Identify::No);
        answers.push(answer);
    }
    code.emit().local_get(record).i32_const(ASIDE.cast_signed()).i32_eq().if_(BlockType::Empty);
    write_name(&mut code, 16, name);
    code.emit().local_get(record).i32_const(name_bytes.cast_signed());
    code.emit().i32_const((params.len() as u32 * SLOT).cast_signed()).call(own.chain).end();
    for answer in answers {
        code.emit().local_get(answer);
    }
    code.emit().end();
    Some(code)
}

/// Writes the name's bytes to an address, and zeros behind them to the next whole word.
fn write_name(code: &mut Code, address: u32, name: &str) {
    for (position, chunk) in (0..).zip(name.as_bytes().chunks(8)) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        code.emit().i32_const(0).i64_const(i64::from_le_bytes(word)).i64_store(word_at(address + position * 8));
    }
}
