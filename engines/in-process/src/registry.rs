//! Which engines are linked, and by which names.

use wassay_adapter::Engine;
use wassay_model::{EngineName, Isolation};

/// An engine that [`open`] can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: EngineName,
    /// The version that is linked.
    pub version: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// Whether it may share a process with others by default.
    pub isolation: Isolation,
    /// What a case costs on it.
    pub cost: Cost,
}

/// What a case costs on an engine, roughly: campaigns ask expensive engines for a share of the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Tens of microseconds, as interpreters take that translate a module in one pass.
    Cheap,
    /// Milliseconds, as compilers take.
    Expensive,
}

/// Why no engine can be had by a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// No linked engine has the name.
    #[error("no linked engine is called `{name}`; there are {known}")]
    Name {
        /// The name as asked.
        name: String,
        /// Every name.
        known: String,
    },
    /// The engine is linked in another version.
    #[error("`{name}` is not linked in version {version}; there is {known}")]
    Version {
        /// The engine.
        name: String,
        /// The version as asked.
        version: String,
        /// The versions that are linked.
        known: String,
    },
    /// The engine has no such option, or lacks one that it needs.
    #[error("`{name}` has no option `{option}`: {known}")]
    Option {
        /// The engine.
        name: String,
        /// The option as asked; empty where none was.
        option: String,
        /// Every option.
        known: String,
    },
    /// The program was built without the engine.
    #[error("this program was built without `{name}`; build it with the cargo feature `{feature}`")]
    NotBuilt {
        /// The engine.
        name: String,
        /// The feature that links it.
        feature: &'static str,
    },
    /// The engine does not start in the configuration that was asked for.
    #[error("`{name}` does not start: {words}")]
    Start {
        /// The engine.
        name: String,
        /// The engine's words.
        words: String,
    },
}

type Open = fn(&EngineName) -> Result<Box<dyn Engine>, Unavailable>;

/// One release of an engine.
struct Release {
    name: &'static str,
    version: &'static str,
    /// The cargo feature that links it.
    feature: &'static str,
    /// None where the feature is off.
    open: Option<Open>,
    /// What the options are.
    options: Options,
    description: &'static str,
}

enum Options {
    /// There are none.
    None,
    /// The adapter reads them, and says what there is.
    Read,
}

macro_rules! open {
    ($feature:literal, $path:path) => {{
        #[cfg(feature = $feature)]
        let open: Option<Open> = Some($path);
        #[cfg(not(feature = $feature))]
        let open: Option<Open> = None;
        open
    }};
}

/// Every release that can be linked. Where a name has several, the first answers to the name alone.
fn releases() -> [Release; 8] {
    [
        Release {
            name: "reference",
            version: env!("CARGO_PKG_VERSION"),
            feature: "reference",
            open: open!("reference", crate::reference::open),
            options: Options::None,
            description: "the bundled reference interpreter, written after the standard",
        },
        Release {
            name: "faulty",
            version: env!("CARGO_PKG_VERSION"),
            feature: "reference",
            open: open!("reference", crate::reference::open_faulty),
            options: Options::Read,
            description: "faulty+NAME: the reference interpreter with one fault planted on purpose",
        },
        Release {
            name: "wasmi",
            version: "2.0.0",
            feature: "wasmi",
            open: open!("wasmi", crate::wasmi::v2::open),
            options: Options::None,
            description: "wasmi, an interpreter that translates to register code",
        },
        Release {
            name: "wasmi",
            version: "1.1.0",
            feature: "wasmi-1",
            open: open!("wasmi-1", crate::wasmi::v1::open),
            options: Options::None,
            description: "wasmi, the major release before",
        },
        Release {
            name: "tinywasm",
            version: "0.10.0",
            feature: "tinywasm",
            open: open!("tinywasm", crate::tinywasm::open),
            options: Options::None,
            description: "tinywasm, a small interpreter",
        },
        Release {
            name: "dlr",
            version: "0.2.0",
            feature: "dlr",
            open: open!("dlr", crate::dlr::open),
            options: Options::None,
            description: "dlr-wasm-interpreter, an in-place interpreter of WebAssembly 2.0",
        },
        Release {
            name: "wasmtime",
            version: "48.0.8",
            feature: "wasmtime",
            open: open!("wasmtime", crate::wasmtime::open),
            options: Options::Read,
            description: "wasmtime, compiled by Cranelift with optimisation for speed",
        },
        Release {
            name: "chaos",
            version: "1",
            feature: "default",
            open: Some(open_chaos),
            options: Options::Read,
            description: "chaos+KIND: runs no code and misbehaves on purpose, to test isolation",
        },
    ]
}

/// Configurations that are engines of their own in lists and sets.
const CONFIGURATIONS: &[(&str, &str, &str)] = &[
    ("wasmtime", "opt-none", "wasmtime, compiled by Cranelift without optimisation"),
    ("wasmtime", "opt-size", "wasmtime, compiled by Cranelift with optimisation for speed and size"),
    ("wasmtime", "winch", "wasmtime, compiled by Winch in one pass"),
    ("wasmtime", "pulley", "wasmtime, compiled to byte code and interpreted"),
];

/// The sets, by name. `all` is every engine of [`list`] that means to be right; switched-off: default-without-two-levels.
const SETS: &[(&str, &[&str])] = &[
    (
        "default",
        &["reference", "wasmi", "wasmi@1.1.0", "tinywasm", "dlr", "wasmtime", "wasmtime+winch", "wasmtime+pulley"],
    ),
    ("interpreters", &["reference", "wasmi", "wasmi@1.1.0", "tinywasm", "dlr"]),
    (
        "all",
        &[
            "reference",
            "wasmi",
            "wasmi@1.1.0",
            "tinywasm",
            "dlr",
            "wasmtime",
            "wasmtime+opt-none",
            "wasmtime+opt-size",
            "wasmtime+winch",
            "wasmtime+pulley",
        ],
    ),
];

