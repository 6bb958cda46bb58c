//! What the passes ask of a module: how many of what, and of which types.

use wasm_encoder::ValType;
use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload, TypeRef, WasmFeatures};
use wassay_model::{Feature, Features};

/// The type of a function.
pub(crate) type Signature = (Vec<ValType>, Vec<ValType>);

/// An export.
#[derive(Clone, Debug)]
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) kind: ExternalKind,
    pub(crate) index: u32,
}

/// Smallest and greatest size of a memory or table.
pub(crate) type Sizes = (u64, Option<u64>);

/// A module at a glance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// By type index; none for types of aggregates.
    pub(crate) types: Vec<Option<Signature>>,
    /// Whether the type is alone in its group, final and without a supertype: two of these are the same if they
    /// look the same (section 3.1.2 of the standard, type equivalence).
    pub(crate) plain: Vec<bool>,
    /// The type of each function, imported ones first.
    pub(crate) funcs: Vec<u32>,
    pub(crate) imported_funcs: u32,
    pub(crate) imports: u32,
    pub(crate) exports: Vec<Export>,
    pub(crate) start: Option<u32>,
    /// Instructions of each body, the last `end` included.
    pub(crate) body_lengths: Vec<usize>,
    /// Defined memories and tables.
    pub(crate) memories: Vec<Sizes>,
    pub(crate) tables: Vec<Sizes>,
    /// Items of each element segment.
    pub(crate) elems: Vec<u32>,
    pub(crate) data: Vec<Vec<u8>>,
    pub(crate) globals: u32,
    pub(crate) tags: u32,
    pub(crate) customs: u32,
}

impl Facts {
    /// The facts of a module; none where it does not decode.
    pub(crate) fn read(module: &[u8]) -> Option<Self> {
        let mut facts = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            facts.take(payload.ok()?)?;
        }
        Some(facts)
    }

    fn take(&mut self, payload: Payload<'_>) -> Option<()> {
        match payload {
            Payload::Version { encoding, .. } if encoding != wasmparser::Encoding::Module => return None,
            Payload::TypeSection(section) => {
                for group in section {
                    let group = group.ok()?;
                    let alone = group.types().len() == 1;
                    for ty in group.into_types() {
                        self.plain.push(alone && ty.is_final && ty.supertype_idxs.is_empty());
                        self.types.push(match &ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some((val_types(ty.params())?, val_types(ty.results())?)),
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.imports += 1;
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import.ok()?.ty {
                        self.funcs.push(ty);
                        self.imported_funcs += 1;
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.funcs.push(ty.ok()?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let ty = table.ok()?.ty;
                    self.tables.push((ty.initial, ty.maximum));
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let ty = memory.ok()?;
                    self.memories.push((ty.initial, ty.maximum));
                }
            }
            Payload::GlobalSection(section) => self.globals = section.count(),
            Payload::TagSection(section) => self.tags = section.count(),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    self.exports.push(Export { name: export.name.to_owned(), kind: export.kind, index: export.index });
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => {
                for element in section {
                    self.elems.push(match element.ok()?.items {
                        wasmparser::ElementItems::Functions(items) => items.count(),
                        wasmparser::ElementItems::Expressions(_, items) => items.count(),
                    });
                }
            }
            Payload::DataSection(section) => {
                for datum in section {
                    self.data.push(datum.ok()?.data.to_vec());
                }
            }
            Payload::CodeSectionEntry(body) => {
                let mut length = 0;
                for operator in body.get_operators_reader().ok()? {
                    operator.ok()?;
                    length += 1;
                }
                self.body_lengths.push(length);
            }
            Payload::CustomSection(_) => self.customs += 1,
            Payload::UnknownSection { .. } => return None,
            _ => {}
        }
        Some(())
    }

    /// The type of a defined function, by position among these.
    pub(crate) fn signature(&self, defined: u32) -> Option<&Signature> {
        let ty = self.funcs.get((self.imported_funcs + defined) as usize)?;
        self.types.get(*ty as usize)?.as_ref()
    }

    /// The function that an export names.
    pub(crate) fn exported_func(&self, name: &str) -> Option<u32> {
        let is_it = |export: &&Export| {
            export.name == name && matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact)
        };
        self.exports.iter().find(is_it).map(|export| export.index)
    }
}

fn val_types(types: &[wasmparser::ValType]) -> Option<Vec<ValType>> {
    types.iter().map(|ty| RoundtripReencoder.val_type(*ty).ok()).collect()
}

/// The features of a case in the words of the validator that keeps candidates valid.
pub(crate) fn wasm_features(features: Features) -> WasmFeatures {
    let mut wasm = WasmFeatures::WASM1;
    for feature in features.iter() {
        wasm |= match feature {
            Feature::MutableGlobal => WasmFeatures::MUTABLE_GLOBAL,
            Feature::SignExtension => WasmFeatures::SIGN_EXTENSION,
            Feature::SaturatingTruncation => WasmFeatures::SATURATING_FLOAT_TO_INT,
            Feature::MultiValue => WasmFeatures::MULTI_VALUE,
            Feature::BulkMemory => WasmFeatures::BULK_MEMORY,
            Feature::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
            Feature::Simd => WasmFeatures::SIMD,
            Feature::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
            Feature::TailCall => WasmFeatures::TAIL_CALL,
            Feature::ExtendedConst => WasmFeatures::EXTENDED_CONST,
            Feature::MultiMemory => WasmFeatures::MULTI_MEMORY,
            Feature::Memory64 => WasmFeatures::MEMORY64,
            Feature::FunctionReferences => WasmFeatures::FUNCTION_REFERENCES,
            Feature::Gc => WasmFeatures::GC,
            Feature::Exceptions => WasmFeatures::EXCEPTIONS,
            Feature::Threads => WasmFeatures::THREADS,
            Feature::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
            Feature::CustomPageSizes => WasmFeatures::CUSTOM_PAGE_SIZES,
        };
    }
    wasm
}

/// Whether a module validates.
pub(crate) fn is_valid(module: &[u8], features: WasmFeatures) -> bool {
    wasmparser::Validator::new_with_features(features).validate_all(module).is_ok()
}
