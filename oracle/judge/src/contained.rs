//! Whether the bits of NaNs can reach anything but NaNs.
//!
//! Where the standard leaves the bits of a NaN open, what depends on them is open too. But few instructions tell one NaN
//! from another: comparisons, arithmetic, conversions, branches and moves treat them alike. In a case that has none of
//! those few, two runs that chose other bits differ in nothing but the bits of NaNs, which are arithmetic on both sides:
//! so anything else that is unlike is a fault, before and behind a NaN.

use wasmparser::{Operator, Parser, Payload};
use wassay_model::{Host, TestCase};

/// Whether no instruction of the case tells one NaN from another. What cannot be read, or has no code, is not known to
/// be so.
pub(crate) fn nan_bits(case: &TestCase) -> bool {
    // What a host returns may depend on the bits of what it is given.
    case.host == Host::None
        && !case.modules.is_empty()
        && case.modules.iter().all(|module| in_module(&module.bytes.0).unwrap_or(false))
}

fn in_module(bytes: &[u8]) -> Option<bool> {
    let mut has_code = false;
    for payload in Parser::new(0).parse_all(bytes) {
        let Payload::CodeSectionEntry(body) = payload.ok()? else { continue };
        has_code = true;
        let mut operators = body.get_operators_reader().ok()?;
        while !operators.eof() {
            if tells_nans_apart(&operators.read().ok()?) {
                return Some(false);
            }
        }
    }
    Some(has_code)
}

/// Instructions that make something else of a float's bits (section 4.3): what reads them as an integer, puts them where
/// integers are read, or moves the sign to a number. Vectors have no lanes of a type, so all their instructions count;
/// each has a type in its name, as has what is stored.
fn tells_nans_apart(operator: &Operator<'_>) -> bool {
    match operator {
        Operator::F32Store { .. }
        | Operator::F64Store { .. }
        | Operator::I32ReinterpretF32
        | Operator::I64ReinterpretF64
        | Operator::F32Copysign
        | Operator::F64Copysign => true,
        other => is_vector(other),
    }
}

macro_rules! vectors {
    ($(@$proposal:ident $op:ident $({ $($field:ident: $ty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        fn is_vector(operator: &Operator<'_>) -> bool {
            match operator {
                $(Operator::$op { .. } => matches!(stringify!($proposal).as_bytes(), b"simd" | b"relaxed_simd"),)*
                _ => true,
            }
        }
    };
}
wasmparser::for_each_operator!(vectors);
