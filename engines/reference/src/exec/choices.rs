//! Every choice that the standard leaves to an implementation and that execution meets, behind one trait (appendix A.2,
//! "Profiles"; section 4.3, "NaN Propagation" and "Relaxed Operations"; section 4.7, "Growing Memories" and "Growing
//! Tables").
//!
//! [`Deterministic`] is the profile of that name and costs nothing: the machine is compiled for it. [`Recorded`] chooses
//! what it is told to and writes down what it was asked, which is how to learn what else the standard allows.
//!
//! Not here, because no instruction of ours has a choice about it: what host functions return, when resources are
//! exhausted, and the order of several agents.

use std::any::Any;
use std::fmt;

/// What an implementation chooses.
pub trait Choices: Any + fmt::Debug + Send + Sync {
    /// 4.3, "NaN Propagation": the bits of a NaN that an operator on f32 generates, which must be of the class.
    fn nan32(&mut self, class: NanClass) -> u32;

    /// The same for f64.
    fn nan64(&mut self, class: NanClass) -> u64;

    /// 4.3, "Relaxed Operations": the parameter's index, which must be the same every time. Asked only where the
    /// operands let implementations differ.
    fn relaxed(&mut self, parameter: Parameter) -> u8;

    /// 4.7, "Growing Memories", "Growing Tables": whether a growth is granted that the type and our limits allow.
    fn growth(&mut self, growth: Growth) -> Decision;

    /// The same choices, in the same state.
    fn duplicate(&self) -> Box<dyn Choices>;
}

/// Which NaNs an operator may generate. The sign is always free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NanClass {
    /// The payload has its highest bit and no other: no input was a NaN, or every one that was is canonical.
    Canonical,
    /// The payload has its highest bit.
    Arithmetic,
}

const SIGN_32: u32 = 1 << 31;
const SIGN_64: u64 = 1 << 63;
/// The positive canonical NaN.
pub(crate) const CANONICAL_32: u32 = 0x7fc0_0000;
/// The positive canonical NaN.
pub(crate) const CANONICAL_64: u64 = 0x7ff8_0000_0000_0000;

impl NanClass {
    /// The class of the results of an operator with these inputs.
    #[inline(always)]
    #[must_use]
    pub fn of32<const N: usize>(inputs: [u32; N]) -> Self {
        let noncanonical = |bits: u32| f32::from_bits(bits).is_nan() && bits & !SIGN_32 != CANONICAL_32;
        if inputs.into_iter().any(noncanonical) { Self::Arithmetic } else { Self::Canonical }
    }

    /// The class of the results of an operator with these inputs.
    #[inline(always)]
    #[must_use]
    pub fn of64<const N: usize>(inputs: [u64; N]) -> Self {
        let noncanonical = |bits: u64| f64::from_bits(bits).is_nan() && bits & !SIGN_64 != CANONICAL_64;
        if inputs.into_iter().any(noncanonical) { Self::Arithmetic } else { Self::Canonical }
    }

    /// Whether these bits are a NaN of the class.
    #[must_use]
    pub fn allows32(self, bits: u32) -> bool {
        match self {
            Self::Canonical => bits & !SIGN_32 == CANONICAL_32,
            Self::Arithmetic => bits & CANONICAL_32 == CANONICAL_32,
        }
    }

    /// Whether these bits are a NaN of the class.
    #[must_use]
    pub fn allows64(self, bits: u64) -> bool {
        match self {
            Self::Canonical => bits & !SIGN_64 == CANONICAL_64,
            Self::Arithmetic => bits & CANONICAL_64 == CANONICAL_64,
        }
    }
}

macro_rules! parameters {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $count:literal;)*) => {
        /// A parameter of 4.3, "Relaxed Operations": an index into the results that the standard lists.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Parameter { $($(#[$doc])* $variant,)* }

        impl Parameter {
            /// All nine.
            pub const ALL: [Self; 9] = [$(Self::$variant,)*];

            /// How the standard calls it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How many indices it has.
            #[must_use]
            pub const fn count(self) -> u8 {
                match self { $(Self::$variant => $count,)* }
            }
        }
    };
}

