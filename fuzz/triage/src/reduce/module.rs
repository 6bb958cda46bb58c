//! Passes over what a module is made of: exports, functions, segments, types, limits.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::Instruction;
use wassay_model::{Action, TestCase};

use super::rewrite::{Body, Change, Item, Space, mentions};
use super::tree::zero;
use super::{Facts, Session, Workshop, sections};

/// All passes of this kind; whether one found something.
pub(crate) fn shrink(session: &mut Session<'_>, index: usize) -> bool {
    let mut found = false;
    for pass in [plain, exports, stubs, start, sweep, segments, contents, starting_values, sizes, sweep, names] {
        let Some(facts) = Facts::read(&session.best.modules[index].bytes.0) else { return found };
        found |= pass(session, index, &facts);
    }
    found
}

/// The module as it is encoded without any change: no custom sections, numbers as short as can be.
fn plain(session: &mut Session<'_>, index: usize, _: &Facts) -> bool {
    let workshop = session.workshop(index);
    session.take(workshop.changed(&Change::default()))
}

/// Exports that the plan and other modules do not name.
fn exports(session: &mut Session<'_>, index: usize, facts: &Facts) -> bool {
    let workshop = session.workshop(index);
    let named = named_exports(workshop.case());
    let free: Vec<usize> = facts
        .exports
        .iter()
        .enumerate()
        .filter(|(_, export)| !named.contains(export.name.as_str()))
        .map(|(position, _)| position)
        .collect();
    session.drop_pieces(free.len(), |dropped| {
        let exports = dropped.iter().map(|piece| free[*piece]).collect();
        workshop.changed(&Change { exports, ..Change::default() })
    })
}

/// The names that the plan uses.
fn named_exports(case: &TestCase) -> BTreeSet<&str> {
    let steps = case.plan.steps.iter();
    steps
        .filter_map(|step| match &step.action {
            Action::Invoke { export, .. } | Action::Get { export, .. } => Some(export.as_str()),
            _ => None,
        })
        .collect()
}

/// Bodies that leave zeros, and bodies that trap.
fn stubs(session: &mut Session<'_>, index: usize, facts: &Facts) -> bool {
    let workshop = session.workshop(index);
    let zeros: BTreeMap<u32, Body<'static>> =
        stub_bodies(facts, |results| results.iter().map(|ty| zero(*ty)).collect());
    let mut found = replace_bodies(session, &workshop, &zeros);
    let workshop = session.workshop(index);
    let Some(facts) = Facts::read(workshop.module()) else { return found };
    let traps = stub_bodies(&facts, |_| Some(vec![Instruction::Unreachable]));
    found |= replace_bodies(session, &workshop, &traps);
    found
}

fn stub_bodies(
    facts: &Facts,
    code: impl Fn(&[wasm_encoder::ValType]) -> Option<Vec<Instruction<'static>>>,
) -> BTreeMap<u32, Body<'static>> {
    (0..)
        .zip(&facts.body_lengths)
        .filter_map(|(defined, length)| {
            let (_, results) = facts.signature(defined)?;
            let mut code = code(results)?;
            code.push(Instruction::End);
            // A body that is as short as its stub is one already, or nearly so.
            (code.len() < *length)
                .then(|| (defined, Body { locals: Vec::new(), code: code.into_iter().map(Item::New).collect() }))
        })
        .collect()
}

fn replace_bodies(session: &mut Session<'_>, workshop: &Workshop, bodies: &BTreeMap<u32, Body<'static>>) -> bool {
    let keys: Vec<u32> = bodies.keys().copied().collect();
    session.drop_pieces(keys.len(), |dropped| {
        let bodies = dropped.iter().map(|piece| (keys[*piece], bodies[&keys[*piece]].clone())).collect();
        workshop.changed(&Change { bodies, ..Change::default() })
    })
}

fn start(session: &mut Session<'_>, index: usize, facts: &Facts) -> bool {
    let workshop = session.workshop(index);
    facts.start.is_some() && session.take(sections::without_start(workshop.module()).and_then(|m| workshop.with(m)))
}

