//! What a module imports and exports, as the walk needs it: names from our own reading of the module, in
//! the module's order, because engines list exports in orders of their own.
//!
//! Not guaranteed: that the module is valid, or even that it decodes behind its export section. Nothing
//! behind that section is looked at, which is what makes the reading a matter of microseconds.

use std::sync::Arc;

use wasmparser::{
    AbstractHeapType, CompositeInnerType, Encoding, ExternalKind, Imports, Parser, Payload, TypeRef, TypeSectionReader,
    UnpackedIndex,
};
use wassay_model::{FuncType, HeapType, Nullability, RefType, ValType};

/// What a module takes and gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// The imports, in the module's order.
    pub imports: Vec<Import>,
    /// The exports, in the module's order.
    pub exports: Vec<Export>,
}

/// An import of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The name of the module that is asked for.
    pub module: String,
    /// The name of the item.
    pub name: String,
    /// What it is.
    pub kind: ExternKind,
}

/// An export of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name of the item.
    pub name: String,
    /// What it is.
    pub kind: ExternKind,
}

/// The kind of an import or export, with what the walk needs of its type.
///
/// A defined type in a function type is [`HeapType::Concrete`] with its index in this module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternKind {
    /// A function of this type.
    Func(Arc<FuncType>),
    /// A table.
    Table,
    /// A memory.
    Memory,
    /// A global.
    Global,
    /// A tag.
    Tag,
}

impl Interface {
    /// Reads the sections up to the exports. `None` where they do not decode, or where a function has no
    /// function type.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut types: Vec<Option<Arc<FuncType>>> = Vec::new();
        // The type index of every function, imported ones first.
        let mut funcs: Vec<u32> = Vec::new();
        let mut interface = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.ok()? {
                Payload::Version { encoding: Encoding::Component, .. } => return None,
                Payload::TypeSection(section) => types = func_types(section)?,
                Payload::ImportSection(section) => {
                    let mut add = |module: &str, name: &str, ty: TypeRef| {
                        let kind = match ty {
                            TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                                funcs.push(index);
                                ExternKind::Func(types.get(index as usize)?.clone()?)
                            }
                            TypeRef::Table(_) => ExternKind::Table,
                            TypeRef::Memory(_) => ExternKind::Memory,
                            TypeRef::Global(_) => ExternKind::Global,
                            TypeRef::Tag(_) => ExternKind::Tag,
                        };
                        interface.imports.push(Import { module: module.to_owned(), name: name.to_owned(), kind });
                        Some(())
                    };
                    for group in section {
                        match group.ok()? {
                            Imports::Single(_, import) => add(import.module, import.name, import.ty)?,
                            Imports::Compact1 { module, items } => {
                                for item in items {
                                    let item = item.ok()?;
                                    add(module, item.name, item.ty)?;
                                }
                            }
                            Imports::Compact2 { module, ty, names } => {
                                for name in names {
                                    add(module, name.ok()?, ty)?;
                                }
                            }
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for index in section {
                        funcs.push(index.ok()?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.ok()?;
                        let kind = match export.kind {
                            ExternalKind::Func | ExternalKind::FuncExact => {
                                let ty = *funcs.get(export.index as usize)?;
                                ExternKind::Func(types.get(ty as usize)?.clone()?)
                            }
                            ExternalKind::Table => ExternKind::Table,
                            ExternalKind::Memory => ExternKind::Memory,
                            ExternalKind::Global => ExternKind::Global,
                            ExternalKind::Tag => ExternKind::Tag,
                        };
                        interface.exports.push(Export { name: export.name.to_owned(), kind });
                    }
                    break;
                }
                // What stands behind the exports' place in the order of sections.
                Payload::StartSection { .. }
                | Payload::ElementSection(_)
                | Payload::DataCountSection { .. }
                | Payload::CodeSectionStart { .. }
                | Payload::DataSection(_) => break,
                _ => {}
            }
        }
        Some(interface)
    }

    /// The kind of the export with this name.
    #[must_use]
    pub fn export(&self, name: &str) -> Option<&ExternKind> {
        self.exports.iter().find(|export| export.name == name).map(|export| &export.kind)
    }
}

fn func_types(section: TypeSectionReader<'_>) -> Option<Vec<Option<Arc<FuncType>>>> {
    let mut types = Vec::new();
    for group in section {
        for sub in group.ok()?.types() {
            types.push(match &sub.composite_type.inner {
                CompositeInnerType::Func(ty) => Some(Arc::new(FuncType {
                    params: ty.params().iter().map(|ty| val_type(*ty)).collect(),
                    results: ty.results().iter().map(|ty| val_type(*ty)).collect(),
                })),
                CompositeInnerType::Array(_) | CompositeInnerType::Struct(_) | CompositeInnerType::Cont(_) => None,
            });
        }
    }
    Some(types)
}

