//! Runs a case of one module on an interpreter, for the gates that families promise.

use wasmi_2 as wasmi;
use wassay_model::{Action, Ref, TestCase, Value};

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Went {
    /// It returned; whether a value.
    Returned(bool),
    /// It trapped, after so much fuel.
    Trapped(u64),
}

const FUEL: u64 = 10_000_000;

/// How each step went; `None` where the interpreter lacks a feature.
///
/// # Panics
///
/// The module is refused or does not instantiate.
pub(crate) fn run(case: &TestCase) -> Option<Vec<Went>> {
    if case.features.contains(wassay_model::Feature::Threads) {
        return None;
    }
    let mut config = wasmi::Config::default();
    config
        .consume_fuel(true)
        .wasm_memory64(true)
        .wasm_multi_memory(true)
        .wasm_custom_page_sizes(true)
        .wasm_wide_arithmetic(true);
    let engine = wasmi::Engine::new(&config);
    let mut store = wasmi::Store::new(&engine, ());
    store.set_fuel(FUEL).expect("fuel is counted");
    let module = wasmi::Module::new(&engine, &case.modules[0].bytes.0)
        .unwrap_or_else(|error| panic!("{:?}: {error}", case.provenance));
    let instance = wasmi::Linker::new(&engine)
        .instantiate_and_start(&mut store, &module)
        .unwrap_or_else(|error| panic!("{:?}: {error}", case.provenance));
    let steps = case.plan.steps.iter().map(|step| {
        let Action::Invoke { export, args, .. } = &step.action else { return Went::Returned(false) };
        let function = instance.get_func(&store, export).expect("exported");
        let ty = function.ty(&store);
        let mut results: Vec<_> = ty.results().iter().map(|ty| wasmi::Val::default_for_ty(*ty)).collect();
        let args: Vec<_> = args.iter().zip(ty.params()).map(|(arg, ty)| val(arg, *ty, &mut store)).collect();
        store.set_fuel(FUEL).expect("fuel is counted");
        match function.call(&mut store, &args, &mut results) {
            Ok(()) => Went::Returned(!results.is_empty()),
            Err(_) => Went::Trapped(FUEL - store.get_fuel().expect("fuel is counted")),
        }
    });
    Some(steps.collect())
}

fn val(value: &Value, ty: wasmi::ValType, store: impl wasmi::AsContextMut) -> wasmi::Val {
    match *value {
        Value::I32(bits) => wasmi::Val::I32(bits.cast_signed()),
        Value::I64(bits) => wasmi::Val::I64(bits.cast_signed()),
        Value::F32(bits) => wasmi::Val::F32(wasmi::F32::from_bits(bits)),
        Value::F64(bits) => wasmi::Val::F64(wasmi::F64::from_bits(bits)),
        Value::V128(bits) => wasmi::Val::V128(bits.into()),
        Value::Ref(Ref::Extern(number)) => wasmi::Val::ExternRef(wasmi::ExternRef::new(store, number).into()),
        Value::Ref(_) => wasmi::Val::default_for_ty(ty),
    }
}
