//! The bundled reference interpreter, and `faulty+NAME`: the same with one fault planted on purpose, to
//! see whether the fault is found.

use std::collections::BTreeMap;

use wassay_adapter::{Engine, Extern, HostHandle, Session};
use wassay_model::{
    Bound, Capabilities, EngineId, EngineName, Exception, Feature, Features, FuncType, HeapType, Identity, InstanceIdx,
    Limits, ModuleIdx, OpenChoice, Outcome, Ref, RefType, Resource, ValType, Value,
};
use wassay_reference::exec::{
    Chapter, Config, ExecError, Fault, Host, HostFuncId, InstantiateError, LoadError, LoadedModule, ModuleInst, Store,
};

use crate::Unavailable;

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the interpreter runs.
const FEATURES: Features =
    Features::V3.union(Features::of(&[Feature::Threads, Feature::WideArithmetic, Feature::CustomPageSizes]));

struct Reference {
    id: EngineId,
    capabilities: Capabilities,
    fault: Option<Fault>,
}

/// Opens the interpreter without a fault.
pub(crate) fn open(name: &EngineName) -> Result<Box<dyn Engine>, Unavailable> {
    Ok(engine(name, None))
}

/// Opens the interpreter with the fault that the one option names.
pub(crate) fn open_faulty(name: &EngineName) -> Result<Box<dyn Engine>, Unavailable> {
    let wrong = |option: &str| Unavailable::Option {
        name: name.name.clone(),
        option: option.to_owned(),
        known: crate::registry::known_options(faults()),
    };
    match name.options.as_slice() {
        [option] => Ok(engine(name, Some(Fault::from_name(option).ok_or_else(|| wrong(option))?))),
        [] => Err(wrong("")),
        [_, second, ..] => Err(wrong(second)),
    }
}

/// The names of all faults.
pub(crate) fn faults() -> impl Iterator<Item = &'static str> {
    Fault::ALL.iter().map(|fault| fault.name())
}

/// Every fault, for scores.
pub(crate) fn planted() -> Vec<crate::Planted> {
    let row = |fault: &Fault| crate::Planted {
        name: fault.name(),
        chapter: fault.chapter().name(),
        section: fault.section(),
        model: fault.model(),
        held_out: fault.is_held_out(),
    };
    Fault::ALL.iter().map(row).collect()
}

/// The chapters of faults, in the order of tables.
pub(crate) fn chapters() -> Vec<&'static str> {
    Chapter::ALL.iter().map(|chapter| chapter.name()).collect()
}

/// Those of `among` that can make a difference to a plan with this module.
pub(crate) fn touching<'a>(module: &[u8], among: &[&'a str]) -> Vec<&'a str> {
    let faults: Vec<Fault> = among.iter().filter_map(|name| Fault::from_name(name)).collect();
    let touching = Fault::touching(module, &Config::new(FEATURES), &faults);
    among.iter().copied().filter(|name| touching.iter().any(|fault| fault.name() == *name)).collect()
}

fn engine(name: &EngineName, fault: Option<Fault>) -> Box<dyn Engine> {
    Box::new(Reference {
        id: EngineId { name: name.clone(), version: VERSION.to_owned() },
        capabilities: Capabilities { features: FEATURES, bound: Bound::Fuel, blind_spots: BTreeMap::new() },
        fault,
    })
}