/// Opens the engine of this name.
///
/// # Errors
///
/// [`Unavailable`], with what is available instead.
pub fn open(name: &EngineName) -> Result<Box<dyn Engine>, Unavailable> {
    let releases = releases();
    let named: Vec<&Release> = releases.iter().filter(|release| release.name == name.name).collect();
    let Some(first) = named.first() else {
        let known: Vec<String> = list().iter().map(|listed| listed.name.to_string()).collect();
        return Err(Unavailable::Name { name: name.name.clone(), known: known.join(", ") });
    };
    let release = match &name.version {
        None => first,
        Some(version) => {
            named.iter().find(|release| release.version == version).ok_or_else(|| Unavailable::Version {
                name: name.name.clone(),
                version: version.clone(),
                known: named.iter().map(|release| release.version).collect::<Vec<_>>().join(", "),
            })?
        }
    };
    if let (Options::None, Some(option)) = (&release.options, name.options.first()) {
        return Err(Unavailable::Option {
            name: name.name.clone(),
            option: option.clone(),
            known: "there are none".to_owned(),
        });
    }
    match release.open {
        Some(open) => open(name),
        None => Err(Unavailable::NotBuilt { name: name.name.clone(), feature: release.feature }),
    }
}

fn open_chaos(name: &EngineName) -> Result<Box<dyn Engine>, Unavailable> {
    crate::chaos::open(name).map_err(|words| Unavailable::Start { name: name.to_string(), words })
}

/// Every engine that [`open`] opens in this build: one entry for each release and each configuration that
/// is worth running, one for each fault and each kind of chaos.
#[must_use]
pub fn list() -> Vec<Listed> {
    let mut listed = Vec::new();
    for release in releases().iter().filter(|release| release.open.is_some()) {
        let entry = |options: &[&str], version: Option<&str>, description| Listed {
            name: EngineName {
                name: release.name.to_owned(),
                version: version.map(str::to_owned),
                options: options.iter().map(|option| (*option).to_owned()).collect(),
            },
            version: release.version,
            description,
            isolation: Isolation::Group,
            cost: if release.name == "wasmtime" { Cost::Expensive } else { Cost::Cheap },
        };
        match release.name {
            #[cfg(feature = "reference")]
            "faulty" => {
                listed.extend(crate::reference::faults().map(|fault| entry(&[fault], None, release.description)));
            }
            "chaos" => {
                let kinds = crate::chaos::KINDS.iter();
                listed.extend(kinds.map(|(kind, what)| Listed {
                    // It ends its process: in a group it would end the others' too, which is what some
                    // tests want, and they say so.
                    isolation: Isolation::Own,
                    ..entry(&[kind], None, what)
                }));
            }
            name => {
                let first = !listed.iter().any(|known: &Listed| known.name.name == name);
                listed.push(entry(&[], (!first).then_some(release.version), release.description));
                let configurations = CONFIGURATIONS.iter().filter(|(of, ..)| *of == name);
                listed.extend(configurations.map(|(_, option, description)| Listed {
                    // Winch 48 kills its process for about one case in twenty, and starting a group again
                    // costs more than a process of its own.
                    isolation: if *option == "winch" { Isolation::Own } else { Isolation::Group },
                    ..entry(&[option], None, description)
                }));
            }
        }
    }
    listed
}

/// A fault that `faulty` can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// Its name: `faulty+NAME` is the engine.
    pub name: &'static str,
    /// The part of the standard that it breaks.
    pub chapter: &'static str,
    /// The section that it breaks.
    pub section: &'static str,
    /// The bug of an engine on which it is modelled, if it is.
    pub model: Option<&'static str>,
    /// Whether it was planted after the generators were last changed, which could not be fitted to it.
    pub held_out: bool,
}

/// Every fault that `faulty` can have; none where the build has no reference.
#[must_use]
pub fn planted_faults() -> Vec<Planted> {
    #[cfg(feature = "reference")]
    return crate::reference::planted();
    #[cfg(not(feature = "reference"))]
    Vec::new()
}

/// The chapters of those faults, in the order of tables.
#[must_use]
pub fn planted_chapters() -> Vec<&'static str> {
    #[cfg(feature = "reference")]
    return crate::reference::chapters();
    #[cfg(not(feature = "reference"))]
    Vec::new()
}

/// Those of the faults `among` that can make a difference to a plan with this module. The others need not be asked:
/// they load it as the reference does.
#[must_use]
pub fn faults_touching<'a>(module: &[u8], among: &[&'a str]) -> Vec<&'a str> {
    #[cfg(feature = "reference")]
    return crate::reference::touching(module, among);
    #[cfg(not(feature = "reference"))]
    {
        let _ = module;
        among.to_vec()
    }
}

/// The names of the engine sets.
pub fn sets() -> impl Iterator<Item = &'static str> {
    SETS.iter().map(|(name, _)| *name)
}

/// The engines of a set, those that this build lacks left out.
#[must_use]
pub fn set(name: &str) -> Option<Vec<EngineName>> {
    let (_, members) = SETS.iter().find(|(known, _)| *known == name)?;
    let listed = list();
    Some(
        members
            .iter()
            .filter_map(|member| listed.iter().find(|listed| listed.name.to_string() == **member))
            .map(|listed| listed.name.clone())
            .collect(),
    )
}

/// A list of options for an error.
#[cfg(any(feature = "reference", feature = "wasmtime"))]
pub(crate) fn known_options<'a>(options: impl Iterator<Item = &'a str>) -> String {
    format!("there are {}", options.collect::<Vec<_>>().join(", "))
}
