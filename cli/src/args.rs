//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use wassay_model::{EngineName, Value};

/// Asks every WebAssembly engine the same question and judges the answers against the standard.
#[derive(Debug, Parser)]
#[command(version, name = "wassay", after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit status: 0 nothing new; 1 a new finding, divergence or failure; 64 usage; 65 bad input; 69 an engine \
that was asked for cannot be run; 70 a fault of this program; 73 the output cannot be written; 75 ended by \
a signal, run again with --resume.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Search for divergences between engines: the main job
    Fuzz(Fuzz),
    /// Run one .wasm, .wat, .wast or case.json on chosen engines, side by side
    Run(Run),
    /// The conformance suite on chosen engines, assertion by assertion
    Spec(Spec),
    /// Make findings small, keeping their signatures
    Reduce(Reduce),
    /// Findings or regressions again, on chosen engines
    Replay(Replay),
    /// Two versions or builds of an engine on one corpus: transitions only
    Regress(Regress),
    /// The first released version of an engine that shows a finding
    Bisect(Bisect),
    /// List, install and probe engines
    Engines(Engines),
    /// Pages and machine formats from records of the conformance suite
    Report(Report),
    /// The folder of a run, or of a night by scripts/nightly, as a page of Markdown
    Digest(Digest),
    /// Host engines for a parent process
    #[command(hide = true, disable_help_flag = true)]
    Worker {
        /// What a parent passes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Fuzz {
    /// The seed that every case is drawn from [default: drawn from the clock, and printed]
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub(crate) seed: Option<u64>,
    /// Stop after this many cases
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub(crate) cases: Option<u64>,
    /// Stop after this much time, as in 90s, 10m or 2h [default: 60s where --cases is not given]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    /// What the generator makes [default: mix]
    #[arg(long, value_name = "NAME", conflicts_with = "resume")]
    pub(crate) profile: Option<String>,
    /// Measure which planted faults are found, instead of searching for new ones
    #[arg(long, conflicts_with_all = ["resume", "shard", "time", "engines", "sample"])]
    pub(crate) score: bool,
    /// Families and profiles to measure, each alone [default: all families, and the mix]
    #[arg(long, value_name = "LIST", requires = "score", conflicts_with = "profile")]
    pub(crate) families: Option<String>,
    /// Planted faults to measure with, by name, by chapter, `modelled` or `held-out` [default: all]
    #[arg(long, value_name = "LIST", requires = "score")]
    pub(crate) faults: Option<String>,
    /// A page to put the score into, between its markers
    #[arg(long, value_name = "FILE", requires = "score")]
    pub(crate) write: Option<PathBuf>,
    /// Engines and sets of engines, separated by commas
    #[arg(long, value_name = "LIST", default_value = "default", conflicts_with = "resume")]
    pub(crate) engines: String,
    /// Ask expensive engines for one case in N only [default: 8 where two cheaper engines take every case,
    /// otherwise 1]
    #[arg(long, value_name = "N", conflicts_with = "resume", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sample: Option<u64>,
    /// Cases worked on at the same time [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// The folder of the run [default: runs/DATE-SEED]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub(crate) out: Option<PathBuf>,
    /// Go on with the run in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) resume: Option<PathBuf>,
    /// Do only the i-th of N equal parts, from 0
    #[arg(long, value_name = "i/N", value_parser = shard, conflicts_with = "resume")]
    pub(crate) shard: Option<(u64, u64)>,
    /// Time for reducing what was found, which tells new findings from known issues; 0s for none [default: a tenth of the
    /// time of the run, and a minute at least]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) triage: Option<Duration>,
    /// Memory that one worker process may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory: u64,
    /// How results are printed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Spec {
    /// A folder of .wast files [default: the pinned official suite with our additions]
    #[arg(long, value_name = "DIR")]
    pub(crate) suite: Option<PathBuf>,
    /// Engines and sets of engines, separated by commas
    #[arg(long, value_name = "LIST", default_value = "default")]
    pub(crate) engines: String,
    /// Only files and assertions with this in their path or identifier; with * and ?, the whole of it
    #[arg(long, value_name = "PATTERN")]
    pub(crate) filter: Option<String>,
    /// Only what is counted under this name, as in core, simd or gc
    #[arg(long, value_name = "NAME")]
    pub(crate) proposal: Option<String>,
    /// The folder of the record [default: runs/spec-DATE]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Files asked at the same time [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Time that each engine gets for the whole run; what it was not asked by then is skipped. 0s for no end
    #[arg(long, value_name = "TIME", default_value = "20m", value_parser = duration)]
    pub(crate) engine_time: Duration,
    /// Memory that one worker process may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory: u64,
    /// Also break the expectation of every passing assertion, and count those that pass all the same
    #[arg(long)]
    pub(crate) vacuity: bool,
    /// How results are printed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// A module, a script of the standard's suite, or the case.json of a finding
    pub(crate) file: PathBuf,
    /// Call this export with these values, as in i32:-5 f64:1.5 ref:null; may be given several times
    #[arg(long, num_args = 1.., value_names = ["NAME", "VALUE"], action = clap::ArgAction::Append)]
    pub(crate) invoke: Vec<String>,
    /// Engines and sets of engines, separated by commas
    #[arg(long, value_name = "LIST", default_value = "default")]
    pub(crate) engines: String,
    /// Wall-clock time for each engine, as in 5s
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) deadline: Duration,
    /// Memory that one worker process may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory: u64,
    /// How results are printed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

