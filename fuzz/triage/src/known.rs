//! Issues that are known already: which findings they account for, until when, and whose they are.

use serde::{Deserialize, Serialize};
use wassay_model::{EngineName, Party, Signature, SiteKind};

/// A known issue of an engine, as a row of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownIssue {
    /// A short name.
    pub name: String,
    /// The engine, with the options that it takes to show the issue; further options do no harm.
    pub engine: EngineName,
    /// The versions that have the issue, as a range of semantic versions.
    pub versions: String,
    /// What the engine does: a class of a signature, or the part of one before the colon; or several, as of a wrong value
    /// that decides whether something traps. Any where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Classes>,
    /// The class of what was expected: one, or any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Where it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteKind>,
    /// Opcodes all of which the reduced case has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<String>,
    /// Opcodes of which the reduced case has at least one. Any will do where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
    /// Where it is described: a path in the repository, or an address.
    pub link: String,
    /// The script that shows it, a path in the repository.
    pub regression: String,
    /// Who looks after the row.
    pub owner: String,
    /// The last day, as in 2027-06-30. After it somebody has to look again.
    pub expires: String,
}

/// One class, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Classes {
    /// This one.
    One(String),
    /// Each of these.
    Many(Vec<String>),
}

impl Classes {
    fn has(&self, class: &str) -> bool {
        match self {
            Self::One(pattern) => is_class(pattern, class),
            Self::Many(patterns) => patterns.iter().any(|pattern| is_class(pattern, class)),
        }
    }
}

impl KnownIssue {
    /// Whether the issue accounts for what a party did, leaving its version aside.
    ///
    /// A finding that is not reduced has no opcodes, and then an issue that asks for some does not match.
    #[must_use]
    pub fn matches(&self, party: &Party, signature: &Signature) -> bool {
        let is_engine = party.engine.name == self.engine.name
            && self.engine.options.iter().all(|option| party.engine.options.contains(option));
        let has = |opcode: &String| signature.skeleton.contains(opcode);
        is_engine
            && self.class.as_ref().is_none_or(|classes| classes.has(&party.class))
            && self
                .against
                .as_ref()
                .is_none_or(|class| signature.against.as_ref().is_some_and(|against| is_class(class, &against.class)))
            && self.site.is_none_or(|site| site == signature.site)
            && self.all.iter().all(has)
            && (self.any.is_empty() || self.any.iter().any(has))
    }
}

/// Whether a class is the one of a pattern, or one of that family.
fn is_class(pattern: &str, class: &str) -> bool {
    pattern == class || class.split(':').next() == Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue() -> KnownIssue {
        KnownIssue {
            name: "select".to_owned(),
            engine: EngineName::plain("wasmi"),
            versions: "=2.0.0".to_owned(),
            class: None,
            against: None,
            site: None,
            all: vec!["select".to_owned()],
            any: vec!["i32.eqz".to_owned(), "i32.ne".to_owned()],
            link: String::new(),
            regression: String::new(),
            owner: String::new(),
            expires: "2027-06-30".to_owned(),
        }
    }

    fn signature(engine: &str, class: &str, skeleton: &[&str]) -> Signature {
        Signature {
            parties: vec![Party { engine: engine.parse().unwrap(), class: class.to_owned() }],
            against: Some(Party { engine: EngineName::plain("reference"), class: "value".to_owned() }),
            site: SiteKind::Result,
            skeleton: skeleton.iter().map(|opcode| (*opcode).to_owned()).collect(),
        }
    }

    fn matches(issue: &KnownIssue, signature: &Signature) -> bool {
        issue.matches(&signature.parties[0], signature)
    }

    #[test]
    fn an_issue_accounts_for_its_engine_and_its_opcodes_only() {
        let issue = issue();
        assert!(matches(&issue, &signature("wasmi", "value", &["i32.eqz", "select"])));
        assert!(matches(&issue, &signature("wasmi+lazy", "value", &["i32.ne", "select"])));
        assert!(!matches(&issue, &signature("tinywasm", "value", &["i32.eqz", "select"])));
        assert!(!matches(&issue, &signature("wasmi", "value", &["select"])));
        assert!(!matches(&issue, &signature("wasmi", "value", &["i32.eqz"])));
        assert!(!matches(&issue, &signature("wasmi", "value", &[])));
    }

    #[test]
    fn a_class_may_be_a_family() {
        let issue = KnownIssue { class: Some(Classes::One("trapped".to_owned())), ..issue() };
        assert!(matches(&issue, &signature("wasmi", "trapped:unreachable", &["i32.eqz", "select"])));
        assert!(!matches(&issue, &signature("wasmi", "value", &["i32.eqz", "select"])));
    }

    #[test]
    fn a_row_may_name_several_classes() {
        let row = |class: serde_json::Value| {
            let mut row = serde_json::to_value(issue()).unwrap();
            row["class"] = class;
            row["all"] = serde_json::json!([]);
            row["any"] = serde_json::json!([]);
            serde_json::from_value::<KnownIssue>(row)
        };
        let several = row(serde_json::json!(["value", "trapped"])).unwrap();
        for (class, is_known) in [("value", true), ("trapped:unreachable", true), ("returned", false)] {
            assert_eq!(matches(&several, &signature("wasmi", class, &[])), is_known, "{class}");
        }
        assert_eq!(row("value".into()).unwrap().class, Some(Classes::One("value".to_owned())));
        row(7.into()).unwrap_err();
    }
}
