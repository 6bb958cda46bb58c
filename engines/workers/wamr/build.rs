//! Compiles WAMR from the sources that the crate `wamr-sys` carries, twice: once with its fast interpreter, once with
//! the classic one. Each is joined into one object that shows a single symbol, so that both fit into one program.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What both are built with. The release has reference types and exceptions under no flag, and vectors for its
/// compilers only. Shared memories stay out: `atomic.fence` takes the byte that follows for an instruction. The checks
/// of bounds by signals are for compiled code.
const FLAGS: &[(&str, &str)] = &[
    ("BH_FREE", "wasm_runtime_free"),
    ("BH_MALLOC", "wasm_runtime_malloc"),
    ("BH_PLATFORM_LINUX", "1"),
    ("NDEBUG", "1"),
    ("WASM_DISABLE_HW_BOUND_CHECK", "1"),
    ("WASM_ENABLE_BULK_MEMORY", "1"),
    ("WASM_ENABLE_INTERP", "1"),
    ("WASM_ENABLE_TAIL_CALL", "1"),
];

/// Folders of the engine's sources: all C files there are compiled.
const FOLDERS: &[&str] = &["iwasm/common", "shared/mem-alloc", "shared/mem-alloc/ems", "shared/platform/common/posix"];

/// Files of folders of which not all are wanted.
const FILES: &[&str] = &[
    "iwasm/interpreter/wasm_loader.c",
    "iwasm/interpreter/wasm_runtime.c",
    "shared/utils/bh_assert.c",
    "shared/utils/bh_common.c",
    "shared/utils/bh_hashmap.c",
    "shared/utils/bh_list.c",
    "shared/utils/bh_log.c",
    "shared/utils/bh_queue.c",
    "shared/utils/bh_vector.c",
    "shared/utils/runtime_timer.c",
];

const INCLUDES: &[&str] = &[
    "",
    "iwasm/common",
    "iwasm/include",
    "iwasm/interpreter",
    "shared/include",
    "shared/mem-alloc",
    "shared/platform/include",
    "shared/platform/linux",
    "shared/utils",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/engine.c");
    if variable("CARGO_CFG_TARGET_OS")? != "linux" {
        return Err("this worker compiles the parts of WAMR that are made for Linux".into());
    }
    let core = sources()?.join("wasm-micro-runtime/core");
    for name in ["fast", "classic"] {
        interpreter(&core, name)?;
    }
    Ok(())
}

fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|error| format!("cargo sets no {name}: {error}").into())
}

/// Where cargo keeps the sources of `wamr-sys`. No network is needed where they have been fetched.
fn sources() -> Result<PathBuf, Box<dyn Error>> {
    let manifest = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
    let cargo = variable("CARGO")?;
    let ask = |offline: bool| {
        let mut command = Command::new(&cargo);
        command.args(["metadata", "--format-version", "1", "--all-features", "--locked", "--manifest-path"]);
        command.arg(&manifest).args(offline.then_some("--offline"));
        command.output()
    };
    let mut output = ask(true)?;
    if !output.status.success() {
        output = ask(false)?;
    }
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo metadata cannot say where the sources of wamr-sys are: {words}").into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let package = packages.iter().find(|package| package["name"] == "wamr-sys");
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let folder = manifest.and_then(|manifest| Path::new(manifest).parent());
    Ok(folder.ok_or("cargo metadata does not name wamr-sys")?.to_owned())
}

/// Compiles the engine with one of its interpreters, and links it.
fn interpreter(core: &Path, name: &str) -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(variable("OUT_DIR")?).join(name);
    std::fs::create_dir_all(&out)?;
    let mut build = cc::Build::new();
    // The engine is as it is: what its compiler would warn of is not ours to mend. It reads values of one type through
    // pointers to another.
    build.out_dir(&out).warnings(false).flag("-fno-strict-aliasing").opt_level(2);
    for (flag, value) in FLAGS {
        build.define(flag, *value);
    }
    // The engine's assembly does not say that it needs no executable stack.
    build.flag("-Wa,--noexecstack");
    let invoke = match variable("CARGO_CFG_TARGET_ARCH")?.as_str() {
        "x86_64" => "invokeNative_em64.s",
        "aarch64" => "invokeNative_aarch64.s",
        // Functions of the host are called with an array of arguments, which needs none of this.
        _ => "invokeNative_general.c",
    };
    build.define("WASM_ENABLE_FAST_INTERP", if name == "fast" { "1" } else { "0" });
    let shown = format!("wassay_wamr_{name}");
    build.define("WASSAY_ENGINE", shown.as_str());
    for folder in INCLUDES {
        build.include(core.join(folder));
    }
    for folder in FOLDERS {
        for entry in std::fs::read_dir(core.join(folder))? {
            let path = entry?.path();
            // The standard interface in C tells nothing of traps; the worker uses the engine's own.
            let is_wanted = path.extension().is_some_and(|extension| extension == "c")
                && path.file_name().is_none_or(|name| name != "wasm_c_api.c");
            if is_wanted {
                build.file(path);
            }
        }
    }
    build.files(FILES.iter().map(|file| core.join(file)));
    build.file(core.join(format!("iwasm/interpreter/wasm_interp_{name}.c")));
    build.file(core.join("iwasm/common/arch").join(invoke));
    build.file("src/engine.c");
    let objects = build.try_compile_intermediates()?;
    let joined = out.join("joined.o");
    let mut join = build.try_get_compiler()?.to_command();
    join.args(["-r", "-nostdlib", "-o"]).arg(&joined).args(&objects);
    run(join)?;
    let mut hide = Command::new("objcopy");
    hide.arg(format!("--keep-global-symbol={shown}")).arg(&joined);
    run(hide)?;
    cc::Build::new().object(&joined).try_compile(&format!("wamr_{name}"))?;
    Ok(())
}

fn run(mut command: Command) -> Result<(), Box<dyn Error>> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}").into()),
        Err(error) => Err(format!("{command:?} cannot be started, install a C compiler and binutils: {error}").into()),
    }
}
