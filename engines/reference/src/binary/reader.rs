//! Values (section 5.2): bytes, integers, floats, names, and the lengths of lists.

use wassay_model::{Feature, Features};

use super::DecodeError;

/// What reading gives. The error is boxed because it is rare and large.
pub(super) type Read<T> = Result<T, Box<DecodeError>>;

/// A place in the bytes of a module, and the place where the current section or body ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// The next byte, from the start of the module.
    pub(super) pos: usize,
    pub(super) features: Features,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], features: Features) -> Self {
        Self { bytes, pos: 0, features }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.pos
    }

    pub(super) fn has(&self, feature: Feature) -> bool {
        self.features.contains(feature)
    }

    /// Fails if a construct that `feature` brought is read without it.
    #[inline]
    pub(super) fn need(&self, feature: Feature, offset: usize, what: &str) -> Read<()> {
        if self.has(feature) { Ok(()) } else { Err(needs(feature, offset, what)) }
    }

    /// Takes a part of the given length, with a reader of its own.
    pub(super) fn part(&mut self, len: u32, what: &str) -> Read<Self> {
        let len = len as usize;
        if len > self.remaining() {
            return Err(malformed(self.pos, format!("{what} of {len} bytes, but only {} are left", self.remaining())));
        }
        let end = self.pos + len;
        let part = Self { bytes: &self.bytes[..end], ..*self };
        self.pos = end;
        Ok(part)
    }

    pub(super) fn take(&mut self, len: u32, what: &str) -> Read<&'a [u8]> {
        let part = self.part(len, what)?;
        Ok(&part.bytes[part.pos..])
    }

    /// 5.2 Bytes.
    #[inline]
    pub(super) fn byte(&mut self) -> Read<u8> {
        match self.bytes.get(self.pos) {
            Some(byte) => {
                self.pos += 1;
                Ok(*byte)
            }
            None => Err(unexpected_end(self.pos)),
        }
    }

    #[inline]
    pub(super) fn peek(&self) -> Read<u8> {
        self.bytes.get(self.pos).copied().ok_or_else(|| unexpected_end(self.pos))
    }

    /// A byte that the grammar fixes to zero.
    pub(super) fn zero_byte(&mut self, what: &str) -> Read<()> {
        let offset = self.pos;
        match self.byte()? {
            0 => Ok(()),
            byte => Err(malformed(offset, format!("{what}: zero byte expected, found {byte:#04x}"))),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        match self.bytes[self.pos..].first_chunk::<N>() {
            Some(chunk) => {
                self.pos += N;
                Ok(*chunk)
            }
            None => Err(unexpected_end(self.bytes.len())),
        }
    }

    // 5.2 Integers. A number of N bits takes at most ceil(N / 7) bytes, and the bits of the last byte that lie beyond
    // the N must be zero, or copies of the sign. Fewer significant bits than bytes allow for are no error.

    #[inline]
    pub(super) fn u32(&mut self) -> Read<u32> {
        match self.bytes.get(self.pos) {
            Some(&byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(u32::from(byte))
            }
            _ => Ok(self.unsigned(32)? as u32),
        }
    }

    #[inline]
    pub(super) fn u64(&mut self) -> Read<u64> {
        match self.bytes.get(self.pos) {
            Some(&byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(u64::from(byte))
            }
            _ => self.unsigned(64),
        }
    }

    fn unsigned(&mut self, bits: u32) -> Read<u64> {
        let offset = self.pos;
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            let left = bits - shift;
            if left < 7 && byte & 0x80 == 0 && byte >> left != 0 {
                return Err(malformed(offset, format!("integer too large: beyond {bits} bits")));
            }
            if left <= 7 && byte & 0x80 != 0 {
                return Err(malformed(offset, format!("integer representation too long for {bits} bits")));
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    #[inline]
    pub(super) fn s32(&mut self) -> Read<i32> {
        Ok(self.signed(32)? as i32)
    }

    #[inline]
    pub(super) fn s64(&mut self) -> Read<i64> {
        self.signed(64)
    }

    /// The form of type indices where a negative number would be another kind of type.
    pub(super) fn s33(&mut self) -> Read<i64> {
        self.signed(33)
    }

    #[inline]
    fn signed(&mut self, bits: u32) -> Read<i64> {
        match self.bytes.get(self.pos) {
            Some(&byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(i64::from(byte.wrapping_shl(1) as i8 >> 1))
            }
            _ => self.signed_long(bits),
        }
    }

    fn signed_long(&mut self, bits: u32) -> Read<i64> {
        let offset = self.pos;
        let mut value: i64 = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            let left = bits - shift;
            if left <= 7 && byte & 0x80 != 0 {
                return Err(malformed(offset, format!("integer representation too long for {bits} bits")));
            }
            if left < 7 {
                // The sign is bit `left - 1`; it and all above must be equal.
                let above = (byte.wrapping_shl(1) as i8) >> left;
                if above != 0 && above != -1 {
                    return Err(malformed(offset, format!("integer too large: beyond {bits} bits")));
                }
            }
            value |= i64::from(byte & 0x7F).wrapping_shl(shift);
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(if shift < 64 && byte & 0x40 != 0 { value | (-1 << shift) } else { value });
            }
        }
    }

    /// 5.2 Names: UTF-8 without surrogates and overlong forms, which is what Rust's strings are.
    pub(super) fn name(&mut self) -> Read<&'a str> {
        let len = self.u32()?;
        let offset = self.pos;
        let bytes = self.take(len, "name")?;
        let name = std::str::from_utf8(bytes)
            .map_err(|error| malformed(offset + error.valid_up_to(), "malformed UTF-8 encoding".to_owned()))?;
        within(len, super::limits::NAME, "bytes of a name")?;
        Ok(name)
    }

    /// 5.1 Lists: the length of a list, of which every member takes at least a byte.
    pub(super) fn len(&mut self, what: &str) -> Read<u32> {
        let offset = self.pos;
        let len = self.u32()?;
        if len as usize > self.remaining() {
            return Err(malformed(
                offset,
                format!("unexpected end: {len} {what}, but only {} bytes are left", self.remaining()),
            ));
        }
        Ok(len)
    }

    /// The length of a list that may be at most `limit` long.
    pub(super) fn limited_len(&mut self, limit: u32, what: &str) -> Read<u32> {
        let len = self.len(what)?;
        within(len, limit, what)?;
        Ok(len)
    }

    /// A list (section 5.1 Conventions) of at most `limit` members.
    pub(super) fn list<T>(
        &mut self,
        limit: u32,
        what: &str,
        mut read: impl FnMut(&mut Self) -> Read<T>,
    ) -> Read<Vec<T>> {
        let len = self.limited_len(limit, what)?;
        let mut list = Vec::with_capacity(len as usize);
        for _ in 0..len {
            list.push(read(self)?);
        }
        Ok(list)
    }

    /// Fails if something is left over.
    pub(super) fn finish(&self, what: &str) -> Read<()> {
        if self.is_at_end() {
            Ok(())
        } else {
            Err(malformed(self.pos, format!("{what} size mismatch: {} bytes are left over", self.remaining())))
        }
    }
}

#[cold]
pub(super) fn malformed(offset: usize, why: String) -> Box<DecodeError> {
    Box::new(DecodeError::Malformed { offset, why })
}

#[cold]
fn unexpected_end(offset: usize) -> Box<DecodeError> {
    malformed(offset, "unexpected end".to_owned())
}

#[cold]
fn needs(feature: Feature, offset: usize, what: &str) -> Box<DecodeError> {
    malformed(offset, format!("{what} needs the feature {feature}"))
}

/// Fails if there are more than `limit` of something.
pub(super) fn within(count: u32, limit: u32, what: &str) -> Read<()> {
    if count <= limit {
        Ok(())
    } else {
        Err(Box::new(DecodeError::Limit { what: format!("{count} {what}, of which we take {limit}") }))
    }
}
