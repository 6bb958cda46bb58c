//! A module as a row of sections, however broken their contents are.

use wasm_encoder::{ConstExpr, ExportKind, ExportSection, GlobalSection, GlobalType, ValType};

/// The order in which sections stand (section 5.5.2): that of tags is between memories and globals, and the count of data
/// segments comes before the code.
const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/// The bytes before the first section: magic number and version.
const HEAD: usize = 8;
/// The section of start functions.
const START: u8 = 8;
/// The section of code, whose entries have sizes of their own.
pub(crate) const CODE: u8 = 10;

/// A section: its identifier and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) id: u8,
    pub(crate) content: Vec<u8>,
}

/// The head and the sections of a module; none where the sizes do not add up.
pub(crate) fn split(module: &[u8]) -> Option<(Vec<u8>, Vec<Section>)> {
    let (head, mut rest) = module.split_at_checked(HEAD)?;
    let mut sections = Vec::new();
    while let Some((id, behind)) = rest.split_first() {
        let (size, behind) = number(behind)?;
        let (content, behind) = behind.split_at_checked(size as usize)?;
        sections.push(Section { id: *id, content: content.to_vec() });
        rest = behind;
    }
    Some((head.to_vec(), sections))
}

/// The inverse of [`split`].
pub(crate) fn join(head: &[u8], sections: &[Section]) -> Vec<u8> {
    let mut module = head.to_vec();
    for section in sections {
        module.push(section.id);
        write_number(section.content.len() as u32, &mut module);
        module.extend_from_slice(&section.content);
    }
    module
}

/// The module without sections that hold nothing but a count of zero.
pub(crate) fn without_empty(module: &[u8]) -> Vec<u8> {
    match split(module) {
        Some((head, mut sections)) => {
            sections.retain(|section| section.id == 0 || section.id == START || section.content != [0]);
            join(&head, &sections)
        }
        None => module.to_vec(),
    }
}

/// The module without its start section.
pub(crate) fn without_start(module: &[u8]) -> Option<Vec<u8>> {
    let (head, mut sections) = split(module)?;
    sections.retain(|section| section.id != START);
    Some(join(&head, &sections))
}

/// The module with mutable globals of the given types at its end, the first of which has the given index. They begin
/// with zero, and are exported under the given names.
pub(crate) fn with_globals(module: &[u8], first: u32, globals: &[(&str, ValType)]) -> Option<Vec<u8>> {
    let (mut defined, mut exports) = (GlobalSection::new(), ExportSection::new());
    for (index, (name, val_type)) in (first..).zip(globals) {
        let ty = GlobalType { val_type: *val_type, mutable: true, shared: false };
        defined.global(ty, &ConstExpr::extended([super::tree::zero(*val_type)?]));
        exports.export(name, ExportKind::Global, index);
    }
    let (head, mut sections) = split(module)?;
    let (_, new) = split(wasm_encoder::Module::new().section(&defined).section(&exports).as_slice())?;
    for new in new {
        append(&mut sections, new)?;
    }
    Some(join(&head, &sections))
}

/// Puts the entries of a section behind those that there are.
fn append(sections: &mut Vec<Section>, new: Section) -> Option<()> {
    let place = |id: u8| ORDER.iter().position(|other| *other == id);
    match sections.iter_mut().find(|section| section.id == new.id) {
        Some(section) => {
            let ((old_count, old), (new_count, new)) = (number(&section.content)?, number(&new.content)?);
            let mut content = Vec::new();
            write_number(old_count.checked_add(new_count)?, &mut content);
            content.extend_from_slice(old);
            content.extend_from_slice(new);
            section.content = content;
        }
        None => {
            let behind = sections.iter().rposition(|section| place(section.id) < place(new.id));
            sections.insert(behind.map_or(0, |behind| behind + 1), new);
        }
    }
    Some(())
}

/// An unsigned number in LEB128 (section 5.2.2), and what stands behind it.
pub(crate) fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0_u64;
    for (position, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(value).ok()?, &bytes[position + 1..]));
        }
    }
    None
}

/// Writes a number as short as can be.
pub(crate) fn write_number(mut value: u32, into: &mut Vec<u8>) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            into.push(byte);
            return;
        }
        into.push(byte | 0x80);
    }
}
