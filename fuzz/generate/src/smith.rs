//! The `smith` family: wasm-smith under a swarm.
//!
//! Every case draws afresh: the features, the types, how many entities of each kind, the kinds of
//! instructions, their number, how traps are kept away, whether NaNs are canonicalised. What is left out
//! of a case gives the rest room to meet (swarm testing: Groce and others 2012).
//!
//! wasm-smith gets its function types and imports from an example module (`available_imports`), because
//! of its own accord half of its functions return nothing and half take nothing. It gets no strings:
//! the end of its input, from which it takes lengths, is zeros, so that names and data segments are
//! empty and the input is spent on code. Contents, limits, exports, fuel and guards come from
//! [`crate::rewrite`].
//!
//! wasm-smith looks at all its instructions before it writes one, about a microsecond each, and takes
//! over four fifths of the time that a case takes. So bodies come short out of wasm-smith, and
//! [`crate::grow`] makes more of what is there for a twentieth of the price.

use arbitrary::Unstructured;
use wasm_encoder::{EntityType, ImportSection, Module, TypeSection, ValType};
use wasm_smith::{Config, InstructionKind, InstructionKinds};
use wassay_model::{Bytes, Feature, Features, Host, Module as CaseModule, Provenance, TestCase, host};

use crate::companion::{self, Companion};
use crate::draw::Draw;
use crate::plan;
use crate::rewrite::{Guard, Rewritten, Style, rewrite};

/// How often a case is drawn before a fixed module stands in for it. Far more than ever seen.
const REDRAWS_MAX: u32 = 8;

/// What one case is drawn from.
struct Swarm {
    features: Features,
    config: Config,
    companion: Option<Companion>,
    style: Style,
    input_len: usize,
}

/// Makes a case; its provenance has no seed yet.
///
/// wasm-smith refuses some inputs. Then the swarm is drawn again from the same stream, which keeps the
/// case a function of seed, index and profile; the case says so in its traits.
pub(crate) fn generate(features: Features, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    for redraw in 0..REDRAWS_MAX {
        let swarm = Swarm::draw(features, draw);
        if let Some(rewritten) = attempt(&swarm, draw) {
            let (case, mut traits) = assemble(swarm, rewritten, draw);
            if redraw > 0 {
                traits.push("redrawn");
            }
            return (case, traits);
        }
    }
    let module = Rewritten::identity();
    let swarm = Swarm { companion: None, ..Swarm::draw(Features::V1, draw) };
    let (case, _) = assemble(swarm, module, draw);
    (case, vec!["fallback"])
}

fn attempt(swarm: &Swarm, draw: &mut Draw) -> Option<Rewritten> {
    // Lengths are taken from the end: zeros there make every name and data segment empty.
    const ZEROS: usize = 256;
    let mut input = vec![0; swarm.input_len + ZEROS];
    draw.fill(&mut input[..swarm.input_len]);
    let module = wasm_smith::Module::new(swarm.config.clone(), &mut Unstructured::new(&input)).ok()?;
    rewrite(&module.to_bytes(), &swarm.style, draw).ok()
}

