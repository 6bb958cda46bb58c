//! The page that an engine's people read: what happens, where, what the standard says, who is right, and how to see
//! it.

use std::fmt::Write as _;

use wassay_model::{Ending, EngineId, EngineName, Finding, Observation, Outcome, Ruling, TestCase};

use crate::rule::rules;

/// Modules whose text is longer than this are not shown whole.
const TEXT_MAX: usize = 4000;

/// Who is held to be wrong, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Whose answer the others are held against.
    pub expectation: Option<EngineName>,
    /// Whether that is the one engine that answers for the standard, rather than the first that came to an end.
    pub by_standard: bool,
    /// The engines that did what was expected.
    pub agree: Vec<EngineId>,
    /// The engines that did not.
    pub differ: Vec<EngineId>,
    /// The engines that say nothing either way: they declined, or their differences are allowed or open.
    pub silent: Vec<EngineId>,
}

impl Blame {
    /// Shares out the engines of a finding. `standard` is the name of the engine that answers for the standard.
    #[must_use]
    pub fn of(finding: &Finding, observations: &[Observation], standard: &str) -> Self {
        let expectation = finding.verdict.differences.first().map(|difference| difference.against.clone());
        let mut blame = Self {
            by_standard: expectation.as_ref().is_some_and(|name| name.name == standard),
            expectation,
            agree: Vec::new(),
            differ: Vec::new(),
            silent: Vec::new(),
        };
        for Observation { engine, ending, .. } in observations {
            let contradicts = |difference: &wassay_model::Difference| {
                difference.ruling == Ruling::Diverge && difference.engine == difference.against
            };
            let contradicted = finding.verdict.differences.iter().filter(|difference| contradicts(difference));
            let contradicts_itself = contradicted.clone().any(|difference| difference.engine == engine.name);
            if Some(&engine.name) == blame.expectation.as_ref() && !contradicts_itself {
                continue;
            }
            let own = finding.verdict.differences.iter().filter(|difference| difference.engine == engine.name);
            match own.map(|difference| difference.ruling).max() {
                Some(Ruling::Diverge) => blame.differ.push(engine.clone()),
                None if *ending == Ending::Finished => blame.agree.push(engine.clone()),
                _ => blame.silent.push(engine.clone()),
            }
        }
        blame
    }

    /// In sentences: who decides, and what the majority says.
    #[must_use]
    pub fn words(&self) -> String {
        let Some(expectation) = &self.expectation else {
            return "No engine came to an end, so there is nothing to hold the others against.".to_owned();
        };
        let contradicts_itself = self.differ.iter().any(|engine| engine.name == *expectation);
        if contradicts_itself {
            return format!(
                "`{expectation}` contradicts itself: two steps that mean the same do not end alike. Nobody else is \
                 needed to say that one of them is wrong; what others returned says which."
            );
        }
        let list = |engines: &[EngineId]| engines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mut words = if self.by_standard {
            format!(
                "The expectation is that of `{expectation}`, which follows the standard step by step; it outranks any majority."
            )
        } else {
            format!(
                "The expectation is only that of `{expectation}`, the first engine that came to an end: read the rule before you blame anybody."
            )
        };
        // The expectation's own side counts too.
        let (for_it, against) = (self.agree.len() + 1, self.differ.len());
        let _ = match (&*self.agree, against) {
            ([], _) => write!(words, " No other engine confirms it; {against} of {against} differ."),
            (agree, against) if for_it > against => {
                write!(words, " The majority says the same: {}.", list(agree))
            }
            (agree, against) if for_it == against => write!(
                words,
                " As many engines say otherwise ({against}) as say the same, of which {} confirms it. Look at the rule \
                 with care.",
                list(agree)
            ),
            (agree, against) => write!(
                words,
                " The majority says otherwise ({against} engines against {for_it}); {} confirms it. Look at the rule \
                 with care.",
                list(agree)
            ),
        };
        if !self.silent.is_empty() {
            let _ = write!(words, " Nothing is to be had from {}.", list(&self.silent));
        }
        words
    }
}

/// What a page is made of.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The reduced case.
    pub case: &'a TestCase,
    /// The finding that it shows.
    pub finding: &'a Finding,
    /// What every engine did.
    pub observations: &'a [Observation],
    /// Who is held to be wrong.
    pub blame: &'a Blame,
    /// Bytes of all modules before and after the reduction, where there was one.
    pub bytes: Option<(usize, usize)>,
    /// The name of the known issue that accounts for it, and where that is described.
    pub known: Option<(&'a str, &'a str)>,
    /// Commands that show it again, from the folder of the page.
    pub commands: &'a [String],
}

