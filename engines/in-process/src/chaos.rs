//! `chaos+KIND`: an engine that behaves badly on purpose, so that isolation can be tested.
//!
//! It runs no WebAssembly. Every module loads and instantiates; invoking an export called `chaos` is
//! answered as an empty function answers, after the misbehaviour that the kind names, if the program
//! still stands. Other functions are refused, so that nobody takes them for executed. With the further
//! option `always`, as in `chaos+abort+always`, the misbehaviour strikes at every load instead.
//!
//! What `kind` does is in the table [`KINDS`].

use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use wassay_adapter::{Engine, Extern, HostHandle, Session};
use wassay_model::{
    Bound, Capabilities, EngineId, EngineName, Features, InstanceIdx, Limits, ModuleIdx, Outcome, Ref, Value,
};

/// Every kind, and what it does.
pub const KINDS: &[(&str, &str)] = &[
    ("calm", "nothing: it is the honest one"),
    ("panic", "panics"),
    ("panic-on-drop", "panics when its store is dropped, and once more when the engine is"),
    ("abort", "aborts"),
    ("abort-second", "aborts at the second misbehaviour in the life of its process, so never in a fresh one"),
    ("abort-on-open", "aborts when it is opened"),
    ("segfault", "dies of SIGSEGV"),
    ("exit", "exits with status 3"),
    ("hang", "does not return"),
    ("sleep", "sleeps 300 ms, then answers"),
    ("eat-memory", "allocates and touches memory until it is stopped"),
    ("stack-overflow", "recurses until the stack ends"),
    ("print", "floods its standard output and error streams with 4 MiB each, then answers"),
    ("garbage", "writes bytes that are no frame into the stream of the worker protocol, then answers"),
    ("half-answer", "writes the first half of a frame into that stream, then answers"),
    ("last-words", "writes a line to its error stream, then exits with status 4"),
];

/// Opens `chaos+KIND` or `chaos+KIND+always`.
///
/// # Errors
///
/// A sentence that lists the kinds.
pub fn open(name: &EngineName) -> Result<Box<dyn Engine>, String> {
    let known = || KINDS.iter().map(|(kind, _)| *kind).collect::<Vec<_>>().join(", ");
    let (kind, always) = match name.options.as_slice() {
        [kind] => (kind, false),
        [kind, always] if always == "always" => (kind, true),
        _ => return Err(format!("write chaos+KIND or chaos+KIND+always, where KIND is one of {}", known())),
    };
    let Some((kind, _)) = KINDS.iter().find(|(known, _)| known == kind) else {
        return Err(format!("chaos has no kind `{kind}`; there are {}", known()));
    };
    if *kind == "abort-on-open" {
        std::process::abort();
    }
    Ok(Box::new(Chaos {
        id: EngineId { name: name.clone(), version: "1".to_owned() },
        capabilities: Capabilities {
            features: Features::V3,
            bound: Bound::Kill,
            blind_spots: BTreeMap::from([("everything".to_owned(), "it runs no code".to_owned())]),
        },
        kind,
        always,
        tail: Fuse::default(),
    }))
}

struct Chaos {
    id: EngineId,
    capabilities: Capabilities,
    kind: &'static str,
    always: bool,
    tail: Fuse,
}

impl Engine for Chaos {
    fn id(&self) -> &EngineId {
        &self.id
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn open<'a>(&'a mut self, _: &Limits, _: HostHandle) -> Result<Box<dyn Session + 'a>, Outcome> {
        Ok(Box::new(Store { engine: self, fuse: Fuse::default() }))
    }
}

struct Store<'a> {
    engine: &'a mut Chaos,
    fuse: Fuse,
}

