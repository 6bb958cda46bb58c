//! From a name to a launch, an install or a removal.

use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wassay_child::Launch;
use wassay_model::{EngineName, Isolation};

use crate::cache::{Broken, Cache, Entry};
use crate::channel::{Channel, system_version};
use crate::error::FleetError;
use crate::run::{run, typed};
use crate::table::{FAMILIES, Family, Place};
use crate::version::Version;

/// What the name of a caller's own program begins with.
const EXEC: &str = "exec:";
/// How long a new install may take to show that it starts.
const CHECK_MAX: Duration = Duration::from_secs(60);

/// The engines that are not linked: which there are, which are here, and how they get here.
#[derive(Clone, Debug)]
pub struct Fleet {
    cache: Cache,
    search: Search,
}

/// Where programs of the machine are looked for.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// None where the environment has no `PATH`.
    path: Option<OsString>,
}

/// An engine that can be launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosted {
    /// How its worker is started.
    pub launch: Launch,
    /// A worker of another program hosts one engine.
    pub isolation: Isolation,
    /// What a case costs on it.
    pub cost: Cost,
    /// What it is, in a sentence.
    pub description: &'static str,
}

/// What a case costs on an engine, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cost {
    /// About a hundred microseconds.
    Cheap,
    /// A millisecond or more, most of it compiling and talking to another process.
    Expensive,
}

/// A release in the cache, as its manifest describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The engine, with its whole version.
    pub name: EngineName,
    /// The version, as the package manager gave it.
    pub version: String,
    /// The package that it came from.
    pub package: String,
    /// The command that brought it.
    pub command: String,
    /// When that was, in UTC.
    pub date: String,
    /// The package's checksum as the package manager knows it, the algorithm in front. Packages of the system
    /// have none here.
    pub checksum: Option<String>,
    /// The folder that it lies in; empty for a package of the system.
    #[serde(skip_deserializing, default)]
    pub folder: PathBuf,
}

/// What happens while an engine is installed.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Somebody else installs or removes a release of this family, and is waited for.
    Waiting {
        /// The family.
        family: &'a str,
    },
    /// A release that fits is here already.
    AlreadyHere {
        /// Its version.
        version: &'a str,
    },
    /// A package manager was started.
    Running {
        /// Its command line.
        command: &'a str,
    },
    /// It wrote a line.
    Says {
        /// The line.
        line: &'a str,
    },
}

/// An engine family: what can be had under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// The family's name.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// Its options, each with what it does.
    pub options: Vec<(&'static str, &'static str)>,
    /// What a case costs on it.
    pub cost: Cost,
    /// The engines of this family that can be named here: the machine's own, then the installed ones, without options;
    /// switched-off: tiers-by-name-alone.
    pub here: Vec<EngineName>,
    /// The command that installs one.
    pub command: String,
}

impl Search {
    /// The program of this name.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let here = env::current_dir().unwrap_or_default();
        which::which_in(name, self.path.as_ref(), here).ok()
    }

    /// Makes a command look for programs at the same places.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
    }
}

impl Fleet {
    /// The engines of this user: those in the folder that the variable `WASSAY_CACHE` names, else in `wassay`
    /// below the user's cache folder, and those that `PATH` leads to.
    ///
    /// # Errors
    ///
    /// [`FleetError::NoFolder`], where neither is known.
    pub fn of_this_user() -> Result<Self, FleetError> {
        Ok(Self { cache: Cache::of_this_user()?, search: Search { path: env::var_os("PATH") } })
    }

