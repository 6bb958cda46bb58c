//! A verdict in a sentence that a person understands.

use wassay_model::{Action, Allowance, Difference, OpenChoice, Reason, Ruling, Site, StepIdx, TestCase, Verdict};

/// Who did what, where, what was expected by whom, and why it is ruled so: about the first of the worst
/// differences.
#[must_use]
pub fn explain(verdict: &Verdict, case: &TestCase) -> String {
    let Some(main) = verdict.differences.iter().find(|difference| difference.ruling == verdict.ruling) else {
        return agreement(verdict);
    };
    let mut sentence = format!("{}: {}.", observed(main, verdict, case), why(main));
    let alike = |difference: &&Difference| difference.site == main.site && difference.actual == main.actual;
    let others = verdict.differences.len() - verdict.differences.iter().filter(alike).count();
    match others {
        0 => {}
        1 => sentence.push_str(" There is 1 more difference."),
        _ => sentence.push_str(&format!(" There are {others} more differences.")),
    }
    sentence
}

fn agreement(verdict: &Verdict) -> String {
    let compared = &verdict.compared;
    let mut sentence = format!(
        "Everything that was compared agrees: {} calls, {} of them with values, and the state {} times",
        compared.calls, compared.calls_with_values, compared.states
    );
    match compared.rewrites {
        0 => {}
        1 => sentence.push_str("; 1 step was compared with the one of which it is a rewrite, on the same engine"),
        rewrites => sentence.push_str(&format!(
            "; {rewrites} times a step was compared with the one of which it is a rewrite, on the same engine"
        )),
    }
    match compared.unjudged_steps {
        0 => {}
        1 => sentence.push_str("; 1 step behind a horizon was not judged"),
        steps => sentence.push_str(&format!("; {steps} steps behind horizons were not judged")),
    }
    sentence.push('.');
    sentence
}

fn observed(main: &Difference, verdict: &Verdict, case: &TestCase) -> String {
    let mut engines: Vec<String> = verdict
        .differences
        .iter()
        .filter(|other| other.site == main.site && other.actual == main.actual && other.ruling == main.ruling)
        .map(|other| other.engine.to_string())
        .collect();
    engines.dedup();
    let engines = listed(&engines);
    if let Some(original) = original(main, case) {
        return contradiction(main, original, case);
    }
    let (actual, expected, against) = (&main.actual, &main.expected, &main.against);
    let place = |step: StepIdx| format!("step {step}{}", parenthesis(case, step));
    match &main.site {
        // The words already say in which step.
        Site::Ending if main.engine == main.against => format!("{engines} {actual}"),
        Site::Ending => format!("{engines} {actual}, where {against} {expected}"),
        Site::Outcome(step) | Site::TrapKind(step) => {
            format!("{engines} {actual} in {}, where {against} {expected}", place(*step))
        }
        Site::Result { step, position } => {
            format!(
                "{engines} returned {actual} as result {position} of {}, where {against} returned {expected}",
                place(*step)
            )
        }
        Site::HostCalls { step, call } => {
            format!("{engines} made {actual} as host call {call} of {}, where {against} made {expected}", place(*step))
        }
        site @ (Site::MemorySize { step, .. } | Site::TableSize { step, .. }) => {
            format!("{engines} had {actual} as {site}{}, where {against} had {expected}", parenthesis(case, *step))
        }
        site => {
            let step = site.step().map(|step| parenthesis(case, step)).unwrap_or_default();
            format!("{engines} had {actual} in {site}{step}, where {against} had {expected}")
        }
    }
}

/// The step of which the step of a difference is a rewrite, where the engine is held against itself.
#[must_use]
pub fn original(difference: &Difference, case: &TestCase) -> Option<StepIdx> {
    let step = difference.site.step().filter(|_| difference.engine == difference.against)?;
    case.relations.iter().find(|relation| relation.rewritten == step).map(|relation| relation.original)
}

