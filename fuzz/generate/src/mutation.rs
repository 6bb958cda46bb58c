//! Changes of modules that leave most of them alone: a byte, a number, a section or a body. Most changes are made inside
//! a section or a body, and the sizes around it are corrected: otherwise the changed module would die of its sizes, and
//! little of a decoder would ever be reached.

use std::ops::Range;

use rand::RngCore;

/// The length of magic and version.
const PREAMBLE: usize = 8;
/// The number of the section that holds the bodies.
const CODE: u8 = 10;

/// Bytes that mean something in many places.
const TELLING: &[u8] = &[
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0B, 0x0C, 0x0D, 0x10, 0x1A, 0x1B, 0x20, 0x21, 0x40, 0x41, 0x4E, 0x4F, 0x50,
    0x5E, 0x5F, 0x60, 0x63, 0x64, 0x6A, 0x6E, 0x6F, 0x70, 0x71, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F, 0x80, 0xD0, 0xD2, 0xFB,
    0xFC, 0xFD, 0xFE, 0xFF,
];

/// Changes modules by random numbers.
#[derive(Debug)]
pub struct Changes<'r, R: ?Sized>(pub &'r mut R);

impl<R: RngCore + ?Sized> Changes<'_, R> {
    /// Changes a module in one to five places; pieces of `other` may get into it.
    pub fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(6) / 3 * self.below(3) {
            match self.below(20) {
                0 => self.change_bytes(bytes, other),
                1 | 2 => self.change_sections(bytes, other),
                _ => {
                    if let Some(changed) = self.change_inside(bytes, other) {
                        *bytes = changed;
                    }
                }
            }
        }
    }

    /// A number below `bound`, or 0 where there is none.
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound.max(1) as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        if self.below(2) == 0 { TELLING[self.below(TELLING.len())] } else { self.0.next_u64() as u8 }
    }

    fn change_bytes(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        match self.below(13) {
            0..=2 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
            3..=6 if !bytes.is_empty() => bytes[at] = self.byte(),
            7 if !bytes.is_empty() => bytes[at] = bytes[at].wrapping_add(1),
            8 => bytes.insert(at, self.byte()),
            9 if !bytes.is_empty() => {
                bytes.remove(at);
            }
            10 => {
                // A few bytes of another place, or of another module.
                let source = if self.below(2) == 0 { bytes.clone() } else { other.to_vec() };
                let from = self.below(source.len());
                let len = self.below(8).min(source.len() - from);
                bytes.splice(at..at, source[from..from + len].iter().copied());
            }
            11 => {
                // A number at the edge of what its length can hold, or written longer than it need be.
                let edge: &[&[u8]] = &[
                    &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
                    &[0xFF, 0xFF, 0xFF, 0xFF, 0x07],
                    &[0x80, 0x80, 0x80, 0x80, 0x78],
                    &[0x80, 0x80, 0x80, 0x80, 0x00],
                    &[0x80, 0x80, 0x80, 0x80, 0x10],
                    &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
                    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F],
                    &[0x81, 0x00],
                ];
                let number = edge[self.below(edge.len())];
                let end = (at + 1).min(bytes.len());
                bytes.splice(at..end, number.iter().copied());
            }
            _ => {
                let len = self.below(6).min(bytes.len() - at);
                bytes.drain(at..at + len);
            }
        }
    }

    /// Leaves out, repeats, exchanges, renames or borrows a whole section.
    fn change_sections(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let sections = parts(bytes, PREAMBLE, true);
        let Some(one) = sections.get(self.below(sections.len())).cloned() else { return };
        let whole = one.start..one.content.end;
        match self.below(6) {
            0 => {
                bytes.drain(whole);
            }
            1 => {
                let copy = bytes[whole].to_vec();
                bytes.splice(one.start..one.start, copy);
            }
            2 => {
                let second = sections[self.below(sections.len())].clone();
                let (first, second) = if one.start <= second.start { (one, second) } else { (second, one) };
                if first.start < second.start {
                    let mut swapped = bytes[second.start..second.content.end].to_vec();
                    swapped.extend(&bytes[first.content.end..second.start]);
                    swapped.extend(&bytes[first.start..first.content.end]);
                    bytes.splice(first.start..second.content.end, swapped);
                }
            }
            3 => bytes[one.start] = self.below(15) as u8,
            4 => {
                // A custom section: its name is one letter.
                bytes.splice(one.start..one.start, [0, 3, 1, b'x', self.byte()]);
            }
            _ => {
                let theirs = parts(other, PREAMBLE, true);
                // Of the same kind, if there is one: it fits at least there.
                let same = theirs.iter().find(|part| other[part.start] == bytes[one.start]);
                if let Some(part) = same.or_else(|| theirs.first()) {
                    bytes.splice(whole, other[part.start..part.content.end].iter().copied());
                }
            }
        }
    }

    /// Changes the contents of one section, or one body, and corrects the sizes around it.
    fn change_inside(&mut self, module: &[u8], other: &[u8]) -> Option<Vec<u8>> {
        let sections = parts(module, PREAMBLE, true);
        let Part { start, content } = sections.get(self.below(sections.len()))?.clone();
        let mut section = module[content.clone()].to_vec();
        if module[start] == CODE && self.below(4) > 0 {
            let mut at = 0;
            read_u32(&section, &mut at)?;
            let bodies = parts(&section, at, false);
            let Part { start, content } = bodies.get(self.below(bodies.len()))?.clone();
            let mut body = section[content.clone()].to_vec();
            if self.below(16) == 0 {
                body = self.body_of(other)?;
            } else {
                self.change_bytes(&mut body, other);
            }
            let mut changed = section[..start].to_vec();
            write_u32(&mut changed, body.len());
            changed.extend(body);
            changed.extend(&section[content.end..]);
            section = changed;
        } else {
            self.change_bytes(&mut section, other);
        }
        let mut changed = module[..=start].to_vec();
        write_u32(&mut changed, section.len());
        changed.extend(section);
        changed.extend(&module[content.end..]);
        Some(changed)
    }

    fn body_of(&mut self, module: &[u8]) -> Option<Vec<u8>> {
        let sections = parts(module, PREAMBLE, true);
        let code = &module[sections.into_iter().find(|part| module[part.start] == CODE)?.content];
        let mut at = 0;
        read_u32(code, &mut at)?;
        let bodies = parts(code, at, false);
        Some(code[bodies.get(self.below(bodies.len()))?.content.clone()].to_vec())
    }
}

