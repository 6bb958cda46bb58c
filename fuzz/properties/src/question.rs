//! Bytes as a question for engines.
//!
//! Bytes that begin as a module does are that module, and its exports are called. All others drive a generator, so
//! that a fuzzer that knows nothing of modules reaches valid ones: the first byte says which family, and the rest is a
//! seed and a number.

use arbitrary::Unstructured;
use wasmparser::{Parser, Payload};
use wassay_adapter::{ExternKind, Interface, needed_features};
use wassay_generate::{Family, Profile, boundary_arguments, generate};
use wassay_model::{
    Action, Bytes, Host, InstanceIdx, Limits, Module, ModuleIdx, Plan, PlanStep, Provenance, Snapshot, TestCase,
    ValType, Value,
};

/// Modules that are longer are not asked about: they make for slow inputs.
const BYTES_MAX: usize = 16 << 10;
/// Steps of a plan at most.
const STEPS_MAX: usize = 120;
/// How often each export is called.
const ROUNDS: usize = 3;
/// Rows of [`boundary_arguments`].
const ROWS: usize = 5;
/// Pages of 64 KiB that a memory may begin with or grow to.
const PAGES_MAX: u32 = 64;
/// Elements that a table may begin with or grow to.
const ELEMENTS_MAX: u32 = 10_000;

/// What no engine may go beyond: an input without end is one that has a limit.
const LIMITS: Limits = Limits {
    fuel_max: 100_000,
    frames_max: 200,
    memory_pages_max: PAGES_MAX,
    table_elements_max: ELEMENTS_MAX,
    deadline_ms: 5_000,
};

/// The question that the bytes are. None where a module is not valid or too large: of those there are other
/// properties.
#[must_use]
pub fn question(bytes: &[u8]) -> Option<TestCase> {
    if bytes.starts_with(b"\0asm") { of_module(bytes) } else { Some(of_generator(bytes)) }
}

/// Bytes that make [`question`] ask for this case of a family.
#[must_use]
pub fn order(family: Family, seed: u32, index: u16) -> Vec<u8> {
    let family = Family::ALL.iter().position(|other| *other == family).unwrap_or_default() as u8;
    [&[family][..], &seed.to_le_bytes(), &index.to_le_bytes()].concat()
}

fn of_generator(bytes: &[u8]) -> TestCase {
    // What is missing is zero.
    let (family, seed, index): (u8, u32, u16) = Unstructured::new(bytes).arbitrary().unwrap_or_default();
    let family = Family::ALL[usize::from(family) % Family::ALL.len()];
    let mut case = generate(u64::from(seed), u64::from(index), &Profile::alone(family));
    case.limits = LIMITS;
    case
}

fn of_module(bytes: &[u8]) -> Option<TestCase> {
    if bytes.len() > BYTES_MAX || !is_small(bytes) {
        return None;
    }
    let features = needed_features(bytes)?;
    let interface = Interface::read(bytes)?;
    let step = |action| PlanStep { action, snapshot: Snapshot::Skip };
    let mut steps = vec![step(Action::Instantiate { module: ModuleIdx(0) })];
    let instance = InstanceIdx(0);
    // Every export once before any export again: modules of the suite have dozens.
    for round in 0..ROUNDS {
        for export in &interface.exports {
            match &export.kind {
                ExternKind::Func(ty) if round == 0 || !ty.params.is_empty() => {
                    let Some(args) = arguments(&ty.params, round) else { continue };
                    steps.push(step(Action::Invoke { instance, export: export.name.clone(), args }));
                }
                ExternKind::Global if round == 0 => {
                    steps.push(step(Action::Get { instance, export: export.name.clone() }));
                }
                _ => {}
            }
        }
    }
    steps.truncate(STEPS_MAX);
    if let Some(last) = steps.last_mut() {
        last.snapshot = Snapshot::Take;
    }
    Some(TestCase {
        modules: vec![Module { name: "input".to_owned(), bytes: Bytes(bytes.to_vec()) }],
        plan: Plan { steps },
        host: Host::Deterministic,
        features,
        limits: LIMITS,
        provenance: Provenance::File { path: "input".to_owned() },
        relations: Vec::new(),
    })
}

/// Boundary values, unlike ones for neighbouring parameters: a value shifted by itself tells little. None where a
/// parameter's type has no value that a plan can write.
fn arguments(params: &[ValType], round: usize) -> Option<Vec<Value>> {
    let rows = boundary_arguments(params);
    params.iter().enumerate().map(|(position, _)| Some(rows.get((round + 2 * position) % ROWS)?[position])).collect()
}

/// Whether what a module begins with is within the limits: not every engine can be told of all of them.
fn is_small(bytes: &[u8]) -> bool {
    let mut small = true;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::MemorySection(memories)) => {
                small &= memories.count() <= 4;
                for memory in memories.into_iter().flatten() {
                    let page = 1_u64.checked_shl(memory.page_size_log2.unwrap_or(16)).unwrap_or(u64::MAX);
                    small &= memory.initial.saturating_mul(page) <= u64::from(PAGES_MAX) << 16;
                }
            }
            Ok(Payload::TableSection(tables)) => {
                small &= tables.count() <= 8;
                let sizes = tables.into_iter().flatten().map(|table| table.ty.initial);
                small &= sizes.into_iter().all(|size| size <= u64::from(ELEMENTS_MAX));
            }
            // Whether it is a module at all, others say.
            Err(_) => return false,
            Ok(_) => {}
        }
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_case_of_its_family() {
        for family in Family::ALL {
            let case = question(&order(*family, 3, 5)).unwrap();
            let Provenance::Generated { seed, index, traits, .. } = &case.provenance else { panic!("not generated") };
            assert_eq!((*seed, *index, traits[0].as_str()), (3, 5, family.name()));
        }
    }

    #[test]
    fn any_few_bytes_are_a_question() {
        for bytes in [&b""[..], b"\0", b"\xff\xff", b"{\"a\":1}"] {
            assert!(!question(bytes).unwrap().modules.is_empty());
        }
    }

    #[test]
    fn what_would_take_much_memory_is_not_asked() {
        // (module (table 0xffffff funcref)), and with one element
        let module = |size: &[u8]| [&b"\0asm\x01\0\0\0\x04"[..], &[3 + size.len() as u8], &[1, 0x70, 0], size].concat();
        assert!(question(&module(&[0xff, 0xff, 0xff, 0x07])).is_none());
        assert!(question(&module(&[0x01])).is_some());
    }
}
