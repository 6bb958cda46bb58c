//! What the tests of execution share: text in, text out.

#![allow(dead_code, reason = "every test file uses its own part")]
use wassay_model::{Features, Value};
use wassay_reference::exec::{Config, ExecError, Extern, InstantiateError, LoadedModule, ModuleInst, NoHost, Store};

/// Encodes a module.
pub(crate) fn wat(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer).unwrap_or_else(|error| panic!("{error}\n{text}"));
    module.encode().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// All of 3.0, small limits.
pub(crate) fn config() -> Config {
    Config::new(Features::V3)
}

/// Loads a module that must be valid.
pub(crate) fn load(text: &str, config: &Config) -> LoadedModule {
    LoadedModule::load(&wat(text), config).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Results as text, or how it ended otherwise.
pub(crate) fn told(outcome: Result<Vec<Value>, ExecError>) -> String {
    match outcome {
        Ok(values) => values.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
        Err(ExecError::Trap(kinds)) => format!("trap {kinds}"),
        Err(ExecError::Exhausted(resource)) => format!("exhausted {resource:?}"),
        Err(error) => error.to_string(),
    }
}

/// An instance in a store of its own.
pub(crate) struct Ran {
    pub(crate) store: Store,
    pub(crate) module: LoadedModule,
    pub(crate) instance: Result<ModuleInst, InstantiateError>,
}

impl Ran {
    pub(crate) fn new(text: &str, config: Config) -> Self {
        let module = load(text, &config);
        let mut store = Store::new(config);
        let instance = store.instantiate(&module, &[], &mut NoHost);
        Self { store, module, instance }
    }

    /// Invokes an export with arguments in the text form of values.
    pub(crate) fn call(&mut self, name: &str, args: &[&str]) -> String {
        let instance = self.instance.clone().expect("the module has an instance");
        self.call_in(instance, name, args)
    }

    pub(crate) fn call_in(&mut self, instance: ModuleInst, name: &str, args: &[&str]) -> String {
        let Some(Extern::Func(func)) = self.store.export(instance, name) else { panic!("no function `{name}`") };
        let args: Vec<Value> = args.iter().map(|arg| arg.parse().expect("a value")).collect();
        told(self.store.invoke(func, &args, &mut NoHost))
    }
}
