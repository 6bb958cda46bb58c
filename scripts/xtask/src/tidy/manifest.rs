//! What `cargo metadata` says about our crates, and the rule `manifest`.

use anyhow::{Context, Result};
use serde_json::Value;

use super::file::{Complaint, SourceFile};

/// A crate of the repository, whether it is a member of the workspace or stands alone.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The path of its `Cargo.toml`, relative to the root of the repository.
    pub(crate) manifest: String,
    pub(crate) text: String,
    pub(crate) description: String,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug)]
pub(crate) struct Dependency {
    /// The name of the crate.
    pub(crate) name: String,
    /// The name in the manifest.
    pub(crate) key: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Normal and build dependencies: both decide what the crate is made of.
    Normal,
    /// Only tests, benchmarks and examples see it.
    Dev,
}

impl Package {
    /// The line of the manifest that asks for a dependency; 1 where it is written in some other way.
    pub(crate) fn line_of(&self, dependency: &Dependency) -> usize {
        let mut kind = None;
        for (number, line) in (1..).zip(self.text.lines()) {
            let line = line.trim();
            let mut key = line;
            if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                kind = match header {
                    _ if header.contains("dev-dependencies") => Some(Kind::Dev),
                    _ if header.contains("dependencies") => Some(Kind::Normal),
                    _ => None,
                };
                key = header.rsplit('.').next().unwrap_or(header);
            }
            let name = key.split(['.', '=', ' ']).next().unwrap_or(key).trim_matches('"');
            if kind == Some(dependency.kind) && name == dependency.key {
                return number;
            }
        }
        1
    }
}

/// Reads what `cargo metadata --no-deps` prints; `file_at` finds a manifest by its absolute path.
pub(crate) fn read<'a>(json: &str, file_at: impl Fn(&str) -> Option<&'a SourceFile>) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(json).context("cargo metadata is no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // A manifest that git ignores is not ours to judge.
    let ours = packages.iter().filter_map(|package| Some((package, file_at(package["manifest_path"].as_str()?)?)));
    Ok(ours
        .map(|(package, file)| Package {
            name: text(&package["name"]),
            manifest: file.path.clone(),
            text: file.text.clone(),
            description: text(&package["description"]),
            dependencies: package["dependencies"].as_array().into_iter().flatten().map(dependency).collect(),
        })
        .collect())
}

fn dependency(value: &Value) -> Dependency {
    let name = value["name"].as_str().unwrap_or_default();
    Dependency {
        name: name.into(),
        key: value["rename"].as_str().unwrap_or(name).into(),
        kind: if value["kind"] == "dev" { Kind::Dev } else { Kind::Normal },
    }
}

pub(crate) fn check(package: &Package) -> Vec<Complaint> {
    let line_with = |start: &str| {
        let found = (1..).zip(package.text.lines()).find(|(_, line)| line.starts_with(start));
        found.map_or(1, |(number, _)| number)
    };
    let complain = |start: &str, message| Complaint::new(&package.manifest, line_with(start), "manifest", message);
    let mut complaints = Vec::new();

    let folder = package.manifest.rsplit('/').nth(1).unwrap_or_default();
    let name = format!("wassay-{folder}");
    if package.name != name {
        complaints.push(complain("name", format!("a crate is named after its folder: `{name}`")));
    }
    if package.description.trim().is_empty() {
        complaints.push(complain("description", "say in a phrase what the crate is for".into()));
    }
    let mut lines = package.text.lines().map(str::trim).filter(|line| !line.is_empty());
    // A crate that stands alone, since its dependencies clash with the others', cannot take anything from them.
    let stands_alone = lines.clone().any(|line| line == "[workspace]");
    let takes_lints = lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    if !stands_alone && !takes_lints {
        complaints.push(complain("[lints]", "take the workspace's lints: `[lints]`, `workspace = true`".into()));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "[package]\nname = \"wassay-judge\"\ndescription = \"Judges\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n";

    #[track_caller]
    fn complains(name: &str, text: &str, lines: &[usize]) {
        let description = if text.contains("Judges") { "Judges" } else { " " }.to_owned();
        let manifest = "oracle/judge/Cargo.toml".to_owned();
        let package = Package { name: name.into(), manifest, text: text.into(), description, ..Package::default() };
        let found = check(&package);
        assert_eq!(found.iter().map(|complaint| complaint.line).collect::<Vec<_>>(), lines, "{text}");
    }

    #[test]
    fn a_manifest_names_describes_and_lints_its_crate() {
        complains("wassay-judge", GOOD, &[]);
        complains("wassay-oracle", GOOD, &[2]);
        complains("wassay-judge", &GOOD.replace("Judges", ""), &[3]);
        complains("wassay-judge", &GOOD.replace("workspace = true", "rust = \"warn\""), &[5]);
        complains("wassay-judge", &GOOD.replace("[lints]", "[other]"), &[1]);
    }

    #[test]
    fn a_crate_that_stands_alone_takes_no_lints_from_the_workspace() {
        complains("wassay-judge", &GOOD.replace("[lints]", "[workspace]"), &[]);
    }

    #[test]
    fn metadata_becomes_packages_without_those_that_are_not_ours() {
        let json = r#"{"packages": [
            {"name": "wassay-cli", "manifest_path": "/r/cli/Cargo.toml", "description": null, "dependencies": [
                {"name": "wasmi", "rename": "wasmi-1", "kind": null},
                {"name": "cc", "rename": null, "kind": "build"},
                {"name": "insta", "rename": null, "kind": "dev"}]},
            {"name": "other", "manifest_path": "/r/ignored/Cargo.toml", "dependencies": []}]}"#;
        let file = SourceFile::new("cli/Cargo.toml", String::new());
        let packages = read(json, |path| (path == "/r/cli/Cargo.toml").then_some(&file)).unwrap();
        let [cli] = packages.as_slice() else { panic!("{packages:?}") };
        let found: Vec<_> = cli.dependencies.iter().map(|d| (d.name.as_str(), d.key.as_str(), d.kind)).collect();
        assert_eq!(
            found,
            [("wasmi", "wasmi-1", Kind::Normal), ("cc", "cc", Kind::Normal), ("insta", "insta", Kind::Dev)]
        );
    }

    #[test]
    fn a_dependency_is_found_on_its_line_in_its_section() {
        let text = "[package]\na = 1\n[dev-dependencies]\na.workspace = true\n[dependencies]\nb = \"1\"\na = { path = \"\" }\n\
                    [target.'cfg(unix)'.dependencies.c]\n";
        let package = Package { text: text.into(), ..Package::default() };
        for (key, kind, line) in [
            ("a", Kind::Dev, 4),
            ("a", Kind::Normal, 7),
            ("b", Kind::Normal, 6),
            ("c", Kind::Normal, 8),
            ("d", Kind::Dev, 1),
        ] {
            let dependency = Dependency { name: "x".into(), key: key.into(), kind };
            assert_eq!(package.line_of(&dependency), line, "{key} {kind:?}");
        }
    }
}
