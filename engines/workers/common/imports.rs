//! The imports of a module's bytes: for engines that find imports by name, the same module with its imports
//! called by their positions, so that two imports of one name may be given different things; for engines with
//! an order of their own, the kinds of the imports.

#![allow(dead_code, reason = "each worker takes what its engine needs")]

/// The module name that every import gets.
pub const MODULE: &str = "";

/// The name of the import at a position.
pub fn name(position: usize) -> String {
    position.to_string()
}

/// The module with its imports renamed; the bytes as they are where they cannot be understood, so that the
/// engine itself judges them.
pub fn numbered(bytes: &[u8]) -> Vec<u8> {
    rewritten(bytes).unwrap_or_else(|| bytes.to_vec())
}

/// The kind of each import in the module's order: 0 for a function, 1 for a table, 2 for a memory, 3 for a
/// global, 4 for a tag. Empty where there are none or the bytes cannot be understood.
pub fn kinds(bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    let read =
        each_section(bytes, |id, content| if id == IMPORT_SECTION { kinds_in(content, &mut kinds) } else { Some(()) });
    if read.is_none() {
        kinds.clear();
    }
    kinds
}

/// The exports of a module: names, kinds in the numbers of [`kinds`], and indices. Those that cannot be understood are
/// left out.
pub fn exports(bytes: &[u8]) -> Vec<(String, u8, u32)> {
    let mut exports = Vec::new();
    // What was understood before it broke off stays.
    let _ = each_section(bytes, |id, content| match id {
        EXPORT_SECTION => exports_in(content, &mut exports),
        _ => Some(()),
    });
    exports
}

const IMPORT_SECTION: u8 = 2;
const EXPORT_SECTION: u8 = 7;

fn each_section<'a>(bytes: &'a [u8], mut look: impl FnMut(u8, &'a [u8]) -> Option<()>) -> Option<()> {
    let mut reader = Reader { bytes, at: 0 };
    reader.take(8)?;
    while reader.at < bytes.len() {
        let id = reader.byte()?;
        let size = usize::try_from(reader.number()?).ok()?;
        look(id, reader.take(size)?)?;
    }
    Some(())
}

fn kinds_in(content: &[u8], kinds: &mut Vec<u8>) -> Option<()> {
    let mut reader = Reader { bytes: content, at: 0 };
    for _ in 0..reader.number()? {
        reader.name()?;
        reader.name()?;
        kinds.push(*reader.bytes.get(reader.at)?);
        reader.skip_type()?;
    }
    Some(())
}

fn exports_in(content: &[u8], exports: &mut Vec<(String, u8, u32)>) -> Option<()> {
    let mut reader = Reader { bytes: content, at: 0 };
    for _ in 0..reader.number()? {
        let name = reader.name()?.to_owned();
        let kind = reader.byte()?;
        exports.push((name, kind, u32::try_from(reader.number()?).ok()?));
    }
    Some(())
}

fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut output = bytes.get(..8)?.to_vec();
    each_section(bytes, |id, content| {
        let content = if id == IMPORT_SECTION { section(content)? } else { content.to_vec() };
        output.push(id);
        push_number(&mut output, content.len());
        output.extend(content);
        Some(())
    })?;
    Some(output)
}

fn section(content: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes: content, at: 0 };
    let count = usize::try_from(reader.number()?).ok()?;
    let mut output = Vec::new();
    push_number(&mut output, count);
    for position in 0..count {
        // A name that is malformed stays: the engine must see it.
        reader.name()?;
        reader.name()?;
        push_name(&mut output, MODULE);
        push_name(&mut output, &name(position));
        let start = reader.at;
        reader.skip_type()?;
        output.extend(&content[start..reader.at]);
    }
    (reader.at == content.len()).then_some(output)
}

fn push_number(output: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    while rest > 127 {
        output.push((rest & 127) as u8 | 128);
        rest >>= 7;
    }
    output.push(rest as u8);
}

fn push_name(output: &mut Vec<u8>, name: &str) {
    push_number(output, name.len());
    output.extend(name.bytes());
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    /// An unsigned number of at most 64 bits, LEB128.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte & 128 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn name(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn skip_type(&mut self) -> Option<()> {
        match self.byte()? {
            0 => self.number().map(drop),
            1 => {
                self.skip_value_type()?;
                self.skip_limits()
            }
            2 => self.skip_limits(),
            3 => {
                self.skip_value_type()?;
                self.byte().map(drop)
            }
            4 => {
                self.byte()?;
                self.number().map(drop)
            }
            _ => None,
        }
    }

    fn skip_value_type(&mut self) -> Option<()> {
        // `(ref null? ht)` is followed by its heap type, which is as long as an unsigned number.
        match self.byte()? {
            0x63 | 0x64 => self.number().map(drop),
            _ => Some(()),
        }
    }

    fn skip_limits(&mut self) -> Option<()> {
        const HAS_MAXIMUM: u8 = 1;
        const HAS_PAGE_SIZE: u8 = 8;
        let flags = self.byte()?;
        self.number()?;
        if flags & HAS_MAXIMUM != 0 {
            self.number()?;
        }
        if flags & HAS_PAGE_SIZE != 0 {
            self.number()?;
        }
        Some(())
    }
}
