//! How alike two things are, before anyone asks what is allowed here.

use wassay_model::{Allowance, Exception, Identity, Outcome, Ref, TableState, TrapKinds, Value};

/// How alike two observed things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// Nothing tells them apart.
    Same,
    /// One report says less than the other; they may well be the same.
    Untold(Allowance),
    /// They are unlike, and an allowance may cover it.
    Covered(Allowance),
    /// They are unlike.
    Unlike,
}

impl Likeness {
    fn of(same: bool) -> Self {
        if same { Self::Same } else { Self::Unlike }
    }
}

/// Two values. Float results are compared as bits: the deterministic part of section 4.3.3 fixes every bit
/// of a number, zeros' signs included.
pub(crate) fn values(expected: Value, actual: Value) -> Likeness {
    match (expected, actual) {
        _ if expected == actual => Likeness::Same,
        (Value::Ref(expected), Value::Ref(actual)) => refs(expected, actual),
        (Value::F32(expected), Value::F32(actual)) if is_arithmetic_f32(expected) && is_arithmetic_f32(actual) => {
            Likeness::Covered(Allowance::NanBits)
        }
        (Value::F64(expected), Value::F64(actual)) if is_arithmetic_f64(expected) && is_arithmetic_f64(actual) => {
            Likeness::Covered(Allowance::NanBits)
        }
        (Value::V128(expected), Value::V128(actual)) if differ_in_nan_lanes(expected, actual) => {
            Likeness::Covered(Allowance::NanBits)
        }
        _ => Likeness::Unlike,
    }
}

/// The pattern `nan:arithmetic`: all ones in the exponent, and the first bit of the payload set (section
/// 4.3.3). The canonical NaNs belong to it. A signalling NaN does not: operators never make one, they
/// only move it.
pub(crate) const fn is_arithmetic_f32(bits: u32) -> bool {
    bits & 0x7fc0_0000 == 0x7fc0_0000
}

/// See [`is_arithmetic_f32`].
pub(crate) const fn is_arithmetic_f64(bits: u64) -> bool {
    bits & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000
}

/// Whether the lanes in which two vectors differ hold arithmetic NaNs on both sides. A vector does not say
/// whether its lanes are `f32` or `f64`, so either reading will do.
fn differ_in_nan_lanes(expected: u128, actual: u128) -> bool {
    let narrow = (0..4).all(|lane| {
        let (expected, actual) = ((expected >> (lane * 32)) as u32, (actual >> (lane * 32)) as u32);
        expected == actual || is_arithmetic_f32(expected) && is_arithmetic_f32(actual)
    });
    narrow
        || (0..2).all(|lane| {
            let (expected, actual) = ((expected >> (lane * 64)) as u64, (actual >> (lane * 64)) as u64);
            expected == actual || is_arithmetic_f64(expected) && is_arithmetic_f64(actual)
        })
}

/// Two references: null or not, the kind, and the identity where both sides tell it.
pub(crate) fn refs(expected: Ref, actual: Ref) -> Likeness {
    const UNTOLD: Likeness = Likeness::Untold(Allowance::UntoldIdentity);
    match (expected, actual) {
        (Ref::Null, Ref::Null) => Likeness::Same,
        (Ref::Null, _) | (_, Ref::Null) => Likeness::Unlike,
        (Ref::Extern(expected), Ref::Extern(actual)) => Likeness::of(expected == actual),
        (Ref::I31(expected), Ref::I31(actual)) => Likeness::of(expected == actual),
        (Ref::Func(expected), Ref::Func(actual))
        | (Ref::Struct(expected), Ref::Struct(actual))
        | (Ref::Array(expected), Ref::Array(actual))
        | (Ref::Exn(expected), Ref::Exn(actual))
        | (Ref::Opaque(expected), Ref::Opaque(actual)) => match (expected, actual) {
            (Identity::Known(expected), Identity::Known(actual)) => Likeness::of(expected == actual),
            (Identity::Unknown, Identity::Unknown) => Likeness::Same,
            _ => UNTOLD,
        },
        (Ref::Opaque(_), _) | (_, Ref::Opaque(_)) => UNTOLD,
        _ => Likeness::Unlike,
    }
}

