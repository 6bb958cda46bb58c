//! Instantiation, imports, hosts and limits: what an embedder sees (sections 4.2, 4.7).

mod exec_kit;

use exec_kit::{Ran, config, load, told};
use wassay_model::{FuncType, TrapKind, ValType, Value};
use wassay_reference::exec::{
    Collection, Config, ExecError, Extern, FuncAddr, Host, HostFuncId, InstantiateError, NoHost, Resource, Store,
    Unlinkable,
};

#[test]
fn what_was_written_before_a_trap_in_instantiation_stays() {
    let mut store = Store::new(config());
    let first = load(r#"(module (memory (export "m") 1) (table (export "t") 2 funcref))"#, &config());
    let first = store.instantiate(&first, &[], &mut NoHost).expect("an instance");
    let (Some(memory), Some(table)) = (store.export(first, "m"), store.export(first, "t")) else { panic!() };
    let second = load(
        r#"(module (import "a" "m" (memory 1)) (import "a" "t" (table 2 funcref))
            (func $f)
            (elem (i32.const 0) $f)
            (data (i32.const 0) "abc")
            (data (i32.const 65535) "de"))"#,
        &config(),
    );
    let outcome = store.instantiate(&second, &[memory, table], &mut NoHost);
    let trap = ExecError::Trap(TrapKind::MemoryOutOfBounds.into());
    assert_eq!(outcome, Err(InstantiateError::Exec(trap)));
    let (Extern::Mem(memory), Extern::Table(table)) = (memory, table) else { panic!() };
    assert_eq!(&store.memory_bytes(memory)[..4], b"abc\0");
    assert_eq!(store.memory_bytes(memory)[65535], 0);
    let elements: Vec<_> = store.table_elements(table).map(|element| element.to_string()).collect();
    assert_eq!(elements, ["func:#0", "null"]);
}

#[test]
fn imports_match_by_3_3() {
    let exporter = load(
        r#"(module
            (func (export "f") (param i32)) (memory (export "m") 1 4) (memory (export "open") 2)
            (table (export "t") 2 9 funcref) (global (export "c") i32 (i32.const 1))
            (global (export "v") (mut i32) (i32.const 1)) (global (export "ref") (ref func) (ref.func 0)))"#,
        &config(),
    );
    for (name, import, linkable) in [
        ("f", "(func (param i32))", true),
        ("f", "(func (param i64))", false),
        ("f", "(memory 1)", false),
        ("m", "(memory 1)", true),
        ("m", "(memory 1 4)", true),
        ("m", "(memory 0 5)", true),
        ("m", "(memory 2 4)", false),
        ("m", "(memory 1 3)", false),
        ("m", "(memory i64 1)", false),
        ("open", "(memory 1)", true),
        ("open", "(memory 1 9)", false),
        ("t", "(table 1 funcref)", true),
        ("t", "(table 1 9 externref)", false),
        ("t", "(table 3 9 funcref)", false),
        ("c", "(global i32)", true),
        ("c", "(global (mut i32))", false),
        ("v", "(global (mut i32))", true),
        ("v", "(global i32)", false),
        ("ref", "(global funcref)", true),
        ("ref", "(global externref)", false),
    ] {
        let mut store = Store::new(config());
        let instance = store.instantiate(&exporter, &[], &mut NoHost).expect("an instance");
        let given = store.export(instance, name).expect("an export");
        let importer = load(&format!("(module (import \"a\" \"b\" {import}))"), &config());
        let outcome = store.instantiate(&importer, &[given], &mut NoHost);
        let mismatch = Unlinkable::Type { module: "a".to_owned(), name: "b".to_owned() };
        match linkable {
            true => assert!(outcome.is_ok(), "{name} as {import}: {outcome:?}"),
            false => assert_eq!(outcome, Err(InstantiateError::Unlinkable(mismatch)), "{name} as {import}"),
        }
    }
}