impl Engine for Reference {
    fn id(&self) -> &EngineId {
        &self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn open<'a>(&'a mut self, limits: &Limits, host: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome> {
        let mut config = Config::new(FEATURES);
        config.fault = self.fault;
        config.limits.fuel = limits.fuel_max;
        config.limits.frames = limits.frames_max;
        // These bound all memories and tables together. That errs to the safe side: a growth that the
        // interpreter refuses is reported as an open choice, one that only the others refuse is not.
        config.limits.pages = u64::from(limits.memory_pages_max);
        config.limits.table_elements = u64::from(limits.table_elements_max);
        Ok(Box::new(Case {
            store: Store::new(config),
            host: Answers { host, funcs: Vec::new() },
            fuel_max: limits.fuel_max,
            instructions: 0,
            modules: Vec::new(),
            instances: Vec::new(),
            last: None,
        }))
    }
}

struct Case {
    store: Store,
    host: Answers,
    fuel_max: u64,
    /// What the last instantiation or invocation took, until it is asked for.
    instructions: u64,
    modules: Vec<Option<LoadedModule>>,
    instances: Vec<Option<ModuleInst>>,
    last: Option<String>,
}

/// Host functions by the number that the store calls them by: the position.
struct Answers {
    host: HostHandle,
    funcs: Vec<(String, Vec<ValType>)>,
}

impl Host for Answers {
    fn call(
        &mut self,
        _: &mut Store,
        func: HostFuncId,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), ExecError> {
        let (name, types) = &self.funcs[func.0 as usize];
        let args: Vec<Value> = args.iter().map(|arg| anonymous(*arg)).collect();
        results.extend(self.host.call(name, &args, types));
        Ok(())
    }
}

/// What the host is told of an argument: no identities, as no adapter tells them there.
fn anonymous(value: Value) -> Value {
    let Value::Ref(reference) = value else { return value };
    Value::Ref(match reference {
        Ref::Func(_) => Ref::Func(Identity::Unknown),
        Ref::Struct(_) => Ref::Struct(Identity::Unknown),
        Ref::Array(_) => Ref::Array(Identity::Unknown),
        Ref::Exn(_) => Ref::Exn(Identity::Unknown),
        Ref::Opaque(_) => Ref::Opaque(Identity::Unknown),
        Ref::Null | Ref::Extern(_) | Ref::I31(_) => reference,
    })
}

impl Session for Case {
    fn load(&mut self, module: ModuleIdx, bytes: &[u8]) -> Outcome {
        match self.store.load(bytes) {
            Ok(loaded) => {
                crate::put(&mut self.modules, module.position(), loaded);
                Outcome::Returned(Vec::new())
            }
            Err(error) => {
                let words = error.to_string();
                self.last = Some(words.clone());
                match error {
                    LoadError::Malformed(_) => Outcome::Malformed,
                    LoadError::Invalid(_) => Outcome::Invalid,
                    LoadError::Limit(_) => Outcome::Refused(words),
                }
            }
        }
    }

