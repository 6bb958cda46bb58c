//! `wassay engines`.

use std::io::Write as _;

use console::style;
use wassay_child::Crew;
use wassay_model::{Bound, Capabilities, EngineName};

use crate::args::{Engines, EnginesCommand, Format};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::{fuzz, lineup};

/// Memory for a worker that only has to say who it is.
const MEMORY_MIB: u64 = 2048;

#[derive(serde::Serialize)]
struct Document {
    schema: &'static str,
    engines: Vec<Row>,
    sets: Vec<Set>,
}

#[derive(serde::Serialize)]
struct Row {
    name: EngineName,
    version: String,
    description: String,
    capabilities: Option<Capabilities>,
    /// Why it does not start.
    trouble: Option<String>,
}

#[derive(serde::Serialize)]
struct Set {
    name: String,
    engines: Vec<EngineName>,
}

pub(crate) fn main(engines: &Engines) -> Result<Exit, Failure> {
    let EnginesCommand::List { format } = &engines.command;
    let document = document();
    let mut out = std::io::stdout().lock();
    match Format::or_fitting(*format) {
        Format::Json => {
            let text = serde_json::to_string_pretty(&document).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)?;
        }
        Format::Human => print(&document, &mut out).or_exit(Exit::CannotWrite)?,
    }
    Ok(Exit::Clean)
}

fn document() -> Document {
    let engines = wassay_in_process::list()
        .into_iter()
        .map(|listed| {
            let (capabilities, trouble) =
                if ON_PURPOSE.contains(&&*listed.name.name) { (None, None) } else { introduce(&listed.name) };
            Row {
                name: listed.name,
                version: listed.version.to_owned(),
                description: listed.description.to_owned(),
                capabilities,
                trouble,
            }
        })
        .collect();
    let sets = wassay_in_process::sets()
        .map(|name| Set { name: name.to_owned(), engines: wassay_in_process::set(name).unwrap_or_default() })
        .collect();
    Document { schema: "wassay-engines/1", engines, sets }
}

/// What an engine says of itself, or why it does not start: asked in a worker, as every engine is.
fn introduce(name: &EngineName) -> (Option<Capabilities>, Option<String>) {
    let seat = lineup::lineup(vec![name.clone()], None);
    match Crew::new(fuzz::crew_spec(&seat, MEMORY_MIB)).muster() {
        Ok(introductions) => (introductions.into_iter().next().map(|introduction| introduction.capabilities), None),
        Err(error) => (None, Some(error.to_string())),
    }
}

/// Engines that are wrong or misbehave on purpose: people want their options in a line each, not a paragraph.
const ON_PURPOSE: [&str; 2] = ["faulty", "chaos"];

fn print(document: &Document, out: &mut impl std::io::Write) -> std::io::Result<()> {
    let honest = || document.engines.iter().filter(|row| !ON_PURPOSE.contains(&&*row.name.name));
    let width = honest().map(|row| row.name.to_string().len()).max().unwrap_or(0);
    for row in honest() {
        let name = format!("{:width$}", row.name.to_string());
        writeln!(out, "{}  {:8}  {}", style(name).bold(), row.version, row.description)?;
        let indent = width + 2;
        if let Some(capabilities) = &row.capabilities {
            let features: Vec<&str> = capabilities.features.iter().map(wassay_model::Feature::name).collect();
            writeln!(out, "{:indent$}features: {}", "", features.join(" "))?;
            if capabilities.bound == Bound::Kill {
                writeln!(out, "{:indent$}counts no fuel: an endless loop ends with its process", "")?;
            }
            for (what, why) in &capabilities.blind_spots {
                writeln!(out, "{:indent$}cannot be seen: {what} ({why})", "")?;
            }
        }
        if let Some(trouble) = &row.trouble {
            writeln!(out, "{:indent$}{} {trouble}", "", style("does not start:").red())?;
        }
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
    writeln!(out)?;
    for set in &document.sets {
        let names: Vec<String> = set.engines.iter().map(ToString::to_string).collect();
        writeln!(out, "{}: {}", style(&set.name).bold(), names.join(", "))?;
    }
    Ok(())
}
