//! The scripts and sources that this program carries with it, for the engines that run or build them.

/// Files that are written together into a folder of their own.
pub(crate) struct Scripts {
    /// What the folder's name begins with.
    pub(crate) name: &'static str,
    /// Paths in the folder, and contents.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../", $folder, "/", $path)))),*]
    };
}

/// The worker for shells of JavaScript.
pub(crate) const JAVASCRIPT: Scripts = Scripts { name: "js", files: files!["scripts/js": "worker.js"] };

/// The bridge to Firefox, beside the worker that it loads.
pub(crate) const FIREFOX: Scripts = Scripts { name: "firefox", files: files!["scripts/js": "firefox.py", "worker.js"] };

/// The workers for packages of Python.
pub(crate) const PYTHON: Scripts = Scripts {
    name: "python",
    files: files![
        "scripts/python": "worker.py", "binary.py", "protocol.py", "pywasm_engine.py", "wasm3_engine.py",
        "wasmtime_engine.py"
    ],
};

/// The worker for programs that run scripts of the standard's suite.
pub(crate) const SHELLS: Scripts = Scripts {
    name: "shells",
    files: files!["scripts/python": "shells.py", "binary.py", "protocol.py", "shell_host.js"],
};

/// The sources of the workers that are built, each beside the common ones.
pub(crate) mod workers {
    macro_rules! worker {
        ($name:literal: $($path:literal),* $(,)?) => {
            &[
                ("common/imports.rs", include_str!("../../workers/common/imports.rs")),
                ("common/protocol.rs", include_str!("../../workers/common/protocol.rs")),
                ("common/values.rs", include_str!("../../workers/common/values.rs")),
                $((concat!($name, "/", $path), include_str!(concat!("../../workers/", $name, "/", $path)))),*
            ]
        };
    }

    pub(crate) const STITCH: &[(&str, &str)] = worker!["stitch": "Cargo.toml.in", "src/main.rs"];
    pub(crate) const TINYWASM: &[(&str, &str)] = worker!["tinywasm": "Cargo.toml.in", "src/main.rs"];
    pub(crate) const WAMR: &[(&str, &str)] =
        worker!["wamr": "Cargo.toml.in", "build.rs", "src/engine.c", "src/engine.rs", "src/main.rs"];
    pub(crate) const WASMER: &[(&str, &str)] = worker!["wasmer": "Cargo.toml.in", "src/main.rs"];
    pub(crate) const WASMI: &[(&str, &str)] =
        worker!["wasmi": "Cargo.toml.in", "build.rs", "src/main.rs", "src/references.rs"];
}
