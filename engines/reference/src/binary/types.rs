//! Types (section 5.3).

use wassay_model::Feature;

use super::limits;
use super::reader::{Read, Reader, malformed};
use crate::syntax::{
    AddrType, CompType, ExternType, FieldType, Finality, FuncType, GlobalType, HeapType, Limits, MemType, Mutability,
    Nullability, RefType, Sharing, StorageType, SubType, TableType, TypeIdx, ValType,
};

/// 5.3 Abstract heap types, by their byte.
fn abstract_heap(byte: u8) -> Option<(HeapType, Feature)> {
    Some(match byte {
        0x70 => (HeapType::Func, Feature::ReferenceTypes),
        0x6F => (HeapType::Extern, Feature::ReferenceTypes),
        0x6E => (HeapType::Any, Feature::Gc),
        0x6D => (HeapType::Eq, Feature::Gc),
        0x6C => (HeapType::I31, Feature::Gc),
        0x6B => (HeapType::Struct, Feature::Gc),
        0x6A => (HeapType::Array, Feature::Gc),
        0x71 => (HeapType::None, Feature::Gc),
        0x72 => (HeapType::NoExtern, Feature::Gc),
        0x73 => (HeapType::NoFunc, Feature::Gc),
        0x69 => (HeapType::Exn, Feature::Exceptions),
        0x74 => (HeapType::NoExn, Feature::Exceptions),
        _ => return None,
    })
}

