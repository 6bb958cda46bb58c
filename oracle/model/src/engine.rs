//! Engines by name, and what they can do, as data.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Features;

/// How a person names an engine: `NAME[@VERSION][+OPTION]...`, as in `wasmtime@38.0.0+winch`.
///
/// Options are kept in the order of writing, since some engines read them so. `exec:PATH` names a
/// program; the path is then the name, and may hold any character but `+`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EngineName {
    /// The engine.
    pub name: String,
    /// The release that is asked for; none stands for the one that is at hand.
    pub version: Option<String>,
    /// Configuration of the engine.
    pub options: Vec<String>,
}

/// Why a text names no engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` does not name an engine: {why}; the form is NAME[@VERSION][+OPTION]..., as in wasmtime@38.0.0+winch")]
pub struct EngineNameError {
    text: String,
    why: &'static str,
}

impl EngineName {
    /// An engine without version and options.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), version: None, options: Vec::new() }
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(version) = &self.version {
            write!(f, "@{version}")?;
        }
        for option in &self.options {
            write!(f, "+{option}")?;
        }
        Ok(())
    }
}

impl FromStr for EngineName {
    type Err = EngineNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why| EngineNameError { text: text.to_owned(), why };
        let mut parts = text.split('+');
        let head = parts.next().unwrap_or_default();
        let options: Vec<String> = parts.map(str::to_owned).collect();
        let (name, version) = match head.split_once('@') {
            Some((name, version)) if !head.starts_with("exec:") => (name, Some(version.to_owned())),
            _ => (head, None),
        };
        if name.is_empty() || name == "exec:" {
            return Err(wrong("the name is missing"));
        }
        if version.as_deref() == Some("") {
            return Err(wrong("the version behind `@` is missing"));
        }
        if options.iter().any(String::is_empty) {
            return Err(wrong("an option behind `+` is missing"));
        }
        if text.contains(char::is_whitespace) && !name.starts_with("exec:") {
            return Err(wrong("a name holds no white space"));
        }
        Ok(Self { name: name.to_owned(), version, options })
    }
}

impl Serialize for EngineName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EngineName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Which program answered: the name it was asked by, and the version it reports of itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EngineId {
    /// The name as asked.
    pub name: EngineName,
    /// The version, as the engine or its package reports it.
    pub version: String,
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.version {
            Some(_) => self.name.fmt(f),
            None => write!(f, "{} {}", self.name, self.version),
        }
    }
}

/// What an engine can do and what an adapter can see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The parts of the language that it runs.
    pub features: Features,
    /// How it can be stopped.
    pub bound: Bound,
    /// What the adapter cannot observe, by a word and the reason; each is a blind spot in reports.
    pub blind_spots: BTreeMap<String, String>,
}

/// What ends a computation that does not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// The engine counts steps and stops by itself.
    Fuel,
    /// Only killing the process.
    Kill,
}

/// Whether an engine shares its process with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// The engine has a process of its own.
    Own,
    /// The engine shares a process with the others of its group: one message serves them all.
    Group,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for text in ["reference", "wasmi@1.1.0", "wasmtime@38.0.0+winch", "node+no-liftoff+x", "exec:/opt/my worker@2"]
        {
            assert_eq!(text.parse::<EngineName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_name_with_a_hole_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "name is missing"),
            ("@1", "name is missing"),
            ("exec:", "name is missing"),
            ("wasmi@", "version"),
            ("wasmtime+", "option"),
            ("wasm time", "white space"),
        ] {
            let error = text.parse::<EngineName>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
