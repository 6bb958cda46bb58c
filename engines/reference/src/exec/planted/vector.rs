//! Faults of vector instructions.

use std::array::from_fn;

use super::{Fault, View};
use crate::exec::op::Op;
use crate::syntax::{LaneOp, VectorOp as V};

/// What stands in the place of an operator.
pub(super) fn instead(fault: Fault, op: Op) -> Option<Op> {
    Some(match (fault, op) {
        (Fault::Q15MulrUnrounded, Op::Vector(V::I16x8Q15mulrSatS))
        | (Fault::NarrowUnsignedSource, Op::Vector(V::I8x16NarrowI16x8U))
        | (Fault::DotSaturates, Op::Vector(V::I32x4DotI16x8S))
        | (Fault::AvgrRoundsDown, Op::Vector(V::I8x16AvgrU))
        | (Fault::I64x2MulHalf, Op::Vector(V::I64x2Mul))
        | (Fault::PromoteHigh, Op::Vector(V::F64x2PromoteLowF32x4))
        | (Fault::SwizzleWraps, Op::Vector(V::I8x16Swizzle))
        | (Fault::BitmaskLowByte, Op::Vector(V::I16x8Bitmask))
        | (Fault::AndnotSwapped, Op::Vector(V::V128Andnot))
        | (Fault::I64x2ShrSUnmasked, Op::Vector(V::I64x2ShrS)) => Op::Planted { fault, index: 0, immediate: 0 },
        (Fault::AllTrueAny, Op::Vector(V::I32x4AllTrue)) => Op::Vector(V::V128AnyTrue),
        (Fault::I32x4MaxUSigned, Op::Vector(V::I32x4MaxU)) => Op::Vector(V::I32x4MaxS),
        (Fault::ExtractLaneSZero, Op::Lane { op: LaneOp::I8x16ExtractLaneS, lane }) => {
            Op::Lane { op: LaneOp::I8x16ExtractLaneU, lane }
        }
        (Fault::ReplaceLaneBeside, Op::Lane { op: op @ LaneOp::I16x8ReplaceLane, lane }) => {
            Op::Lane { op, lane: lane ^ 1 }
        }
        _ => return None,
    })
}

impl View<'_> {
    fn pop_vector(&mut self) -> Option<u128> {
        let high = self.pop()?;
        let low = self.pop()?;
        Some(u128::from(high) << 64 | u128::from(low))
    }

    fn push_vector(&mut self, vector: u128) -> Option<()> {
        self.push(vector as u64)?;
        self.push((vector >> 64) as u64)
    }

    fn vector_binop(&mut self, op: impl FnOnce(u128, u128) -> u128) -> Option<()> {
        let b = self.pop_vector()?;
        let a = self.pop_vector()?;
        self.push_vector(op(a, b))
    }
}

fn words(vector: u128) -> [i16; 8] {
    from_fn(|at| (vector >> (16 * at)) as i16)
}

/// Lanes of `bits` bits each, the first one lowest.
fn packed(lanes: impl IntoIterator<Item = u64, IntoIter: DoubleEndedIterator>, bits: u32) -> u128 {
    lanes.into_iter().rev().fold(0, |vector, lane| vector << bits | u128::from(lane))
}

/// Executes a wrong operator; `None` if the stack is too short for it.
pub(super) fn step(view: &mut View<'_>, fault: Fault) -> Option<()> {
    match fault {
        Fault::Q15MulrUnrounded => view.vector_binop(|a, b| {
            let (a, b) = (words(a), words(b));
            let lane = |at: usize| ((i32::from(a[at]) * i32::from(b[at])) >> 15).min(i32::from(i16::MAX));
            packed(from_fn::<u64, 8, _>(|at| u64::from(lane(at) as u16)), 16)
        }),
        Fault::NarrowUnsignedSource => view.vector_binop(|a, b| {
            let lanes: Vec<u64> =
                [words(a), words(b)].iter().flatten().map(|lane| u64::from((*lane).cast_unsigned().min(255))).collect();
            packed(lanes, 8)
        }),
        Fault::DotSaturates => view.vector_binop(|a, b| {
            let (a, b) = (words(a), words(b));
            let product = |at: usize| i32::from(a[at]) * i32::from(b[at]);
            let lane = |at: usize| product(2 * at).saturating_add(product(2 * at + 1)).cast_unsigned();
            packed(from_fn::<u64, 4, _>(|at| u64::from(lane(at))), 32)
        }),
        Fault::AvgrRoundsDown => view.vector_binop(|a, b| {
            let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
            packed(from_fn::<u64, 16, _>(|at| u64::from(u16::midpoint(a[at].into(), b[at].into()))), 8)
        }),
        Fault::I64x2MulHalf => view.vector_binop(|a, b| {
            let lane = |at: u32| ((a >> (64 * at)) as u64).wrapping_mul(u64::from((b >> (64 * at)) as u32));
            packed([lane(0), lane(1)], 64)
        }),
        Fault::PromoteHigh => {
            let vector = view.pop_vector()?;
            let lane = |at: u32| super::slot_of_64(f64::from(f32::from_bits((vector >> (32 * at)) as u32)));
            view.push_vector(packed([lane(2), lane(3)], 64))
        }
        Fault::SwizzleWraps => view.vector_binop(|a, b| {
            let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
            u128::from_le_bytes(b.map(|index| a[usize::from(index % 16)]))
        }),
        Fault::BitmaskLowByte => {
            let vector = view.pop_vector()?;
            view.push((0..8).map(|at| ((vector >> (16 * at + 7)) as u64 & 1) << at).sum())
        }
        Fault::AndnotSwapped => view.vector_binop(|a, b| !a & b),
        Fault::I64x2ShrSUnmasked => {
            let distance = (view.pop()? as u32).min(63);
            let vector = view.pop_vector()?;
            let lane = |at: u32| (((vector >> (64 * at)) as i64) >> distance).cast_unsigned();
            view.push_vector(packed([lane(0), lane(1)], 64))
        }
        // The others have another right operator.
        _ => Some(()),
    }
}