#[test]
fn a_memory_that_has_grown_matches_by_its_size() {
    let mut ran = Ran::new(
        r#"(module (memory (export "m") 1 4) (func (export "grow") (drop (memory.grow (i32.const 1)))))"#,
        config(),
    );
    ran.call("grow", &[]);
    let memory = ran.store.export(ran.instance.clone().expect("an instance"), "m").expect("a memory");
    let importer = load(r#"(module (import "a" "m" (memory 2 4)))"#, &config());
    assert!(ran.store.instantiate(&importer, &[memory], &mut NoHost).is_ok());
}

#[test]
fn exports_keep_the_order_of_the_module() {
    let ran = Ran::new(r#"(module (func (export "z")) (memory (export "a") 1) (func (export "m")))"#, config());
    let names: Vec<_> =
        ran.store.exports(ran.instance.expect("an instance")).map(|export| export.0.to_owned()).collect();
    assert_eq!(names, ["z", "a", "m"]);
}

/// Adds its arguments, traps for a sum of 13, and invokes what it is told to.
struct Adder {
    calls: Vec<Vec<Value>>,
    again: Option<FuncAddr>,
}

impl Host for Adder {
    fn call(
        &mut self,
        store: &mut Store,
        _: HostFuncId,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), ExecError> {
        self.calls.push(args.to_vec());
        let [Value::I32(a), Value::I64(b)] = args else { return Err(ExecError::Internal("arguments")) };
        let sum = u64::from(*a) + b;
        if sum == 13 {
            return Err(TrapKind::Host.into());
        }
        if let Some(func) = self.again {
            results.extend(store.invoke(func, &[Value::I32(a + 1)], self)?);
        } else {
            results.push(Value::I64(sum));
        }
        Ok(())
    }
}

const HOSTED: &str = r#"(module
    (import "host" "add" (func $add (param i32 i64) (result i64)))
    (table 1 funcref) (elem (i32.const 0) $add)
    (func (export "plain") (param i32) (result i64) (i64.const 1) (call $add (local.get 0) (i64.const 5)) (i64.add))
    (func (export "tail") (param i32) (result i64) (i64.const 1) (return_call $add (local.get 0) (i64.const 6)))
    (func (export "indirect") (param i32) (result i64)
        (call_indirect (param i32 i64) (result i64) (local.get 0) (i64.const 7) (i32.const 0)))
    (func (export "nested") (param i32) (result i64) (call 2 (local.get 0)) (i64.const 1) (i64.add)))"#;

fn hosted(config: Config) -> (Store, Vec<FuncAddr>) {
    let mut store = Store::new(config);
    let ty = FuncType { params: vec![ValType::I32, ValType::I64], results: vec![ValType::I64] };
    let add = store.alloc_host_func(ty, HostFuncId(3));
    let module = load(HOSTED, &config);
    let instance = store.instantiate(&module, &[Extern::Func(add)], &mut NoHost).expect("an instance");
    let exports: Vec<_> = store.exports(instance).map(|export| export.1).collect();
    let funcs = exports.into_iter().map(|found| if let Extern::Func(func) = found { func } else { panic!() });
    (store, funcs.collect())
}

#[test]
fn host_functions_are_called_plainly_by_tail_and_through_tables() {
    let (mut store, funcs) = hosted(config());
    let mut host = Adder { calls: Vec::new(), again: None };
    for (func, arg, expected) in [
        (0, 2, "i64:8"),
        (1, 2, "i64:8"),
        (2, 2, "i64:9"),
        (3, 2, "i64:9"),
        (0, 8, "trap host"),
        (1, 7, "trap host"),
        (0, 3, "i64:9"),
    ] {
        assert_eq!(told(store.invoke(funcs[func], &[Value::I32(arg)], &mut host)), expected, "{func} {arg}");
    }
    assert_eq!(host.calls[0], [Value::I32(2), Value::I64(5)]);
    assert_eq!(host.calls.len(), 7);
}

#[test]
fn a_host_that_invokes_without_end_exhausts_the_nesting() {
    let (mut store, funcs) = hosted(config());
    let mut host = Adder { calls: Vec::new(), again: Some(funcs[0]) };
    let outcome = store.invoke(funcs[0], &[Value::I32(20)], &mut host);
    assert_eq!(outcome, Err(ExecError::Exhausted(Resource::Nesting)));
    assert_eq!(host.calls.len(), config().limits.nesting as usize);
    // The store is as good as before.
    host.again = None;
    assert_eq!(told(store.invoke(funcs[0], &[Value::I32(2)], &mut host)), "i64:8");
}

#[test]
fn a_host_that_returns_something_else_is_told_so() {
    struct Wrong;
    impl Host for Wrong {
        fn call(
            &mut self,
            _: &mut Store,
            _: HostFuncId,
            _: &[Value],
            results: &mut Vec<Value>,
        ) -> Result<(), ExecError> {
            results.push(Value::I32(1));
            Ok(())
        }
    }
    let (mut store, funcs) = hosted(config());
    assert_eq!(store.invoke(funcs[0], &[Value::I32(2)], &mut Wrong), Err(ExecError::HostResults));
}

#[test]
fn arguments_of_other_types_are_refused() {
    let (mut store, funcs) = hosted(config());
    for args in [vec![], vec![Value::I64(1)], vec![Value::I32(1), Value::I32(1)]] {
        assert_eq!(store.invoke(funcs[0], &args, &mut NoHost), Err(ExecError::Arguments));
    }
}

#[test]
fn limits_are_outcomes() {
    let module = r#"(module
        (memory $m 1 65536) (table $t 1 funcref) (elem declare func 0)
        (func (export "loop") (loop (br 0)))
        (func $deep (export "deep") (param i32) (result i32)
            (if (result i32) (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7))))
        (func $wide (export "wide") (local v128 v128 v128 v128 v128 v128 v128 v128) (call $wide))
        (func $mutual (export "tail") (param i32) (result i32)
            (if (result i32) (local.get 0) (then (return_call $mutual (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7))))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
        (func (export "fill") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0))))"#;
    let mut config = config();
    config.limits.fuel = 1_000_000;
    for (name, arg, expected) in [
        ("loop", None, "exhausted Fuel"),
        ("deep", Some("i32:9998"), "i32:7"),
        ("deep", Some("i32:100000"), "exhausted Frames"),
        ("wide", None, "exhausted Frames"),
        // A tail call takes no frame.
        ("tail", Some("i32:100000"), "i32:7"),
        ("grow", Some("i32:2"), "i32:1"),
        ("grow", Some("i32:65000"), "i32:-1"),
        ("grow", Some("i32:-1"), "i32:-1"),
        ("table", Some("i32:-1"), "i32:-1"),
        ("table", Some("i32:20000000"), "i32:-1"),
        ("table", Some("i32:100"), "i32:1"),
        // Bulk instructions pay by length.
        ("fill", None, "exhausted Fuel"),
    ] {
        let mut ran = Ran::new(module, config);
        let args: Vec<&str> = arg.into_iter().collect();
        assert_eq!(ran.call(name, &args), expected, "{name} {arg:?}");
        // An exhaustion leaves no frames behind.
        assert_eq!(ran.call("deep", &["i32:9000"]), "i32:7", "after {name} {arg:?}");
    }
}