/// Everything that nothing mentions, and types that stand there twice.
fn sweep(session: &mut Session<'_>, index: usize, _: &Facts) -> bool {
    let mut found = false;
    while let Some(facts) = Facts::read(&session.best.modules[index].bytes.0) {
        let workshop = session.workshop(index);
        let same_types = same_types(&facts);
        let Some(dropped) = unmentioned(workshop.module(), &facts) else { return found };
        if dropped.is_empty() && same_types.is_empty() {
            return found;
        }
        let whole = Change { dropped: dropped.clone(), same_types: same_types.clone(), ..Change::default() };
        if session.take(workshop.changed(&whole)) {
            found = true;
            continue;
        }
        // All at once is too much: one kind at a time, and then one at a time.
        let pieces: Vec<(Space, u32)> = dropped.into_iter().collect();
        let some = session.drop_pieces(pieces.len(), |chosen| {
            let dropped = chosen.iter().map(|piece| pieces[*piece]).collect();
            workshop.changed(&Change { dropped, ..Change::default() })
        });
        return found | some;
    }
    found
}

/// Types that are the same as one before them.
fn same_types(facts: &Facts) -> BTreeMap<u32, u32> {
    let mut same = BTreeMap::new();
    for (index, ty) in facts.types.iter().enumerate() {
        let plain = |index: usize| facts.plain[index];
        let earlier = facts.types[..index].iter().position(|other| other.is_some() && other == ty);
        if let Some(earlier) = earlier
            && plain(index)
            && plain(earlier)
        {
            same.insert(index as u32, earlier as u32);
        }
    }
    same
}

fn unmentioned(module: &[u8], facts: &Facts) -> Option<BTreeSet<(Space, u32)>> {
    let mentions = mentions(module)?;
    let mut types: BTreeSet<u32> =
        mentions.outside.iter().filter(|(space, _)| *space == Space::Type).map(|(_, index)| *index).collect();
    let mut open: Vec<u32> = types.iter().copied().collect();
    while let Some(ty) = open.pop() {
        for other in mentions.by_type.get(&ty).into_iter().flatten() {
            if types.insert(*other) {
                open.push(*other);
            }
        }
    }
    let mut dropped = BTreeSet::new();
    let mut check = |space, count: usize| {
        for index in 0..count as u32 {
            let is_mentioned = match space {
                Space::Type => types.contains(&index),
                _ => mentions.outside.contains(&(space, index)),
            };
            if !is_mentioned {
                dropped.insert((space, index));
            }
        }
    };
    check(Space::Type, facts.types.len());
    check(Space::Func, facts.funcs.len());
    let of = |space| mentions.outside.iter().filter(|(other, _)| *other == space).count();
    // More may be imported than defined; an index too many does no harm.
    let imports = facts.imports as usize;
    check(Space::Table, facts.tables.len() + imports);
    check(Space::Memory, facts.memories.len() + imports);
    check(Space::Global, facts.globals as usize + imports);
    check(Space::Tag, facts.tags as usize + imports);
    if of(Space::Data) == 0 && facts.data.iter().all(Vec::is_empty) {
        check(Space::Data, facts.data.len());
    }
    let exists = |(space, index): &(Space, u32)| match space {
        Space::Type => (*index as usize) < facts.types.len(),
        Space::Func => (*index as usize) < facts.funcs.len(),
        Space::Data => true,
        _ => super::rewrite::exists(module, *space, *index),
    };
    dropped.retain(exists);
    Some(dropped)
}

/// Whole segments.
fn segments(session: &mut Session<'_>, index: usize, facts: &Facts) -> bool {
    let workshop = session.workshop(index);
    let pieces: Vec<(Space, u32)> = (0..facts.elems.len() as u32)
        .map(|index| (Space::Elem, index))
        .chain((0..facts.data.len() as u32).map(|index| (Space::Data, index)))
        .collect();
    session.drop_pieces(pieces.len(), |dropped| {
        let dropped = dropped.iter().map(|piece| pieces[*piece]).collect();
        workshop.changed(&Change { dropped, ..Change::default() })
    })
}

