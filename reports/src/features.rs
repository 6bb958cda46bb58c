//! A table of features in the form of webassembly.org's `features.json`, from measured results.
//!
//! ```text
//! features   KEY -> { description, url, phase }
//! browsers   ENGINE -> { url, logo, category, features: KEY -> STATUS }
//! STATUS     "VERSION" | true | false | null | [STATUS, NOTE]
//! ```
//!
//! Here a status is always `[STATUS, NOTE]`, and the note says what was counted. `"VERSION"` means that every
//! assertion that was asked passes in this version; an older one may have it too. `false` means that some failed
//! or that the engine lacks the feature. A feature is left out for an engine that was not asked about it.

use serde_json::{Map, Value, json};
use wassay_model::Feature;
use wassay_model::suite::{SuiteEngine, SuiteGroup, SuiteState};

use crate::record::Record;
use crate::site::text::grouped;
use crate::tally::{Counts, Tally};

/// Our name, the table's key, the description, the proposal's page, and its phase (5 is standardised).
const KEYS: &[(Feature, &str, &str, &str, u8)] = &[
    (Feature::BulkMemory, "bulkMemory", "Bulk Memory Operations", "bulk-memory-operations", 5),
    (Feature::CustomPageSizes, "customPageSizes", "Custom Page Sizes", "custom-page-sizes", 3),
    (Feature::Exceptions, "exceptionsFinal", "Exception Handling with exnref", "exception-handling", 5),
    (Feature::ExtendedConst, "extendedConst", "Extended Constant Expressions", "extended-const", 5),
    (Feature::Gc, "gc", "Garbage Collection", "gc", 5),
    (Feature::Memory64, "memory64", "Memory64", "memory64", 5),
    (Feature::MultiMemory, "multiMemory", "Multiple Memories", "multi-memory", 5),
    (Feature::MultiValue, "multiValue", "Multi-value", "multi-value", 5),
    (Feature::MutableGlobal, "mutableGlobals", "Import/Export of Mutable Globals", "mutable-global", 5),
    (Feature::ReferenceTypes, "referenceTypes", "Reference Types", "reference-types", 5),
    (Feature::RelaxedSimd, "relaxedSimd", "Relaxed SIMD", "relaxed-simd", 5),
    (
        Feature::SaturatingTruncation,
        "saturatedFloatToInt",
        "Non-trapping float-to-int Conversions",
        "nontrapping-float-to-int-conversions",
        5,
    ),
    (Feature::SignExtension, "signExtensions", "Sign-extension Operators", "sign-extension-ops", 5),
    (Feature::Simd, "simd", "Fixed-width SIMD", "simd", 5),
    (Feature::TailCall, "tailCall", "Tail Call", "tail-call", 5),
    (Feature::Threads, "threads", "Threads", "threads", 4),
    (Feature::FunctionReferences, "typedFunctionReferences", "Typed Function References", "function-references", 5),
    (Feature::WideArithmetic, "wideArithmetic", "Wide Arithmetic", "wide-arithmetic", 3),
];

/// The table of a record.
#[must_use]
pub fn features(record: &Record) -> Value {
    let tally = Tally::new(record);
    let described: Map<String, Value> = KEYS
        .iter()
        .map(|(_, key, description, repository, phase)| {
            let url = format!("https://github.com/WebAssembly/{repository}");
            ((*key).to_owned(), json!({ "description": description, "url": url, "phase": phase }))
        })
        .collect();
    let mut engines = Map::new();
    for (column, engine) in record.engines().iter().enumerate() {
        let mut statuses = Map::new();
        for (feature, key, ..) in KEYS {
            let counts =
                tally.proposals.get(&(SuiteGroup::Official, feature.name().to_owned())).map(|counts| counts[column]);
            if let Some(status) = status(*feature, counts, engine, record.is_complete()) {
                statuses.insert((*key).to_owned(), status);
            }
        }
        let (url, category) = home(&engine.id.name.name);
        engines.insert(
            engine.id.name.to_string(),
            json!({ "url": url, "logo": "", "category": category, "features": statuses }),
        );
    }
    json!({ "features": described, "browsers": engines })
}

fn status(feature: Feature, counts: Option<Counts>, engine: &SuiteEngine, complete: bool) -> Option<Value> {
    let yes = || if engine.id.version.is_empty() { json!(true) } else { json!(engine.id.version) };
    let counts = counts.unwrap_or_default();
    let has = engine.capabilities.as_ref().map(|capabilities| capabilities.features.contains(feature));
    let lacking = counts.get(SuiteState::Unsupported);
    if has == Some(false) {
        return Some(json!([false, "Probed: modules that need it are refused or not translated"]));
    }
    if counts.asked() > 0 {
        let mut note = format!("Measured: {} of {} assertions pass", grouped(counts.passed()), grouped(counts.asked()));
        if lacking > 0 {
            note.push_str(&format!("; {} more need something that it lacks", grouped(lacking)));
        }
        if !complete {
            note.push_str("; the record is incomplete");
        }
        // Some files of a proposal need another one too. Where probing found the feature, that is not held against it.
        let all = counts.failed() == 0 && complete && (lacking == 0 || has == Some(true));
        return Some(json!([if all { yes() } else { json!(false) }, note]));
    }
    let probed = has == Some(true) && counts.total() == 0;
    probed.then(|| json!([yes(), "Probed: the suite has no assertions of its own for it"]))
}

/// Where an engine lives, and what the table files it under.
fn home(name: &str) -> (&'static str, &'static str) {
    match name {
        "wasmtime" => ("https://wasmtime.dev/", "Standalone Runtimes"),
        "wasmi" => ("https://github.com/wasmi-labs/wasmi", "Standalone Runtimes"),
        "tinywasm" => ("https://github.com/explodingcamera/tinywasm", "Embedded Runtimes"),
        "dlr" => ("https://github.com/DLR-FT/wasm-interpreter", "Embedded Runtimes"),
        "node" => ("https://nodejs.org/", "Standalone Runtimes"),
        "deno" => ("https://deno.com/", "Standalone Runtimes"),
        "bun" => ("https://bun.sh/", "Standalone Runtimes"),
        "wasmer" => ("https://wasmer.io/", "Standalone Runtimes"),
        "firefox" => ("https://www.mozilla.org/firefox/", "Web Browsers"),
        "jsc" => ("https://webkit.org/", "Web Browsers"),
        "js102" => ("https://spidermonkey.dev/", "Web Browsers"),
        "wabt" => ("https://github.com/WebAssembly/wabt", "Standalone Runtimes"),
        "binaryen" => ("https://github.com/WebAssembly/binaryen", "Standalone Runtimes"),
        "wasm3" => ("https://github.com/wasm3/wasm3", "Embedded Runtimes"),
        "pywasm" => ("https://github.com/mohanson/pywasm", "Embedded Runtimes"),
        "wamr" => ("https://github.com/bytecodealliance/wasm-micro-runtime", "Embedded Runtimes"),
        "stitch" => ("https://github.com/makepad/stitch", "Embedded Runtimes"),
        _ => ("https://webassembly.org/", "Standalone Runtimes"),
    }
}
