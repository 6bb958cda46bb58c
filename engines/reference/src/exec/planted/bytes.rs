//! Faults of the second list that was held out once, as what is read of the bytes.

use wassay_model::Features;

use super::front::{assemble, sections};
use super::{Fault, third};
use crate::binary;
use crate::exec::LoadError;
use crate::syntax::{Instr, Module};

/// A function type as a signed number of two bytes, where it must be one byte.
const PADDED: [u8; 2] = [0xe0, 0x7f];

/// The bytes that a fault reads instead, if they are others.
pub(super) fn mend(fault: Fault, bytes: &[u8]) -> Result<Option<Vec<u8>>, LoadError> {
    match fault {
        // In a module that is well-formed the two bytes mean something else.
        Fault::FuncTypePaddedAccepted if binary::decode(bytes, Features::ALL).is_err() => {
            Ok(Some(unpadded_types(bytes)))
        }
        Fault::SubOpcodePaddedRefused if has_padded_opcode(bytes) => {
            Err(LoadError::Malformed("a padded number behind a prefix".to_owned()))
        }
        _ => Ok(third::mend(fault, bytes)),
    }
}

fn unpadded_types(bytes: &[u8]) -> Vec<u8> {
    let (mut sections, rest) = sections(bytes);
    let mut mended = Vec::new();
    for section in &sections {
        if section.id == 1 {
            let mut content = section.content;
            while let Some((first, behind)) = content.split_first() {
                let padded = content.starts_with(&PADDED);
                mended.push(if padded { 0x60 } else { *first });
                content = if padded { &content[2..] } else { behind };
            }
        }
    }
    if let Some(types) = sections.iter_mut().find(|section| section.id == 1) {
        types.content = &mended;
    }
    assemble(bytes, &sections, rest)
}

/// Whether the number of an instruction with a prefix is longer than it has to be. Where it is, `nop` can stand for the
/// bytes that are too many, which only changes the module by that.
fn has_padded_opcode(bytes: &[u8]) -> bool {
    let mut decoded: Option<Module> = None;
    for at in 8..bytes.len() {
        let [prefix @ (0xfc | 0xfe), number @ ..] = &bytes[at..] else { continue };
        let [low @ 0x80..=0xff, behind @ ..] = number else { continue };
        let zeros = behind.iter().take(4).take_while(|byte| **byte == 0x80).count();
        if behind.get(zeros) != Some(&0) {
            continue;
        }
        let mut other = bytes.to_vec();
        let nops = zeros + 1;
        other[at..at + nops].fill(0x01);
        other[at + nops] = *prefix;
        other[at + nops + 1] = low & 0x7f;
        if decoded.is_none() {
            let Ok(module) = binary::decode(bytes, Features::ALL) else { return false };
            decoded = Some(module);
        }
        if let (Some(module), Ok(other)) = (&decoded, binary::decode(&other, Features::ALL))
            && differs_by_nops(module, &other, nops)
        {
            return true;
        }
    }
    false
}

fn differs_by_nops(module: &Module, other: &Module, nops: usize) -> bool {
    let instrs = |module: &Module| {
        let all = || module.funcs.iter().flat_map(|func| &func.body);
        (all().count(), all().filter(|instr| **instr == Instr::Nop).count())
    };
    let ((all, idle), (more, more_idle)) = (instrs(module), instrs(other));
    more == all + nops && more_idle == idle + nops
}