    /// The engines in the folder `cache` and those that `path`, a list as in the variable `PATH`, leads to.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>, path: Option<OsString>) -> Self {
        Self { cache: Cache::at(cache.into()), search: Search { path } }
    }

    /// From a name to the program that hosts the engine. Scripts that it needs are written into the cache.
    ///
    /// # Errors
    ///
    /// [`FleetError`], which says how to get the engine, or what is wrong with its name.
    pub fn find(&self, name: &EngineName) -> Result<Hosted, FleetError> {
        if let Some(path) = name.name.strip_prefix(EXEC) {
            return exec(path, &name.options, &self.search);
        }
        let family = family(&name.name)?;
        let choices = family.choices(&name.options)?;
        let version = version(name)?;
        let place = match &version {
            None => match self.own(family) {
                Some(program) => Some((program, None)),
                None => self.newest(family, None, name)?,
            },
            Some(version) if matches!(family.channel, Channel::Apt(_)) => self.own_of_version(family, version, name)?,
            version => self.newest(family, version.as_ref(), name)?,
        };
        let Some((program, folder)) = place else { return Err(self.not_installed(family, name)) };
        let place = Place { program, folder: folder.as_deref(), choices, cache: &self.cache, search: &self.search };
        Ok(Hosted {
            launch: (family.launch)(&place)?,
            isolation: Isolation::Own,
            cost: family.cost,
            description: family.description,
        })
    }

    /// Brings an engine here, unless a release that fits is here. Options of the name do not matter.
    ///
    /// A version may be whole or the beginning of one: `22` is the newest 22. Without one it is the newest of
    /// all. An install happens in one step: interrupted, it leaves nothing that is taken for an engine.
    ///
    /// # Errors
    ///
    /// [`FleetError`], with the package manager's command and its last words where it failed.
    pub fn install(&self, name: &EngineName, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Installed, FleetError> {
        if name.name.starts_with(EXEC) {
            let why = "it is a program of yours, which runs where it is";
            return Err(FleetError::NotOurs { name: name.to_string(), what: "installed", why });
        }
        let family = family(&name.name)?;
        family.choices(&name.options)?;
        let version = version(name)?;
        let lock = self.cache.lock(family, progress)?;
        if let Channel::Apt(package) = &family.channel {
            return self.install_on_system(family, package, name, version.as_ref(), progress);
        }
        for entry in self.cache.entries(family)? {
            if let Entry::Whole(installed) = entry
                && covers(version.as_ref(), &installed)
            {
                progress(Progress::AlreadyHere { version: &installed.version });
                return Ok(installed);
            }
        }
        let partial = self.cache.partial(family, &lock)?;
        let asked = name.to_string();
        let fetched = family.channel.fetch(&asked, version.as_ref(), partial.path(), &self.search, progress)?;
        let unfit = |missing| FleetError::Unfit { command: fetched.command.clone(), missing };
        family.check_whole(partial.path()).map_err(unfit)?;
        if let Err(why) = Version::parse(&fetched.version) {
            return Err(unfit(format!("its version {:?} cannot be a folder's name: {why}", fetched.version)));
        }
        self.check_start(family, name, partial.path(), &fetched.command)?;
        let installed = Installed {
            name: EngineName { version: Some(fetched.version.clone()), ..EngineName::plain(family.name) },
            version: fetched.version,
            package: family.channel.package().to_owned(),
            command: fetched.command,
            date: now(),
            checksum: fetched.checksum,
            folder: PathBuf::new(),
        };
        self.cache.settle(family, partial, installed, &lock)
    }

    /// Every release of an engine that its package manager can bring, the oldest first. Previews are left out, and
    /// what was withdrawn. The version and options of the name do not matter.
    ///
    /// # Errors
    ///
    /// [`FleetError`], with the package manager's command and its last words where it failed.
    pub fn releases(
        &self,
        name: &EngineName,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<EngineName>, FleetError> {
        if name.name.starts_with(EXEC) {
            let why = "it is a program of yours, which has no releases";
            return Err(FleetError::NotOurs { name: name.to_string(), what: "listed", why });
        }
        let family = family(&name.name)?;
        let releases = family.channel.releases(&name.to_string(), &self.search, progress)?;
        let named = |version: Version| EngineName { version: Some(version.text().to_owned()), ..name.clone() };
        Ok(releases.into_iter().map(named).collect())
    }

    /// Sees that a new install can be started on this machine at all.
    fn check_start(
        &self,
        family: &'static Family,
        name: &EngineName,
        folder: &Path,
        command: &str,
    ) -> Result<(), FleetError> {
        let Some(program) = self.program_in(family, folder) else { return Err(family.needs(name)) };
        let place =
            Place { program, folder: Some(folder), choices: Vec::new(), cache: &self.cache, search: &self.search };
        let launch = (family.launch)(&place)?;
        let mut check = Command::new(&launch.program);
        self.search.apply(&mut check);
        check.args(family.check).envs(launch.env);
        let line = typed(&check);
        let unfit = |missing| FleetError::Unfit { command: command.to_owned(), missing };
        match run(check, Some(CHECK_MAX), &mut |_| {}) {
            Ok(ended) if ended.succeeded() => Ok(()),
            Ok(ended) => Err(unfit(format!("`{line}` {}{}", ended.how(), ended.tail()))),
            Err(error) => Err(unfit(format!("`{line}` does not start: {error}"))),
        }
    }

    fn install_on_system(
        &self,
        family: &'static Family,
        package: &'static str,
        name: &EngineName,
        version: Option<&Version>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Installed, FleetError> {
        let here = self.own(family).and_then(|_| system_version(package, &self.search));
        let (found, command) = match here {
            Some(found) => {
                progress(Progress::AlreadyHere { version: &found });
                (found, String::new())
            }
            None => {
                let into = env::temp_dir();
                let fetched = family.channel.fetch(&name.to_string(), version, &into, &self.search, progress)?;
                if self.own(family).is_none() {
                    let missing = format!("{} is not in PATH", family.own.join(" or "));
                    return Err(FleetError::Unfit { command: fetched.command, missing });
                }
                (fetched.version, fetched.command)
            }
        };
        let installed = Installed {
            name: EngineName::plain(family.name),
            version: found,
            package: package.to_owned(),
            command,
            date: now(),
            checksum: None,
            folder: PathBuf::new(),
        };
        match covers(version, &installed) {
            true => Ok(installed),
            false => Err(FleetError::OtherVersion { name: name.to_string(), package, found: installed.version }),
        }
    }

    /// The releases in the cache, family by family, the newest first.
    ///
    /// # Errors
    ///
    /// [`FleetError::Cache`], where the cache cannot be read.
    pub fn installed(&self) -> Result<Vec<Installed>, FleetError> {
        let mut all = Vec::new();
        for family in FAMILIES {
            all.extend(self.cache.entries(family)?.into_iter().filter_map(|entry| match entry {
                Entry::Whole(installed) => Some(installed),
                Entry::Broken { .. } => None,
            }));
        }
        Ok(all)
    }

    /// What lies in the cache and is not whole: releases with something missing, and installs that were
    /// interrupted.
    ///
    /// # Errors
    ///
    /// [`FleetError::Cache`], where the cache cannot be read.
    pub fn broken(&self) -> Result<Vec<Broken>, FleetError> {
        let mut all = Vec::new();
        for family in FAMILIES {
            for entry in self.cache.entries(family)? {
                if let Entry::Broken { version, trouble } = entry {
                    let name = format!("{}@{}", family.name, version.text());
                    let command = install_command(&name);
                    all.push(Broken { name, trouble, command });
                }
            }
            for folder in self.cache.interrupted(family) {
                all.push(Broken {
                    name: family.name.to_owned(),
                    trouble: format!("an install was interrupted and left {}", folder.display()),
                    command: install_command(family.name),
                });
            }
        }
        Ok(all)
    }

    /// Removes every release in the cache that a name covers, half-installed ones too, and says which.
    ///
    /// # Errors
    ///
    /// [`FleetError`], where there is none, or it is not in the cache.
    pub fn remove(&self, name: &EngineName) -> Result<Vec<String>, FleetError> {
        if name.name.starts_with(EXEC) {
            let why = "it is a program of yours";
            return Err(FleetError::NotOurs { name: name.to_string(), what: "removed", why });
        }
        let family = family(&name.name)?;
        if let Channel::Apt(_) = family.channel {
            let why = "it is a package of the system, whose package manager removes it";
            return Err(FleetError::NotOurs { name: name.to_string(), what: "removed", why });
        }
        let asked = version(name)?;
        let lock = self.cache.lock(family, &mut |_| {})?;
        let mut removed = Vec::new();
        for entry in self.cache.entries(family)? {
            let found = match entry {
                Entry::Whole(installed) => installed.version,
                Entry::Broken { version, .. } => version.text().to_owned(),
            };
            let is_meant = |found: &Version| asked.as_ref().is_none_or(|asked| asked.covers(found));
            if Version::parse(&found).is_ok_and(|found| is_meant(&found)) {
                self.cache.remove(family, &found, &lock)?;
                removed.push(format!("{}@{found}", family.name));
            }
        }
        match removed.is_empty() {
            true => Err(self.not_installed(family, name)),
            false => Ok(removed),
        }
    }

    /// Every family, with what of it is here.
    ///
    /// # Errors
    ///
    /// [`FleetError::Cache`], where the cache cannot be read.
    pub fn offers(&self) -> Result<Vec<Offer>, FleetError> {
        let offer = |family: &'static Family| {
            let mut here: Vec<EngineName> =
                self.own(family).map(|_| EngineName::plain(family.name)).into_iter().collect();
            for entry in self.cache.entries(family)? {
                if let Entry::Whole(installed) = entry {
                    here.push(installed.name);
                }
            }
            Ok(Offer {
                name: family.name,
                description: family.description,
                options: family.choices.iter().map(|choice| (choice.name, choice.what)).collect(),
                cost: family.cost,
                here,
                command: install_command(family.name),
            })
        };
        FAMILIES.iter().map(offer).collect()
    }

    /// The machine's own program of a family.
    fn own(&self, family: &Family) -> Option<PathBuf> {
        family.own.iter().find_map(|program| self.search.program(program))
    }

    fn own_of_version(
        &self,
        family: &'static Family,
        asked: &Version,
        name: &EngineName,
    ) -> Result<Option<(PathBuf, Option<PathBuf>)>, FleetError> {
        let Some(program) = self.own(family) else { return Ok(None) };
        let package = family.channel.package();
        match system_version(package, &self.search) {
            Some(found) if Version::parse(&found).is_ok_and(|found| asked.covers(&found)) => Ok(Some((program, None))),
            found => Err(FleetError::OtherVersion {
                name: name.to_string(),
                package,
                found: found.unwrap_or_else(|| format!("not brought {}", program.display())),
            }),
        }
    }

    /// The newest release in the cache that a version covers: its program and its folder.
    fn newest(
        &self,
        family: &'static Family,
        asked: Option<&Version>,
        name: &EngineName,
    ) -> Result<Option<(PathBuf, Option<PathBuf>)>, FleetError> {
        let mut half = None;
        for entry in self.cache.entries(family)? {
            match entry {
                Entry::Whole(installed) if covers(asked, &installed) => {
                    let program = self.program_in(family, &installed.folder).ok_or_else(|| family.needs(name))?;
                    return Ok(Some((program, Some(installed.folder))));
                }
                Entry::Broken { version, trouble } if asked.is_none_or(|asked| asked.covers(&version)) => {
                    half.get_or_insert((version, trouble));
                }
                Entry::Whole(_) | Entry::Broken { .. } => {}
            }
        }
        match half {
            Some((version, trouble)) => Err(FleetError::HalfInstalled {
                name: name.to_string(),
                trouble,
                command: install_command(&format!("{}@{}", family.name, version.text())),
            }),
            None => Ok(None),
        }
    }

    /// The program that runs what lies in a folder: in it, or one of the machine.
    fn program_in(&self, family: &Family, folder: &Path) -> Option<PathBuf> {
        match family.runner {
            None => Some(folder.join(family.whole[0])),
            Some(runner) => self.search.program(runner),
        }
    }

    fn not_installed(&self, family: &Family, name: &EngineName) -> FleetError {
        let mut here: Vec<String> = self.own(family).map(|program| program.display().to_string()).into_iter().collect();
        for entry in self.cache.entries(family).unwrap_or_default() {
            if let Entry::Whole(installed) = entry {
                here.push(installed.name.to_string());
            }
        }
        let wanted = EngineName { options: Vec::new(), ..name.clone() };
        FleetError::NotInstalled {
            name: name.to_string(),
            here: if here.is_empty() { String::new() } else { format!(" (here: {})", here.join(", ")) },
            command: install_command(&wanted.to_string()),
        }
    }
}

/// Which of two versions is the older one, number by number; those that cannot be read come last.
#[must_use]
pub fn by_age(one: &str, other: &str) -> std::cmp::Ordering {
    match (Version::parse(one), Version::parse(other)) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (left, right) => left.is_err().cmp(&right.is_err()).then_with(|| one.cmp(other)),
    }
}

