//! Instructions in the binary format (section 5.4), for families that choose opcodes by number.

use wassay_model::Value;

/// An opcode; `0xPP_NNN` is the number NNN behind the prefix PP.
pub(crate) fn opcode(code: &mut Vec<u8>, opcode: u32) {
    if opcode > 0xff {
        code.push((opcode >> 12) as u8);
        unsigned(code, u64::from(opcode & 0xfff));
    } else {
        code.push(opcode as u8);
    }
}

/// An unsigned number (section 5.2.2).
pub(crate) fn unsigned(code: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        code.push(number as u8 | 0x80);
        number >>= 7;
    }
    code.push(number as u8);
}

/// A signed number (section 5.2.2).
fn signed(code: &mut Vec<u8>, mut number: i64) {
    loop {
        let byte = number as u8 & 0x7f;
        number >>= 7;
        if number == 0 && byte & 0x40 == 0 || number == -1 && byte & 0x40 != 0 {
            code.push(byte);
            return;
        }
        code.push(byte | 0x80);
    }
}

/// A constant instruction; a reference is a null of `externref`.
pub(crate) fn constant(code: &mut Vec<u8>, value: Value) {
    match value {
        Value::I32(bits) => {
            code.push(0x41);
            signed(code, i64::from(bits.cast_signed()));
        }
        Value::I64(bits) => {
            code.push(0x42);
            signed(code, bits.cast_signed());
        }
        Value::F32(bits) => {
            code.push(0x43);
            code.extend(bits.to_le_bytes());
        }
        Value::F64(bits) => {
            code.push(0x44);
            code.extend(bits.to_le_bytes());
        }
        Value::V128(bits) => {
            code.extend([0xfd, 0x0c]);
            code.extend(bits.to_le_bytes());
        }
        Value::Ref(_) => code.extend([0xd0, 0x6f]),
    }
}

/// A memory argument; the index is written where it is not 0.
pub(crate) fn memory_argument(code: &mut Vec<u8>, align_log2: u8, memory: u32, offset: u64) {
    if memory == 0 {
        code.push(align_log2);
    } else {
        code.push(align_log2 | 0x40);
        unsigned(code, u64::from(memory));
    }
    unsigned(code, offset);
}
