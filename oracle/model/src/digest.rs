//! Digests: of memories, so that observations stay small, and of cases, to name them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// The 128-bit digest of a run of bytes.
///
/// It is made so that every engine can compute it where the bytes are, inside a Wasm module too: four
/// 64-bit lanes of `xor`, multiply, rotate, and no table. Memories are mostly zeros, so blocks of zeros are
/// passed over, and a block that is not absorbs its number first. It tells accidents apart, not adversaries:
/// every step is a bijection of its lane, so of two runs with the same blocks in use one changed word always
/// changes a lane.
///
/// The algorithm, with all arithmetic modulo 2^64 and words read little-endian:
///
/// 1. Lane *i* (0 to 3) starts as `SEEDS[i]`.
/// 2. The bytes are padded with zeros to a multiple of 256, and cut into blocks of 256 bytes, numbered from 0.
/// 3. For each block that is not all zero: the group of four words (block number + 1, 0, 0, 0) is absorbed,
///    then the block's eight groups of four words. To absorb a group, lane *i* becomes
///    `rotl((lane xor word_i) * MULTIPLIER, 29)`.
/// 4. For each lane in order, then for the length in bytes: `low` becomes
///    `rotl((low xor x) * MULTIPLIER, 31)`, and `high` becomes `rotl((high + x) * MULTIPLIER, 33) xor low`,
///    both starting from 0.
/// 5. The digest is `high * 2^64 + low`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub u128);

impl Digest {
    /// Where the four lanes start: the fractional parts of the square roots of 2, 3, 5 and 7.
    pub const SEEDS: [u64; 4] =
        [0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1];
    /// An odd multiplier: 2^64 divided by the golden ratio.
    pub const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut lanes = Self::SEEDS;
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut number = 0;
        for block in blocks {
            number += 1;
            absorb(&mut lanes, number, block);
        }
        if !rest.is_empty() {
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            absorb(&mut lanes, number + 1, &block);
        }
        let (mut low, mut high) = (0_u64, 0_u64);
        for word in lanes.into_iter().chain([bytes.len() as u64]) {
            low = (low ^ word).wrapping_mul(Self::MULTIPLIER).rotate_left(31);
            high = high.wrapping_add(word).wrapping_mul(Self::MULTIPLIER).rotate_left(33) ^ low;
        }
        Self(u128::from(high) << 64 | u128::from(low))
    }
}

/// Bytes in a block.
const BLOCK: usize = 256;

#[inline]
fn absorb(lanes: &mut [u64; 4], number: u64, block: &[u8; BLOCK]) {
    let (words, _) = block.as_chunks::<8>();
    if words.iter().fold(0, |any, word| any | u64::from_le_bytes(*word)) == 0 {
        return;
    }
    mix(lanes, [number, 0, 0, 0]);
    let (groups, _) = words.as_chunks::<4>();
    for group in groups {
        mix(lanes, group.map(u64::from_le_bytes));
    }
}

#[inline]
fn mix(lanes: &mut [u64; 4], words: [u64; 4]) {
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = (*lane ^ word).wrapping_mul(Digest::MULTIPLIER).rotate_left(29);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Digest {
    type Err = NotHexadecimal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match u128::from_str_radix(text, 16) {
            Ok(number) if text.len() == 32 && !text.starts_with('+') => Ok(Self(number)),
            _ => Err(NotHexadecimal { digits: 32, text: text.to_owned() }),
        }
    }
}

/// A text that should have been a digest or an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {digits} hexadecimal digits")]
pub struct NotHexadecimal {
    digits: usize,
    text: String,
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            u128::deserialize(deserializer).map(Self)
        }
    }
}

/// The name of a test case: the first 128 bits of the SHA-256 of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CaseId(pub Digest);

impl CaseId {
    /// The name for content whose parts are hashed one after the other, each behind its length.
    #[must_use]
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let hash: [u8; 32] = hasher.finalize().into();
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        Self(Digest(u128::from_be_bytes(first)))
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded once and then held: workers in other languages compute the same function.
    #[test]
    fn digest_is_the_published_function() {
        let page: Vec<u8> = (0..65536_u32).map(|index| (index * 7 % 251) as u8).collect();
        for (bytes, expected) in [
            (&b""[..], "2e325443fa204319a9b5c470cdc919f6"),
            (b"wassay", "c368e5d2714c4294e2293083cdd854c9"),
            (&[0; 65536], "141ad442bbb003d56bab447090ec5a51"),
            (&page, "37e675f367705372d3b9cc58767a5693"),
        ] {
            assert_eq!(Digest::of(bytes).to_string(), expected);
        }
    }

    #[test]
    fn one_changed_bit_or_one_more_zero_changes_the_digest() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let whole = Digest::of(&bytes);
        for position in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[position / 8] ^= 1 << (position % 8);
            assert_ne!(Digest::of(&changed), whole, "bit {position}");
        }
        assert_ne!(Digest::of(&[0; 31]), Digest::of(&[0; 32]));
    }

    #[test]
    fn case_id_tells_where_a_part_ends() {
        assert_ne!(CaseId::of([&b"ab"[..], &b"c"[..]]), CaseId::of([&b"a"[..], &b"bc"[..]]));
    }
}