fn install_command(name: &str) -> String {
    format!("wassay engines install {name}")
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn family(name: &str) -> Result<&'static Family, FleetError> {
    FAMILIES.iter().find(|family| family.name == name).ok_or_else(|| FleetError::UnknownName {
        name: name.to_owned(),
        known: FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", "),
    })
}

fn version(name: &EngineName) -> Result<Option<Version>, FleetError> {
    let read = |text: &String| {
        Version::parse(text).map_err(|why| FleetError::ImpossibleVersion {
            name: name.name.clone(),
            version: text.clone(),
            why,
        })
    };
    name.version.as_ref().map(read).transpose()
}

fn covers(asked: Option<&Version>, installed: &Installed) -> bool {
    asked.is_none_or(|asked| Version::parse(&installed.version).is_ok_and(|found| asked.covers(&found)))
}

/// A program of the caller's, which speaks the worker protocol.
fn exec(path: &str, options: &[String], search: &Search) -> Result<Hosted, FleetError> {
    let wrong = |why: String| FleetError::Program { path: path.to_owned(), why };
    let here = std::path::absolute(path).map_err(|error| wrong(error.to_string()))?;
    let program = match here.metadata() {
        Ok(found) if found.is_dir() => return Err(wrong(format!("{} is a folder", here.display()))),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => {
            return Err(wrong(format!("it is not executable; make it so with: chmod +x {}", here.display())));
        }
        Ok(_) => here,
        Err(_) if !path.contains('/') => search.program(path).ok_or_else(|| {
            wrong(format!("there is no {}, and PATH leads to no program of this name", here.display()))
        })?,
        Err(error) => return Err(wrong(format!("{}: {error}", here.display()))),
    };
    let args = options.iter().flat_map(|option| [OsString::from("--option"), option.into()]);
    Ok(Hosted {
        launch: Launch::lines(program, args),
        isolation: Isolation::Own,
        cost: Cost::Expensive,
        description: "a program of yours that speaks the worker protocol",
    })
}
