//! Groups of reduced findings, and the order in which people should look at them.
//!
//! A reduction leaves the opcodes that a difference cannot do without, and now and then one too many. So a
//! finding joins the group whose opcodes are all among its own, the group with the fewest first: one fault that
//! shows as a wrong value here and as a wrong trap there is one group, and two faults of one engine are two.

use std::collections::BTreeSet;

use wassay_model::{EngineName, Signature};

use crate::bucket_name;
use crate::skeleton::{CARRIERS, WITNESSES};

/// A finding, as far as grouping looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its signature, with the opcodes of the reduced case.
    pub signature: Signature,
    /// How often the finding came back, and out of how many runs.
    pub confirmed: (u32, u32),
}

/// Findings that seem to be of one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The signature of the plainest of them.
    pub signature: Signature,
    /// A name for it.
    pub name: String,
    /// The positions of the findings among those that were given, the plainest first.
    pub members: Vec<usize>,
    /// How many of them did not come back in every run.
    pub flaky: usize,
}

/// Groups findings, and ranks the groups: the one with the most findings first, and then always the one that is
/// most unlike all before it, so that whoever reads only the first few sees the most of what there is.
#[must_use]
pub fn group(hits: &[Hit]) -> Vec<Group> {
    let mut order: Vec<usize> = (0..hits.len()).collect();
    order.sort_by_key(|hit| {
        let signature = &hits[*hit].signature;
        (core(signature).len(), signature.skeleton.len(), signature, *hit)
    });
    let mut groups: Vec<Group> = Vec::new();
    for number in order {
        let hit = &hits[number];
        let (times, runs) = hit.confirmed;
        let flaky = usize::from(times < runs);
        match groups.iter_mut().find(|group| belongs(&hit.signature, &group.signature)) {
            Some(group) => {
                group.members.push(number);
                group.flaky += flaky;
            }
            None => groups.push(Group {
                signature: hit.signature.clone(),
                name: bucket_name(&hit.signature),
                members: vec![number],
                flaky,
            }),
        }
    }
    ranked(groups)
}

/// Whether a finding belongs to the group whose plainest finding has the signature `first`.
fn belongs(signature: &Signature, first: &Signature) -> bool {
    if signature == first {
        return true;
    }
    let core = core(first);
    let holds_all = core.iter().all(|opcode| signature.skeleton.contains(*opcode));
    !core.is_empty() && holds_all && engines(signature) == engines(first)
}

/// The opcodes that tell a fault: not those that only show what others did, where there are others.
fn core(signature: &Signature) -> Vec<&String> {
    let tells = |opcode: &&String| !WITNESSES.contains(&opcode.as_str()) && !CARRIERS.contains(&opcode.as_str());
    let telling: Vec<&String> = signature.skeleton.iter().filter(tells).collect();
    if telling.is_empty() { signature.skeleton.iter().collect() } else { telling }
}

fn engines(signature: &Signature) -> BTreeSet<&EngineName> {
    signature.parties.iter().map(|party| &party.engine).collect()
}

fn ranked(mut rest: Vec<Group>) -> Vec<Group> {
    let mut ranked: Vec<Group> = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let score = |group: &Group| {
            let nearest = ranked.iter().map(|other| distance(&group.signature, &other.signature)).min();
            // A group that flickers says less than one that stands.
            (nearest.unwrap_or(0), group.flaky < group.members.len(), group.members.len())
        };
        // The first of those that score alike, so that the order is one and the same.
        let mut best = 0;
        for position in 1..rest.len() {
            if score(&rest[position]) > score(&rest[best]) {
                best = position;
            }
        }
        ranked.push(rest.remove(best));
    }
    ranked
}

/// How unlike two signatures are, from 0 to 1000.
///
/// Half of it is the share of opcodes that they do not have in common; the rest is whether engines, classes of
/// what was done, and the kind of place differ.
#[must_use]
pub fn distance(one: &Signature, other: &Signature) -> u32 {
    let opcodes = |signature: &Signature| signature.skeleton.iter().cloned().collect::<BTreeSet<String>>();
    let (left, right) = (opcodes(one), opcodes(other));
    let all = left.union(&right).count() as u32;
    let common = left.intersection(&right).count() as u32;
    let apart = (500 * (all - common)).checked_div(all).unwrap_or(0);
    let classes = |signature: &Signature| {
        let parties = signature.parties.iter().chain(&signature.against);
        parties.map(|party| party.class.clone()).collect::<BTreeSet<String>>()
    };
    apart
        + if engines(one) == engines(other) { 0 } else { 250 }
        + if classes(one) == classes(other) { 0 } else { 150 }
        + if one.site == other.site { 0 } else { 100 }
}

