//! `wassay run`: one case on chosen engines, side by side.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use console::style;
use wassay_adapter::{ExternKind, Interface, needed_features};
use wassay_child::Crew;
use wassay_judge::{explain, judge};
use wassay_model::{
    Action, Bytes, Capture, CaseId, Ending, Features, Host, InstanceIdx, Limits, Lineup, Module, ModuleIdx,
    Observation, Outcome, Plan, PlanStep, Provenance, Ruling, Snapshot, TestCase, Value, Verdict,
};

use crate::args::{Format, Run};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;

/// Calls of each export when the command line names none.
const CALLS_PER_EXPORT: usize = 4;

pub(crate) fn main(args: &Run) -> Result<Exit, Failure> {
    let source = Source::read(args)?;
    let lineup: Vec<Lineup> = lineup::lineup(lineup::engines(&args.engines)?, Some(1))?;
    let mut crew = Crew::new(lineup::crew_spec(&lineup, args.memory)?);
    crew.muster().or_exit(Exit::EngineUnavailable)?;
    let everyone: Vec<usize> = (0..lineup.len()).collect();
    let observations = crew.ask(&source.case, &everyone, Capture::Full).or_exit(Exit::EngineUnavailable)?;
    let verdict = judge(&source.case, &observations);
    let explanation = explain(&verdict, &source.case);
    let checks = source.checks(&observations);

    let mut out = io::stdout().lock();
    match Format::or_fitting(args.format) {
        Format::Json => {
            let document = Document::new(&source.case, &verdict, &explanation, &observations, checks.as_ref());
            let text = serde_json::to_string_pretty(&document).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)?;
        }
        Format::Human => {
            print(&source.case, &verdict, &explanation, &observations, &mut out).or_exit(Exit::CannotWrite)?;
            if let Some(checks) = &checks {
                print_checks(checks, &mut out).or_exit(Exit::CannotWrite)?;
            }
        }
    }
    let failed = checks.is_some_and(|checks| checks.values().any(|checks| checks.failed > 0));
    Ok(if verdict.ruling == Ruling::Diverge || failed { Exit::Found } else { Exit::Clean })
}

/// The file as a case, with expectations where it is a script.
pub(crate) struct Source {
    pub(crate) case: TestCase,
    pub(crate) script: Option<wassay_runner::Script>,
}

/// How a script went on one engine.
#[derive(Debug, Default, serde::Serialize)]
struct Checks {
    passed: u32,
    failed: u32,
    /// Assertions without a result, by reason.
    other: BTreeMap<String, u32>,
    /// The failures, in words.
    failures: Vec<String>,
}

impl Source {
    pub(crate) fn read(args: &Run) -> Result<Self, Failure> {
        let path = &args.file;
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display())).or_exit(Exit::BadInput)?;
        let calls = args.calls().or_exit(Exit::Usage)?;
        let deadline_ms = u32::try_from(args.deadline.as_millis()).unwrap_or(u32::MAX);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let mut source = match extension {
            "wast" => {
                let text = text(path, bytes)?;
                let shown = path.display().to_string();
                let mut script = wassay_runner::parse(&shown, &text, Features::V3).or_exit(Exit::BadInput)?;
                // Modules that must be refused need nothing.
                script.case.features = script
                    .case
                    .modules
                    .iter()
                    .filter_map(|module| needed_features(&module.bytes.0))
                    .fold(Features::V1, Features::union);
                Self { case: script.case.clone(), script: Some(script) }
            }
            "json" => {
                let case = serde_json::from_slice(&bytes)
                    .with_context(|| format!("{} is not the case.json of a finding", path.display()))
                    .or_exit(Exit::BadInput)?;
                Self { case, script: None }
            }
            "wasm" | "wat" => Self { case: module_case(path, bytes, calls.clone())?, script: None },
            _ => {
                let error = anyhow!("{}: the name must end in .wasm, .wat, .wast or .json", path.display());
                return Err(Failure::new(Exit::Usage, error));
            }
        };
        if !calls.is_empty() && !matches!(extension, "wasm" | "wat") {
            let error = anyhow!("--invoke goes with a module; {} says itself what to do", path.display());
            return Err(Failure::new(Exit::Usage, error));
        }
        source.case.limits.deadline_ms = deadline_ms;
        Ok(source)
    }

    fn checks(&self, observations: &[Observation]) -> Option<BTreeMap<String, Checks>> {
        let script = self.script.as_ref()?;
        let rows = observations.iter().map(|observation| {
            let mut checks = Checks::default();
            for result in wassay_runner::evaluate(script, observation) {
                use wassay_runner::State;
                match &result.state {
                    State::Pass => checks.passed += 1,
                    State::Fail => {
                        checks.failed += 1;
                        checks.failures.push(format!(
                            "line {}: expected {}, and it {}",
                            result.line, result.expected, result.actual
                        ));
                    }
                    state => *checks.other.entry(state_word(state)).or_default() += 1,
                }
            }
            (observation.engine.to_string(), checks)
        });
        Some(rows.collect())
    }
}