#[test]
fn deep_recursion_reaches_the_slots_if_frames_allow() {
    let mut config = config();
    config.limits.frames = u32::MAX;
    let module = "(module (func $f (export \"f\") (local v128 v128 v128 v128) (call $f)))";
    assert_eq!(Ran::new(module, config).call("f", &[]), "exhausted Slots");
    let module = "(module (func $f (export \"f\") (local externref externref externref) (call $f)))";
    assert_eq!(Ran::new(module, config).call("f", &[]), "exhausted Slots");
}

#[test]
fn a_growth_that_only_we_refuse_is_recorded() {
    let module = r#"(module (memory 1 100) (func (export "f") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let mut config = config();
    config.limits.pages = 50;
    let mut ran = Ran::new(module, config);
    assert_eq!(ran.call("f", &["i32:100"]), "i32:-1");
    assert_eq!(ran.store.take_open().growth_refused, 0);
    assert_eq!(ran.call("f", &["i32:99"]), "i32:-1");
    assert_eq!(ran.store.take_open().growth_refused, 1);
    assert_eq!(ran.call("f", &["i32:49"]), "i32:1");
}

#[test]
fn modules_that_start_too_large_are_exhausted() {
    for (module, resource) in [
        ("(module (memory 65536))", Resource::Pages),
        ("(module (memory i64 0x1000000000000))", Resource::Pages),
        ("(module (table 4294967295 funcref))", Resource::TableElements),
        ("(module (table i64 0xffffffffffffffff funcref))", Resource::TableElements),
        ("(module (memory 9000) (memory 9000))", Resource::Pages),
    ] {
        let outcome = Ran::new(module, config()).instance;
        assert_eq!(outcome, Err(InstantiateError::Exec(ExecError::Exhausted(resource))), "{module}");
    }
}