parameters! {
    /// `relaxed_madd`, `relaxed_nmadd`: two roundings, or one.
    Fmadd = "R_fmadd" 2;
    /// `relaxed_min`, for a NaN z1: fmin, z1, z2, z2; for a NaN z2: fmin, z1, z2, z1; for zeros of opposite signs:
    /// fmin, z1, z2, -0.
    Fmin = "R_fmin" 4;
    /// `relaxed_max`, as `relaxed_min`, but at last +0.
    Fmax = "R_fmax" 4;
    /// `relaxed_dot`: the second factor is signed, or unsigned.
    Idot = "R_idot" 2;
    /// `relaxed_q15mulr_s` of the least value with itself: the greatest value, or the least.
    Iq15mulr = "R_iq15mulr" 2;
    /// `relaxed_trunc` without sign, of a NaN or out of range: saturated, 2^32-1, 2^32-2, 2^31.
    TruncU = "R_trunc_u" 4;
    /// `relaxed_trunc` with sign, of a NaN or out of range: saturated, or the least value.
    TruncS = "R_trunc_s" 2;
    /// `relaxed_swizzle` with an index from 16 to 127: 0, or the lane of the index modulo 16.
    Swizzle = "R_swizzle" 2;
    /// `relaxed_laneselect`: by every bit of the mask, or by the highest of a lane.
    Laneselect = "R_laneselect" 2;
}

/// What is to grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Growth {
    /// `memory.grow` by so many pages.
    Memory(u64),
    /// `table.grow` by so many elements.
    Table(u64),
}

/// What becomes of a growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It happens.
    Granted,
    /// The instruction returns -1.
    Refused,
}

/// The deterministic profile (appendix A.2): the positive canonical NaN, index 0 for every parameter. Growth, which that
/// profile leaves open too, is granted up to our limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deterministic;

impl Choices for Deterministic {
    #[inline(always)]
    fn nan32(&mut self, _: NanClass) -> u32 {
        CANONICAL_32
    }

    #[inline(always)]
    fn nan64(&mut self, _: NanClass) -> u64 {
        CANONICAL_64
    }

    fn relaxed(&mut self, _: Parameter) -> u8 {
        0
    }

    fn growth(&mut self, _: Growth) -> Decision {
        Decision::Granted
    }

    fn duplicate(&self) -> Box<dyn Choices> {
        Box::new(*self)
    }
}

/// The nine parameters of an implementation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Relaxed([u8; 9]);

impl Relaxed {
    /// One parameter's index.
    #[must_use]
    pub const fn get(self, parameter: Parameter) -> u8 {
        self.0[parameter as usize]
    }

    /// With another index, or `None` if the parameter has none such.
    #[must_use]
    pub fn with(mut self, parameter: Parameter, index: u8) -> Option<Self> {
        self.0[parameter as usize] = index;
        (index < parameter.count()).then_some(self)
    }
}

/// The NaNs that [`Recorded`] generates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NanBits {
    /// Whether the sign is set.
    pub negative: bool,
    /// What the payload of an arithmetic NaN has beside its highest bit: as many of these bits as there is room for.
    pub payload: u64,
}

/// A question that [`Recorded`] was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// For a NaN of 32 bits.
    Nan32(NanClass),
    /// For a NaN of 64 bits.
    Nan64(NanClass),
    /// For a parameter.
    Relaxed(Parameter),
    /// Whether something may grow.
    Growth(Growth),
}

/// Chooses what it is told to, and remembers what it was asked.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The parameters of relaxed operators.
    pub relaxed: Relaxed,
    /// The bits of generated NaNs.
    pub nan: NanBits,
    /// The growth that is refused, counted from 0.
    pub refused_growth: Option<u64>,
    /// What it was asked, in order; at most [`Recorded::ASKED_MAX`].
    pub asked: Vec<Asked>,
    /// How many questions came after these.
    pub unrecorded: u64,
    /// How many growths it was asked for.
    pub growths: u64,
}

impl Recorded {
    /// Without a bound, a loop that makes NaNs would fill the memory of the process.
    pub const ASKED_MAX: usize = 1 << 16;

    /// The parameters that it was asked for, without the question that came too late to be recorded.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let asked = |parameter: &Parameter| self.asked.contains(&Asked::Relaxed(*parameter));
        Parameter::ALL.into_iter().filter(asked).collect()
    }

    fn record(&mut self, asked: Asked) {
        if self.asked.len() < Self::ASKED_MAX {
            self.asked.push(asked);
        } else {
            self.unrecorded = self.unrecorded.saturating_add(1);
        }
    }
}

impl Choices for Recorded {
    fn nan32(&mut self, class: NanClass) -> u32 {
        self.record(Asked::Nan32(class));
        let sign = if self.nan.negative { SIGN_32 } else { 0 };
        match class {
            NanClass::Canonical => sign | CANONICAL_32,
            NanClass::Arithmetic => sign | CANONICAL_32 | self.nan.payload as u32 & (CANONICAL_32 ^ (SIGN_32 - 1)),
        }
    }

    fn nan64(&mut self, class: NanClass) -> u64 {
        self.record(Asked::Nan64(class));
        let sign = if self.nan.negative { SIGN_64 } else { 0 };
        match class {
            NanClass::Canonical => sign | CANONICAL_64,
            NanClass::Arithmetic => sign | CANONICAL_64 | self.nan.payload & (CANONICAL_64 ^ (SIGN_64 - 1)),
        }
    }