/// Writes the page.
#[must_use]
pub fn write_report(report: &Report<'_>) -> String {
    let Report { case, finding, observations, blame, .. } = report;
    let signature = &finding.signature;
    let who: Vec<String> = signature.parties.iter().map(ToString::to_string).collect();
    let mut text = format!("# {}\n\n{}\n\n", who.join(", "), finding.explanation);
    if let Some((name, link)) = report.known {
        let _ = writeln!(text, "**Known:** this is the issue `{name}`, see {link}.\n");
    }
    let (times, runs) = finding.confirmed;
    let stable = if times == runs { "stable" } else { "flaky" };
    let _ = writeln!(text, "It shows in {times} of {runs} runs: {stable}.");
    if let Some((before, after)) = report.bytes {
        let _ = writeln!(text, "The modules have {after} bytes; before the reduction they had {before}.");
    }
    let _ = writeln!(text, "\n## Where\n");
    for difference in finding.verdict.differences.iter().filter(|difference| difference.ruling == Ruling::Diverge) {
        let _ = writeln!(
            text,
            "- {}: `{}` {}; `{}` {}",
            difference.site, difference.engine, difference.actual, difference.against, difference.expected
        );
    }
    let _ = writeln!(text, "\nThe plan, and what is expected of each step:\n");
    let expectation =
        observations.iter().find(|observation| Some(&observation.engine.name) == blame.expectation.as_ref());
    for (number, step) in case.plan.steps.iter().enumerate() {
        let outcome: Option<&Outcome> = expectation.and_then(|seen| seen.steps.get(number)).map(|step| &step.outcome);
        let expected = outcome.map_or_else(|| "nothing is known".to_owned(), ToString::to_string);
        let _ = writeln!(text, "{number}. `{}`: {expected}", action_words(&step.action));
    }
    let _ = writeln!(text, "\n## What the standard says\n");
    for rule in rules(signature) {
        let _ = writeln!(text, "- {rule}");
    }
    let _ = writeln!(text, "\n{}\n", blame.words());
    let _ = writeln!(text, "## Who does what\n\n| Engine | Version | Ending | Steps |\n|---|---|---|---|");
    for observation in *observations {
        let steps: Vec<String> = observation.steps.iter().map(|step| cell(&step.outcome.to_string())).collect();
        let EngineId { name, version } = &observation.engine;
        let _ =
            writeln!(text, "| {name} | {version} | {} | {} |", cell(&observation.ending.to_string()), steps.join("; "));
    }
    let _ = writeln!(text, "\n## How to see it\n\nIn this folder:\n");
    for command in report.commands {
        let _ = writeln!(text, "    {command}");
    }
    let _ = writeln!(
        text,
        "\n`case.wast` runs under any runner of the standard's suite, `case.js` under any JavaScript shell, and \
         `case.json` holds all of it."
    );
    for module in &case.modules {
        let printed = wasmprinter::print_bytes(&module.bytes.0);
        let _ = writeln!(text, "\n## Module `{}`, {} bytes\n", module.name, module.bytes.0.len());
        match printed {
            Ok(printed) if printed.len() <= TEXT_MAX => {
                let _ = writeln!(text, "```wat\n{}\n```", printed.trim_end());
            }
            Ok(_) => text.push_str("Its text stands in the file beside this page.\n"),
            Err(error) => {
                let _ = writeln!(text, "It does not decode: {error}");
            }
        }
    }
    text
}

/// Text that does not break a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn action_words(action: &wassay_model::Action) -> String {
    use wassay_model::Action;
    match action {
        Action::Load { module } => format!("load module {module}"),
        Action::Instantiate { module } => format!("instantiate module {module}"),
        Action::Register { instance, name } => format!("register instance {instance} as {name:?}"),
        Action::Invoke { instance, export, args } => {
            let args: Vec<String> = args.iter().map(wassay_model::Value::for_people).collect();
            format!("invoke {export:?} of instance {instance} with ({})", args.join(", "))
        }
        Action::Get { instance, export } => format!("get {export:?} of instance {instance}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engines(names: &[&str]) -> Vec<EngineId> {
        let id = |name: &&str| EngineId { name: EngineName::plain(name), version: "1".to_owned() };
        names.iter().map(id).collect()
    }

    fn words(by_standard: bool, agree: &[&str], differ: &[&str]) -> String {
        let expectation = Some(EngineName::plain("reference"));
        let (agree, differ) = (engines(agree), engines(differ));
        Blame { expectation, by_standard, agree, differ, silent: Vec::new() }.words()
    }

    #[test]
    fn the_page_says_whether_the_standard_or_a_majority_decides() {
        for (agree, differ, part) in [
            (&["a", "b"][..], &["c"][..], "The majority says the same: a 1, b 1."),
            (&["a"], &["b", "c"], "As many engines say otherwise (2)"),
            (&["a"], &["b", "c", "d"], "The majority says otherwise (3 engines against 2)"),
            (&[], &["b", "c"], "No other engine confirms it; 2 of 2 differ."),
        ] {
            let words = words(true, agree, differ);
            assert!(words.contains(part), "{words}");
            assert!(words.contains("outranks any majority"), "{words}");
        }
        assert!(words(false, &["a"], &["b"]).contains("the first engine that came to an end"));
    }
}