/// Without limits of ours, what no process can have is refused nevertheless, rather than its end.
#[test]
fn what_the_process_cannot_have_is_an_outcome() {
    let mut config = config();
    (config.limits.pages, config.limits.table_elements) = (u64::MAX, u64::MAX);
    (config.limits.heap_bytes, config.limits.fuel) = (u64::MAX, u64::MAX);
    for module in [
        "(module (memory i64 0x1000000000000))",
        "(module (memory i64 0xffffffffffff))",
        "(module (table i64 0xffffffffffffffff funcref))",
        "(module (table i64 0x1000000000000000 externref))",
    ] {
        let outcome = Ran::new(module, config).instance;
        let exhausted = ExecError::Exhausted(Resource::Memory);
        assert_eq!(outcome, Err(InstantiateError::Exec(exhausted)), "{module}");
    }
    let module = r#"(module (memory i64 1) (table $t i64 1 externref) (type $a (array v128))
        (func (export "memory") (result i64) (memory.grow (i64.const 0xfffffffffff)))
        (func (export "table") (result i64) (table.grow $t (ref.null extern) (i64.const 0xfffffffffffffff)))
        (func (export "small") (result i64) (memory.grow (i64.const 1))))"#;
    let mut ran = Ran::new(module, config);
    for (name, expected, refused) in [("memory", "i64:-1", 1), ("table", "i64:-1", 1), ("small", "i64:1", 0)] {
        assert_eq!(ran.call(name, &[]), expected, "{name}");
        assert_eq!(ran.store.take_open().growth_refused, refused, "{name}");
    }
}

#[test]
fn one_loaded_module_serves_several_stores() {
    let module = load(
        r#"(module (global $g (mut i32) (i32.const 0))
            (func (export "f") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))"#,
        &config(),
    );
    for _ in 0..2 {
        let mut store = Store::new(config());
        for _ in 0..2 {
            let instance = store.instantiate(&module, &[], &mut NoHost).expect("an instance");
            let Some(Extern::Func(func)) = store.export(instance, "f") else { panic!() };
            assert_eq!(told(store.invoke(func, &[], &mut NoHost)), "i32:1");
        }
    }
}