/// Two traps. Sets that overlap may mean the same trap: the standard says that an instruction traps, not
/// with which words.
fn traps(expected: TrapKinds, actual: TrapKinds) -> Likeness {
    if expected == actual {
        Likeness::Same
    } else if expected.overlaps(actual) {
        Likeness::Untold(Allowance::TrapWords)
    } else {
        Likeness::Unlike
    }
}

/// What the pair of two outcomes means, values aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Classes<'a> {
    /// One side's answer is not in our tables.
    BlindSpot,
    /// Both sides met a limit: nothing to compare, and nothing to compare after it.
    BothLimited,
    /// One side met a limit.
    Limited,
    /// Both returned: the values decide.
    Values(&'a [Value], &'a [Value]),
    /// Both threw, and both told what.
    Payloads(&'a [Value], &'a [Value]),
    /// Both threw, and one side did not tell what.
    UntoldPayload,
    /// Both trapped.
    Traps(Likeness),
    /// Anything else: alike or not by class alone.
    Class(Likeness),
}

/// The matrix of outcomes. `tests/matrix.rs` shows all of it.
pub(crate) fn outcomes<'a>(expected: &'a Outcome, actual: &'a Outcome) -> Classes<'a> {
    use Outcome::{
        Absent, Exhausted, Invalid, Malformed, Refused, Rejected, Returned, Threw, Trapped, Unclassified, Unlinkable,
    };
    match (expected, actual) {
        (Unclassified(_), _) | (_, Unclassified(_)) => Classes::BlindSpot,
        // Which resource ran out is each engine's own matter, as is the step of a computation at which it does.
        (Exhausted(_), Exhausted(_)) | (Refused(_), Refused(_)) => Classes::BothLimited,
        (Exhausted(_) | Refused(_), _) | (_, Exhausted(_) | Refused(_)) => Classes::Limited,
        (Returned(expected), Returned(actual)) => Classes::Values(expected, actual),
        (Threw(Exception { payload: Some(expected) }), Threw(Exception { payload: Some(actual) })) => {
            Classes::Payloads(expected, actual)
        }
        (Threw(_), Threw(_)) => Classes::UntoldPayload,
        (Trapped(expected), Trapped(actual)) => Classes::Traps(traps(*expected, *actual)),
        (Malformed, Malformed)
        | (Invalid, Invalid)
        | (Rejected, Rejected)
        | (Unlinkable, Unlinkable)
        | (Absent, Absent) => Classes::Class(Likeness::Same),
        // Section 7.1 has one error for a module that does not decode and one for a module that does not
        // validate, and embedders report either as "compile error".
        (Malformed | Invalid | Rejected, Malformed | Invalid | Rejected) => {
            Classes::Class(Likeness::Covered(Allowance::RefusalWords))
        }
        (Returned(_) | Threw(_) | Trapped(_) | Malformed | Invalid | Rejected | Unlinkable | Absent, _) => {
            Classes::Class(Likeness::Unlike)
        }
    }
}

/// The first element, as far as both sides recorded any, in which two tables of one size differ, with
/// what stands there.
pub(crate) fn first_unlike_element(expected: &TableState, actual: &TableState) -> Option<(u64, Ref, Ref, Likeness)> {
    let mut expected = expected.runs.iter().copied();
    let mut actual = actual.runs.iter().copied();
    let (mut left, mut right) = (expected.next()?, actual.next()?);
    let mut element = 0;
    let mut untold = None;
    loop {
        match refs(left.1, right.1) {
            Likeness::Same => {}
            // An element that is merely untold must not hide one further on that differs.
            likeness @ Likeness::Untold(_) => {
                untold = untold.or(Some((element, left.1, right.1, likeness)));
            }
            likeness => return Some((element, left.1, right.1, likeness)),
        }
        let step = left.0.min(right.0);
        element += step;
        left.0 -= step;
        right.0 -= step;
        while left.0 == 0 {
            match expected.next() {
                Some(run) => left = run,
                None => return untold,
            }
        }
        while right.0 == 0 {
            match actual.next() {
                Some(run) => right = run,
                None => return untold,
            }
        }
    }
}
