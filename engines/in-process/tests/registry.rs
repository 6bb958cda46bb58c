//! Names of engines: what opens, what does not, and what is said then.

use wassay_in_process::{Unavailable, list, open, set, sets};
use wassay_model::{EngineName, Isolation};

fn name(text: &str) -> EngineName {
    text.parse().unwrap()
}

fn refusal(text: &str) -> Unavailable {
    match open(&name(text)) {
        Ok(_) => panic!("{text} opens"),
        Err(error) => error,
    }
}

#[test]
fn every_listed_engine_opens_under_its_name_and_says_so() {
    for listed in list() {
        // This kind of chaos is that it does not survive being opened.
        if listed.name.to_string() == "chaos+abort-on-open" {
            continue;
        }
        let engine = open(&listed.name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(engine.id().name, listed.name);
        assert_eq!(engine.id().version, listed.version, "{}", listed.name);
        let kills_its_process = listed.name.name == "chaos" || listed.name.to_string() == "wasmtime+winch";
        assert_eq!(listed.isolation == Isolation::Own, kills_its_process, "{}", listed.name);
    }
}

#[test]
fn versions_are_those_of_the_lock_file() {
    let lock = std::fs::read_to_string(std::env::var("CARGO_MANIFEST_DIR").unwrap() + "/../../Cargo.lock").unwrap();
    for listed in list() {
        let package = match listed.name.name.as_str() {
            "reference" | "faulty" => "wassay-reference",
            "dlr" => "dlr-wasm-interpreter",
            "chaos" => continue,
            name => name,
        };
        let entry = format!("name = \"{package}\"\nversion = \"{}\"\n", listed.version);
        assert!(lock.contains(&entry), "Cargo.lock has no {package} {}", listed.version);
    }
}

#[test]
fn a_version_that_is_linked_can_be_asked_for() {
    for text in ["wasmi@2.0.0", "wasmi@1.1.0", "wasmtime@48.0.8+winch", "tinywasm@0.10.0"] {
        assert_eq!(open(&name(text)).unwrap_or_else(|error| panic!("{error}")).id().name.to_string(), text);
    }
}

#[test]
fn what_cannot_be_had_is_refused_with_what_can() {
    for (text, parts) in [
        ("wasmer", &["no linked engine is called `wasmer`", "reference", "wasmi@1.1.0", "wasmtime+winch"][..]),
        ("wasmi@9.9.9", &["9.9.9", "2.0.0, 1.1.0"]),
        ("wasmtime+turbo", &["`turbo`", "opt-none", "opt-size", "opt-speed", "winch", "pulley"]),
        ("dlr+fast", &["`fast`", "there are none"]),
        ("faulty", &["i32-shl-unmasked"]),
        ("faulty+nothing", &["`nothing`", "i32-shl-unmasked"]),
        ("chaos+nothing", &["abort"]),
    ] {
        let error = refusal(text).to_string();
        for part in parts {
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}

#[test]
fn every_member_of_a_set_is_listed() {
    let listed: Vec<String> = list().iter().map(|listed| listed.name.to_string()).collect();
    for known in sets() {
        let members = set(known).unwrap();
        assert!(members.len() >= 5, "{known}");
        assert!(members.iter().all(|member| listed.contains(&member.to_string())), "{known}");
    }
    assert_eq!(set("default").unwrap().len(), 8);
    assert_eq!(set("interpreters").unwrap().len(), 5);
    let honest = list().iter().filter(|listed| !["faulty", "chaos"].contains(&&*listed.name.name)).count();
    assert_eq!(set("all").unwrap().len(), honest);
    assert_eq!(set("nothing"), None);
}

#[test]
fn no_name_is_listed_twice() {
    let mut names: Vec<EngineName> = list().into_iter().map(|listed| listed.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}