impl Reader<'_> {
    pub(super) fn type_idx(&mut self) -> Read<TypeIdx> {
        self.u32().map(TypeIdx)
    }

    /// 5.3 Heap types.
    pub(super) fn heap_type(&mut self) -> Read<HeapType> {
        let offset = self.pos;
        if let Some((heap, feature)) = abstract_heap(self.peek()?) {
            self.pos += 1;
            self.need(feature, offset, "heap type")?;
            return Ok(heap);
        }
        match u32::try_from(self.s33()?) {
            Ok(index) => {
                self.need(Feature::FunctionReferences, offset, "type index as a heap type")?;
                Ok(HeapType::Concrete(index))
            }
            Err(_) => Err(malformed(offset, "heap type expected".to_owned())),
        }
    }

    /// 5.3 Reference and value types, given the first byte.
    #[inline]
    fn val_type_from(&mut self, byte: u8, offset: usize) -> Read<ValType> {
        Ok(match byte {
            0x7F => ValType::I32,
            0x7E => ValType::I64,
            0x7D => ValType::F32,
            0x7C => ValType::F64,
            0x7B => {
                self.need(Feature::Simd, offset, "v128")?;
                ValType::V128
            }
            _ => ValType::Ref(self.ref_type_from(byte, offset)?),
        })
    }

    fn ref_type_from(&mut self, byte: u8, offset: usize) -> Read<RefType> {
        let nullability = match byte {
            0x63 => Nullability::Nullable,
            0x64 => Nullability::NonNull,
            _ => match abstract_heap(byte) {
                Some((heap, feature)) => {
                    self.need(feature, offset, "reference type")?;
                    return Ok(RefType { nullability: Nullability::Nullable, heap });
                }
                None => return Err(malformed(offset, format!("malformed reference or value type {byte:#04x}"))),
            },
        };
        self.need(Feature::FunctionReferences, offset, "reference type")?;
        Ok(RefType { nullability, heap: self.heap_type()? })
    }

    /// 5.3 Value types.
    #[inline]
    pub(super) fn val_type(&mut self) -> Read<ValType> {
        let offset = self.pos;
        let byte = self.byte()?;
        self.val_type_from(byte, offset)
    }

    /// 5.3 Reference types.
    pub(super) fn ref_type(&mut self) -> Read<RefType> {
        let offset = self.pos;
        let byte = self.byte()?;
        self.ref_type_from(byte, offset)
    }

    /// 5.3 Field types.
    fn field_type(&mut self) -> Read<FieldType> {
        let offset = self.pos;
        let storage = match self.byte()? {
            0x78 => StorageType::I8,
            0x77 => StorageType::I16,
            byte => StorageType::Val(self.val_type_from(byte, offset)?),
        };
        Ok(FieldType { mutability: self.mutability()?, storage })
    }

    /// 5.3 Mutability.
    fn mutability(&mut self) -> Read<Mutability> {
        let offset = self.pos;
        match self.byte()? {
            0 => Ok(Mutability::Const),
            1 => Ok(Mutability::Var),
            byte => Err(malformed(offset, format!("malformed mutability {byte:#04x}"))),
        }
    }

    /// 5.3 Composite types, given the first byte.
    fn comp_type_from(&mut self, byte: u8, offset: usize) -> Read<CompType> {
        match byte {
            0x60 => Ok(CompType::Func(FuncType {
                params: self.list(limits::PARAMS, "parameters", Self::val_type)?,
                results: self.list(limits::RESULTS, "results", Self::val_type)?,
            })),
            0x5F => {
                self.need(Feature::Gc, offset, "struct type")?;
                Ok(CompType::Struct(self.list(limits::FIELDS, "fields", Self::field_type)?))
            }
            0x5E => {
                self.need(Feature::Gc, offset, "array type")?;
                Ok(CompType::Array(self.field_type()?))
            }
            _ => Err(malformed(offset, format!("composite type expected, found {byte:#04x}"))),
        }
    }

    /// 5.3 Subtypes, given the first byte.
    fn sub_type_from(&mut self, byte: u8, offset: usize) -> Read<SubType> {
        let finality = match byte {
            0x50 => Finality::Open,
            0x4F => Finality::Final,
            _ => {
                let comp = self.comp_type_from(byte, offset)?;
                return Ok(SubType { finality: Finality::Final, supers: Vec::new(), comp });
            }
        };
        self.need(Feature::Gc, offset, "subtype")?;
        let supers = self.list(limits::TYPES, "supertypes", Self::type_idx)?;
        let offset = self.pos;
        let byte = self.byte()?;
        Ok(SubType { finality, supers, comp: self.comp_type_from(byte, offset)? })
    }

    /// 5.3 Recursive types: reads a recursive group, appends its types, and gives their number.
    pub(super) fn rec_type(&mut self, types: &mut Vec<SubType>) -> Read<u32> {
        let offset = self.pos;
        match self.byte()? {
            0x4E => {
                self.need(Feature::Gc, offset, "recursive group")?;
                let len = self.limited_len(limits::TYPES, "types of a group")?;
                for _ in 0..len {
                    let offset = self.pos;
                    let byte = self.byte()?;
                    types.push(self.sub_type_from(byte, offset)?);
                }
                Ok(len)
            }
            byte => {
                types.push(self.sub_type_from(byte, offset)?);
                Ok(1)
            }
        }
    }

    /// 5.3 Limits, without the flags. With memory64 every limit is a 64-bit number, whatever the address type.
    fn limits(&mut self, flags: u8) -> Read<Limits> {
        let wide = self.has(Feature::Memory64);
        let mut bound = || if wide { self.u64() } else { self.u32().map(u64::from) };
        let min = bound()?;
        let max = if flags & 1 != 0 { Some(bound()?) } else { None };
        Ok(Limits { min, max })
    }

    fn addr_type(flags: u8) -> AddrType {
        if flags & 4 != 0 { AddrType::I64 } else { AddrType::I32 }
    }

    /// 5.3 Memory types.
    pub(super) fn mem_type(&mut self) -> Read<MemType> {
        let offset = self.pos;
        let flags = self.byte()?;
        if flags & !0xF != 0 {
            return Err(malformed(offset, format!("malformed limits flags {flags:#04x}")));
        }
        let sharing = if flags & 2 != 0 {
            self.need(Feature::Threads, offset, "malformed limits flags: shared memory")?;
            Sharing::Shared
        } else {
            Sharing::Unshared
        };
        if flags & 4 != 0 {
            self.need(Feature::Memory64, offset, "malformed limits flags: 64-bit memory")?;
        }
        let limits = self.limits(flags)?;
        let page_log2 = if flags & 8 != 0 {
            self.need(Feature::CustomPageSizes, offset, "malformed limits flags: page size")?;
            let offset = self.pos;
            match self.u32()? {
                log2 @ 0..64 => log2 as u8,
                log2 => return Err(malformed(offset, format!("malformed custom page size 2^{log2}"))),
            }
        } else {
            16
        };
        Ok(MemType { addr: Self::addr_type(flags), limits, sharing, page_log2 })
    }

    /// 5.3 Table types.
    pub(super) fn table_type(&mut self) -> Read<TableType> {
        let offset = self.pos;
        // 1.0 knows no reference types, but this one byte.
        let elem = if self.peek()? == 0x70 {
            self.pos += 1;
            RefType::FUNC
        } else {
            self.need(Feature::ReferenceTypes, offset, "element type other than funcref")?;
            self.ref_type()?
        };
        let offset = self.pos;
        let flags = self.byte()?;
        if flags & !5 != 0 {
            return Err(malformed(offset, format!("malformed limits flags {flags:#04x}")));
        }
        if flags & 4 != 0 {
            self.need(Feature::Memory64, offset, "malformed limits flags: 64-bit table")?;
        }
        let limits = self.limits(flags)?;
        Ok(TableType { addr: Self::addr_type(flags), limits, elem })
    }

    /// 5.3 Global types.
    pub(super) fn global_type(&mut self) -> Read<GlobalType> {
        let val = self.val_type()?;
        Ok(GlobalType { mutability: self.mutability()?, val })
    }

    /// 5.3 Tag types: the type of a tag, after the kind's byte.
    pub(super) fn tag_type(&mut self) -> Read<TypeIdx> {
        self.zero_byte("tag attribute")?;
        self.type_idx()
    }

    /// 5.3 External types.
    pub(super) fn extern_type(&mut self) -> Read<ExternType> {
        let offset = self.pos;
        Ok(match self.byte()? {
            0 => ExternType::Func(self.type_idx()?),
            1 => ExternType::Table(self.table_type()?),
            2 => ExternType::Mem(self.mem_type()?),
            3 => ExternType::Global(self.global_type()?),
            4 => {
                self.need(Feature::Exceptions, offset, "malformed import kind: tag")?;
                ExternType::Tag(self.tag_type()?)
            }
            byte => return Err(malformed(offset, format!("malformed import kind {byte:#04x}"))),
        })
    }
}
