//! Modules (section 5.5).

use wassay_model::{Feature, Features};

use super::DecodeError;
use super::instr::Bodies;
use super::limits;
use super::reader::{Read, Reader, malformed, within};
use crate::syntax::{
    Data, DataMode, Elem, ElemInit, ElemMode, Export, ExternIdx, Func, FuncIdx, Global, GlobalIdx, Import, MemIdx,
    Module, Nullability, RefType, Table, TableIdx, TagIdx, TypeIdx, ValType,
};

/// The places of the sections in a module, by their id; 0 for ids that are not of this grammar.
///
/// 5.5 Modules: the tag section stands between memories and globals, the data count between elements and code.
const fn place(id: u8) -> u8 {
    match id {
        1..=5 => id,
        13 => 6,
        6..=9 => id + 1,
        12 => 11,
        10 => 12,
        11 => 13,
        _ => 0,
    }
}

pub(super) fn decode(bytes: &[u8], features: Features) -> Result<Module, Box<DecodeError>> {
    let mut reader = Reader::new(bytes, features);
    // 5.5 Modules: magic and version.
    if bytes.get(..4) != Some(b"\0asm") {
        return Err(malformed(0, "magic header not detected".to_owned()));
    }
    if bytes.get(4..8) != Some(&[1, 0, 0, 0]) {
        return Err(malformed(4, "unknown binary version".to_owned()));
    }
    reader.pos = 8;

    let mut module = Module::default();
    let mut bodies = Bodies::new();
    // The function section gives the types, the code section the rest.
    let mut func_types: Vec<TypeIdx> = Vec::new();
    let mut last_place = 0;
    while !reader.is_at_end() {
        // 5.5 Sections.
        let offset = reader.pos;
        let id = reader.byte()?;
        let size = reader.u32()?;
        let mut section = reader.part(size, "section")?;
        if id == 0 {
            // 5.5 Custom section: only the name of a custom section has to follow the grammar.
            section.name()?;
            continue;
        }
        let place = place(id);
        let known = match id {
            12 => features.contains(Feature::BulkMemory),
            13 => features.contains(Feature::Exceptions),
            _ => place != 0,
        };
        if !known {
            return Err(malformed(offset, format!("malformed section id {id}")));
        }
        if place <= last_place {
            return Err(malformed(offset, format!("unexpected content after last section: section {id}")));
        }
        last_place = place;
        decode_section(id, &mut section, &mut module, &mut bodies, &mut func_types)?;
        section.finish("section")?;
    }

    // 5.5 Modules: the lists that belong together have the same length.
    if func_types.len() != module.funcs.len() {
        return Err(malformed(
            bytes.len(),
            format!(
                "function and code section have inconsistent lengths: {} and {}",
                func_types.len(),
                module.funcs.len()
            ),
        ));
    }
    if let Some(count) = module.data_count
        && count as usize != module.datas.len()
    {
        return Err(malformed(
            bytes.len(),
            format!("data count and data section have inconsistent lengths: {count} and {}", module.datas.len()),
        ));
    }
    module.pools = bodies.pools;
    Ok(module)
}

