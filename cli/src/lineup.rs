//! From the text of `--engines` to who is asked, how often, and in which process.

use anyhow::anyhow;
use wassay_child::{CrewSpec, Launch};
use wassay_fleet::{Fleet, FleetError, Hosted};
use wassay_in_process::{Listed, Unavailable};
use wassay_model::{EngineName, Isolation, Lineup};

use crate::exit::{Exit, Failure, OrExit as _};

/// How often expensive engines are asked where cheap ones take every case; switched-off: compilers-sampled.
const SAMPLE: u64 = 8;
/// The set of all engines that can run here.
const ALL: &str = "all";
/// The set of those among them that are not linked.
pub(crate) const INSTALLED: &str = "installed";

/// Reads a list of engines and sets. Whether they can be opened is for a worker to say: an engine that dies of
/// being opened must not take this process with it.
pub(crate) fn engines(list: &str) -> Result<Vec<EngineName>, Failure> {
    let mut names: Vec<EngineName> = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let found = match set(word)? {
            Some(set) => set,
            None => vec![word.parse::<EngineName>().or_exit(Exit::Usage)?],
        };
        for name in found {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        let sets = sets().collect::<Vec<_>>().join(", ");
        return Err(Failure::new(
            Exit::Usage,
            anyhow!("--engines names no engine; name some, or a set of them: {sets}"),
        ));
    }
    Ok(names)
}

/// The names of the sets.
pub(crate) fn sets() -> impl Iterator<Item = &'static str> {
    wassay_in_process::sets().chain([INSTALLED])
}

/// The engines of a set; nothing where there is no set of this name.
pub(crate) fn set(name: &str) -> Result<Option<Vec<EngineName>>, Failure> {
    let linked = wassay_in_process::set(name);
    if name != INSTALLED && name != ALL {
        return Ok(linked);
    }
    let installed = installed(&fleet()?)?;
    if name == INSTALLED && installed.is_empty() {
        let error = anyhow!("no engine of another program is here; `wassay engines list` says how to install one");
        return Err(Failure::new(Exit::EngineUnavailable, error));
    }
    Ok(Some(linked.unwrap_or_default().into_iter().chain(installed).collect()))
}

/// Whether an engine is part of this program, in the version of its name where that has one.
pub(crate) fn is_linked(name: &EngineName) -> bool {
    linked(&wassay_in_process::list(), name).is_some()
}

/// The versions of an engine that are part of this program.
pub(crate) fn linked_versions(name: &str) -> Vec<String> {
    let list = wassay_in_process::list();
    let mut versions: Vec<String> =
        list.iter().filter(|listed| listed.name.name == name).map(|listed| listed.version.to_string()).collect();
    versions.dedup();
    versions
}

/// Every engine of another program that is here.
pub(crate) fn installed(fleet: &Fleet) -> Result<Vec<EngineName>, Failure> {
    let offers = fleet.offers().or_exit(Exit::EngineUnavailable)?;
    Ok(offers.into_iter().flat_map(|offer| offer.here).collect())
}

/// The engines of other programs.
pub(crate) fn fleet() -> Result<Fleet, Failure> {
    Fleet::of_this_user().or_exit(Exit::EngineUnavailable)
}

/// Who hosts an engine.
enum Host {
    /// This program, as its own worker.
    Linked { isolation: Isolation, cost: Cost },
    /// Another program.
    Other(Hosted),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cost {
    Cheap,
    Expensive,
}

impl Host {
    fn of(name: &EngineName) -> Result<Self, Failure> {
        let list = wassay_in_process::list();
        if let Some(listed) = linked(&list, name) {
            return Ok(Self::linked(listed));
        }
        match fleet()?.find(name) {
            Ok(hosted) => Ok(Self::Other(hosted)),
            Err(FleetError::UnknownName { name: unknown, known }) => {
                // It is linked in another version, which the worker says.
                if let Some(listed) = list.iter().find(|listed| listed.name.name == name.name) {
                    return Ok(Self::linked(listed));
                }
                // What is not in the list opens nothing.
                if let Err(error @ Unavailable::NotBuilt { .. }) = wassay_in_process::open(name) {
                    return Err(Failure::new(Exit::EngineUnavailable, error));
                }
                let mut names: Vec<&str> = list.iter().map(|listed| listed.name.name.as_str()).collect();
                names.dedup();
                let error = anyhow!(
                    "no engine is called `{unknown}`; there are {}; {known}; and exec:PATH for a program of yours",
                    names.join(", ")
                );
                Err(Failure::new(Exit::EngineUnavailable, error))
            }
            Err(error) => Err(Failure::new(Exit::EngineUnavailable, error)),
        }
    }