/// Something that carries its size in front: where that begins, and what it is the size of.
#[derive(Clone)]
struct Part {
    start: usize,
    content: Range<usize>,
}

/// The sized parts that follow one another from `at` on, each behind one byte more if it has an id.
fn parts(bytes: &[u8], mut at: usize, has_id: bool) -> Vec<Part> {
    let mut parts = Vec::new();
    while at < bytes.len() {
        let start = at;
        at += usize::from(has_id);
        let Some(size) = read_u32(bytes, &mut at) else { break };
        if at + size > bytes.len() {
            break;
        }
        parts.push(Part { start, content: at..at + size });
        at += size;
    }
    parts
}

fn read_u32(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn write_u32(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn sections_and_bodies_keep_right_sizes_in_most_changed_modules() {
        let profile = crate::Profile::parse("smith").unwrap();
        let module = |index| crate::generate(1, index, &profile).modules.pop().unwrap().bytes.0;
        let whole =
            |bytes: &[u8]| parts(bytes, PREAMBLE, true).last().is_some_and(|part| part.content.end == bytes.len());
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let count = (0..1000)
            .filter(|index| {
                let mut bytes = module(index % 20);
                Changes(&mut random).change(&mut bytes, &module((index + 1) % 20));
                whole(&bytes)
            })
            .count();
        assert!((700..1000).contains(&count), "{count}");
    }

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for value in [0, 127, 128, 300, 1 << 20] {
            let mut bytes = Vec::new();
            write_u32(&mut bytes, value);
            assert_eq!(read_u32(&bytes, &mut 0), Some(value));
        }
    }
}