impl Run {
    /// The calls that `--invoke` asks for. Several of them are told apart by values having a type before a
    /// colon and names of exports following `--invoke`, so the raw arguments are read again in order.
    pub(crate) fn calls(&self) -> Result<Vec<(String, Vec<Value>)>, wassay_model::ValueSyntaxError> {
        let mut calls: Vec<(String, Vec<Value>)> = Vec::new();
        let mut rest = self.invoke.iter();
        if let Some(name) = rest.next() {
            calls.push((name.clone(), Vec::new()));
        }
        for word in rest {
            match word.parse() {
                Ok(value) => {
                    if let Some((_, values)) = calls.last_mut() {
                        values.push(value);
                    }
                }
                Err(error) if word.contains(':') => return Err(error),
                Err(_) => calls.push((word.clone(), Vec::new())),
            }
        }
        Ok(calls)
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// Records of `wassay spec`, or folders of runs; several of one suite stand side by side, engine by engine
    /// [default: that of the last run in runs/]
    #[arg(value_name = "RECORD")]
    pub(crate) records: Vec<PathBuf>,
    /// The folder to publish to; a report that is there stays until the new one is whole
    #[arg(long, value_name = "DIR", default_value = "report")]
    pub(crate) out: PathBuf,
    /// Which formats, separated by commas [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) formats: Vec<ReportFormat>,
    /// Show what changed from one record to another; exits with 1 where something got worse
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pub(crate) diff: Vec<PathBuf>,
    /// Earlier records, for the page of history
    #[arg(long, value_name = "RECORD", num_args = 1..)]
    pub(crate) history: Vec<PathBuf>,
    /// Put the table of engines into a page, between `<!-- conformance: begin -->` and `<!-- conformance: end -->`
    #[arg(long, value_name = "FILE")]
    pub(crate) into: Option<PathBuf>,
    /// Take records that are not whole, leave out those that cannot be read, and say so on every page
    #[arg(long)]
    pub(crate) partial: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Digest {
    /// The folder; exits with 1 where somebody has to look at something
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// The static site
    Html,
    /// junit.xml
    Junit,
    /// wassay.sarif, in version 2.1.0
    Sarif,
    /// ctrf.json
    Ctrf,
    /// summary.md
    Markdown,
    /// badge.svg, and one for each engine
    Badge,
    /// features.json, in the form of webassembly.org's table
    Features,
    /// summary.json: every count
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Reduce {
    /// The folder of a finding or of several, a case.json, a .wast, or a module
    #[arg(required = true, value_name = "FOLDER_OR_FILE")]
    pub(crate) paths: Vec<PathBuf>,
    /// Engines and sets of engines, separated by commas [default: those of the finding]
    #[arg(long, value_name = "LIST")]
    pub(crate) engines: Option<String>,
    /// Time for each finding, as in 90s or 5m
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) time: Duration,
    /// In which order pieces are tried
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Attempts of wasm-shrink in a row that may be in vain before our own passes begin; 0 does without it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) attempts: u32,
    /// Candidates asked about at the same time [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// The folder for what was reduced: BUCKET/CASE below it for each finding
    #[arg(long, value_name = "DIR", default_value = "reduced")]
    pub(crate) out: PathBuf,
    /// Memory that one worker process may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory: u64,
    /// How results are printed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Replay {
    /// The folder of a finding or of several, of regressions, or a file
    #[arg(required = true, value_name = "FOLDER_OR_FILE")]
    pub(crate) paths: Vec<PathBuf>,
    /// Engines and sets of engines, separated by commas [default: those of the finding, or `default`]
    #[arg(long, value_name = "LIST")]
    pub(crate) engines: Option<String>,
    /// Memory that one worker process may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory: u64,
    /// How results are printed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Regress {
    /// The engine as it was, as in wasmi@1.1.0, wasmtime@37.0.0 or exec:./old-worker
    pub(crate) old: EngineName,
    /// The engine as it is
    pub(crate) new: EngineName,
    /// A file, the folder of findings, of regressions or of scripts, `suite`, or `seed:N:CASES`; may be given
    /// several times [default: fuzz/regressions]
    #[arg(long, value_name = "PATH|suite|seed:N:CASES")]
    pub(crate) corpus: Vec<String>,
    /// What the generator makes for seed:N:CASES
    #[arg(long, value_name = "NAME", default_value = "smith")]
    pub(crate) profile: String,
    /// Slower is what takes more than so many times as long ...
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0)]
    pub(crate) slower: f64,
    /// ... and longer by more than this
    #[arg(long, value_name = "TIME", default_value = "20ms", value_parser = duration)]
    pub(crate) floor: Duration,
    /// Looks at what changed; times are their medians
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) looks: u16,
    /// Bring releases that are not here
    #[arg(long)]
    pub(crate) install: bool,
    /// Write JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write SARIF 2.1.0
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
    /// Write Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Items asked at the same time [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Memory that one worker process may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory: u64,
    /// How results are printed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Bisect {
    /// The folder of a finding, a case.json, a .wast, or a module
    #[arg(value_name = "FOLDER_OR_FILE")]
    pub(crate) path: PathBuf,
    /// The engine, with its options and without a version, as in wasmtime+winch
    #[arg(long, value_name = "NAME")]
    pub(crate) engine: EngineName,
    /// A release that does not show the finding
    #[arg(long, value_name = "VERSION")]
    pub(crate) good: Option<String>,
    /// A release that shows it
    #[arg(long, value_name = "VERSION")]
    pub(crate) bad: Option<String>,
    /// Which releases to search, separated by commas [default: those that are here; with --install all that there are]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) versions: Vec<String>,
    /// Ask the package registry which releases there are, and bring those that the search needs
    #[arg(long)]
    pub(crate) install: bool,
    /// Ask every release instead of searching, and say every change
    #[arg(long)]
    pub(crate) all: bool,
    /// Memory that one worker process may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory: u64,
    /// How results are printed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Engines {
    #[command(subcommand)]
    pub(crate) command: EnginesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EnginesCommand {
    /// What can run here, and what can be installed: versions, features, options
    List {
        /// How results are printed
        #[arg(long, value_name = "FORMAT")]
        format: Option<Format>,
    },
    /// Install engines of other programs, as in node@22 or wasmtime@38.0.0
    Install {
        /// Engines as NAME or NAME@VERSION; a version may be the beginning of one
        #[arg(required = true, value_name = "NAME[@VERSION]")]
        names: Vec<EngineName>,
        /// How results are printed
        #[arg(long, value_name = "FORMAT")]
        format: Option<Format>,
    },
    /// Remove what was installed
    Remove {
        /// Engines as NAME for every version, or NAME@VERSION
        #[arg(required = true, value_name = "NAME[@VERSION]")]
        names: Vec<EngineName>,
    },
    /// Find out what engines can do, and put their adapters or workers through the kit
    Probe(Probe),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Probe {
    /// Engines and sets of engines, as in exec:./my-worker
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Memory that one worker process may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory: u64,
    /// How long the kit may take for one engine, in seconds; the cases that are left then are not asked
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) time: u64,
    /// Print one table of all engines, without their failures
    #[arg(long)]
    pub(crate) table: bool,
    /// How results are printed
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<TableFormat>,
}

