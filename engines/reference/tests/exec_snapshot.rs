//! Snapshots of a store (section 4.2): what is run after one is restored is what was run before.

mod exec_kit;

use exec_kit::{config, load, told};
use wassay_model::{FuncType, Value};
use wassay_reference::exec::choices::Recorded;
use wassay_reference::exec::{
    Collection, Config, ExecError, Extern, Host, HostFuncId, ModuleInst, NoHost, RestoreError, Snapshot, Store,
};

/// State of every kind, and a function that changes all of it and tells about it.
const MODULE: &str = r#"(module
    (type $node (struct (field $n (mut i32)) (field $next (mut (ref null $node)))))
    (memory $m 1 40) (table $t 1 400 funcref) (elem (table $t) (i32.const 0) func $grow) (elem $e func $grow)
    (data $d "abc") (tag $x (param i32))
    (global $count (mut i32) (i32.const 0)) (global $list (mut (ref null $node)) (ref.null $node))
    (global $v (mut v128) (v128.const i64x2 1 2))
    (func $grow (result i32) (memory.grow (i32.const 1)))
    (func (export "f") (result i32 i32 i32 i32 i32 v128) (local $node (ref null $node)) (local $sum i32)
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (global.set $v (i64x2.add (global.get $v) (global.get $v)))
        (global.set $list (struct.new $node (global.get $count) (global.get $list)))
        (i32.store (i32.const 8) (i32.add (i32.mul (i32.load (i32.const 8)) (i32.const 3)) (global.get $count)))
        (drop (table.grow $t (ref.func $grow) (i32.const 2)))
        (local.set $node (global.get $list))
        (loop $l (if (i32.eqz (ref.is_null (local.get $node))) (then
            (local.set $sum (i32.add (local.get $sum) (struct.get $node $n (local.get $node))))
            (local.set $node (struct.get $node $next (local.get $node))) (br $l))))
        (i32.load (i32.const 8)) (local.get $sum) (table.size $t) (call_indirect (result i32) (i32.const 0)) (memory.size)
        (global.get $v))
    (func (export "drop") (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3)) (data.drop $d) (elem.drop $e)))"#;

fn made(config: Config) -> (Store, ModuleInst) {
    let mut store = Store::new(config);
    let instance = store.instantiate(&load(MODULE, &config), &[], &mut NoHost).expect("an instance");
    (store, instance)
}

fn call(store: &mut Store, instance: ModuleInst, name: &str) -> String {
    let Some(Extern::Func(func)) = store.export(instance, name) else { panic!("no function") };
    let outcome = told(store.invoke(func, &[], &mut NoHost));
    format!("{outcome}, {} left", store.fuel_left())
}

fn calls(store: &mut Store, instance: ModuleInst, count: usize) -> Vec<String> {
    (0..count).map(|_| call(store, instance, "f")).collect()
}

#[test]
fn runs_after_a_restoration_give_the_same() {
    for collection in [Collection::WhenNeeded, Collection::Always] {
        let (mut store, instance) = made(Config { collection, ..config() });
        calls(&mut store, instance, 5);
        let snapshot = store.snapshot().expect("a snapshot");
        let first = calls(&mut store, instance, 8);
        assert_eq!(call(&mut store, instance, "drop").split(',').next(), Some(""));
        assert!(call(&mut store, instance, "drop").starts_with("trap"));
        for _ in 0..2 {
            store.restore(&snapshot).expect("restored");
            assert_eq!(calls(&mut store, instance, 8), first);
        }
        // The segments are there again.
        store.restore(&snapshot).expect("restored");
        assert_eq!(call(&mut store, instance, "drop").split(',').next(), Some(""));
        // A snapshot is no part of its store.
        let (mut other, _) = made(config());
        other.restore(&snapshot).expect("restored");
        drop(store);
        assert_eq!(calls(&mut other, instance, 8), first);
    }
}

#[test]
fn what_was_made_after_a_snapshot_is_gone() {
    let (mut store, instance) = made(config());
    let snapshot = store.snapshot().expect("a snapshot");
    let second = store.instantiate(&load(MODULE, &config()), &[], &mut NoHost).expect("an instance");
    let before = calls(&mut store, second, 3);
    store.restore(&snapshot).expect("restored");
    assert_eq!(store.export(second, "f"), None);
    let again = store.instantiate(&load(MODULE, &config()), &[], &mut NoHost).expect("an instance");
    assert_eq!((again, calls(&mut store, again, 3)), (second, before));
    assert!(calls(&mut store, instance, 1)[0].starts_with("i32:1 "));
}

#[test]
fn choices_are_part_of_a_snapshot() {
    let recorded = Recorded { refused_growth: Some(1), ..Recorded::default() };
    let module =
        load(r#"(module (memory 1 9) (func (export "f") (result i32) (memory.grow (i32.const 1))))"#, &config());
    let mut store = Store::with_choices(config(), recorded);
    let instance = store.instantiate(&module, &[], &mut NoHost).expect("an instance");
    let snapshot = store.snapshot().expect("a snapshot");
    for _ in 0..2 {
        let told: Vec<_> = calls(&mut store, instance, 3);
        let told: Vec<_> = told.iter().filter_map(|told| told.split(',').next()).collect();
        assert_eq!(told, ["i32:1", "i32:-1", "i32:2"]);
        store.restore(&snapshot).expect("restored");
    }
}

#[test]
fn a_running_store_is_not_restored() {
    struct Restorer(Snapshot, Option<Result<(), RestoreError>>);
    impl Host for Restorer {
        fn call(&mut self, store: &mut Store, _: HostFuncId, _: &[Value], _: &mut Vec<Value>) -> Result<(), ExecError> {
            self.1 = Some(store.restore(&self.0));
            Ok(())
        }
    }
    let mut store = Store::new(config());
    let func = store.alloc_host_func(FuncType::default(), HostFuncId(0));
    let module =
        load(r#"(module (import "a" "b" (func)) (func (export "f") (result i32) (call 0) (i32.const 3)))"#, &config());
    let instance = store.instantiate(&module, &[Extern::Func(func)], &mut NoHost).expect("an instance");
    let Some(Extern::Func(func)) = store.export(instance, "f") else { panic!("no function") };
    let mut host = Restorer(store.snapshot().expect("a snapshot"), None);
    assert_eq!(told(store.invoke(func, &[], &mut host)), "i32:3");
    assert_eq!(host.1, Some(Err(RestoreError::Running)));
    assert_eq!(store.restore(&host.0), Ok(()));
}