#[cfg(test)]
mod tests {
    use wassay_model::{Party, SiteKind};

    use super::*;

    fn hit(engine: &str, class: &str, skeleton: &[&str]) -> Hit {
        Hit {
            signature: Signature {
                parties: vec![Party { engine: engine.parse().unwrap(), class: class.to_owned() }],
                against: Some(Party { engine: EngineName::plain("reference"), class: "value".to_owned() }),
                site: SiteKind::Result,
                skeleton: skeleton.iter().map(|opcode| (*opcode).to_owned()).collect(),
            },
            confirmed: (10, 10),
        }
    }

    #[test]
    fn a_finding_joins_the_group_whose_opcodes_are_among_its_own() {
        let hits = [
            hit("wasmi", "trapped:integer-divide-by-zero", &["i32.div_u", "select"]),
            hit("wasmi", "value", &["select"]),
            hit("wasmi", "value", &["i32.clz"]),
            hit("tinywasm", "value", &["i32.clz", "select"]),
        ];
        let groups = group(&hits);
        let mut members: Vec<&[usize]> = groups.iter().map(|group| &*group.members).collect();
        members.sort_unstable();
        assert_eq!(members, [&[1, 0][..], &[2], &[3]]);
    }

    #[test]
    fn an_opcode_that_only_shows_the_fault_does_not_part_findings() {
        let hits = [
            hit("wasmi", "value", &["global.set", "i64.lt_u"]),
            hit("wasmi", "value", &["i64.lt_u", "local.tee", "select"]),
            hit("tinywasm", "value", &["i32.mul", "local.tee"]),
            hit("tinywasm", "value", &["local.tee"]),
        ];
        assert_eq!(group(&hits).len(), 2);
    }

    #[test]
    fn stores_that_fill_what_a_load_reads_do_not_part_findings_and_tell_one_where_nothing_else_does() {
        let hits = [
            hit("wasmi", "value", &["i32.store8", "i64.load"]),
            hit("wasmi", "value", &["i64.load", "i64.store"]),
            hit("wasmi", "value", &["i64.load", "memory.fill"]),
            hit("tinywasm", "value", &["i32.store16"]),
            hit("tinywasm", "value", &["i32.load", "i32.store16"]),
            hit("tinywasm", "value", &["i64.load", "i64.store"]),
        ];
        let groups = group(&hits);
        let mut members: Vec<&[usize]> = groups.iter().map(|group| &*group.members).collect();
        members.sort_unstable();
        assert_eq!(members, [&[0, 1, 2][..], &[3, 4], &[5]]);
    }

    #[test]
    fn what_several_results_show_is_one_fault_whatever_they_went_through() {
        let hits = [
            hit("wasmi", "value", &["(several results)", "global.set", "i32.clz"]),
            hit("wasmi", "value", &["(several results)", "i32.const"]),
            hit("wasmi", "trapped:unreachable", &["(several results)", "(start)", "memory.grow"]),
            hit("wasmi", "value", &["i32.clz"]),
        ];
        assert_eq!(group(&hits).len(), 2);
    }

    #[test]
    fn unlike_groups_come_before_like_ones() {
        let mut hits = vec![hit("wasmi", "value", &["i32.add"]); 5];
        hits.push(hit("wasmi", "value", &["i32.sub"]));
        hits.push(hit("tinywasm", "rejected", &["select"]));
        let names: Vec<String> =
            group(&hits).iter().map(|group| group.signature.parties[0].engine.to_string()).collect();
        assert_eq!(names, ["wasmi", "tinywasm", "wasmi"]);
    }

    #[test]
    fn findings_that_did_not_always_come_back_are_told_apart() {
        let mut hits = vec![hit("wasmi", "value", &["i32.add"]); 2];
        hits[1].confirmed = (7, 10);
        assert_eq!(group(&hits)[0].flaky, 1);
    }

    #[test]
    fn findings_without_opcodes_stand_together_only_if_they_are_the_same() {
        let groups = group(&[hit("wasmi", "value", &[]), hit("wasmi", "threw", &[]), hit("wasmi", "value", &[])]);
        assert_eq!(groups.len(), 2);
    }
}
