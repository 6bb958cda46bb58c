//! The builtin functions, whose references have other types in other releases.

use wasmi::{Caller, ExternRef, Func};

use super::Data;

#[cfg(has_nullable)]
use wasmi::Nullable;
#[cfg(has_ref)]
use wasmi::Ref as Nullable;

#[cfg(any(has_ref, has_nullable))]
type FuncRef = Nullable<Func>;
#[cfg(any(has_ref, has_nullable))]
type HostRef = Nullable<ExternRef>;
#[cfg(not(any(has_ref, has_nullable)))]
use wasmi::FuncRef;
#[cfg(not(any(has_ref, has_nullable)))]
type HostRef = ExternRef;

/// A number for a function.
pub(crate) fn func_id(mut caller: Caller<'_, Data>, func: FuncRef) -> i32 {
    function(&func).map_or(-1, |func| caller.data_mut().number_of(func))
}

/// The number that a host value carries, -1 for null.
pub(crate) fn extern_id(caller: Caller<'_, Data>, value: HostRef) -> i32 {
    number(&value, &caller).unwrap_or(-1)
}

#[cfg(any(has_ref, has_nullable))]
fn function(func: &FuncRef) -> Option<Func> {
    match func {
        Nullable::Val(func) => Some(*func),
        Nullable::Null => None,
    }
}

#[cfg(any(has_ref, has_nullable))]
fn number(value: &HostRef, caller: &Caller<'_, Data>) -> Option<i32> {
    match value {
        Nullable::Val(value) => value.data(caller).downcast_ref().copied(),
        Nullable::Null => None,
    }
}

/// A host value that carries a number.
#[cfg(any(has_ref, has_nullable))]
pub(crate) fn host_value(caller: Caller<'_, Data>, number: i32) -> HostRef {
    Nullable::Val(ExternRef::new(caller, number))
}

#[cfg(not(any(has_ref, has_nullable)))]
fn function(func: &FuncRef) -> Option<Func> {
    func.func().copied()
}

#[cfg(not(any(has_ref, has_nullable)))]
fn number(value: &HostRef, caller: &Caller<'_, Data>) -> Option<i32> {
    value.data(caller)?.downcast_ref().copied()
}

/// A host value that carries a number.
#[cfg(not(any(has_ref, has_nullable)))]
pub(crate) fn host_value(caller: Caller<'_, Data>, number: i32) -> HostRef {
    ExternRef::new::<i32>(caller, Some(number))
}
