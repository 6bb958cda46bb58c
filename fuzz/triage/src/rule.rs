//! Which part of the standard decides a finding: by the class of what was done, and by opcode.

use wassay_model::{Signature, SiteKind};

/// The families of opcodes, by how their names begin or what they are, with the section of the core specification
/// 3.0 that says what they do.
const BY_OPCODE: &[(&[&str], &str)] = &[
    (
        &["i8x16.relaxed", "i16x8.relaxed", "i32x4.relaxed", "f32x4.relaxed", "f64x2.relaxed"],
        "section 4.3.5, relaxed operations",
    ),
    (
        &["i8x16.", "i16x8.", "i32x4.", "i64x2.", "f32x4.", "f64x2.", "v128."],
        "section 4.3.4, vector operations, and 4.6, \"Vector Instructions\"",
    ),
    (
        &[
            "i32.load",
            "i64.load",
            "f32.load",
            "f64.load",
            "i32.store",
            "i64.store",
            "f32.store",
            "f64.store",
            "memory.",
            "data.",
        ],
        "section 4.6, \"Memory Instructions\"",
    ),
    (
        &[
            "i32.wrap",
            "i32.trunc",
            "i64.trunc",
            "i64.extend_i32",
            "f32.convert",
            "f64.convert",
            "f32.demote",
            "f64.promote",
            "i32.reinterpret",
            "i64.reinterpret",
            "f32.reinterpret",
            "f64.reinterpret",
        ],
        "section 4.3, \"Conversions\"",
    ),
    (&["i32.atomic", "i64.atomic", "memory.atomic", "atomic."], "the threads proposal, atomic memory instructions"),
    (&["i32.", "i64."], "section 4.3.2, \"Integer Operations\""),
    (&["f32.", "f64."], "section 4.3.3, \"Floating-Point Operations\""),
    (&["table.", "elem."], "section 4.6, \"Table Instructions\""),
    (&["global.", "local."], "section 4.6, \"Variable Instructions\""),
    (&["ref.", "any.", "extern."], "section 4.6, \"Reference Instructions\""),
    (&["struct.", "array.", "i31."], "section 4.6, \"Aggregate Instructions\""),
    (&["select", "drop"], "section 4.6, \"Parametric Instructions\""),
    (&["call", "return_call"], "section 4.6, \"Control Instructions\" and \"Function Calls\""),
    (&["throw", "try_table"], "section 4.6, \"Control Instructions\" (exceptions)"),
    (&["br", "block", "loop", "if", "unreachable", "return"], "section 4.6, \"Control Instructions\""),
    (&["(start)", "(data)", "(elem)"], "section 4.7, \"Instantiation\""),
    (&["(supertype)", "(tag)"], "section 3.3, \"Matching\", and section 4.7, \"Instantiation\""),
    (&["(shared)"], "the proposal for threads: shared memories, and section 3.3, \"Matching\""),
    (&["(several results)"], "section 4.6, \"Function Calls\""),
    (&["(local)"], "section 4.6, \"Function Calls\": declared locals begin with the default value of their type"),
];

/// What the class of an outcome has to be measured by, where the opcodes do not matter.
fn by_class(signature: &Signature) -> Option<&'static str> {
    let is = |class: &str| {
        signature.parties.iter().chain(&signature.against).any(|party| party.class.split(':').next() == Some(class))
    };
    let of_party = |class: &str| signature.parties.iter().any(|party| party.class.split(':').next() == Some(class));
    Some(match () {
        () if of_party("crashed") || of_party("timed-out") || of_party("out-of-memory") => {
            "section 4.5, \"Execution\": whatever a valid module does, execution ends in values, a trap or an \
             exception, and the embedder goes on (section 7.1, \"Embedding\")"
        }
        () if signature.site == SiteKind::Ending => "section 7.1, \"Embedding\": every operation has a result",
        () if is("rejected") => {
            "chapter 3, \"Validation\", and chapter 5, \"Binary Format\": a module is accepted exactly if it is well \
             formed and valid"
        }
        () if is("unlinkable") => "section 4.7, \"Instantiation\": imports have to match in number and type",
        () => return None,
    })
}

/// The rules of the standard that a finding with this signature has to be read against, the most fitting first.
#[must_use]
pub fn rules(signature: &Signature) -> Vec<String> {
    let mut rules: Vec<String> = by_class(signature).map(str::to_owned).into_iter().collect();
    for opcode in &signature.skeleton {
        let found = BY_OPCODE.iter().find(|(heads, _)| heads.iter().any(|head| opcode.starts_with(head)));
        if let Some((_, section)) = found {
            rules.push(format!("`{opcode}`: {section}"));
        }
    }
    if rules.is_empty() {
        rules.push("chapter 4, \"Execution\": results are determined but for the choices that section 4.3 and the growth of memories and tables leave".to_owned());
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opcode_finds_its_own_section() {
        for (opcode, part) in [
            ("i32.add", "4.3.2"),
            ("i64.load8_u", "Memory"),
            ("i64.extend_i32_s", "Conversions"),
            ("i64.extend8_s", "4.3.2"),
            ("f64x2.relaxed_madd", "4.3.5"),
            ("v128.load", "4.3.4"),
            ("select", "Parametric"),
            ("(start)", "4.7"),
        ] {
            let signature = Signature {
                parties: Vec::new(),
                against: None,
                site: SiteKind::Result,
                skeleton: vec![opcode.to_owned()],
            };
            let rules = rules(&signature);
            assert!(rules[0].contains(part), "{opcode}: {rules:?}");
        }
    }
}
