//! Passes over the plan: fewer steps, fewer snapshots, simpler arguments.

use std::collections::{BTreeMap, BTreeSet};

use wassay_model::{
    Action, Alike, Host, InstanceIdx, Limits, ModuleIdx, Plan, Ref, Snapshot, StepIdx, TestCase, Value,
};

use super::{Facts, Session};

/// Fuel that most findings can do with. A candidate that loops for ever costs as much time as it has fuel.
const FUEL: [u64; 3] = [20_000, 200_000, 2_000_000];

/// Less fuel, where that is enough: a candidate whose loops lost their ends then costs little.
pub(crate) fn cheaper(session: &mut Session<'_>) {
    let base = session.best.clone();
    let candidates = FUEL.iter().filter(|fuel| **fuel < base.limits.fuel_max).map(|fuel| {
        let mut case = base.clone();
        case.limits.fuel_max = *fuel;
        ((), case)
    });
    session.first(candidates);
}

/// The limits that the case had, where the finding still shows with them.
pub(crate) fn restore_limits(session: &mut Session<'_>, limits: Limits) {
    let mut case = session.best.clone();
    case.limits = limits;
    session.take(Some(case));
}

/// No relations, where the finding needs none: what is done to one of two modules that mean the same would make
/// them untrue. Where it does need them, the question has to find out: it asks somebody who does not contradict
/// himself on the original case.
pub(crate) fn unrelated(session: &mut Session<'_>) {
    if !session.best.relations.is_empty() {
        let case = TestCase { relations: Vec::new(), ..session.best.clone() };
        session.take_same(case);
    }
}

/// Fewer steps, and no modules that no step uses.
pub(crate) fn shorten(session: &mut Session<'_>) -> bool {
    let base = session.best.clone();
    let count = base.plan.steps.len();
    // What stands behind the step that shows the finding goes first, in one piece where that can be.
    let last: Vec<usize> = (1..count).collect();
    let cut = last.into_iter().map(|length| {
        let dropped: BTreeSet<usize> = (length..count).collect();
        (length, without_steps(&base, &dropped))
    });
    let mut found = session.first(cut.filter_map(|(length, case)| Some((length, case?)))).is_some();
    let base = session.best.clone();
    let count = base.plan.steps.len();
    found |= session.drop_pieces(count, |dropped| without_steps(&base, dropped));
    let guards = session.guards.clone();
    let (case, kept) = without_unused_modules(&session.best);
    if case.modules.len() < session.best.modules.len() && session.take(Some(case)) {
        session.guards = kept.into_iter().map(|index| guards[index]).collect();
        found = true;
    }
    found
}

/// Fewer snapshots, no host that nobody asks, simpler arguments.
pub(crate) fn simplify(session: &mut Session<'_>) -> bool {
    let base = session.best.clone();
    let taken: Vec<usize> = base
        .plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.snapshot != Snapshot::Skip)
        .map(|(position, _)| position)
        .collect();
    let mut found = session.drop_pieces(taken.len(), |dropped| {
        let mut case = base.clone();
        for piece in dropped {
            case.plan.steps[taken[*piece]].snapshot = Snapshot::Skip;
        }
        Some(case)
    });
    if session.best.host != Host::None
        && session
            .best
            .modules
            .iter()
            .all(|module| Facts::read(&module.bytes.0).is_some_and(|facts| facts.imports == 0))
    {
        let mut case = session.best.clone();
        case.host = Host::None;
        found |= session.take(Some(case));
    }
    found | arguments(session)
}

fn arguments(session: &mut Session<'_>) -> bool {
    let mut found = false;
    for step in 0..session.best.plan.steps.len() {
        for position in 0.. {
            let Some(mut value) = argument(&session.best, step, position) else { break };
            loop {
                let base = session.best.clone();
                let together = related(&base, step);
                let candidates = simpler(value).into_iter().map(|simple| {
                    let mut case = base.clone();
                    for step in &together {
                        if let Action::Invoke { args, .. } = &mut case.plan.steps[*step].action
                            && let Some(arg) = args.get_mut(position)
                        {
                            *arg = simple;
                        }
                    }
                    (simple, case)
                });
                let Some(simple) = session.first(candidates) else { break };
                value = simple;
                found = true;
            }
        }
    }
    found
}

/// The step, and those that say the same and so take the same arguments.
fn related(case: &TestCase, step: usize) -> Vec<usize> {
    let mut steps = vec![step];
    for relation in &case.relations {
        let (original, rewritten) = (relation.original.position(), relation.rewritten.position());
        if original == step && rewritten < case.plan.steps.len() {
            steps.push(rewritten);
        } else if rewritten == step {
            steps.push(original);
        }
    }
    steps
}

