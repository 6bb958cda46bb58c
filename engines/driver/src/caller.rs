//! Callers: what invokes functions of one type, whatever instance they are of. A worker keeps them from case to case, so
//! that most cases need no driver of their own.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use wasm_encoder::{Encode as _, ValType as Out};
use wasmparser::ValType;
use wassay_model::{Feature, Features};

use crate::build::{Builder, Hierarchy, Source, out};
use crate::drive::{Crossing, RefArgs, Through, func};
use crate::read::{Composite, Module, Signature};
use crate::{Builtins, FRAME, ImportEntry, Op, Worker};

/// The name of a caller's function.
pub(crate) const CALLER_FUNC: &str = "f";
/// The number of the first one's instance; the others follow below.
const FIRST_CALLER: i32 = -100;
/// How many there are at most: a worker keeps an instance of each. Functions of other types are called by the driver of
/// the case.
const CALLERS_MAX: usize = 512;
/// How often a kind was wanted before it gets one: a module of its own costs an engine as much as a few functions more in
/// drivers, and many types come once and never again.
const WANTED_MIN: u32 = 4;
/// How many kinds are counted at most.
const KINDS_MAX: usize = 1 << 16;

/// A module that is the same for every case.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The number of its instance, in every worker of this process.
    pub(crate) instance: i32,
    pub(crate) crossing: Arc<Crossing>,
    bytes: Arc<[u8]>,
    imports: Arc<[ImportEntry]>,
}

impl Caller {
    /// What makes sure that a worker has it.
    pub(crate) fn keep(&self) -> Op {
        Op::Keep { keep: self.instance, bytes: Arc::clone(&self.bytes), imports: Arc::clone(&self.imports) }
    }
}

/// What two functions have in common that one caller invokes.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Kind {
    params: Vec<ValType>,
    results: Vec<ValType>,
    args: Vec<RefArgs>,
    builtins: Builtins,
    /// Whether what comes from outside may be a structure or an array in disguise.
    objects: bool,
}

/// The callers of this process. A number must mean the same to every worker that is ever sent it, since a script is made
/// once for all that are talked to alike.
static CALLERS: LazyLock<Mutex<Callers>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Callers {
    kinds: HashMap<Kind, Known>,
    made: usize,
}

/// What is known of a kind.
enum Known {
    /// It was wanted so often.
    Wanted(u32),
    Made(Arc<Caller>),
}

/// The caller of functions of this type, with these kinds of references passed. `None` where the driver has to invoke
/// them: the worker keeps no callers, the type is one of the module alone or has come seldom so far, there are too many,
/// or none can be made.
pub(crate) fn caller(
    signature: &Arc<Signature>,
    args: &[RefArgs],
    worker: &Worker,
    usable: Features,
) -> Option<Arc<Caller>> {
    if !worker.callers || !signature.is_plain {
        return None;
    }
    let module = alone(signature)?;
    let mut builder = Builder::new(&module, worker, usable);
    let comes_from_outside = signature.results.iter().any(|ty| match ty {
        ValType::Ref(ty) => builder.hierarchy(ty.heap_type()) == Some(Hierarchy::Extern),
        _ => false,
    });
    let kind = Kind {
        params: signature.params.clone(),
        results: signature.results.clone(),
        args: args.to_vec(),
        builtins: worker.builtins,
        objects: comes_from_outside && usable.contains(Feature::Gc),
    };
    let mut callers = CALLERS.lock().unwrap_or_else(PoisonError::into_inner);
    if !callers.kinds.contains_key(&kind) && callers.kinds.len() >= KINDS_MAX {
        return None;
    }
    let Callers { kinds, made } = &mut *callers;
    let known = kinds.entry(kind).or_insert(Known::Wanted(0));
    match known {
        Known::Made(caller) => return Some(Arc::clone(caller)),
        Known::Wanted(count) if *count < WANTED_MIN || *made >= CALLERS_MAX => {
            *count = count.saturating_add(1);
            return None;
        }
        Known::Wanted(_) => {}
    }
    builder.import_memory(Source::Frame(FRAME.memory));
    let returns_bytes = builder.own_type(&[], &[Out::I32]);
    // The driver finds out the same, and says why.
    let (code, crossing) = func(&mut builder, 0, Through::Seat, args, &[]).ok()?;
    builder.define(CALLER_FUNC.to_owned(), returns_bytes, code);
    let (bytes, sources) = builder.finish();
    let imports: Option<Arc<[ImportEntry]>> = sources.iter().map(kept).collect();
    let instance = FIRST_CALLER - i32::try_from(*made).ok()?;
    let caller = Arc::new(Caller { instance, crossing: Arc::new(crossing), bytes, imports: imports? });
    *made += 1;
    *known = Known::Made(Arc::clone(&caller));
    Some(caller)
}

/// What an import is given that is the same for every case.
fn kept(source: &Source) -> Option<ImportEntry> {
    match source {
        Source::Frame(name) => Some(ImportEntry::export(FRAME.instance, name)),
        Source::Builtin(builtin) => Some(ImportEntry::Builtin(*builtin)),
        Source::Own(_) | Source::Trace(_) | Source::Eye(_) | Source::Import(_) => None,
    }
}

/// A module that has this type and nothing else.
fn alone(signature: &Arc<Signature>) -> Option<Module> {
    let types = |types: &[ValType]| types.iter().map(|ty| out(*ty)).collect::<Option<Vec<Out>>>();
    let mut groups = vec![0x60];
    types(&signature.params)?.encode(&mut groups);
    types(&signature.results)?.encode(&mut groups);
    let types = vec![Composite::Func(Arc::clone(signature))];
    Some(Module { groups, group_count: 1, types, ..Module::default() })
}
