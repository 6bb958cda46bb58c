//! The repository in, complaints about it out.
//! A chore that has logic is a subcommand here, rather than a shell script.
//! It must not know any room's code: it reads the sources as text and the manifests as data.

mod tidy;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  tidy     check the rules that hold for the whole repository
  rules    list them
";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy::run(),
        ["rules"] => {
            print!("{}", tidy::list());
            Ok(ExitCode::SUCCESS)
        }
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprint!("{USAGE}");
            Ok(ExitCode::from(64))
        }
    }
}