/// What an engine did in a step, and what it had done in the step's original.
fn contradiction(main: &Difference, original: StepIdx, case: &TestCase) -> String {
    let (engine, actual, expected, site) = (&main.engine, &main.actual, &main.expected, &main.site);
    let step = site.step().unwrap_or_default();
    let there = parenthesis(case, step);
    let first =
        format!("step {original}{}, of which it is a rewrite that keeps the meaning,", parenthesis(case, original));
    match site {
        Site::Outcome(_) | Site::TrapKind(_) => {
            format!("{engine} {actual} in step {step}{there}, where {first} {expected} on the same engine")
        }
        Site::Result { position, .. } => format!(
            "{engine} returned {actual} as result {position} of step {step}{there}, where {first} returned {expected} \
             on the same engine"
        ),
        Site::HostCalls { call, .. } => format!(
            "{engine} made {actual} as host call {call} of step {step}{there}, where {first} made {expected} on the \
             same engine"
        ),
        site => format!("{engine} had {actual} as {site}{there}, where {first} left {expected} on the same engine"),
    }
}

fn why(difference: &Difference) -> String {
    let refused = match (difference.ruling, difference.reason) {
        (Ruling::Diverge, Reason::Allowance(_)) => ", but the chosen strictness does not allow it",
        _ => "",
    };
    let reason = match difference.reason {
        Reason::Deterministic => "the standard leaves no choice here",
        Reason::Rewritten => "the standard gives both the same meaning, so one of the two is wrong",
        Reason::Allowance(Allowance::NanBits) => {
            "the standard leaves the sign and the payload of a NaN open (section 4.3.3)"
        }
        Reason::Allowance(Allowance::TrapWords) => "the two reports may mean the same trap",
        Reason::Allowance(Allowance::RefusalWords) => {
            "how a refusal before instantiation is worded is left to the embedder (chapter 7)"
        }
        Reason::Allowance(Allowance::UntoldIdentity) => "one embedding cannot tell the identity",
        Reason::Allowance(Allowance::RelaxedVector) => {
            "a relaxed vector instruction may give any of several results (section 4.3.5)"
        }
        Reason::After(OpenChoice::NanBits) => {
            "a NaN was made before, whose bits the standard leaves open, and they may have led to this"
        }
        Reason::After(OpenChoice::RefusedGrowth) => {
            "a growth may fail at any time (section 4.6.9), and this may follow from one that did"
        }
        Reason::After(OpenChoice::RelaxedVector) => {
            "a relaxed vector instruction, whose result the standard leaves open, may have led to this"
        }
        Reason::Limit => "a limit was met, and limits are each engine's own matter",
        Reason::BlindSpot => "the answer is not in our tables or was not read, so nothing follows from it",
        Reason::Ending => "whatever a module does, the engine's program has to come back with an answer",
    };
    format!("{reason}{refused}")
}

fn parenthesis(case: &TestCase, step: StepIdx) -> String {
    describe_action(case, step).map(|action| format!(" ({action})")).unwrap_or_default()
}

/// What a step of the plan does, in words; `None` where the plan has no such step.
#[must_use]
pub fn describe_action(case: &TestCase, step: StepIdx) -> Option<String> {
    let module = |module: &wassay_model::ModuleIdx| match case.modules.get(module.position()) {
        Some(found) if !found.name.is_empty() => format!("module {module} {:?}", found.name),
        _ => format!("module {module}"),
    };
    Some(match &case.plan.steps.get(step.position())?.action {
        Action::Load { module: index } => format!("load {}", module(index)),
        Action::Instantiate { module: index } => format!("instantiate {}", module(index)),
        Action::Register { instance, name } => format!("register instance {instance} as {name:?}"),
        Action::Invoke { instance, export, args } if args.is_empty() => {
            format!("invoke {export:?} of instance {instance}")
        }
        Action::Invoke { instance, export, args } => {
            let args: Vec<String> = args.iter().map(wassay_model::Value::for_people).collect();
            format!("invoke {export:?} of instance {instance} with {}", args.join(", "))
        }
        Action::Get { instance, export } => format!("get {export:?} of instance {instance}"),
    })
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}