#[test]
fn exceptions_cross_the_host_in_both_directions() {
    struct Thrower {
        caught: Option<ExecError>,
    }
    impl Host for Thrower {
        fn call(
            &mut self,
            store: &mut Store,
            id: HostFuncId,
            _: &[Value],
            _: &mut Vec<Value>,
        ) -> Result<(), ExecError> {
            let tag = wassay_reference::exec::TagAddr(0);
            match id {
                HostFuncId(0) => Err(store.alloc_exception(tag, vec![Value::I64(5)])?),
                // What the host invokes may throw through it.
                _ => store
                    .invoke(FuncAddr(3), &[], self)
                    .map(|_| ())
                    .inspect_err(|error| self.caught = Some(error.clone())),
            }
        }
    }
    let mut store = Store::new(config());
    let tag = store.alloc_tag(vec![ValType::I64]);
    let throw = store.alloc_host_func(FuncType::default(), HostFuncId(0));
    let again = store.alloc_host_func(FuncType::default(), HostFuncId(1));
    let module = load(
        r#"(module (import "h" "t" (tag $t (param i64))) (import "h" "throw" (func $throw)) (import "h" "again" (func $again))
            (func (export "catch") (result i64)
                (block $l (result i64) (try_table (catch $t $l) (call $throw)) unreachable))
            (func (throw $t (i64.const 6)))
            (func (export "through") (result i64)
                (block $l (result i64) (try_table (catch $t $l) (call $again)) unreachable))
            (func (export "tail") (result i64)
                (block $l (result i64) (try_table (catch $t $l) (call 6)) unreachable))
            (func (return_call $throw))
            (func (export "out") (return_call $throw)))"#,
        &config(),
    );
    let imports = [Extern::Tag(tag), Extern::Func(throw), Extern::Func(again)];
    let instance = store.instantiate(&module, &imports, &mut NoHost).expect("an instance");
    let mut host = Thrower { caught: None };
    for (name, expected) in
        [("catch", "i64:5"), ("through", "i64:6"), ("tail", "i64:5"), ("out", "exception with tag TagAddr(0)")]
    {
        let Some(Extern::Func(func)) = store.export(instance, name) else { panic!() };
        assert_eq!(told(store.invoke(func, &[], &mut host)), expected, "{name}");
    }
    let Some(ExecError::Threw(thrown)) = host.caught else { panic!() };
    assert_eq!((thrown.tag, thrown.payload), (tag, vec![Value::I64(6)]));
}

#[test]
fn what_the_embedder_has_seen_outlives_collections() {
    let config = Config { collection: Collection::Always, ..config() };
    let mut ran = Ran::new(
        r#"(module (type $s (struct (field i8) (field (mut (ref null $s)))))
            (func (export "new") (result (ref $s)) (struct.new $s (i32.const 0x107) (struct.new $s (i32.const 2) (ref.null $s))))
            (func (export "drop") (param i32) (loop (drop (struct.new_default $s))
                (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
            (func (export "get") (param (ref $s)) (result i32) (struct.get_u $s 0 (struct.get $s 1 (local.get 0)))))"#,
        config,
    );
    let first = ran.call("new", &[]);
    assert_eq!(ran.call("drop", &["i32:100"]), "");
    assert_ne!(ran.call("new", &[]), first);
    let Some(Extern::Func(get)) = ran.store.export(ran.instance.clone().expect("an instance"), "get") else { panic!() };
    let object: Value = first.parse().expect("a value");
    assert_eq!(told(ran.store.invoke(get, &[object], &mut NoHost)), "i32:2");
    let Value::Ref(object) = object else { panic!() };
    let values = ran.store.object_values(object).expect("an object");
    assert_eq!(values[0], Value::I32(7));
}

#[test]
fn garbage_is_reclaimed_and_what_is_kept_exhausts_the_heap() {
    let module = r#"(module (type $s (struct (field (mut (ref null $s))) (field i64)))
        (global $list (mut (ref null $s)) (ref.null $s))
        (func (export "garbage") (param i32) (loop (drop (struct.new_default $s))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "list") (param i32) (loop (global.set $list (struct.new $s (global.get $list) (i64.const 1)))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "huge") (drop (array.new_default $a (i32.const -1)))) (type $a (array i64)))"#;
    let mut config = config();
    config.limits.heap_bytes = 10_000_000;
    let mut ran = Ran::new(module, config);
    assert_eq!(ran.call("garbage", &["i32:1000000"]), "");
    assert_eq!(ran.call("list", &["i32:100000"]), "");
    assert_eq!(ran.call("garbage", &["i32:1000000"]), "");
    assert_eq!(ran.call("list", &["i32:1000000"]), "exhausted HeapBytes");
    assert_eq!(ran.call("huge", &[]), "exhausted HeapBytes");
}
