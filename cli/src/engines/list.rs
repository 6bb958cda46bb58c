//! `wassay engines list`.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use console::style;
use wassay_fleet::{Broken, Fleet, Offer};
use wassay_model::{Bound, Capabilities, EngineName, Feature, Isolation};

use crate::args::Format;
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;

/// Memory for a worker that only has to say who it is.
const MEMORY_MIB: u64 = 2048;
/// How long an engine may take to say it, in milliseconds: a browser takes some seconds.
const START_DEADLINE_MS: u32 = 20_000;
/// Workers at the same time. Most of what they take is waiting for files and for one another.
const AT_ONCE: usize = 4;

#[derive(serde::Serialize)]
struct Document {
    schema: &'static str,
    engines: Vec<Row>,
    sets: Vec<Set>,
    /// Engines of other programs: what can be installed, and what of it is here.
    families: Vec<Offer>,
    /// Half-installed engines.
    broken: Vec<Broken>,
}

#[derive(serde::Serialize)]
struct Row {
    name: EngineName,
    version: String,
    description: String,
    isolation: Isolation,
    /// Whether it is part of this program.
    linked: bool,
    /// None where it does not start, or was not asked.
    capabilities: Option<Capabilities>,
    /// Why it does not start.
    trouble: Option<String>,
}

#[derive(serde::Serialize)]
struct Set {
    name: String,
    engines: Vec<EngineName>,
}

pub(crate) fn main(format: Format) -> Result<Exit, Failure> {
    let document = document(&lineup::fleet()?)?;
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&document).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)?;
        }
        Format::Human => print(&document, &mut out).or_exit(Exit::CannotWrite)?,
    }
    Ok(Exit::Clean)
}

fn document(fleet: &Fleet) -> Result<Document, Failure> {
    let families = fleet.offers().or_exit(Exit::EngineUnavailable)?;
    let linked = wassay_in_process::list().into_iter().map(|listed| Row {
        name: listed.name,
        version: listed.version.to_owned(),
        description: listed.description.to_owned(),
        isolation: listed.isolation,
        linked: true,
        capabilities: None,
        trouble: None,
    });
    let here = families.iter().flat_map(|offer| {
        offer.here.iter().map(|name| Row {
            name: name.clone(),
            version: name.version.clone().unwrap_or_default(),
            description: offer.description.to_owned(),
            isolation: Isolation::Own,
            linked: false,
            capabilities: None,
            trouble: None,
        })
    });
    let mut engines: Vec<Row> = linked.chain(here).collect();
    introduce(&mut engines);
    let mut sets = Vec::new();
    for name in lineup::sets() {
        let engines = match name {
            // Nothing installed is no error here.
            lineup::INSTALLED => families.iter().flat_map(|offer| offer.here.clone()).collect(),
            _ => lineup::set(name)?.unwrap_or_default(),
        };
        sets.push(Set { name: name.to_owned(), engines });
    }
    let broken = fleet.broken().or_exit(Exit::EngineUnavailable)?;
    Ok(Document { schema: "wassay-engines/1", engines, sets, families, broken })
}

/// Asks every engine who it is, some at a time. One that does not answer is a row with the reason.
fn introduce(rows: &mut [Row]) {
    let honest: Vec<Mutex<&mut Row>> = rows.iter_mut().filter(|row| is_honest(row)).map(Mutex::new).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(honest.len()) {
            scope.spawn(|| {
                while let Some(row) = honest.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Ok(mut row) = row.lock() else { return };
                    match super::muster(&row.name, MEMORY_MIB, START_DEADLINE_MS) {
                        Ok((_, introduction)) => {
                            row.version = introduction.id.version;
                            row.capabilities = Some(introduction.capabilities);
                        }
                        Err(failure) => row.trouble = Some(format!("{:#}", failure.error)),
                    }
                }
            });
        }
    });
}

/// Engines that are wrong or misbehave on purpose: people want their options in a line each, not a paragraph.
const ON_PURPOSE: [&str; 2] = ["faulty", "chaos"];

fn is_honest(row: &Row) -> bool {
    !ON_PURPOSE.contains(&&*row.name.name)
}

fn print(document: &Document, out: &mut impl Write) -> std::io::Result<()> {
    let honest = || document.engines.iter().filter(|row| is_honest(row));
    let width = honest().map(|row| row.name.to_string().len()).max().unwrap_or(0);
    let indent = width + 2;
    for row in honest() {
        let name = format!("{:width$}", row.name.to_string());
        writeln!(out, "{}  {:8}  {}", style(name).bold(), row.version, row.description)?;
        if let Some(capabilities) = &row.capabilities {
            let features: Vec<&str> = capabilities.features.iter().map(Feature::name).collect();
            writeln!(out, "{:indent$}features: {}", "", features.join(" "))?;
            let process = if row.isolation == Isolation::Own { "a process of its own; " } else { "" };
            if capabilities.bound == Bound::Kill {
                writeln!(out, "{:indent$}{process}counts no fuel: an endless loop ends with its process", "")?;
            } else if !process.is_empty() {
                writeln!(out, "{:indent$}{}", "", process.trim_end_matches("; "))?;
            }
            for (what, why) in &capabilities.blind_spots {
                writeln!(out, "{:indent$}cannot be seen: {what} ({why})", "")?;
            }
        }
        let offer = document.families.iter().find(|offer| !row.linked && offer.name == row.name.name);
        if let Some(offer) = offer.filter(|offer| !offer.options.is_empty()) {
            let options: Vec<String> = offer.options.iter().map(|(name, what)| format!("+{name} ({what})")).collect();
            writeln!(out, "{:indent$}options: {}", "", options.join(", "))?;
        }
        if let Some(trouble) = &row.trouble {
            writeln!(out, "{:indent$}{} {trouble}", "", style("does not start:").red())?;
        }
    }
    for broken in &document.broken {
        writeln!(
            out,
            "{:width$}  {} {}; install it again with: {}",
            broken.name,
            style("half-installed:").red(),
            broken.trouble,
            broken.command
        )?;
    }
    for name in ON_PURPOSE {
        let options: Vec<String> = document
            .engines
            .iter()
            .filter(|row| row.name.name == name)
            .map(|row| format!("+{}", row.name.options.join("+")))
            .collect();
        writeln!(out, "{}, wrong on purpose: {}", style(name).bold(), options.join(" "))?;
    }
    let missing = || document.families.iter().filter(|offer| offer.here.is_empty());
    if missing().next().is_some() {
        writeln!(out, "\ncan be installed:")?;
        let width = missing().map(|offer| offer.description.len()).max().unwrap_or(0);
        for offer in missing() {
            writeln!(out, "  {:width$}  {}", offer.description, style(&offer.command).bold())?;
        }
        writeln!(out, "  a release of one's choice with @VERSION behind the name, as in node@22 or wasmtime@38.0.0")?;
    }
    writeln!(out)?;
    for set in &document.sets {
        let names: Vec<String> = set.engines.iter().map(ToString::to_string).collect();
        writeln!(out, "{}: {}", style(&set.name).bold(), names.join(", "))?;
    }
    Ok(())
}
