//! Marking: a memory of its own in a module, and behind each site a store of one byte to it.

use wasm_encoder::{Encode as _, Module, RawSection, SectionId};
use wasmparser::{Parser, Payload, TypeRef};

use crate::{Site, Unreadable};

/// The name of the export under which the marks are read: one byte a site, 0 until it was executed.
pub const MARKS: &str = "wassay.marks";

const PAGE: u64 = 1 << 16;

/// The module with its sites marked. Sites are numbered in the order of `sites`, which must be that of the code.
///
/// A mark changes no operand, local or other memory, and the memory of marks is the last, so that no index changes.
///
/// # Errors
///
/// The module cannot be read.
pub fn mark(module: &[u8], sites: &[Site]) -> Result<Vec<u8>, Unreadable> {
    let mut memories_imported = 0_u32;
    let mut memories_defined = 0_u32;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    memories_imported += u32::from(matches!(import?.ty, TypeRef::Memory(_)));
                }
            }
            Payload::MemorySection(section) => memories_defined = section.count(),
            _ => {}
        }
    }
    let memory = memories_imported + memories_defined;
    let pages = (sites.len() as u64).div_ceil(PAGE).max(1);

    // A limit with a maximum, both the pages (section 5.3.15).
    let mut limits = vec![0x01];
    pages.encode(&mut limits);
    pages.encode(&mut limits);
    let mut export = Vec::new();
    MARKS.encode(&mut export);
    export.push(0x02);
    memory.encode(&mut export);

    let mut marked = Module::new();
    let mut has_memories = false;
    let mut has_exports = false;
    let mut code: Option<Vec<u8>> = None;
    let mut rest = sites;
    let mut number = 0_u32;
    let mut function = 0;
    let mut left = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::CodeSectionStart { count, .. } = &payload {
            let mut bytes = Vec::new();
            count.encode(&mut bytes);
            code = Some(bytes);
            left = *count;
        }
        if let Payload::CodeSectionEntry(body) = &payload {
            let mut bytes = Vec::new();
            let mut from = body.range().start;
            while let Some((site, others)) = rest.split_first() {
                if site.function != function {
                    break;
                }
                bytes.extend_from_slice(piece(module, from..site.end));
                store(number, memory, &mut bytes);
                from = site.end;
                number += 1;
                rest = others;
            }
            bytes.extend_from_slice(piece(module, from..body.range().end));
            function += 1;
            left -= 1;
            if let Some(code) = &mut code {
                bytes.encode(code);
                if left == 0 {
                    marked.section(&RawSection { id: SectionId::Code as u8, data: code });
                }
            }
            continue;
        }
        let Some((id, range)) = payload.as_section() else { continue };
        if id == SectionId::Code as u8 {
            if left == 0
                && let Some(code) = &code
            {
                marked.section(&RawSection { id, data: code });
            }
            continue;
        }
        // Sections stand in a fixed order (section 5.5.2), with the memories behind the tables and the exports behind
        // the globals; custom ones stand anywhere.
        if !has_memories && place(id) > place(SectionId::Memory as u8) {
            has_memories = true;
            marked.section(&RawSection { id: SectionId::Memory as u8, data: &appended(0, &[], &limits) });
        }
        if !has_exports && place(id) > place(SectionId::Export as u8) {
            has_exports = true;
            marked.section(&RawSection { id: SectionId::Export as u8, data: &appended(0, &[], &export) });
        }
        let data = piece(module, range);
        match &payload {
            Payload::MemorySection(section) => {
                has_memories = true;
                let entries = behind_count(data);
                marked.section(&RawSection { id, data: &appended(section.count(), entries, &limits) });
            }
            Payload::ExportSection(section) => {
                has_exports = true;
                let entries = behind_count(data);
                marked.section(&RawSection { id, data: &appended(section.count(), entries, &export) });
            }
            _ => {
                marked.section(&RawSection { id, data });
            }
        }
    }
    Ok(marked.finish())
}

fn piece(module: &[u8], range: std::ops::Range<u64>) -> &[u8] {
    let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    module.get(at(range.start)..at(range.end)).unwrap_or_default()
}

/// `i32.const site; i32.const 1; i32.store8 memory`.
fn store(site: u32, memory: u32, bytes: &mut Vec<u8>) {
    bytes.push(0x41);
    site.cast_signed().encode(bytes);
    bytes.extend_from_slice(&[0x41, 1, 0x3a, 0x40]);
    memory.encode(bytes);
    bytes.push(0);
}

fn appended(count: u32, entries: &[u8], one_more: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(entries.len() + one_more.len() + 5);
    (count + 1).encode(&mut data);
    data.extend_from_slice(entries);
    data.extend_from_slice(one_more);
    data
}

/// What stands behind the number at the start of a section.
fn behind_count(data: &[u8]) -> &[u8] {
    let length = data.iter().position(|byte| byte & 0x80 == 0).map_or(data.len(), |last| last + 1);
    &data[length..]
}

/// The place of a section in the order of section 5.5.2; custom sections come before all, for the question whether
/// something is missing before them.
const fn place(id: u8) -> u8 {
    match id {
        0 => 0,
        1..=5 => id,
        // Tags stand between memories and globals, the data count between elements and code.
        13 => 6,
        6..=9 => id + 1,
        12 => 11,
        10 => 12,
        _ => 13,
    }
}