    fn relaxed(&mut self, parameter: Parameter) -> u8 {
        self.record(Asked::Relaxed(parameter));
        self.relaxed.get(parameter)
    }

    fn growth(&mut self, growth: Growth) -> Decision {
        self.record(Asked::Growth(growth));
        let refused = self.refused_growth == Some(self.growths);
        self.growths += 1;
        if refused { Decision::Refused } else { Decision::Granted }
    }

    fn duplicate(&self) -> Box<dyn Choices> {
        Box::new(self.clone())
    }
}

impl Choices for Box<dyn Choices> {
    fn nan32(&mut self, class: NanClass) -> u32 {
        (**self).nan32(class)
    }

    fn nan64(&mut self, class: NanClass) -> u64 {
        (**self).nan64(class)
    }

    fn relaxed(&mut self, parameter: Parameter) -> u8 {
        (**self).relaxed(parameter)
    }

    fn growth(&mut self, growth: Growth) -> Decision {
        (**self).growth(growth)
    }

    fn duplicate(&self) -> Box<dyn Choices> {
        (**self).duplicate()
    }
}

/// The choices of a store.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    deterministic: Deterministic,
    pub(crate) other: Option<Box<dyn Choices>>,
}

impl Clone for Kept {
    fn clone(&self) -> Self {
        Self { deterministic: self.deterministic, other: self.other.as_ref().map(|choices| (**choices).duplicate()) }
    }
}

/// Choices that the machine is compiled for. A store never changes from one kind to the other.
pub(crate) trait Held: Choices + Sized {
    fn held(kept: &mut Kept) -> Option<&mut Self>;
}

impl Held for Deterministic {
    #[inline(always)]
    fn held(kept: &mut Kept) -> Option<&mut Self> {
        Some(&mut kept.deterministic)
    }
}

impl Held for Box<dyn Choices> {
    fn held(kept: &mut Kept) -> Option<&mut Self> {
        kept.other.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_nan_depends_on_the_inputs() {
        let (canonical, negative, quiet, signalling) = (0x7fc0_0000, 0xffc0_0000, 0x7fc0_0001, 0x7f80_0001);
        assert_eq!(NanClass::of32([0, 0x7f80_0000]), NanClass::Canonical);
        assert_eq!(NanClass::of32([canonical, negative]), NanClass::Canonical);
        assert_eq!(NanClass::of32([canonical, quiet]), NanClass::Arithmetic);
        assert_eq!(NanClass::of32([signalling]), NanClass::Arithmetic);
        assert!(NanClass::Canonical.allows32(negative) && !NanClass::Canonical.allows32(quiet));
        assert!(NanClass::Arithmetic.allows32(quiet) && !NanClass::Arithmetic.allows32(signalling));
        assert_eq!(NanClass::of64([0xfff8_0000_0000_0000]), NanClass::Canonical);
        assert_eq!(NanClass::of64([0xfff8_0000_0000_0001]), NanClass::Arithmetic);
        assert!(!NanClass::Arithmetic.allows64(0x7ff0_0000_0000_0001));
    }

    #[test]
    fn recorded_nans_are_of_their_class() {
        for negative in [false, true] {
            let nan = NanBits { negative, payload: u64::MAX };
            let mut recorded = Recorded { nan, ..Recorded::default() };
            for class in [NanClass::Canonical, NanClass::Arithmetic] {
                let (narrow, wide) = (recorded.nan32(class), recorded.nan64(class));
                assert!(class.allows32(narrow) && class.allows64(wide), "{class:?} {narrow:#x} {wide:#x}");
            }
            assert!(!NanClass::Canonical.allows32(recorded.nan32(NanClass::Arithmetic)));
        }
    }

    #[test]
    fn questions_are_recorded_up_to_a_bound() {
        let mut recorded = Recorded::default();
        for _ in 0..Recorded::ASKED_MAX + 3 {
            recorded.relaxed(Parameter::Idot);
        }
        assert_eq!((recorded.asked.len(), recorded.unrecorded), (Recorded::ASKED_MAX, 3));
        assert_eq!(recorded.parameters(), [Parameter::Idot]);
    }

    #[test]
    fn parameters_have_the_indices_of_the_standard_and_no_others() {
        for parameter in Parameter::ALL {
            assert!(Relaxed::default().with(parameter, parameter.count() - 1).is_some(), "{}", parameter.name());
            assert_eq!(Relaxed::default().with(parameter, parameter.count()), None, "{}", parameter.name());
        }
    }
}
