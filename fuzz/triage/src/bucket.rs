//! Buckets: findings with one signature go under one name, which serves as a folder's.

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
    let against =
        match &signature.against {
            Some(party) if signature.parties.iter().any(|other| other.engine == party.engine) => {
                if party.class == class { "-unlike-itself".to_owned() } else { format!("-where-also-{}", party.class) }
            }
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