fn decode_section(
    id: u8,
    section: &mut Reader<'_>,
    module: &mut Module,
    bodies: &mut Bodies,
    func_types: &mut Vec<TypeIdx>,
) -> Read<()> {
    match id {
        // 5.5 Type section.
        1 => {
            let groups = section.limited_len(limits::TYPES, "recursive groups")?;
            module.types.reserve(groups as usize);
            module.rec_groups.reserve(groups as usize);
            for _ in 0..groups {
                let size = section.rec_type(&mut module.types)?;
                module.rec_groups.push(size);
            }
            within(count(&module.types), limits::TYPES, "types")?;
            limit_depths(module)?;
        }
        // 5.5 Import section.
        2 => module.imports = section.list(limits::IMPORTS, "imports", import)?,
        // 5.5 Function section.
        3 => *func_types = section.list(limits::FUNCS, "functions", Reader::type_idx)?,
        // 5.5 Table section.
        4 => module.tables = section.list(limits::TABLES, "tables", |reader| table(reader, bodies))?,
        // 5.5 Memory section.
        5 => module.mems = section.list(limits::MEMS, "memories", Reader::mem_type)?,
        // 5.5 Global section.
        6 => {
            module.globals = section.list(limits::GLOBALS, "globals", |reader| {
                Ok(Global { ty: reader.global_type()?, init: reader.const_expr(bodies)? })
            })?;
        }
        // 5.5 Export section.
        7 => module.exports = section.list(limits::EXPORTS, "exports", export)?,
        // 5.5 Start section.
        8 => module.start = Some(FuncIdx(section.u32()?)),
        // 5.5 Element section.
        9 => module.elems = section.list(limits::ELEMS, "element segments", |reader| elem(reader, bodies))?,
        // 5.5 Code section.
        10 => {
            bodies.has_data_count = module.data_count.is_some();
            let len = section.limited_len(limits::FUNCS, "bodies")?;
            if len as usize != func_types.len() {
                return Err(malformed(
                    section.pos,
                    format!("function and code section have inconsistent lengths: {} and {len}", func_types.len()),
                ));
            }
            module.funcs.reserve_exact(len as usize);
            for ty in &*func_types {
                module.funcs.push(code(section, bodies, *ty)?);
            }
            bodies.has_data_count = true;
        }
        // 5.5 Data section.
        11 => module.datas = section.list(limits::DATAS, "data segments", |reader| data(reader, bodies))?,
        // 5.5 Data count section.
        12 => module.data_count = Some(section.u32()?),
        // 5.5 Tag section.
        _ => module.tags = section.list(limits::TAGS, "tags", Reader::tag_type)?,
    }
    Ok(())
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// Without a limit on the depth of the subtype hierarchy, a chain of n types would cost n^2 / 2 words of displays.
fn limit_depths(module: &Module) -> Read<()> {
    if module.types.iter().all(|ty| ty.supers.is_empty()) {
        return Ok(());
    }
    let mut depths: Vec<u8> = Vec::with_capacity(module.types.len());
    for ty in &module.types {
        // A supertype that is not defined before is for the validator to find.
        let depth = ty.supers.iter().filter_map(|parent| depths.get(parent.at())).max().map_or(0, |depth| depth + 1);
        within(u32::from(depth), u32::from(limits::SUBTYPING_DEPTH), "supertypes above a type")?;
        depths.push(depth);
    }
    Ok(())
}

fn import(reader: &mut Reader<'_>) -> Read<Import> {
    Ok(Import { module: reader.name()?.to_owned(), name: reader.name()?.to_owned(), ty: reader.extern_type()? })
}

fn table(reader: &mut Reader<'_>, bodies: &mut Bodies) -> Read<Table> {
    let offset = reader.pos;
    if reader.peek()? != 0x40 {
        return Ok(Table { ty: reader.table_type()?, init: None });
    }
    reader.pos += 1;
    reader.need(Feature::FunctionReferences, offset, "table with an initial value")?;
    reader.zero_byte("table with an initial value")?;
    Ok(Table { ty: reader.table_type()?, init: Some(reader.const_expr(bodies)?) })
}

fn export(reader: &mut Reader<'_>) -> Read<Export> {
    let name = reader.name()?.to_owned();
    let offset = reader.pos;
    let kind = reader.byte()?;
    let index = reader.u32()?;
    let index = match kind {
        0 => ExternIdx::Func(FuncIdx(index)),
        1 => ExternIdx::Table(TableIdx(index)),
        2 => ExternIdx::Mem(MemIdx(index)),
        3 => ExternIdx::Global(GlobalIdx(index)),
        4 => {
            reader.need(Feature::Exceptions, offset, "malformed export kind: tag")?;
            ExternIdx::Tag(TagIdx(index))
        }
        _ => return Err(malformed(offset, format!("malformed export kind {kind:#04x}"))),
    };
    Ok(Export { name, index })
}

fn elem(reader: &mut Reader<'_>, bodies: &mut Bodies) -> Read<Elem> {
    /// The type of a list of functions: none of them is null.
    const FUNCS: RefType = RefType { nullability: Nullability::NonNull, ..RefType::FUNC };

    let offset = reader.pos;
    // Bit 0: passive or declarative. Bit 1: declarative, or an explicit table. Bit 2: expressions.
    let flags = reader.u32()?;
    if flags > 7 {
        return Err(malformed(offset, format!("malformed elements segment kind {flags}")));
    }
    if flags != 0 {
        reader.need(Feature::BulkMemory, offset, "malformed elements segment kind")?;
    }
    if flags & 4 != 0 {
        reader.need(Feature::ReferenceTypes, offset, "malformed elements segment kind")?;
    }
    let mode = match flags & 3 {
        1 => ElemMode::Passive,
        3 => ElemMode::Declarative,
        kind => {
            let table = TableIdx(if kind == 2 { reader.u32()? } else { 0 });
            ElemMode::Active { table, offset: reader.const_expr(bodies)? }
        }
    };
    let explicit = flags & 3 != 0;
    if flags & 4 == 0 {
        if explicit {
            reader.zero_byte("malformed element kind")?;
        }
        let funcs = reader.list(limits::ELEM_LEN, "elements", |reader| reader.u32().map(FuncIdx))?;
        Ok(Elem { ty: FUNCS, init: ElemInit::Funcs(funcs), mode })
    } else {
        let ty = if explicit { reader.ref_type()? } else { RefType::FUNC };
        let exprs = reader.list(limits::ELEM_LEN, "elements", |reader| reader.const_expr(bodies))?;
        Ok(Elem { ty, init: ElemInit::Exprs(exprs), mode })
    }
}

fn code(section: &mut Reader<'_>, bodies: &mut Bodies, ty: TypeIdx) -> Read<Func> {
    let size = section.u32()?;
    let mut body = section.part(size, "body")?;
    within(size, limits::BODY, "bytes of a body")?;
    // Locals are compressed, so that their number is the one thing that the length of the input doesn't bound.
    let offset = body.pos;
    let mut total = 0u64;
    let locals = body.list(limits::BODY, "runs of locals", |reader| {
        let run: (u32, ValType) = (reader.u32()?, reader.val_type()?);
        total += u64::from(run.0);
        Ok(run)
    })?;
    match u32::try_from(total) {
        Ok(total) => within(total, limits::LOCALS, "locals")?,
        Err(_) => return Err(malformed(offset, format!("too many locals: {total}"))),
    }
    // Most instructions take two bytes or more.
    let mut instrs = Vec::with_capacity(body.remaining() / 2 + 1);
    body.expr(bodies, &mut instrs)?;
    body.finish("body")?;
    Ok(Func { ty, locals, body: instrs })
}

fn data(reader: &mut Reader<'_>, bodies: &mut Bodies) -> Read<Data> {
    let offset = reader.pos;
    let flags = reader.u32()?;
    if flags > 2 {
        return Err(malformed(offset, format!("malformed data segment kind {flags}")));
    }
    if flags != 0 {
        reader.need(Feature::BulkMemory, offset, "malformed data segment kind")?;
    }
    let mode = if flags == 1 {
        DataMode::Passive
    } else {
        let mem = MemIdx(if flags == 2 { reader.u32()? } else { 0 });
        DataMode::Active { mem, offset: reader.const_expr(bodies)? }
    };
    let len = reader.u32()?;
    let init = reader.take(len, "data segment")?.to_vec();
    Ok(Data { init, mode })
}
