//! A module as a row of sections, however broken their contents are.

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
