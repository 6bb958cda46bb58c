//! From the text of `--engines` to who is asked, how often, and in which process.

use wassay_in_process::{Cost, Listed};
use wassay_model::{EngineName, Lineup};

use crate::exit::{Exit, Failure, OrExit as _};

/// How often expensive engines are asked where cheap ones take every case.
const SAMPLE: u64 = 8;

/// Reads a list of engines and sets. Whether they can be opened is for a worker to say: an engine that dies of
/// being opened must not take this process with it.
pub(crate) fn engines(list: &str) -> Result<Vec<EngineName>, Failure> {
    let mut names: Vec<EngineName> = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let found = match wassay_in_process::set(word) {
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
        let sets = wassay_in_process::sets().collect::<Vec<_>>().join(", ");
        return Err(Failure::new(
            Exit::Usage,
            anyhow::anyhow!("--engines names no engine; name some, or a set of them: {sets}"),
        ));
    }
    Ok(names)
}

/// What the registry says of an engine, whatever its options.
fn listed(name: &EngineName) -> Option<Listed> {
    let list = wassay_in_process::list();
    list.iter()
        .find(|listed| listed.name == *name)
        .or_else(|| list.iter().find(|listed| listed.name.name == name.name))
        .cloned()
}

/// Who is asked for which cases. Expensive engines take one case in `sample`, each at another phase, so
/// that their cost is spread evenly; where fewer than two cheap engines take part, everyone takes all.
pub(crate) fn lineup(names: Vec<EngineName>, sample: Option<u64>) -> Vec<Lineup> {
    let row = |name: &EngineName| listed(name);
    let expensive = |name: &EngineName| row(name).is_some_and(|listed| listed.cost == Cost::Expensive);
    let cheap = names.iter().filter(|name| !expensive(name)).count();
    let every = sample.unwrap_or(if cheap >= 2 { SAMPLE } else { 1 });
    let count = names.iter().filter(|name| expensive(name)).count() as u64;
    let mut position = 0;
    names
        .into_iter()
        .map(|engine| {
            let isolation = row(&engine).map_or(wassay_model::Isolation::Own, |listed| listed.isolation);
            if !expensive(&engine) {
                return Lineup { engine, isolation, every: 1, phase: 0 };
            }
            let phase = position * every / count % every;
            position += 1;
            Lineup { engine, isolation, every, phase }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expensive_engines_are_sampled_at_phases_of_their_own() {
        let Ok(names) = engines("reference,wasmi,wasmtime,wasmtime+winch,wasmtime+pulley") else {
            panic!("the engines are linked")
        };
        let lineup = lineup(names, None);
        let phases: Vec<(u64, u64)> = lineup.iter().map(|row| (row.every, row.phase)).collect();
        assert_eq!(phases, [(1, 0), (1, 0), (8, 0), (8, 2), (8, 5)]);
    }

    #[test]
    fn an_expensive_engine_beside_the_reference_takes_every_case() {
        let Ok(names) = engines("reference,wasmtime") else { panic!("the engines are linked") };
        assert!(lineup(names, None).iter().all(|row| row.every == 1));
    }
}