/// A state without result, in words.
fn state_word(state: &wassay_runner::State) -> String {
    use wassay_runner::State;
    match state {
        State::Pass => "passed".to_owned(),
        State::Fail => "failed".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display())).or_exit(Exit::BadInput)
}

/// A case around one module: instantiate it, call its exports.
fn module_case(path: &Path, bytes: Vec<u8>, calls: Vec<(String, Vec<Value>)>) -> Result<TestCase, Failure> {
    let bytes = if path.extension().is_some_and(|extension| extension == "wat") {
        let text = text(path, bytes)?;
        encode(path, &text)?
    } else {
        bytes
    };
    let shown = path.display();
    if !bytes.starts_with(b"\0asm") {
        let error = anyhow!("{shown}: offset 0: not a WebAssembly module, which begins with the bytes 00 61 73 6d");
        return Err(Failure::new(Exit::BadInput, error));
    }
    let interface = Interface::read(&bytes);
    let calls = match (&interface, calls.is_empty()) {
        (Some(interface), true) => boundary_calls(interface),
        (Some(interface), false) => {
            check_calls(interface, &calls).or_exit(Exit::BadInput)?;
            calls
        }
        // What we cannot read is still a question for the engines: do they refuse it too?
        (None, _) => calls,
    };
    let instance = InstanceIdx(0);
    let mut steps = vec![PlanStep { action: Action::Instantiate { module: ModuleIdx(0) }, snapshot: Snapshot::Take }];
    steps.extend(calls.into_iter().map(|(export, args)| PlanStep {
        action: Action::Invoke { instance, export, args },
        snapshot: Snapshot::Take,
    }));
    let name = path.file_stem().map_or_else(|| "module".to_owned(), |stem| stem.to_string_lossy().into_owned());
    // What does not validate at all is a question for every engine.
    let features = needed_features(&bytes).unwrap_or(Features::V1);
    Ok(TestCase {
        modules: vec![Module { name, bytes: Bytes(bytes) }],
        plan: Plan { steps },
        host: Host::Deterministic,
        features,
        limits: Limits::default(),
        provenance: Provenance::File { path: shown.to_string() },
        relations: Vec::new(),
    })
}

fn encode(path: &Path, text: &str) -> Result<Vec<u8>, Failure> {
    let locate = |mut error: wast::Error| {
        error.set_path(path);
        error.set_text(text);
        anyhow!("{error}")
    };
    let buffer = wast::parser::ParseBuffer::new(text).map_err(locate).or_exit(Exit::BadInput)?;
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer).map_err(locate).or_exit(Exit::BadInput)?;
    module.encode().map_err(locate).or_exit(Exit::BadInput)
}

fn boundary_calls(interface: &Interface) -> Vec<(String, Vec<Value>)> {
    let mut calls = Vec::new();
    for export in &interface.exports {
        if let ExternKind::Func(ty) = &export.kind {
            let repeat = if ty.params.is_empty() { 1 } else { CALLS_PER_EXPORT };
            for args in wassay_generate::boundary_arguments(&ty.params).into_iter().take(repeat) {
                calls.push((export.name.clone(), args));
            }
        }
    }
    calls
}