    fn instantiate(&mut self, module: ModuleIdx, instance: InstanceIdx, imports: &[Extern<'_>]) -> Outcome {
        let Some(Some(module)) = self.modules.get(module.position()).cloned() else { return Outcome::Absent };
        let mut externs = Vec::with_capacity(imports.len());
        for import in imports {
            let found = match *import {
                Extern::Export { instance, export } => self.export(instance, export),
                Extern::Host { name, ty } => {
                    if names_a_module_type(ty) {
                        return Outcome::Refused("a host function whose type names a type of the module".to_owned());
                    }
                    let id = HostFuncId(u32::try_from(self.host.funcs.len()).unwrap_or(u32::MAX));
                    self.host.funcs.push((name.to_owned(), ty.results.clone()));
                    Some(wassay_reference::exec::Extern::Func(self.store.alloc_host_func(ty.clone(), id)))
                }
            };
            match found {
                Some(found) => externs.push(found),
                None => return Outcome::Unlinkable,
            }
        }
        let made = self.store.instantiate(&module, &externs, &mut self.host);
        // Linking comes before the fuel is filled up: what is left then is of an earlier step.
        if !matches!(made, Err(InstantiateError::Unlinkable(_))) {
            self.count();
        }
        match made {
            Ok(made) => {
                crate::put(&mut self.instances, instance.position(), made);
                Outcome::Returned(Vec::new())
            }
            Err(InstantiateError::Unlinkable(error)) => {
                self.last = Some(error.to_string());
                Outcome::Unlinkable
            }
            Err(InstantiateError::Exec(error)) => self.fail(&error),
        }
    }

    fn invoke(&mut self, instance: InstanceIdx, export: &str, args: &[Value]) -> Outcome {
        let Some(wassay_reference::exec::Extern::Func(func)) = self.export(instance, export) else {
            return Outcome::Absent;
        };
        let values = self.store.invoke(func, args, &mut self.host);
        self.count();
        match values {
            Ok(values) => Outcome::Returned(values),
            Err(error) => self.fail(&error),
        }
    }

    fn global(&mut self, instance: InstanceIdx, export: &str) -> Option<Value> {
        let wassay_reference::exec::Extern::Global(global) = self.export(instance, export)? else { return None };
        self.store.global_value(global)
    }

    fn memory(
        &mut self,
        instance: InstanceIdx,
        export: &str,
        bytes_max: u64,
        look: &mut dyn FnMut(&[u8]),
    ) -> Option<u64> {
        let wassay_reference::exec::Extern::Mem(memory) = self.export(instance, export)? else { return None };
        let bytes = self.store.memory_bytes(memory);
        if bytes.len() as u64 <= bytes_max {
            look(bytes);
        }
        Some(bytes.len() as u64)
    }

    fn table(&mut self, instance: InstanceIdx, export: &str, look: &mut dyn FnMut(Ref) -> bool) -> Option<u64> {
        let wassay_reference::exec::Extern::Table(table) = self.export(instance, export)? else { return None };
        let mut elements = self.store.table_elements(table);
        let size = elements.len() as u64;
        // All of them, or those up to the first that is not looked at.
        elements.all(look);
        Some(size)
    }

    fn words(&mut self) -> Option<String> {
        self.last.take()
    }

    fn open_choices(&mut self) -> Vec<OpenChoice> {
        let open = self.store.take_open();
        let mut choices = Vec::new();
        if open.nan > 0 {
            choices.push(OpenChoice::NanBits);
        }
        if open.relaxed > 0 {
            choices.push(OpenChoice::RelaxedVector);
        }
        if open.growth_refused > 0 {
            choices.push(OpenChoice::RefusedGrowth);
        }
        choices
    }

    fn instructions(&mut self) -> Option<u64> {
        Some(std::mem::take(&mut self.instructions))
    }
}

impl Case {
    fn export(&self, instance: InstanceIdx, name: &str) -> Option<wassay_reference::exec::Extern> {
        self.store.export(self.instances.get(instance.position()).copied().flatten()?, name)
    }

    fn count(&mut self) {
        self.instructions = self.fuel_max.saturating_sub(self.store.fuel_left());
    }

    fn fail(&mut self, error: &ExecError) -> Outcome {
        self.last = Some(error.to_string());
        outcome(error)
    }
}

fn names_a_module_type(ty: &FuncType) -> bool {
    ty.params
        .iter()
        .chain(&ty.results)
        .any(|ty| matches!(ty, ValType::Ref(RefType { heap: HeapType::Concrete(_), .. })))
}

fn outcome(error: &ExecError) -> Outcome {
    use wassay_reference::exec::Resource as Theirs;
    match error {
        ExecError::Trap(kinds) => Outcome::Trapped(*kinds),
        ExecError::Exhausted(resource) => Outcome::Exhausted(match resource {
            // Sleeping for ever takes all time, as an endless loop does.
            Theirs::Fuel | Theirs::Agents => Resource::Fuel,
            Theirs::Frames | Theirs::Slots | Theirs::Nesting => Resource::Stack,
            Theirs::Pages | Theirs::TableElements | Theirs::HeapBytes | Theirs::Memory => Resource::Memory,
        }),
        ExecError::Threw(thrown) => Outcome::Threw(Exception { payload: Some(thrown.payload.clone()) }),
        ExecError::Arguments | ExecError::HostResults => Outcome::Unclassified(error.to_string()),
        // A finding against us, so it must be as loud as the crash of any engine: the worker catches it.
        ExecError::Internal(words) => panic!("the reference reached a state that validation rules out: {words}"),
    }
}