/// How tables are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// For pages
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

impl Format {
    /// The format that was asked for, or the one that fits where standard output goes.
    pub(crate) fn or_fitting(asked: Option<Self>) -> Self {
        asked.unwrap_or(Self::Human)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return Err(format!("`{unit}` is no unit of time: use ms, s, m, h or d")),
    };
    let number: f64 = number.parse().map_err(|_| "write a number and a unit, as in 90s, 10m or 2h".to_owned())?;
    Duration::try_from_secs_f64(number * scale).map_err(|error| error.to_string())
}

fn shard(text: &str) -> Result<(u64, u64), String> {
    let form = || "write i/N with i from 0 to N-1, as in 0/4".to_owned();
    let (shard, shards) = text.split_once('/').ok_or_else(form)?;
    let shard: u64 = shard.parse().map_err(|_| form())?;
    let shards: u64 = shards.parse().map_err(|_| form())?;
    if shard < shards { Ok((shard, shards)) } else { Err(form()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
    }

    #[test]
    fn times_take_units() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("5 weeks").is_err());
        assert!(duration("-5s").is_err());
    }

    #[test]
    fn shards_are_counted_from_zero() {
        assert_eq!(shard("0/1"), Ok((0, 1)));
        assert!(shard("4/4").is_err());
        assert!(shard("1").is_err());
    }

    #[test]
    fn several_calls_are_told_apart() {
        let args = Args::try_parse_from([
            "wassay",
            "run",
            "x.wat",
            "--invoke",
            "f",
            "i32:-5",
            "f64:-0.5",
            "--invoke",
            "g",
            "--engines",
            "wasmi",
        ])
        .unwrap();
        let Command::Run(run) = args.command else { panic!("not run") };
        assert_eq!(
            run.calls().unwrap(),
            [("f".to_owned(), vec!["i32:-5".parse().unwrap(), "f64:-0.5".parse().unwrap()]), ("g".to_owned(), vec![])]
        );
        assert_eq!(run.engines, "wasmi");
    }
}
