//! The deterministic host as engines see it: one handle, cloned into every host function.

use std::sync::{Arc, Mutex, PoisonError};

use wassay_model::{Capture, Digest, HostCall, HostCalls, Identity, Ref, ValType, Value, host};

/// Calls that are recorded one by one; the others are digested. Enough to show where two traces part,
/// small enough that a loop of calls does not fill a record.
pub const FIRST: usize = 8;
/// The same in full capture.
pub const FIRST_IN_FULL: usize = 4096;

/// Answers host calls and records them. Clones share one record.
#[derive(Clone, Debug)]
pub struct HostHandle {
    record: Arc<Mutex<Record>>,
}

#[derive(Debug)]
struct Record {
    /// Calls over the whole case: the number that [`host::answer`] takes.
    total: u32,
    first_max: usize,
    calls: HostCalls,
}

impl HostHandle {
    /// A host for one case.
    #[must_use]
    pub fn new(capture: Capture) -> Self {
        let first_max = match capture {
            Capture::Digests => FIRST,
            Capture::Full => FIRST_IN_FULL,
        };
        Self { record: Arc::new(Mutex::new(Record { total: 0, first_max, calls: HostCalls::default() })) }
    }

    /// Answers a call of the host function `name` and records it.
    #[must_use]
    pub fn call(&self, name: &str, args: &[Value], results: &[ValType]) -> Vec<Value> {
        // A panic of an engine while a host function ran leaves the record whole: every update below is
        // complete before anything can unwind.
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = host::answer(name, record.total, args, results);
        record.total = record.total.wrapping_add(1);
        record.calls.count = record.calls.count.saturating_add(1);
        if record.calls.first.len() < record.first_max {
            record.calls.first.push(HostCall { name: name.to_owned(), args: args.to_vec(), results: answer.clone() });
        } else {
            let mut bytes = record.calls.rest.0.to_le_bytes().to_vec();
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend(args.iter().flat_map(|arg| slot(*arg).to_le_bytes()));
            record.calls.rest = Digest::of(&bytes);
        }
        answer
    }

    /// The calls since the last time this was asked.
    #[must_use]
    pub fn take_calls(&self) -> HostCalls {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut record.calls)
    }
}

/// A value as the 16 bytes that stand for it, little-endian, where calls are digested: simple enough to be put
/// together inside a Wasm module. Numbers are their bits. Of a reference, the kind stands in the low word and what
/// is known of the object in the high one; 16 is added to the kind where that is nothing.
#[must_use]
pub fn slot(value: Value) -> u128 {
    const UNKNOWN: u128 = 16;
    let reference = match value {
        Value::I32(bits) | Value::F32(bits) => return u128::from(bits),
        Value::I64(bits) | Value::F64(bits) => return u128::from(bits),
        Value::V128(bits) => return bits,
        Value::Ref(reference) => reference,
    };
    let of = |kind: u128, identity| match identity {
        Identity::Known(number) => u128::from(number) << 64 | kind,
        Identity::Unknown => kind + UNKNOWN,
    };
    match reference {
        Ref::Null => 0,
        Ref::Func(identity) => of(1, identity),
        Ref::Extern(number) => u128::from(number) << 64 | 2,
        Ref::I31(number) => u128::from(i64::from(number).cast_unsigned()) << 64 | 3,
        Ref::Struct(identity) => of(4, identity),
        Ref::Array(identity) => of(5, identity),
        Ref::Exn(identity) => of(6, identity),
        Ref::Opaque(identity) => of(7, identity),
    }
}
