//! `wassay engines install` and `wassay engines remove`.

use std::io::Write as _;

use wassay_fleet::{FleetError, Installed, Progress};
use wassay_model::EngineName;

use crate::args::Format;
use crate::exit::{Exit, Failure, OrExit as _};
use crate::lineup;

#[derive(serde::Serialize)]
struct Document {
    schema: &'static str,
    installed: Vec<Row>,
    failed: Vec<Failed>,
}

#[derive(serde::Serialize)]
struct Row {
    /// As it was asked for.
    asked: EngineName,
    /// Whether nothing was to be done.
    already_here: bool,
    #[serde(flatten)]
    installed: Installed,
}

#[derive(serde::Serialize)]
struct Failed {
    asked: EngineName,
    error: String,
}

pub(crate) fn main(names: &[EngineName], format: Format) -> Result<Exit, Failure> {
    let fleet = lineup::fleet()?;
    let mut document = Document { schema: "wassay-engines-installed/1", installed: Vec::new(), failed: Vec::new() };
    let mut exit = Exit::Clean;
    // One that cannot be had does not keep the others away.
    for name in names {
        let mut already_here = false;
        match fleet.install(name, &mut |progress| already_here |= show(name, progress)) {
            Ok(installed) => document.installed.push(Row { asked: name.clone(), already_here, installed }),
            Err(error) => {
                eprintln!("wassay: {error}");
                // A folder that cannot be written outweighs: nothing could be had.
                exit = match error {
                    FleetError::Cache { .. } => Exit::CannotWrite,
                    _ if exit == Exit::CannotWrite => exit,
                    _ => Exit::EngineUnavailable,
                };
                document.failed.push(Failed { asked: name.clone(), error: error.to_string() });
            }
        }
    }
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&document).or_exit(Exit::Internal)?;
            writeln!(out, "{text}").or_exit(Exit::CannotWrite)?;
        }
        Format::Human => {
            for Row { already_here, installed, .. } in &document.installed {
                let how = if *already_here { "is here already" } else { "is installed" };
                let version = match installed.name.version {
                    Some(_) => String::new(),
                    None => format!(" {}", installed.version),
                };
                let place = match installed.folder.as_os_str().is_empty() {
                    true => format!("the system's package {}", installed.package),
                    false => installed.folder.display().to_string(),
                };
                writeln!(out, "{}{version} {how}: {place}", installed.name).or_exit(Exit::CannotWrite)?;
            }
        }
    }
    Ok(exit)
}

/// Says on standard error what goes on. Returns whether it is that nothing is to be done.
pub(crate) fn show(name: &EngineName, progress: Progress<'_>) -> bool {
    match progress {
        Progress::Waiting { family } => eprintln!("{name}: waiting for another install of `{family}` to end"),
        Progress::Running { command } => eprintln!("{name}: {command}"),
        Progress::Says { line } if !line.is_empty() => eprintln!("{name}:   {line}"),
        Progress::Says { .. } => {}
        Progress::AlreadyHere { .. } => return true,
    }
    false
}

pub(crate) fn remove(names: &[EngineName]) -> Result<Exit, Failure> {
    let fleet = lineup::fleet()?;
    let mut out = std::io::stdout().lock();
    for name in names {
        let removed = fleet.remove(name).map_err(|error| {
            let exit = match error {
                FleetError::Cache { .. } => Exit::CannotWrite,
                _ => Exit::EngineUnavailable,
            };
            Failure::new(exit, error)
        })?;
        for name in removed {
            writeln!(out, "{name} is removed").or_exit(Exit::CannotWrite)?;
        }
    }
    Ok(Exit::Clean)
}