fn val_type(ty: wasmparser::ValType) -> ValType {
    match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(ty) => ValType::Ref(RefType {
            nullability: if ty.is_nullable() { Nullability::Nullable } else { Nullability::NonNull },
            heap: heap_type(ty.heap_type()),
        }),
    }
}

/// Continuations are not in our model; nothing but null of them crosses the border, so the nearest is
/// the type that has no other value.
fn heap_type(ty: wasmparser::HeapType) -> HeapType {
    match ty {
        wasmparser::HeapType::Abstract { shared: _, ty } => match ty {
            AbstractHeapType::Func => HeapType::Func,
            AbstractHeapType::Extern => HeapType::Extern,
            AbstractHeapType::Any => HeapType::Any,
            AbstractHeapType::None | AbstractHeapType::Cont | AbstractHeapType::NoCont => HeapType::None,
            AbstractHeapType::NoExtern => HeapType::NoExtern,
            AbstractHeapType::NoFunc => HeapType::NoFunc,
            AbstractHeapType::Eq => HeapType::Eq,
            AbstractHeapType::Struct => HeapType::Struct,
            AbstractHeapType::Array => HeapType::Array,
            AbstractHeapType::I31 => HeapType::I31,
            AbstractHeapType::Exn => HeapType::Exn,
            AbstractHeapType::NoExn => HeapType::NoExn,
        },
        wasmparser::HeapType::Concrete(index) | wasmparser::HeapType::Exact(index) => match index {
            UnpackedIndex::Module(index) | UnpackedIndex::RecGroup(index) => HeapType::Concrete(index),
            // Only a validator makes these.
            UnpackedIndex::Id(_) => HeapType::None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Interface> {
        Interface::read(&crate::kit::module(text))
    }

    #[test]
    fn imports_and_exports_keep_the_modules_order_and_their_types() {
        let interface = read(
            r#"(module
                (type $s (struct))
                (type $t (func (param i32 (ref null $s)) (result f64)))
                (import "b" "f" (func $f (type $t)))
                (import "a" "m" (memory 1))
                (global $g i32 (i32.const 0))
                (func $own (param v128 externref))
                (export "z" (func $own)) (export "g" (global $g)) (export "a" (func $f)) (export "m" (memory 0)))"#,
        )
        .unwrap();
        let own = FuncType { params: vec![ValType::V128, ValType::Ref(RefType::EXTERN)], results: vec![] };
        let concrete = RefType { nullability: Nullability::Nullable, heap: HeapType::Concrete(0) };
        let imported =
            Arc::new(FuncType { params: vec![ValType::I32, ValType::Ref(concrete)], results: vec![ValType::F64] });
        let names: Vec<&str> = interface.exports.iter().map(|export| &*export.name).collect();
        assert_eq!(names, ["z", "g", "a", "m"]);
        assert_eq!(interface.export("z"), Some(&ExternKind::Func(Arc::new(own))));
        assert_eq!(interface.export("g"), Some(&ExternKind::Global));
        assert_eq!(interface.export("a"), Some(&ExternKind::Func(Arc::clone(&imported))));
        assert_eq!(interface.export("nothing"), None);
        let imports: Vec<_> =
            interface.imports.into_iter().map(|import| (import.module, import.name, import.kind)).collect();
        assert_eq!(
            imports,
            [
                ("b".to_owned(), "f".to_owned(), ExternKind::Func(imported)),
                ("a".to_owned(), "m".to_owned(), ExternKind::Memory),
            ]
        );
    }

    #[test]
    fn what_stands_behind_the_exports_is_not_looked_at() {
        let mut bytes = crate::kit::module(r#"(module (memory (export "m") 1) (data (i32.const 0) "abc"))"#);
        bytes.truncate(bytes.len() - 2);
        assert_eq!(Interface::read(&bytes).unwrap().exports.len(), 1);
    }

    #[test]
    fn a_module_that_does_not_decode_has_no_interface() {
        for bytes in [&b""[..], b"\0asm", b"\0asm\x02\0\0\0", b"\0asm\x01\0\0\0\x07\x05\x01\x01f\x00\x09"] {
            assert_eq!(Interface::read(bytes), None, "{bytes:?}");
        }
    }
}