    fn linked(listed: &Listed) -> Self {
        let cost = match listed.cost {
            wassay_in_process::Cost::Cheap => Cost::Cheap,
            wassay_in_process::Cost::Expensive => Cost::Expensive,
        };
        Self::Linked { isolation: listed.isolation, cost }
    }

    fn isolation(&self) -> Isolation {
        match self {
            Self::Linked { isolation, .. } => *isolation,
            Self::Other(hosted) => hosted.isolation,
        }
    }

    fn is_expensive(&self) -> bool {
        match self {
            Self::Linked { cost, .. } => *cost == Cost::Expensive,
            Self::Other(hosted) => hosted.cost == wassay_fleet::Cost::Expensive,
        }
    }
}

/// What the registry says of an engine, whatever its options: that of the configuration where that is listed.
fn linked<'a>(list: &'a [Listed], name: &EngineName) -> Option<&'a Listed> {
    let fits = |listed: &&Listed| {
        listed.name.name == name.name && name.version.as_ref().is_none_or(|version| version == listed.version)
    };
    let same = list.iter().filter(fits).find(|listed| listed.name.options == name.options);
    same.or_else(|| list.iter().find(fits))
}

/// Who is asked for which cases. Expensive engines take one case in `sample`, each at another phase, so
/// that their cost is spread evenly; where fewer than two cheap engines take part, everyone takes all.
///
/// An engine that is not here ends this with how to install it.
pub(crate) fn lineup(names: Vec<EngineName>, sample: Option<u64>) -> Result<Vec<Lineup>, Failure> {
    let hosts = names.iter().map(Host::of).collect::<Result<Vec<_>, _>>()?;
    let count = hosts.iter().filter(|host| host.is_expensive()).count() as u64;
    let cheap = hosts.len() as u64 - count;
    let every = sample.unwrap_or(if cheap >= 2 { SAMPLE } else { 1 });
    let mut position = 0;
    let row = |(engine, host): (EngineName, Host)| {
        let isolation = host.isolation();
        if !host.is_expensive() {
            return Lineup { engine, isolation, every: 1, phase: 0 };
        }
        let phase = position * every / count % every;
        position += 1;
        Lineup { engine, isolation, every, phase }
    };
    Ok(names.into_iter().zip(hosts).map(row).collect())
}

/// How the workers of a line-up are started: this program as its own worker, and the programs of the engines
/// that are not linked.
pub(crate) fn crew_spec(lineup: &[Lineup], memory_mib: u64) -> Result<CrewSpec, Failure> {
    let mut spec = CrewSpec::new(Launch::this_program(["worker".into()]), lineup);
    spec.memory_max_bytes = memory_mib << 20;
    for seat in &mut spec.seats {
        seat.launch = match Host::of(&seat.engine)? {
            Host::Linked { .. } => None,
            Host::Other(hosted) => Some(hosted.launch),
        };
    }
    Ok(spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expensive_engines_are_sampled_at_phases_of_their_own() {
        let Ok(names) = engines("reference,wasmi,wasmtime,wasmtime+winch,wasmtime+pulley") else {
            panic!("the engines are linked")
        };
        let Ok(lineup) = lineup(names, None) else { panic!("the engines are linked") };
        let phases: Vec<(u64, u64)> = lineup.iter().map(|row| (row.every, row.phase)).collect();
        assert_eq!(phases, [(1, 0), (1, 0), (8, 0), (8, 2), (8, 5)]);
    }

    #[test]
    fn an_expensive_engine_beside_the_reference_takes_every_case() {
        let Ok(names) = engines("reference,wasmtime") else { panic!("the engines are linked") };
        let Ok(lineup) = lineup(names, None) else { panic!("the engines are linked") };
        assert!(lineup.iter().all(|row| row.every == 1));
    }
}