fn argument(case: &TestCase, step: usize, position: usize) -> Option<Value> {
    match &case.plan.steps[step].action {
        Action::Invoke { args, .. } => args.get(position).copied(),
        _ => None,
    }
}

/// Values that are simpler than the given one, the simplest first.
fn simpler(value: Value) -> Vec<Value> {
    match value {
        Value::I32(bits) => integers(i64::from(bits.cast_signed())).map(|number| Value::I32(number as u32)).collect(),
        Value::I64(bits) => integers(bits.cast_signed()).map(|number| Value::I64(number as u64)).collect(),
        Value::F32(bits) => {
            let one = 1.0_f32.to_bits();
            [0, one].into_iter().take_while(|simple| *simple != bits).map(Value::F32).collect()
        }
        Value::F64(bits) => {
            let one = 1.0_f64.to_bits();
            [0, one].into_iter().take_while(|simple| *simple != bits).map(Value::F64).collect()
        }
        Value::V128(0) | Value::Ref(Ref::Null) => Vec::new(),
        Value::V128(bits) => (0..4)
            .map(|lane| bits & !(0xffff_ffff << (32 * lane)))
            .filter(|simple| *simple != bits)
            .fold(vec![Value::V128(0)], |mut all, simple| {
                all.push(Value::V128(simple));
                all
            }),
        Value::Ref(_) => vec![Value::Ref(Ref::Null)],
    }
}

/// Integers closer to zero than the given one, or with fewer bits, the simplest first.
pub(crate) fn integers(value: i64) -> impl Iterator<Item = i64> {
    let small = if value.unsigned_abs() <= 256 { value - value.signum() } else { value / 2 };
    let fewer_bits = if value > 0 { value & (value - 1) } else { value / 2 };
    let mut all: Vec<i64> = Vec::new();
    for simple in [0, 1, -1, value / 2, fewer_bits, small] {
        let is_simpler = simple.unsigned_abs() < value.unsigned_abs() || value == -1 && simple == 1;
        if is_simpler && !all.contains(&simple) {
            all.push(simple);
        }
    }
    all.into_iter()
}

/// The case without some of its steps, and without the steps that need an instance that these made.
fn without_steps(case: &TestCase, dropped: &BTreeSet<usize>) -> Option<TestCase> {
    let mut instances: BTreeMap<InstanceIdx, InstanceIdx> = BTreeMap::new();
    let (mut old, mut new) = (0, 0);
    let mut steps = Vec::new();
    let mut numbers: BTreeMap<StepIdx, StepIdx> = BTreeMap::new();
    for (position, step) in case.plan.steps.iter().enumerate() {
        let is_dropped = dropped.contains(&position);
        let mut step = step.clone();
        match &mut step.action {
            Action::Load { .. } => {}
            Action::Instantiate { .. } => {
                if !is_dropped {
                    instances.insert(InstanceIdx(old), InstanceIdx(new));
                    new += 1;
                }
                old += 1;
            }
            Action::Register { instance, .. } | Action::Invoke { instance, .. } | Action::Get { instance, .. } => {
                match instances.get(instance) {
                    Some(renumbered) => *instance = *renumbered,
                    None => continue,
                }
            }
        }
        if !is_dropped {
            numbers.insert(StepIdx(position as u32), StepIdx(steps.len() as u32));
            steps.push(step);
        }
    }
    if steps.is_empty() || steps.len() == case.plan.steps.len() {
        return None;
    }
    // A relation goes with either of its steps.
    let relations = case.relations.iter().filter_map(|relation| {
        let (original, rewritten) = (*numbers.get(&relation.original)?, *numbers.get(&relation.rewritten)?);
        Some(Alike { original, rewritten })
    });
    let relations = relations.collect();
    Some(TestCase { plan: Plan { steps }, relations, ..case.clone() })
}

/// The case without modules that no step loads, and which of its modules are left.
fn without_unused_modules(case: &TestCase) -> (TestCase, Vec<usize>) {
    let used: BTreeSet<usize> = case
        .plan
        .steps
        .iter()
        .filter_map(|step| match step.action {
            Action::Load { module } | Action::Instantiate { module } => Some(module.position()),
            _ => None,
        })
        .filter(|index| *index < case.modules.len())
        .collect();
    let kept: Vec<usize> = used.into_iter().collect();
    let mut case = case.clone();
    case.modules = kept.iter().map(|index| case.modules[*index].clone()).collect();
    for step in &mut case.plan.steps {
        if let Action::Load { module } | Action::Instantiate { module } = &mut step.action
            && let Some(position) = kept.iter().position(|index| *index == module.position())
        {
            *module = ModuleIdx(position as u32);
        }
    }
    (case, kept)
}