/// Items and bytes of segments.
fn contents(session: &mut Session<'_>, index: usize, facts: &Facts) -> bool {
    let mut found = false;
    for (segment, count) in (0..).zip(&facts.elems) {
        let workshop = session.workshop(index);
        found |= session.drop_pieces(*count as usize, |dropped| {
            let kept = (0..*count as usize).filter(|item| !dropped.contains(item)).collect();
            workshop.changed(&Change { elems: BTreeMap::from([(segment, kept)]), ..Change::default() })
        });
    }
    for segment in 0..facts.data.len() {
        let workshop = session.workshop(index);
        let bytes = &facts.data[segment];
        let key = segment as u32;
        found |= session.drop_pieces(bytes.len(), |dropped| {
            let kept =
                bytes.iter().enumerate().filter(|(at, _)| !dropped.contains(at)).map(|(_, byte)| *byte).collect();
            workshop.changed(&Change { data: BTreeMap::from([(key, kept)]), ..Change::default() })
        });
    }
    found
}

/// Globals that begin with zero.
fn starting_values(session: &mut Session<'_>, index: usize, facts: &Facts) -> bool {
    let workshop = session.workshop(index);
    session.drop_pieces(facts.globals as usize, |zeroed| {
        let zeroed = zeroed.iter().map(|piece| *piece as u32).collect();
        workshop.changed(&Change { zeroed, ..Change::default() })
    })
}

/// Memories and tables without a maximum, and as small as can be.
fn sizes(session: &mut Session<'_>, index: usize, facts: &Facts) -> bool {
    let mut found = false;
    for (position, (initial, maximum)) in (0..).zip(&facts.memories) {
        let workshop = session.workshop(index);
        let candidates = smaller(*initial, *maximum).into_iter().filter_map(|sizes| {
            let memories = BTreeMap::from([(position, sizes)]);
            Some(((), workshop.changed(&Change { memories, ..Change::default() })?))
        });
        found |= session.first(candidates).is_some();
    }
    for (position, (initial, maximum)) in (0..).zip(&facts.tables) {
        let workshop = session.workshop(index);
        let candidates = smaller(*initial, *maximum).into_iter().filter_map(|sizes| {
            let tables = BTreeMap::from([(position, sizes)]);
            Some(((), workshop.changed(&Change { tables, ..Change::default() })?))
        });
        found |= session.first(candidates).is_some();
    }
    found
}

/// Simpler sizes, the simplest first. A memory without a maximum may grow further than its old one allowed, so
/// a small maximum stays the second choice.
fn smaller(initial: u64, maximum: Option<u64>) -> Vec<(u64, Option<u64>)> {
    let mut all = Vec::new();
    for less in [0, 1, 2, initial / 2, initial] {
        for top in [None, Some(less), maximum] {
            let simpler = less < initial || less == initial && maximum.is_some() && top != maximum && top.is_none();
            if simpler && !all.contains(&(less, top)) {
                all.push((less, top));
            }
        }
    }
    all
}

/// Names of exports of one letter, where one module is all there is.
fn names(session: &mut Session<'_>, index: usize, facts: &Facts) -> bool {
    if session.best.modules.len() != 1 || facts.exports.iter().all(|export| export.name.len() <= 1) {
        return false;
    }
    let workshop = session.workshop(index);
    let short: Vec<String> = ('a'..='z').take(facts.exports.len()).map(String::from).collect();
    if short.len() < facts.exports.len() {
        return false;
    }
    let names = short.iter().cloned().enumerate().collect();
    let Some(mut case) = workshop.changed(&Change { names, ..Change::default() }) else { return false };
    for step in &mut case.plan.steps {
        if let Action::Invoke { export, .. } | Action::Get { export, .. } = &mut step.action
            && let Some(position) = facts.exports.iter().position(|known| known.name == *export)
        {
            export.clone_from(&short[position]);
        }
    }
    session.take(Some(case))
}
