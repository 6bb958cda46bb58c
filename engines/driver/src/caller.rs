//! Callers: what invokes functions of one type, whatever instance they are of. A worker keeps them from case to case, so
//! that most cases need no driver of their own.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wasm_encoder::{Encode as _, ValType as Out};
use wasmparser::{AbstractHeapType, HeapType, ValType};
use wassay_adapter::Prepared;
use wassay_model::{Feature, Features, TestCase};

use crate::build::{Builder, Source, out};
use crate::drive::{Crossing, RefArgs, Through, func};
use crate::read::{Composite, Module, Signature};
use crate::script::plain_calls;
use crate::{Builtins, FRAME, ImportEntry, Op, Worker};

/// The instance of the set of callers for the cases ahead.
const SET_INSTANCE: i32 = -4;
/// How many callers a set has at most.
const SET_MAX: usize = 256;
/// The number of the first other one's instance; the rest follow below.
const FIRST_CALLER: i32 = -100;
/// How many of those there are at most: a worker keeps an instance of each.
const CALLERS_MAX: usize = 512;
/// How often a kind was wanted before it gets a module of its own, which costs an engine as much as several functions more
/// in other modules; many types come once and never again.
const WANTED_MIN: u32 = 4;
/// How many kinds are counted at most.
const KINDS_MAX: usize = 1 << 16;

/// A function that invokes others, in a module that a worker keeps.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The number of the module's instance.
    pub(crate) instance: i32,
    /// The function's name.
    pub(crate) func: Arc<str>,
    pub(crate) crossing: Arc<Crossing>,
    kept: Arc<KeptModule>,
}

/// A module that a worker keeps an instance of.
#[derive(Debug)]
struct KeptModule {
    edition: u64,
    bytes: Arc<[u8]>,
    imports: Arc<[ImportEntry]>,
}

impl Caller {
    /// What makes sure that a worker has it.
    pub(crate) fn keep(&self) -> Op {
        let KeptModule { edition, bytes, imports } = &*self.kept;
        Op::Keep { keep: self.instance, edition: *edition, bytes: Arc::clone(bytes), imports: Arc::clone(imports) }
    }
}

/// What two functions have in common that one caller invokes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    params: Vec<ValType>,
    results: Vec<ValType>,
    args: Vec<RefArgs>,
    builtins: Builtins,
    /// Whether what comes from outside may be a structure or an array in disguise.
    objects: bool,
}

impl Kind {
    fn new(signature: &Signature, args: &[RefArgs], worker: &Worker, usable: Features) -> Self {
        let is_extern = |ty: &ValType| match ty {
            ValType::Ref(ty) => {
                matches!(ty.heap_type(), HeapType::Abstract { shared: false, ty: AbstractHeapType::Extern })
            }
            _ => false,
        };
        Self {
            params: signature.params.clone(),
            results: signature.results.clone(),
            args: args.to_vec(),
            builtins: worker.builtins,
            objects: usable.contains(Feature::Gc) && signature.results.iter().any(is_extern),
        }
    }
}

/// The callers of workers that are asked the same cases: those that are kept for good, each a module of its own for a type
/// that comes often; and for the types that come seldom a set in one module, made anew for every few cases.
///
/// A number means the same to all of these workers, since a script is made once for all that are talked to alike.
#[derive(Debug, Default)]
pub struct Callers {
    kinds: HashMap<Kind, Known>,
    made: usize,
    /// The present set, by the workers that are talked to alike.
    sets: Vec<(Worker, HashMap<Kind, Arc<Caller>>)>,
    editions: u64,
}

/// What is known of a kind.
#[derive(Debug)]
enum Known {
    /// It was wanted so often.
    Wanted(u32),
    Made(Arc<Caller>),
}

impl Callers {
    /// Makes a set for what these cases will invoke on this worker, in place of the last one. The cases can be lowered
    /// without that, and then have drivers of their own; where there are several, a set is cheaper.
    pub fn foresee(&mut self, cases: &[&TestCase], worker: &Worker) {
        self.sets.retain(|(known, _)| known != worker);
        if !worker.callers {
            return;
        }
        let mut wanted: Vec<(Kind, Arc<Signature>)> = Vec::new();
        let mut seen: HashSet<Kind> = HashSet::new();
        let is_taken = |case: &&&TestCase| case.features.minus(worker.features).iter().next().is_none();
        let mut count = 0;
        for case in cases.iter().filter(is_taken) {
            count += 1;
            for (signature, args) in plain_calls(&Prepared::new(case), worker) {
                let kind = Kind::new(&signature, &args, worker, worker.features);
                let is_made = matches!(self.kinds.get(&kind), Some(Known::Made(_)));
                if !is_made && wanted.len() < SET_MAX && seen.insert(kind.clone()) {
                    wanted.push((kind, signature));
                }
            }
        }
        if count > 1 && !wanted.is_empty() {
            let set = self.set(wanted, worker);
            self.sets.push((worker.clone(), set));
        }
    }

