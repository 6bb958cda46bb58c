//! Buckets: findings with one signature, under a name that serves as a folder's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wassay_model::{Digest, Signature};

/// Letters of a bucket's name before its hash: folders with long names are hard to read and to pass on.
const NAME_MAX: usize = 72;
/// Engines that a name lists.
const ENGINES_MAX: usize = 3;

/// A stable name for the findings with one signature: what a person can read of it, and a short hash of
/// all of it. Lower-case letters, digits, `.`, `+`, `_` and `-` only.
#[must_use]
pub fn bucket_name(signature: &Signature) -> String {
    let mut engines: Vec<String> =
        signature.parties.iter().take(ENGINES_MAX).map(|party| party.engine.to_string()).collect();
    let more = signature.parties.len().saturating_sub(ENGINES_MAX);
    if more > 0 {
        engines.push(format!("{more}-more"));
    }
    if engines.is_empty() {
        engines.push("nobody".to_owned());
    }
    let class = signature.parties.first().map_or("nothing", |party| &party.class);
    let against = match &signature.against {
        Some(party) if party.class == class => format!("-unlike-{}", party.engine),
        Some(party) => format!("-where-{}-{}", party.engine, party.class),
        None => String::new(),
    };
    let mut name: String = format!("{}-{class}{against}", engines.join("_")).chars().map(tame).collect();
    name.truncate(NAME_MAX);
    let hash = format!("{:032x}", Digest::of(spelled(signature).as_bytes()).0);
    format!("{}-{}", name.trim_end_matches('-'), &hash[..8])
}

/// Every part of a signature, each with its end marked.
fn spelled(signature: &Signature) -> String {
    let mut text = format!("{:?}\n", signature.site);
    for party in signature.parties.iter().chain(&signature.against) {
        text.push_str(&format!("{party}\n"));
    }
    text.push_str(if signature.against.is_some() { "against\n" } else { "alone\n" });
    text.push_str(&signature.skeleton.join("\n"));
    text
}

fn tame(letter: char) -> char {
    match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9' | '.' | '+' | '_' | '-') => letter,
        _ => '-',
    }
}

/// Findings with one signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The signature.
    pub signature: Signature,
    /// How many findings came.
    pub hits: u64,
    /// The explanation of the finding with the least case number.
    pub explanation: String,
    /// The least case numbers, as many as are kept.
    pub cases: BTreeSet<u64>,
}

/// Whether a finding opened its bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The signature was not seen before.
    New,
    /// The bucket is there, and this finding's case number is less than all in it.
    Earlier,
    /// The bucket is there.
    Known,
}

/// Buckets by name. What they hold is the same in whatever order findings arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buckets {
    cases_max: usize,
    buckets: BTreeMap<String, Bucket>,
}

impl Buckets {
    /// No buckets; each will keep `cases_max` case numbers, at least one.
    #[must_use]
    pub fn new(cases_max: usize) -> Self {
        Self { cases_max: cases_max.max(1), buckets: BTreeMap::new() }
    }

    /// Adds the finding of case number `index`. A case that is added twice to one bucket counts twice.
    pub fn add(&mut self, signature: &Signature, index: u64, explanation: &str) -> Arrival {
        let one = Bucket {
            signature: signature.clone(),
            hits: 1,
            explanation: explanation.to_owned(),
            cases: BTreeSet::from([index]),
        };
        self.put(bucket_name(signature), one)
    }

    /// Adds all findings of other buckets: those of another shard.
    pub fn merge(&mut self, other: &Self) {
        for (name, bucket) in &other.buckets {
            self.put(name.clone(), bucket.clone());
        }
    }

    fn put(&mut self, name: String, new: Bucket) -> Arrival {
        let Some(bucket) = self.buckets.get_mut(&name) else {
            self.buckets.insert(name, new);
            return Arrival::New;
        };
        let arrival = if new.cases.first() < bucket.cases.first() { Arrival::Earlier } else { Arrival::Known };
        if arrival == Arrival::Earlier {
            bucket.explanation = new.explanation;
        }
        bucket.hits += new.hits;
        bucket.cases.extend(new.cases);
        while bucket.cases.len() > self.cases_max {
            bucket.cases.pop_last();
        }
        arrival
    }

    /// The buckets by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bucket)> {
        self.buckets.iter().map(|(name, bucket)| (name.as_str(), bucket))
    }

    /// The bucket of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Bucket> {
        self.buckets.get(name)
    }

    /// How many buckets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }
}
