//! Two steps of one observation as if two engines had made them.
//!
//! They are steps of two instances, of an original and of a rewrite that keeps its meaning. So functions and other
//! references with an identity are different ones by right, and only their kinds are compared.

use wassay_model::{
    Action, Alike, HostCall, HostCalls, Identity, InstanceIdx, Observation, Outcome, Ref, Snapshot, State, Step,
    StepIdx, TestCase, Value,
};

/// The relations in the order in which their second steps are made; those that name no two steps, the original
/// first, are left out.
pub(crate) fn in_order(case: &TestCase) -> Vec<Alike> {
    let count = case.plan.steps.len();
    let mut relations: Vec<Alike> = case.relations.clone();
    relations.retain(|relation| relation.original < relation.rewritten && relation.rewritten.position() < count);
    relations.sort_by_key(|relation| (relation.rewritten, relation.original));
    relations
}

/// What was seen of the original and of the rewritten step, as far as the two can be compared; `None` where the
/// engine did not come that far.
pub(crate) fn steps(case: &TestCase, relation: Alike, engine: &Observation) -> Option<(Step, Step)> {
    let seen = |step: StepIdx| engine.steps.get(step.position());
    let (original, rewritten) = (seen(relation.original)?, seen(relation.rewritten)?);
    // Full capture looks at the state after every step, also where instances that share some of it take turns.
    let asked = |step: StepIdx| case.plan.steps.get(step.position())?.snapshot.eq(&Snapshot::Take).then_some(());
    let instances = asked(relation.original)
        .and_then(|()| asked(relation.rewritten))
        .and_then(|()| Some((instance(case, relation.original)?, instance(case, relation.rewritten)?)));
    let (left, right) = match (instances, &original.state, &rewritten.state) {
        (Some((from, to)), Some(left), Some(right)) => (Some(state(left, from, to)), Some(state(right, to, to))),
        _ => (None, None),
    };
    Some((nameless(original, left), nameless(rewritten, right)))
}

/// The instance that a step makes or uses.
fn instance(case: &TestCase, step: StepIdx) -> Option<InstanceIdx> {
    let makes = |action: &Action| matches!(action, Action::Instantiate { .. });
    match &case.plan.steps.get(step.position())?.action {
        Action::Load { .. } => None,
        Action::Instantiate { .. } => {
            let before = case.plan.steps[..step.position()].iter().filter(|step| makes(&step.action)).count();
            Some(InstanceIdx(before as u32))
        }
        Action::Register { instance, .. } | Action::Invoke { instance, .. } | Action::Get { instance, .. } => {
            Some(*instance)
        }
    }
}

/// The step with references that say no more than their kind.
fn nameless(step: &Step, state: Option<State>) -> Step {
    let outcome = match &step.outcome {
        Outcome::Returned(values) => Outcome::Returned(all(values)),
        Outcome::Threw(exception) => {
            let payload = exception.payload.as_ref().map(|values| all(values));
            Outcome::Threw(wassay_model::Exception { payload })
        }
        other => other.clone(),
    };
    let first = step.host_calls.first.iter().map(|call| HostCall {
        name: call.name.clone(),
        args: all(&call.args),
        results: all(&call.results),
    });
    let host_calls = HostCalls { count: step.host_calls.count, first: first.collect(), rest: step.host_calls.rest };
    Step { outcome, host_calls, state }
}

/// The part of the state that one instance exports, under the name of an instance.
fn state(state: &State, from: InstanceIdx, to: InstanceIdx) -> State {
    let of = |name: &wassay_model::ExportName| {
        (name.instance == from).then(|| wassay_model::ExportName { instance: to, name: name.name.clone() })
    };
    State {
        memories: state.memories.iter().filter_map(|(name, memory)| Some((of(name)?, memory.clone()))).collect(),
        globals: state.globals.iter().filter_map(|(name, value)| Some((of(name)?, value_of(*value)))).collect(),
        tables: state
            .tables
            .iter()
            .filter_map(|(name, table)| {
                let mut table = table.clone();
                for (_, reference) in &mut table.runs {
                    *reference = kind(*reference);
                }
                Some((of(name)?, table))
            })
            .collect(),
    }
}

fn all(values: &[Value]) -> Vec<Value> {
    values.iter().map(|value| value_of(*value)).collect()
}

const fn value_of(value: Value) -> Value {
    match value {
        Value::Ref(reference) => Value::Ref(kind(reference)),
        other => other,
    }
}

const fn kind(reference: Ref) -> Ref {
    match reference {
        Ref::Func(_) => Ref::Func(Identity::Unknown),
        Ref::Struct(_) => Ref::Struct(Identity::Unknown),
        Ref::Array(_) => Ref::Array(Identity::Unknown),
        Ref::Exn(_) => Ref::Exn(Identity::Unknown),
        Ref::Opaque(_) => Ref::Opaque(Identity::Unknown),
        other => other,
    }
}
