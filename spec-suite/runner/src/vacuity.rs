//! Whether assertions can fail: each is broken on purpose and held against the same observation.

use wassay_judge::expect::trap_kinds;
use wassay_model::{Expected, Lane, Observation, Pattern, Ref, RefPattern, Value};

use crate::{Script, State, evaluate};

/// The commands that pass, and still pass with a broken expectation: once with the contents changed (a value,
/// the kind of a trap), once with an outcome of another class expected.
///
/// An engine that does not show a reference's number or a trap's kind has some; one that shows all has none.
#[must_use]
pub fn vacuous(script: &Script, observation: &Observation) -> Vec<u32> {
    let passes = |script: &Script| -> Vec<bool> {
        evaluate(script, observation).iter().map(|result| result.state == State::Pass).collect()
    };
    let broken = |mend: fn(&Expected) -> Expected| {
        let mut script = script.clone();
        for check in &mut script.checks {
            check.expected = mend(&check.expected);
        }
        passes(&script)
    };
    let (honest, contents, class) = (passes(script), broken(other_contents), broken(other_class));
    let each = script.checks.iter().enumerate();
    each.filter(|(number, _)| honest[*number] && (contents[*number] || class[*number]))
        .map(|(_, check)| check.command)
        .collect()
}

/// Another value or another kind of trap; another class where the expectation has no contents.
fn other_contents(expected: &Expected) -> Expected {
    match expected {
        Expected::Return(patterns) if !patterns.is_empty() => {
            Expected::Return(patterns.iter().map(other_pattern).collect())
        }
        Expected::Trap(words) => match trap_kinds(words) {
            // Words that fit any trap have no contents.
            Some(kinds) if kinds.iter().next().is_some() => {
                let unlike = |other: &&str| trap_kinds(other).is_some_and(|other| !other.overlaps(kinds));
                let other = ["unreachable", "integer divide by zero"].into_iter().find(unlike);
                Expected::Trap(other.unwrap_or("unreachable").to_owned())
            }
            _ => other_class(expected),
        },
        _ => other_class(expected),
    }
}

const fn other_class(expected: &Expected) -> Expected {
    match expected {
        Expected::Success | Expected::Return(_) => Expected::Unlinkable,
        _ => Expected::Success,
    }
}

/// A pattern that nothing has which has the given one.
fn other_pattern(pattern: &Pattern) -> Pattern {
    match pattern {
        Pattern::Value(value) => match *value {
            Value::I32(bits) => Pattern::Value(Value::I32(!bits)),
            Value::I64(bits) => Pattern::Value(Value::I64(!bits)),
            Value::F32(bits) => Pattern::Value(Value::F32(!bits)),
            Value::F64(bits) => Pattern::Value(Value::F64(!bits)),
            Value::V128(bits) => Pattern::Value(Value::V128(!bits)),
            Value::Ref(Ref::Null) => Pattern::Ref(RefPattern::Func),
            Value::Ref(Ref::Extern(number)) => Pattern::Value(Value::Ref(Ref::Extern(!number))),
            Value::Ref(_) => Pattern::Value(Value::Ref(Ref::Null)),
        },
        // No class of NaNs holds an infinity.
        Pattern::NanF32(_) => Pattern::Value(Value::F32(f32::INFINITY.to_bits())),
        Pattern::NanF64(_) => Pattern::Value(Value::F64(f64::INFINITY.to_bits())),
        Pattern::F32x4(lanes) => Pattern::F32x4(lanes.map(|lane| match lane {
            Lane::Bits(bits) => Lane::Bits(!bits),
            Lane::Nan(_) => Lane::Bits(f32::INFINITY.to_bits()),
        })),
        Pattern::F64x2(lanes) => Pattern::F64x2(lanes.map(|lane| match lane {
            Lane::Bits(bits) => Lane::Bits(!bits),
            Lane::Nan(_) => Lane::Bits(f64::INFINITY.to_bits()),
        })),
        Pattern::Ref(_) => Pattern::Value(Value::Ref(Ref::Null)),
        Pattern::Either(patterns) => other_than(patterns),
    }
}