impl Swarm {
    fn draw(allowed: Features, draw: &mut Draw) -> Self {
        let features = features(allowed, draw);
        let has = |feature| features.contains(feature);
        let floats = draw.percent(92);
        let guard = draw.weighted(&[
            (Guard::Sites(100), 76),
            (Guard::Sites(90), 5),
            (Guard::Sites(50), 3),
            (Guard::Sites(0), 4),
            (Guard::Exact, 12),
        ]);
        let companion = draw.percent(30).then(|| Companion::draw(draw));
        let hosted = draw.percent(30);
        let functions = draw.between(3, 6) as usize;
        let instructions = draw.pick(&[6, 8, 12, 16, 20, 28, 60]);
        let globals = draw.between(1, 4) as usize;
        // wasm-smith gives up where an import takes the room of what it must define.
        let tables = match (companion.is_some(), has(Feature::ReferenceTypes)) {
            (true, _) => 0,
            (false, true) => draw.below(3),
            (false, false) => draw.below(2),
        };
        let memories = match (companion.is_some(), has(Feature::MultiMemory)) {
            (true, _) => 0,
            (false, true) => draw.between(1, 3),
            (false, false) => draw.percent(95).into(),
        };
        let (allowed_instructions, example) =
            (kinds(features, draw), example(features, floats, companion.as_ref(), hosted, draw));
        let imports = if companion.is_some() || hosted { 8 } else { 0 };

        let config = Config {
            available_imports: Some(example),
            allow_floats: floats,
            allow_start_export: draw.percent(50),
            allowed_instructions,
            bulk_memory_enabled: has(Feature::BulkMemory),
            // Our own pass canonicalises, since wasm-smith leaves promotion and demotion out.
            canonicalize_nans: false,
            compact_imports_enabled: false,
            disallow_traps: matches!(guard, Guard::Exact),
            exceptions_enabled: has(Feature::Exceptions),
            extended_const_enabled: has(Feature::ExtendedConst),
            gc_enabled: has(Feature::Gc),
            max_data_segments: draw.below(4) as usize,
            max_element_segments: draw.below(4) as usize,
            min_exports: 0,
            max_exports: 0,
            min_funcs: functions,
            max_funcs: functions + imports,
            min_globals: globals,
            max_globals: globals + 3 + imports,
            max_imports: imports,
            max_instructions: instructions,
            min_memories: memories,
            max_memories: if has(Feature::MultiMemory) { memories as usize + 1 } else { 1 },
            // The limits that count are drawn by our own pass.
            max_memory32_bytes: 4 << 16,
            max_memory64_bytes: 4 << 16,
            memory64_enabled: has(Feature::Memory64),
            memory_max_size_required: true,
            min_tables: tables,
            max_tables: if has(Feature::ReferenceTypes) { tables as usize + 1 } else { 1 },
            max_table_elements: 40,
            table_max_size_required: true,
            max_tags: 4,
            // Types come from the example module alone, but for those that functions can't have.
            min_types: 0,
            max_types: if has(Feature::Gc) { 8 } else { 0 },
            multi_value_enabled: has(Feature::MultiValue),
            reference_types_enabled: has(Feature::ReferenceTypes),
            relaxed_simd_enabled: has(Feature::RelaxedSimd),
            saturating_float_to_int_enabled: has(Feature::SaturatingTruncation),
            sign_extension_ops_enabled: has(Feature::SignExtension),
            simd_enabled: has(Feature::Simd),
            tail_call_enabled: has(Feature::TailCall),
            threads_enabled: false,
            wide_arithmetic_enabled: has(Feature::WideArithmetic),
            custom_page_sizes_enabled: false,
            ..Config::default()
        };
        // The product bounds a run.
        let (fuel, turns) = draw.pick(&[(12, 24), (30, 8), (60, 4), (200, 1)]);
        let style = Style {
            features,
            floats,
            guard,
            canonicalise: draw.percent(50),
            substitute: draw.pick(&[0, 25, 50, 75]),
            growth: draw.pick(&[0, 15, 30, 50]),
            statements: draw.pick(&[0, 3, 6, 12]),
            fuel,
            turns,
        };
        // An instruction takes up to 16 bytes of input, most take 3 to 6; the entities take the rest.
        let input_len = 2048 + (functions + 2) * instructions * 12;
        Self { features, config, companion, style, input_len }
    }
}

/// Each feature is in most cases; what it builds on is in the case, or it is not.
///
/// Reference types are in half of them: with them comes `externref` everywhere, which baseline compilers
/// such as Winch do not take.
fn features(allowed: Features, draw: &mut Draw) -> Features {
    let mut features = Features::V1;
    for feature in allowed.iter() {
        let percent = match feature {
            // Every global is exported, the mutable ones too.
            Feature::MutableGlobal => 100,
            Feature::ReferenceTypes => 58,
            _ => 85,
        };
        if draw.percent(percent) {
            features = features.union(Features::of(&[feature]));
        }
    }
    let needs = |features: Features, feature, on: &[Feature]| {
        let whole = on.iter().all(|needed| features.contains(*needed));
        if whole { features } else { features.minus(Features::of(&[feature])) }
    };
    features = needs(features, Feature::ReferenceTypes, &[Feature::BulkMemory]);
    features = needs(features, Feature::RelaxedSimd, &[Feature::Simd]);
    features = needs(features, Feature::Exceptions, &[Feature::ReferenceTypes]);
    features = needs(features, Feature::FunctionReferences, &[Feature::ReferenceTypes]);
    // wasm-smith has one switch for typed function references and garbage collection.
    features = needs(features, Feature::Gc, &[Feature::FunctionReferences]);
    needs(features, Feature::FunctionReferences, &[Feature::Gc])
}