    fn set(&mut self, wanted: Vec<(Kind, Arc<Signature>)>, worker: &Worker) -> HashMap<Kind, Arc<Caller>> {
        self.editions += 1;
        let signatures: Vec<Arc<Signature>> = wanted.iter().map(|(_, signature)| Arc::clone(signature)).collect();
        let funcs: Vec<&[RefArgs]> = wanted.iter().map(|(kind, _)| kind.args.as_slice()).collect();
        let Some((kept, crossings)) = module(&signatures, &funcs, self.editions, worker, worker.features) else {
            return HashMap::new();
        };
        let made = wanted.into_iter().zip(crossings).enumerate().filter_map(|(position, ((kind, _), crossing))| {
            let (func, kept) = (name(position), Arc::clone(&kept));
            Some((kind, Arc::new(Caller { instance: SET_INSTANCE, func, crossing: Arc::new(crossing?), kept })))
        });
        made.collect()
    }

    /// The caller of functions of this type, with these kinds of references passed. `None` where the driver has to invoke
    /// them: the worker keeps no callers, the type is one of the module alone or has come seldom so far and was not
    /// foreseen, there are too many, or none can be made.
    pub(crate) fn of(
        &mut self,
        signature: &Arc<Signature>,
        args: &[RefArgs],
        worker: &Worker,
        usable: Features,
    ) -> Option<Arc<Caller>> {
        if !worker.callers || !signature.is_plain {
            return None;
        }
        let kind = Kind::new(signature, args, worker, usable);
        let set = self.sets.iter().find(|(known, _)| known == worker);
        let foreseen = set.and_then(|(_, set)| set.get(&kind)).cloned();
        if !self.kinds.contains_key(&kind) && self.kinds.len() >= KINDS_MAX {
            return foreseen;
        }
        let known = self.kinds.entry(kind).or_insert(Known::Wanted(0));
        match known {
            Known::Made(caller) => return Some(Arc::clone(caller)),
            Known::Wanted(count) if *count < WANTED_MIN || self.made >= CALLERS_MAX => {
                *count = count.saturating_add(1);
                return foreseen;
            }
            Known::Wanted(_) => {}
        }
        // Where it cannot be made the driver finds out the same, and says why.
        let (kept, mut crossings) = module(std::slice::from_ref(signature), &[args], 0, worker, usable)?;
        let crossing = Arc::new(crossings.pop()??);
        let instance = FIRST_CALLER - i32::try_from(self.made).ok()?;
        let caller = Arc::new(Caller { instance, func: name(0), crossing, kept });
        self.made += 1;
        *known = Known::Made(Arc::clone(&caller));
        Some(caller)
    }
}

/// The name of the function of this position in a module of callers.
fn name(position: usize) -> Arc<str> {
    format!("f{position}").into()
}

/// A module with a caller for each of these types, and what each leaves; `None` for those that cannot be made.
fn module(
    signatures: &[Arc<Signature>],
    funcs: &[&[RefArgs]],
    edition: u64,
    worker: &Worker,
    usable: Features,
) -> Option<(Arc<KeptModule>, Vec<Option<Crossing>>)> {
    let module = types(signatures)?;
    let mut builder = Builder::new(&module, worker, usable);
    builder.import_memory(Source::Frame(FRAME.memory));
    let returns_bytes = builder.own_type(&[], &[Out::I32]);
    let mut crossings = Vec::with_capacity(funcs.len());
    for (position, args) in funcs.iter().enumerate() {
        let made = func(&mut builder, position as u32, Through::Seat, args, &[]).ok();
        crossings.push(made.map(|(code, crossing)| {
            builder.define(name(position).to_string(), returns_bytes, code);
            crossing
        }));
    }
    let (bytes, sources) = builder.finish();
    let imports: Option<Arc<[ImportEntry]>> = sources.iter().map(kept).collect();
    Some((Arc::new(KeptModule { edition, bytes, imports: imports? }), crossings))
}

/// What an import is given that is the same for every case.
fn kept(source: &Source) -> Option<ImportEntry> {
    match source {
        Source::Frame(name) => Some(ImportEntry::export(FRAME.instance, name)),
        Source::Builtin(builtin) => Some(ImportEntry::Builtin(*builtin)),
        Source::Own(_) | Source::Trace(_) | Source::Eye(_) | Source::Import(_) => None,
    }
}

/// A module that has these types and nothing else.
fn types(signatures: &[Arc<Signature>]) -> Option<Module> {
    let outs = |types: &[ValType]| types.iter().map(|ty| out(*ty)).collect::<Option<Vec<Out>>>();
    let mut groups = Vec::new();
    for signature in signatures {
        groups.push(0x60);
        outs(&signature.params)?.encode(&mut groups);
        outs(&signature.results)?.encode(&mut groups);
    }
    let types = signatures.iter().map(|signature| Composite::Func(Arc::clone(signature))).collect();
    Some(Module { groups, group_count: signatures.len() as u32, types, ..Module::default() })
}
