//! `wassay run` on good and bad files.

mod common;

use std::fs;
use std::path::PathBuf;

use common::{stderr, stdout, wassay};

const ENGINES: &str = "interpreters";

fn file(folder: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn engines_that_agree_end_with_0_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "add.wat",
        r#"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#,
    );
    let path = path.to_str().unwrap();
    let output = wassay(&["run", path, "--invoke", "add", "i32:-5", "i32:7", "--engines", ENGINES]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("i32:2") && text.contains("agree"), "{text}");
}

#[test]
fn without_invoke_every_exported_function_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "two.wat",
        r#"(module (func (export "f") (param i64)) (func (export "g") (result f32) (f32.const 1)))"#,
    );
    let text = stdout(&wassay(&["run", path.to_str().unwrap(), "--engines", ENGINES]));
    assert!(text.contains("invoke \"f\"") && text.contains("invoke \"g\""), "{text}");
}

#[test]
fn json_names_engines_steps_and_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "m.wat",
        r#"(module (memory (export "m") 1) (func (export "f") (i32.store (i32.const 65536) (i32.const 1))))"#,
    );
    let output = wassay(&["run", path.to_str().unwrap(), "--engines", ENGINES, "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["verdict"], "agree");
    assert_eq!(document["engines"][0]["engine"], "reference");
    assert_eq!(document["engines"][0]["steps"][1]["trap"][0], "memory-out-of-bounds");
    assert!(document["engines"][0]["steps"][1]["state"]["memories"][0].is_array());
}

#[test]
fn a_fault_ends_with_1_and_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "shl.wat",
        r#"(module (func (export "f") (param i32 i32) (result i32) (i32.shl (local.get 0) (local.get 1))))"#,
    );
    let path = path.to_str().unwrap();
    let output = wassay(&[
        "run",
        path,
        "--invoke",
        "f",
        "i32:1",
        "i32:33",
        "--engines",
        "reference,wasmi,faulty+i32-shl-unmasked",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("diverge") && text.contains("faulty+i32-shl-unmasked"), "{text}");
}

#[test]
fn a_script_runs_its_own_commands() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "s.wast",
        r#"(module (func (export "f") (result i32) (i32.const 7)))
           (assert_return (invoke "f") (i32.const 7))
           (assert_return (invoke "f") (i32.const 8))"#,
    );
    let output = wassay(&["run", path.to_str().unwrap(), "--engines", "reference,wasmi"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    // The module is a command that passes, too.
    assert!(text.contains("2 commands passed, 1 failed"), "{text}");
}

/// Bad input, the exit status, and what the message must name.
#[test]
fn bad_input_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &[u8], i32, &str); 7] = [
        ("empty.wasm", b"", 65, "offset 0"),
        ("text.wasm", b"hello", 65, "not a WebAssembly module"),
        ("broken.wat", b"(module (func (i32.const)))", 65, "broken.wat:1"),
        ("latin.wat", b"(module \xff)", 65, "UTF-8"),
        ("broken.wast", b"(module) (assert_retrun)", 65, "broken.wast:1"),
        ("case.json", b"{\"modules\": 3}", 65, "case.json"),
        ("module.bin", b"\0asm\x01\0\0\0", 64, ".wasm"),
    ];
    for (name, content, status, words) in cases {
        let path = file(&folder, name, content);
        let output = wassay(&["run", path.to_str().unwrap(), "--engines", "reference"]);
        assert_eq!(output.status.code(), Some(status), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{name}: {}", stderr(&output));
    }
    let output = wassay(&["run", "no-such-file.wasm", "--engines", "reference"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("no-such-file.wasm"));
}

#[test]
fn a_truncated_module_is_refused_by_every_engine_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "short.wasm", b"\0asm\x01\0\0\0\x01\x20\x01");
    let output = wassay(&["run", path.to_str().unwrap(), "--engines", ENGINES]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("malformed"), "{}", stdout(&output));
}

#[test]
fn wrong_arguments_are_named_with_the_function_type() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "f.wat", r#"(module (func (export "f") (param i32)))"#);
    let path = path.to_str().unwrap();
    for (values, words) in
        [(&["f", "i64:1"][..], "takes (i32)"), (&["g"], "exports f"), (&["f", "i32:x"], "not a number")]
    {
        let mut args = vec!["run", path, "--engines", "reference", "--invoke"];
        args.extend(values);
        let output = wassay(&args);
        assert!(matches!(output.status.code(), Some(64 | 65)), "{values:?}");
        assert!(stderr(&output).contains(words), "{values:?}: {}", stderr(&output));
    }
}

/// Programs that an engine might not survive: each is an outcome, and the program goes on.
#[test]
fn a_module_that_wants_everything_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("memory.wat", r#"(module (memory (export "m") 65536 65536) (func (export "f") (result i32) (memory.size)))"#),
        ("loop.wat", r#"(module (func (export "f") (loop (br 0))))"#),
        (
            "deep.wat",
            r#"(module (func $f (export "f") (param i32) (result i32)
                 (if (result i32) (local.get 0)
                   (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
                   (else (i32.const 0)))))"#,
        ),
    ] {
        let path = file(&folder, name, text);
        let mut args = vec!["run", path.to_str().unwrap(), "--engines", "default", "--deadline", "20s"];
        if name == "deep.wat" {
            args.extend(["--invoke", "f", "i32:100000"]);
        }
        let output = wassay(&args);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{name}: {}", stderr(&output));
        assert!(stdout(&output).contains("invoke \"f\""), "{name}: {}", stdout(&output));
    }
}