fn kinds(features: Features, draw: &mut Draw) -> InstructionKinds {
    use InstructionKind::{
        Aggregate, Control, Memory, MemoryInt, Numeric, NumericInt, Parametric, Reference, Table, Variable, Vector,
        VectorInt,
    };
    let mut kinds = vec![if draw.percent(90) { Numeric } else { NumericInt }];
    let mut maybe = |kind, percent| {
        if draw.percent(percent) {
            kinds.push(kind);
        }
    };
    maybe(Parametric, 85);
    maybe(Variable, 90);
    maybe(Memory, 75);
    maybe(MemoryInt, 20);
    maybe(Control, 80);
    maybe(Table, 55);
    maybe(Reference, 60);
    if features.contains(Feature::Simd) {
        maybe(Vector, 75);
        maybe(VectorInt, 10);
    }
    if features.contains(Feature::Gc) {
        maybe(Aggregate, 75);
    }
    InstructionKinds::new(&kinds)
}

/// A module that wasm-smith takes types and imports from: types that take and return something, and
/// what the host and the companion have on offer.
fn example(features: Features, floats: bool, companion: Option<&Companion>, hosted: bool, draw: &mut Draw) -> Vec<u8> {
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    let results_max = if features.contains(Feature::MultiValue) { 5 } else { 1 };
    let count = draw.between(3, 6);
    for _ in 0..count {
        let params = draw.weighted(&[(0, 1), (1, 4), (2, 5), (3, 4), (4, 2), (8, 1)]);
        let results = draw.weighted(&[(0, 1), (1, 8), (2, 3), (3, 2), (5, 1)]).min(results_max);
        types.ty().function(val_types(features, floats, params, draw), val_types(features, floats, results, draw));
    }
    // The one type that a start function can have.
    types.ty().function([], []);
    if let Some(companion) = companion {
        for (params, results) in companion::TYPES.iter().take(if floats { 2 } else { 1 }) {
            types.ty().function(params.iter().copied(), results.iter().copied());
        }
        companion.offer(&mut imports, count + 1, floats);
    }
    if hosted {
        for number in 0..draw.between(1, 4) {
            imports.import(host::MODULE, &format!("h{number}"), EntityType::Function(draw.below(count)));
        }
    }
    let mut module = Module::new();
    module.section(&types).section(&imports);
    module.finish()
}

fn val_types(features: Features, floats: bool, count: u32, draw: &mut Draw) -> Vec<ValType> {
    let mut weights = vec![(ValType::I32, 5), (ValType::I64, 5)];
    if floats {
        weights.extend([(ValType::F32, 4), (ValType::F64, 4)]);
    }
    if features.contains(Feature::Simd) {
        weights.push((ValType::V128, 4));
    }
    if features.contains(Feature::ReferenceTypes) {
        weights.extend([(ValType::EXTERNREF, 1), (ValType::FUNCREF, 1)]);
    }
    (0..count).map(|_| draw.weighted(&weights)).collect()
}

/// The case without its provenance, and its traits.
fn assemble(swarm: Swarm, main: Rewritten, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let companion = swarm.companion.filter(|_| main.imports_companion);
    let mut traits = vec![match swarm.style.guard {
        Guard::Exact => "guards-exact",
        Guard::Sites(100) => "guards-masked",
        Guard::Sites(0) => "guards-none",
        Guard::Sites(_) => "guards-some",
    }];
    for (name, holds) in [
        ("canonicalised", swarm.style.canonicalise),
        ("companion", companion.is_some()),
        ("host", main.imports_host),
        ("start", main.start),
        ("integers-only", !swarm.style.floats),
    ] {
        if holds {
            traits.push(name);
        }
    }
    let plan = plan::plan(&main, companion.is_some(), draw);
    let mut modules = Vec::new();
    if let Some(companion) = companion {
        modules.push(CaseModule { name: companion::NAME.to_owned(), bytes: Bytes(companion.module()) });
    }
    modules.push(CaseModule { name: "main".to_owned(), bytes: Bytes(main.bytes) });
    let case = TestCase {
        modules,
        plan,
        host: if main.imports_host { Host::Deterministic } else { Host::None },
        features: swarm.features,
        limits: crate::script::limits(),
        provenance: Provenance::Generated { seed: 0, index: 0, profile: String::new(), traits: Vec::new() },
        relations: Vec::new(),
    };
    (case, traits)
}
