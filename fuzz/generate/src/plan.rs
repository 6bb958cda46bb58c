//! Plans: many calls of few functions, since calls of a compiled module are nearly free.

use wassay_model::{Action, InstanceIdx, ModuleIdx, Plan, PlanStep, Snapshot};

use crate::companion;
use crate::draw::Draw;
use crate::rewrite::Rewritten;
use crate::values;

/// Instantiates, then calls every wrapped function with several argument sets, in random order so that
/// state carries over from one function to another.
///
/// The state is looked at once on the way and at the end, and in some cases after instantiation too: what
/// instantiation got wrong is mostly still there later, and a digest costs as much as several calls.
pub(crate) fn plan(main: &Rewritten, companion: bool, draw: &mut Draw) -> Plan {
    let mut steps = Vec::new();
    let mut step = |action| steps.push(PlanStep { action, snapshot: Snapshot::Skip });
    if companion {
        step(Action::Instantiate { module: ModuleIdx(0) });
        step(Action::Register { instance: InstanceIdx(0), name: companion::NAME.to_owned() });
    }
    let instance = InstanceIdx(companion.into());
    step(Action::Instantiate { module: ModuleIdx(companion.into()) });
    if draw.percent(30)
        && let Some(last) = steps.last_mut()
    {
        last.snapshot = Snapshot::Take;
    }

    let mut calls = Vec::new();
    for function in &main.wrappers {
        // A function without parameters answers differently only as the state changes.
        let sets = if function.params.is_empty() { draw.between(1, 4) } else { draw.between(6, 8) };
        for _ in 0..sets {
            let args: Option<Vec<_>> = function.params.iter().map(|ty| values::argument(*ty, draw)).collect();
            if let Some(args) = args {
                let action = Action::Invoke { instance, export: function.export.clone(), args };
                calls.push(PlanStep { action, snapshot: Snapshot::Skip });
            }
        }
    }
    draw.shuffle(&mut calls);
    let middle = draw.position(calls.len());
    if let Some(call) = calls.get_mut(middle) {
        call.snapshot = Snapshot::Take;
    }
    if !main.globals.is_empty() && draw.percent(25) {
        let export = main.globals[draw.position(main.globals.len())].clone();
        calls.push(PlanStep { action: Action::Get { instance, export }, snapshot: Snapshot::Skip });
    }
    if let Some(last) = calls.last_mut() {
        last.snapshot = Snapshot::Take;
    }
    steps.append(&mut calls);
    Plan { steps }
}