impl Session for Store<'_> {
    fn load(&mut self, _: ModuleIdx, _: &[u8]) -> Outcome {
        if self.engine.always {
            self.misbehave();
        }
        Outcome::Returned(Vec::new())
    }

    fn instantiate(&mut self, _: ModuleIdx, _: InstanceIdx, _: &[Extern<'_>]) -> Outcome {
        Outcome::Returned(Vec::new())
    }

    fn invoke(&mut self, _: InstanceIdx, export: &str, _: &[Value]) -> Outcome {
        if export != "chaos" {
            return Outcome::Refused("chaos runs no code".to_owned());
        }
        if !self.engine.always {
            self.misbehave();
        }
        Outcome::Returned(Vec::new())
    }

    fn global(&mut self, _: InstanceIdx, _: &str) -> Option<Value> {
        None
    }

    fn memory(&mut self, _: InstanceIdx, _: &str, _: u64, _: &mut dyn FnMut(&[u8])) -> Option<u64> {
        None
    }

    fn table(&mut self, _: InstanceIdx, _: &str, _: &mut dyn FnMut(Ref) -> bool) -> Option<u64> {
        None
    }

    fn words(&mut self) -> Option<String> {
        None
    }
}

impl Store<'_> {
    fn misbehave(&mut self) {
        match self.engine.kind {
            "panic" => panic!("chaos panics as told"),
            "panic-on-drop" => {
                self.fuse.lit = true;
                self.engine.tail.lit = true;
            }
            "abort" => std::process::abort(),
            "abort-second" => {
                static STRIKES: AtomicU32 = AtomicU32::new(0);
                if STRIKES.fetch_add(1, Ordering::Relaxed) > 0 {
                    std::process::abort();
                }
            }
            "segfault" => loop {
                // The handlers of the standard library and of engines take a first signal for an access that
                // will fault again, and restore the default action: the second one kills.
                let _ = kill_process(getpid(), Signal::SEGV);
                thread::sleep(Duration::from_millis(1));
            },
            "exit" => std::process::exit(3),
            "last-words" => {
                eprintln!("chaos says goodbye");
                std::process::exit(4);
            }
            "hang" => loop {
                thread::sleep(Duration::from_secs(1));
            },
            "sleep" => thread::sleep(Duration::from_millis(300)),
            "eat-memory" => eat_memory(),
            "stack-overflow" => {
                black_box(recurse(0));
            }
            "print" => {
                let line = "chaos has nothing to say, and says it often\n".repeat(100);
                for _ in 0..(4 << 20) / line.len() {
                    print!("{line}");
                    eprint!("{line}");
                }
            }
            "garbage" => write_into_the_protocol(b"chaos writes what is no frame into the protocol's stream"),
            // A header that announces sixteen bytes, and four of them: the true answer is taken for the rest.
            "half-answer" => {
                write_into_the_protocol(&[&wassay_adapter::wire::MAGIC[..], &[16, 0, 0, 0], b"sum.", b"half"].concat());
            }
            _ => {}
        }
    }
}

/// Panics when dropped while lit, unless a panic is under way: a second one would abort.
#[derive(Default)]
struct Fuse {
    lit: bool,
}

impl Drop for Fuse {
    fn drop(&mut self) {
        assert!(!self.lit || thread::panicking(), "chaos panics on being dropped, as told");
    }
}

fn eat_memory() {
    let mut eaten = Vec::new();
    loop {
        eaten.push(black_box(vec![1_u8; 16 << 20]));
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    // Never true, which the compiler does not see.
    if black_box(depth) == u64::MAX {
        return depth;
    }
    recurse(depth + 1) ^ frame[63]
}

/// Writes to every pipe that this process holds open for writing, but for its error stream: one of them
/// carries the worker protocol, wherever the worker has put it.
fn write_into_the_protocol(bytes: &[u8]) {
    let target = |descriptor: &str| std::fs::read_link(format!("/proc/self/fd/{descriptor}")).ok();
    let errors = target("2");
    for entry in std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(descriptor) = name.to_str() else { continue };
        let to = target(descriptor);
        if to == errors || !to.is_some_and(|to| to.as_os_str().as_bytes().starts_with(b"pipe:")) {
            continue;
        }
        // `flags` is octal and its last digit holds the access mode, of which 1 is "write only".
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).unwrap_or_default();
        let writable = info.lines().any(|line| line.starts_with("flags:") && line.ends_with('1'));
        if writable && let Ok(mut pipe) = File::options().write(true).open(format!("/proc/self/fd/{descriptor}")) {
            let _ = pipe.write_all(bytes);
        }
    }
}