fn check_calls(interface: &Interface, calls: &[(String, Vec<Value>)]) -> anyhow::Result<()> {
    for (name, values) in calls {
        let Some(ExternKind::Func(ty)) = interface.export(name) else {
            let functions: Vec<&str> = interface
                .exports
                .iter()
                .filter(|export| matches!(export.kind, ExternKind::Func(_)))
                .map(|export| export.name.as_str())
                .collect();
            return Err(anyhow!("the module exports no function {name:?}; it exports {}", functions.join(", ")));
        };
        let params: Vec<String> = ty.params.iter().map(ToString::to_string).collect();
        let fits = |(value, param): (&Value, &wassay_model::ValType)| {
            use wassay_model::ValType;
            matches!(
                (value, param),
                (Value::I32(_), ValType::I32)
                    | (Value::I64(_), ValType::I64)
                    | (Value::F32(_), ValType::F32)
                    | (Value::F64(_), ValType::F64)
                    | (Value::V128(_), ValType::V128)
                    | (Value::Ref(_), ValType::Ref(_))
            )
        };
        if values.len() != ty.params.len() || !values.iter().zip(&ty.params).all(fits) {
            return Err(anyhow!("{name:?} takes ({}), and --invoke gives {} values", params.join(", "), values.len()));
        }
    }
    Ok(())
}

fn print(
    case: &TestCase,
    verdict: &Verdict,
    explanation: &str,
    observations: &[Observation],
    out: &mut impl Write,
) -> io::Result<()> {
    for observation in observations {
        if observation.ending != Ending::Finished {
            writeln!(out, "{}: {}", style(&observation.engine).bold(), observation.ending)?;
            if let Ending::Crashed(crash) = &observation.ending {
                for line in crash.words.lines().take(5) {
                    writeln!(out, "    {line}")?;
                }
            }
        }
    }
    for (position, planned) in case.plan.steps.iter().enumerate() {
        writeln!(out, "{} {}", style(format!("{position:4}")).dim(), describe(case, &planned.action))?;
        // Engines that did the same share a line.
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for observation in observations {
            let Some(step) = observation.steps.get(position) else { continue };
            let mut what = step.outcome.to_string();
            if step.host_calls.count > 0 {
                what.push_str(&format!(", {} host calls", step.host_calls.count));
            }
            if let Some(words) =
                observation.words.iter().find(|(step, _)| step.position() == position).map(|(_, words)| words)
                && matches!(
                    step.outcome,
                    Outcome::Unclassified(_) | Outcome::Malformed | Outcome::Invalid | Outcome::Rejected
                )
            {
                what.push_str(&format!(": {words}"));
            }
            match groups.iter_mut().find(|(other, _)| *other == what) {
                Some((_, engines)) => engines.push(observation.engine.name.to_string()),
                None => groups.push((what, vec![observation.engine.name.to_string()])),
            }
        }
        let alone = groups.len() == 1;
        for (what, engines) in groups {
            let who = if alone { format!("all {}", engines.len()) } else { engines.join(", ") };
            writeln!(out, "       {what}  {}", style(format!("[{who}]")).dim())?;
        }
    }
    let ruling = match verdict.ruling {
        Ruling::Agree => style("agree").green(),
        Ruling::Allowed => style("allowed").green(),
        Ruling::Inconclusive => style("inconclusive").yellow(),
        Ruling::Diverge => style("diverge").red(),
    };
    writeln!(out, "{}: {explanation}", ruling.bold())?;
    for difference in &verdict.differences {
        let measure = match wassay_judge::original(difference, case) {
            Some(step) => format!("{} in step {step}, of which it is a rewrite,", difference.against),
            None => difference.against.to_string(),
        };
        writeln!(
            out,
            "  {}: {} {}; {} {} ({})",
            difference.site, measure, difference.expected, difference.engine, difference.actual, difference.ruling
        )?;
    }
    Ok(())
}