/// A value that fits none of several patterns.
fn other_than(patterns: &[Pattern]) -> Pattern {
    let fits = |value: Value| patterns.iter().any(|pattern| wassay_judge::expect::matches_value(pattern, value));
    let unlike = |value: &Value| !fits(*value);
    let candidates: Vec<Value> = match patterns.first().map(other_pattern) {
        Some(Pattern::Value(Value::V128(bits))) => (0..16).map(|change| Value::V128(bits ^ change)).collect(),
        Some(Pattern::Value(Value::I32(bits))) => (0..16).map(|change| Value::I32(bits ^ change)).collect(),
        Some(Pattern::Value(Value::I64(bits))) => (0..16).map(|change| Value::I64(bits ^ change)).collect(),
        Some(Pattern::F32x4(_) | Pattern::F64x2(_)) => {
            // A quiet pattern of bits that no suite expects.
            (0..16).map(|change| Value::V128(0x5a5a_5a5a_5a5a_5a5a_5a5a_5a5a_5a5a_5a5a ^ change)).collect()
        }
        _ => vec![Value::Ref(Ref::Null), Value::F32(0x5a5a_5a5a), Value::F64(0x5a5a_5a5a_5a5a_5a5a)],
    };
    candidates.into_iter().find(unlike).map_or_else(|| Pattern::Either(Vec::new()), Pattern::Value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wassay_model::{
        Ending, EngineId, EngineName, Features, HostCalls, Identity, Outcome, Step, Timing, TrapKind, TrapKinds,
    };

    const TEXT: &str = r#"(module (func (export "f")))
(assert_return (invoke "f") (i32.const 1))
(assert_return (invoke "f") (f32.const nan:canonical))
(assert_return (invoke "f") (either (v128.const i32x4 1 2 3 4) (v128.const i32x4 0 0 0 0)))
(assert_return (invoke "f") (ref.extern 7))
(assert_trap (invoke "f") "unreachable")
(assert_trap (invoke "f") "uninitialized element")
(assert_return (invoke "f"))"#;

    fn vacuous_of(outcomes: Vec<Outcome>) -> Vec<u32> {
        let script = crate::parse("a.wast", TEXT, Features::V3).unwrap();
        let steps = outcomes
            .into_iter()
            .map(|outcome| Step { outcome, host_calls: HostCalls::default(), state: None })
            .collect();
        let observation = Observation {
            engine: EngineId { name: EngineName::plain("made-up"), version: "1".to_owned() },
            steps,
            ending: Ending::Finished,
            open: vec![],
            words: vec![],
            instructions: vec![],
            timing: Timing::default(),
        };
        assert!(evaluate(&script, &observation).iter().all(|result| result.state == State::Pass));
        vacuous(&script, &observation)
    }

    fn outcomes(host_value: Ref, kinds: TrapKinds) -> Vec<Outcome> {
        vec![
            Outcome::Returned(vec![]),
            Outcome::Returned(vec![Value::I32(1)]),
            Outcome::Returned(vec![Value::F32(0x7fc0_0000)]),
            Outcome::Returned(vec![Value::V128(0)]),
            Outcome::Returned(vec![Value::Ref(host_value)]),
            Outcome::Trapped(kinds),
            Outcome::Trapped(TrapKind::UninitializedElement.into()),
            Outcome::Returned(vec![]),
        ]
    }

    #[test]
    fn an_engine_that_shows_everything_has_no_vacuous_assertion() {
        assert!(vacuous_of(outcomes(Ref::Extern(7), TrapKind::Unreachable.into())).is_empty());
    }

    #[test]
    fn what_an_engine_does_not_show_is_counted() {
        assert_eq!(vacuous_of(outcomes(Ref::Opaque(Identity::Unknown), TrapKinds::UNTOLD)), [4, 5]);
    }
}