fn describe(case: &TestCase, action: &Action) -> String {
    let module = |index: ModuleIdx| {
        case.modules.get(index.position()).map_or_else(|| index.to_string(), |module| module.name.clone())
    };
    match action {
        Action::Load { module: index } => format!("load {}", module(*index)),
        Action::Instantiate { module: index } => format!("instantiate {}", module(*index)),
        Action::Register { instance, name } => format!("register instance {instance} as {name:?}"),
        Action::Invoke { instance, export, args } => {
            let args: Vec<String> = args.iter().map(ToString::to_string).collect();
            format!("invoke {export:?} of instance {instance} ({})", args.join(", "))
        }
        Action::Get { instance, export } => format!("get {export:?} of instance {instance}"),
    }
}

fn print_checks(checks: &BTreeMap<String, Checks>, out: &mut impl Write) -> io::Result<()> {
    for (engine, checks) in checks {
        let other: Vec<String> = checks.other.iter().map(|(word, count)| format!(", {count} {word}")).collect();
        writeln!(
            out,
            "{}: {} commands passed, {} failed{}",
            style(engine).bold(),
            checks.passed,
            checks.failed,
            other.concat()
        )?;
        for failure in &checks.failures {
            writeln!(out, "    {failure}")?;
        }
    }
    Ok(())
}

/// The JSON form, which scripts may rely on.
#[derive(serde::Serialize)]
struct Document<'a> {
    schema: &'static str,
    case: CaseId,
    verdict: Ruling,
    explanation: &'a str,
    differences: &'a [wassay_model::Difference],
    engines: Vec<EngineRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<&'a BTreeMap<String, Checks>>,
}

#[derive(serde::Serialize)]
struct EngineRow<'a> {
    engine: String,
    version: &'a str,
    ending: &'a Ending,
    micros: Micros,
    steps: Vec<StepRow<'a>>,
}

#[derive(serde::Serialize)]
struct Micros {
    load: u64,
    instantiate: u64,
    invoke: u64,
}

#[derive(serde::Serialize)]
struct StepRow<'a> {
    action: Option<&'a Action>,
    outcome: &'a Outcome,
    values: &'a [Value],
    trap: Option<wassay_model::TrapKinds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<&'a str>,
    host_calls: &'a wassay_model::HostCalls,
    state: Option<&'a wassay_model::State>,
}

impl<'a> Document<'a> {
    fn new(
        case: &'a TestCase,
        verdict: &'a Verdict,
        explanation: &'a str,
        observations: &'a [Observation],
        checks: Option<&'a BTreeMap<String, Checks>>,
    ) -> Self {
        let engines = observations
            .iter()
            .map(|observation| EngineRow {
                engine: observation.engine.name.to_string(),
                version: &observation.engine.version,
                ending: &observation.ending,
                micros: Micros {
                    load: observation.timing.load_ns / 1000,
                    instantiate: observation.timing.instantiate_ns / 1000,
                    invoke: observation.timing.invoke_ns / 1000,
                },
                steps: observation
                    .steps
                    .iter()
                    .enumerate()
                    .map(|(position, step)| StepRow {
                        action: case.plan.steps.get(position).map(|planned| &planned.action),
                        outcome: &step.outcome,
                        values: match &step.outcome {
                            Outcome::Returned(values) => values,
                            _ => &[],
                        },
                        trap: match &step.outcome {
                            Outcome::Trapped(kinds) => Some(*kinds),
                            _ => None,
                        },
                        words: observation
                            .words
                            .iter()
                            .find(|(index, _)| index.position() == position)
                            .map(|(_, words)| words.as_str()),
                        host_calls: &step.host_calls,
                        state: step.state.as_ref(),
                    })
                    .collect(),
            })
            .collect();
        Self {
            schema: "wassay-run-case/1",
            case: case.id(),
            verdict: verdict.ruling,
            explanation,
            differences: &verdict.differences,
            engines,
            checks,
        }
    }
}
