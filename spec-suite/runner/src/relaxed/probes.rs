//! Inputs for which the standard lists several results, with the results.

use wassay_model::{Lane, Nan, Pattern, Value};

/// A parameter of section 4.3.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    Fmadd,
    Fmin,
    Fmax,
    Idot,
    Iq15mulr,
    TruncU,
    TruncS,
    Swizzle,
    Laneselect,
}

impl Parameter {
    pub(crate) const ALL: [Self; 9] = [
        Self::Fmadd,
        Self::Fmin,
        Self::Fmax,
        Self::Idot,
        Self::Iq15mulr,
        Self::TruncU,
        Self::TruncS,
        Self::Swizzle,
        Self::Laneselect,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fmadd => "R_fmadd",
            Self::Fmin => "R_fmin",
            Self::Fmax => "R_fmax",
            Self::Idot => "R_idot",
            Self::Iq15mulr => "R_iq15mulr",
            Self::TruncU => "R_trunc_u",
            Self::TruncS => "R_trunc_s",
            Self::Swizzle => "R_swizzle",
            Self::Laneselect => "R_laneselect",
        }
    }

    /// What the indices mean, in order.
    const fn meanings(self) -> &'static [&'static str] {
        match self {
            Self::Fmadd => &["the product is rounded, then the sum", "one rounding, fused"],
            Self::Fmin => &["as fmin", "the first operand", "the second operand", "the operand that is no NaN, or -0"],
            Self::Fmax => &["as fmax", "the first operand", "the second operand", "the operand that is no NaN, or +0"],
            Self::Idot => &["the second factor is signed", "the second factor is unsigned"],
            Self::Iq15mulr => &["saturated", "wrapped to the least value"],
            Self::TruncU => &["saturated", "2^32-1", "2^32-2", "2^31"],
            Self::TruncS => &["saturated", "the least value"],
            Self::Swizzle => &["zero", "the lane of the index modulo 16"],
            Self::Laneselect => &["bit by bit", "by the highest bit of the mask's lane"],
        }
    }

    pub(crate) const fn count(self) -> u8 {
        self.meanings().len() as u8
    }

    pub(crate) fn meaning(self, index: u8) -> &'static str {
        self.meanings()[usize::from(index)]
    }
}

/// One call whose result depends on a parameter.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) parameter: Parameter,
    pub(crate) instruction: &'static str,
    pub(crate) operands: Vec<u128>,
    /// By index of the parameter.
    pub(crate) results: Vec<Pattern>,
}

/// The type that results are compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Bits,
    F32x4,
    F64x2,
}

impl Probe {
    /// Whether results may be NaNs, whose bits the standard leaves open each time.
    pub(crate) fn shape(&self) -> Shape {
        match self.instruction.get(..5) {
            Some("f32x4") => Shape::F32x4,
            Some("f64x2") => Shape::F64x2,
            _ => Shape::Bits,
        }
    }

    /// Bits that fit the result of an index.
    #[cfg(test)]
    pub(crate) fn sample(&self, index: u8) -> u128 {
        match &self.results[usize::from(index)] {
            Pattern::Value(Value::V128(bits)) => *bits,
            Pattern::F32x4(lanes) => from_f32_bits(lanes.map(|lane| match lane {
                Lane::Bits(bits) => bits,
                Lane::Nan(_) => NAN_32,
            })),
            Pattern::F64x2(lanes) => from_f64_bits(lanes.map(|lane| match lane {
                Lane::Bits(bits) => bits,
                Lane::Nan(_) => NAN_64,
            })),
            other => unreachable!("no probe expects {other}"),
        }
    }
}

/// The positive canonical NaNs.
const NAN_32: u32 = 0x7fc0_0000;
const NAN_64: u64 = 0x7ff8_0000_0000_0000;

/// Every probe, in the order of the script.
pub(crate) fn probes() -> Vec<Probe> {
    let mut all = Vec::new();
    multiply_and_add(&mut all);
    least_and_greatest(&mut all);
    integers(&mut all);
    truncations(&mut all);
    lanes(&mut all);
    all
}

fn multiply_and_add(all: &mut Vec<Probe>) {
    // The exact product of 1+e and 1+e is 1+2e+e^2, of which rounding takes e^2 away.
    let (near, far) = (1.0 + 2.0_f32.powi(-12), -(1.0 + 2.0_f32.powi(-11)));
    let (a, b, c) = ([near, 3.0, near, 0.1], [near, 5.0, 2.0, 10.0], [far, 7.0, far, -1.0]);
    let each = |rounded: &dyn Fn(usize) -> f32| bits(from_f32(std::array::from_fn(rounded)));
    all.push(Probe {
        parameter: Parameter::Fmadd,
        instruction: "f32x4.relaxed_madd",
        operands: vec![from_f32(a), from_f32(b), from_f32(c)],
        results: vec![each(&|lane| a[lane] * b[lane] + c[lane]), each(&|lane| a[lane].mul_add(b[lane], c[lane]))],
    });
    let c = c.map(|lane| -lane);
    all.push(Probe {
        parameter: Parameter::Fmadd,
        instruction: "f32x4.relaxed_nmadd",
        operands: vec![from_f32(a), from_f32(b), from_f32(c)],
        results: vec![each(&|lane| -(a[lane] * b[lane]) + c[lane]), each(&|lane| (-a[lane]).mul_add(b[lane], c[lane]))],
    });
    let (near, far) = (1.0 + 2.0_f64.powi(-27), -(1.0 + 2.0_f64.powi(-26)));
    let (a, b, c) = ([near, 0.1], [near, 10.0], [far, -1.0]);
    let each = |rounded: &dyn Fn(usize) -> f64| bits(from_f64(std::array::from_fn(rounded)));
    all.push(Probe {
        parameter: Parameter::Fmadd,
        instruction: "f64x2.relaxed_madd",
        operands: vec![from_f64(a), from_f64(b), from_f64(c)],
        results: vec![each(&|lane| a[lane] * b[lane] + c[lane]), each(&|lane| a[lane].mul_add(b[lane], c[lane]))],
    });
    let c = c.map(|lane| -lane);
    all.push(Probe {
        parameter: Parameter::Fmadd,
        instruction: "f64x2.relaxed_nmadd",
        operands: vec![from_f64(a), from_f64(b), from_f64(c)],
        results: vec![each(&|lane| -(a[lane] * b[lane]) + c[lane]), each(&|lane| (-a[lane]).mul_add(b[lane], c[lane]))],
    });
}

/// Lanes: a NaN first, a NaN second, and zeros of opposite signs both ways.
fn least_and_greatest(all: &mut Vec<Probe>) {
    let (zero, minus) = (0.0_f32.to_bits(), (-0.0_f32).to_bits());
    let (one, two) = (1.5_f32.to_bits(), (-2.5_f32).to_bits());
    let nan = Lane::Nan(Nan::Canonical);
    let narrow = vec![from_f32_bits([NAN_32, two, zero, minus]), from_f32_bits([one, NAN_32, minus, zero])];
    for (parameter, instruction, clear) in
        [(Parameter::Fmin, "f32x4.relaxed_min", minus), (Parameter::Fmax, "f32x4.relaxed_max", zero)]
    {
        let results = vec![
            Pattern::F32x4([nan, nan, Lane::Bits(clear), Lane::Bits(clear)]),
            Pattern::F32x4([nan, Lane::Bits(two), Lane::Bits(zero), Lane::Bits(minus)]),
            Pattern::F32x4([Lane::Bits(one), nan, Lane::Bits(minus), Lane::Bits(zero)]),
            Pattern::F32x4([Lane::Bits(one), Lane::Bits(two), Lane::Bits(clear), Lane::Bits(clear)]),
        ];
        all.push(Probe { parameter, instruction, operands: narrow.clone(), results });
    }
    let (zero, minus) = (0.0_f64.to_bits(), (-0.0_f64).to_bits());
    let (one, two) = (1.5_f64.to_bits(), (-2.5_f64).to_bits());
    let nan = Lane::Nan(Nan::Canonical);
    for (parameter, instruction, clear) in
        [(Parameter::Fmin, "f64x2.relaxed_min", minus), (Parameter::Fmax, "f64x2.relaxed_max", zero)]
    {
        let with_nan = vec![
            Pattern::F64x2([nan, nan]),
            Pattern::F64x2([nan, Lane::Bits(two)]),
            Pattern::F64x2([Lane::Bits(one), nan]),
            Pattern::F64x2([Lane::Bits(one), Lane::Bits(two)]),
        ];
        let operands = vec![from_f64_bits([NAN_64, two]), from_f64_bits([one, NAN_64])];
        all.push(Probe { parameter, instruction, operands, results: with_nan });
        let of_zeros = vec![
            Pattern::F64x2([Lane::Bits(clear), Lane::Bits(clear)]),
            Pattern::F64x2([Lane::Bits(zero), Lane::Bits(minus)]),
            Pattern::F64x2([Lane::Bits(minus), Lane::Bits(zero)]),
            Pattern::F64x2([Lane::Bits(clear), Lane::Bits(clear)]),
        ];
        let operands = vec![from_f64_bits([zero, minus]), from_f64_bits([minus, zero])];
        all.push(Probe { parameter, instruction, operands, results: of_zeros });
    }
}

fn integers(all: &mut Vec<Probe>) {
    // Each product is 1 * -1 or 1 * 255; lanes of 16 bits add two of them, lanes of 32 bits four.
    let (ones, highs) = (u128::from_le_bytes([1; 16]), u128::from_le_bytes([0xff; 16]));
    all.push(Probe {
        parameter: Parameter::Idot,
        instruction: "i16x8.relaxed_dot_i8x16_i7x16_s",
        operands: vec![ones, highs],
        results: [-2, 510].map(|lane| bits(from_i16([lane; 8]))).to_vec(),
    });
    all.push(Probe {
        parameter: Parameter::Idot,
        instruction: "i32x4.relaxed_dot_i8x16_i7x16_add_s",
        operands: vec![ones, highs, from_i32([0, 1, -1, 1000])],
        results: [-4, 1020].map(|sum| bits(from_i32([sum, sum + 1, sum - 1, sum + 1000]))).to_vec(),
    });
    all.push(Probe {
        parameter: Parameter::Iq15mulr,
        instruction: "i16x8.relaxed_q15mulr_s",
        operands: vec![from_i16([i16::MIN; 8]); 2],
        results: [i16::MAX, i16::MIN].map(|lane| bits(from_i16([lane; 8]))).to_vec(),
    });
}

fn truncations(all: &mut Vec<Probe>) {
    for parameter in [Parameter::TruncS, Parameter::TruncU] {
        for values in [[f32::NAN, 1e10, -1e10, 7.9], [f32::INFINITY, f32::NEG_INFINITY, -1e30, 1e30]] {
            all.push(truncation_f32(parameter, values));
        }
        for values in [[f64::NAN, 1e10], [-1e10, 7.9], [f64::INFINITY, f64::NEG_INFINITY]] {
            all.push(truncation_f64(parameter, values));
        }
    }
}

/// `i32x4.relaxed_trunc_f32x4` of any values.
pub(crate) fn truncation_f32(parameter: Parameter, values: [f32; 4]) -> Probe {
    Probe {
        parameter,
        instruction: if parameter == Parameter::TruncS {
            "i32x4.relaxed_trunc_f32x4_s"
        } else {
            "i32x4.relaxed_trunc_f32x4_u"
        },
        operands: vec![from_f32(values)],
        results: truncated(parameter, &|index| values.map(|value| truncate(parameter, index, value.into()))),
    }
}

/// `i32x4.relaxed_trunc_f64x2_zero` of any values.
pub(crate) fn truncation_f64(parameter: Parameter, values: [f64; 2]) -> Probe {
    Probe {
        parameter,
        instruction: if parameter == Parameter::TruncS {
            "i32x4.relaxed_trunc_f64x2_s_zero"
        } else {
            "i32x4.relaxed_trunc_f64x2_u_zero"
        },
        operands: vec![from_f64(values)],
        results: truncated(parameter, &|index| {
            let [first, second] = values.map(|value| truncate(parameter, index, value));
            [first, second, 0, 0]
        }),
    }
}

fn truncated(parameter: Parameter, of: &dyn Fn(u8) -> [u32; 4]) -> Vec<Pattern> {
    (0..parameter.count()).map(|index| bits(from_f32_bits(of(index)))).collect()
}

fn truncate(parameter: Parameter, index: u8, value: f64) -> u32 {
    let whole = value.trunc();
    let range = match parameter {
        Parameter::TruncS => f64::from(i32::MIN)..=f64::from(i32::MAX),
        _ => 0.0..=f64::from(u32::MAX),
    };
    let is_signed = parameter == Parameter::TruncS;
    // A cast of Rust saturates, and makes 0 of a NaN, as `trunc_sat` does.
    let saturated = || if is_signed { (value as i32).cast_unsigned() } else { value as u32 };
    match (range.contains(&whole), index) {
        (true, _) | (false, 0) => saturated(),
        (false, 1) if is_signed => i32::MIN.cast_unsigned(),
        (false, 1) => u32::MAX,
        (false, 2) => u32::MAX - 1,
        (false, _) => 1 << 31,
    }
}

fn lanes(all: &mut Vec<Probe>) {
    let lanes: [u8; 16] = std::array::from_fn(|lane| 0xa0 + lane as u8);
    let indices = [16, 17, 31, 32, 64, 100, 126, 127, 128, 200, 255, 0, 5, 15, 47, 80];
    let swizzled = |beyond: &dyn Fn(u8) -> u8| {
        let lane = |index: u8| match index {
            0..16 => lanes[usize::from(index)],
            16..128 => beyond(index),
            128.. => 0,
        };
        bits(u128::from_le_bytes(indices.map(lane)))
    };
    all.push(Probe {
        parameter: Parameter::Swizzle,
        instruction: "i8x16.relaxed_swizzle",
        operands: vec![u128::from_le_bytes(lanes), u128::from_le_bytes(indices)],
        results: vec![swizzled(&|_| 0), swizzled(&|index| lanes[usize::from(index % 16)])],
    });
    let (a, b) = (0x0123_4567_89ab_cdef_1032_5476_98ba_dcfe_u128, 0xf0e1_d2c3_b4a5_9687_7869_5a4b_3c2d_1e0f_u128);
    // By lane: half a lane set, so that both readings differ. In lanes of 16 bits, both bytes have the same
    // highest bit: the suite lets those be selected by byte.
    for (instruction, width, mask) in [
        ("i8x16.relaxed_laneselect", 8, 0x80_7f_f0_0f_ff_00_80_7f_f0_0f_ff_00_80_7f_81_01_u128),
        ("i16x8.relaxed_laneselect", 16, 0x8080_7f7f_f0f0_0f0f_ffff_0000_8181_0101_u128),
        ("i32x4.relaxed_laneselect", 32, 0xffff_0000_0000_ffff_ffff_ffff_8000_0000_u128),
        ("i64x2.relaxed_laneselect", 64, 0x8000_0000_0000_0000_7fff_ffff_ffff_ffff_u128),
    ] {
        let mut by_lane = 0_u128;
        for lane in 0..128 / width {
            let ones = (u128::MAX >> (128 - width)) << (lane * width);
            let highest = 1_u128 << (lane * width + width - 1);
            by_lane |= ones & if mask & highest == 0 { b } else { a };
        }
        all.push(Probe {
            parameter: Parameter::Laneselect,
            instruction,
            operands: vec![a, b, mask],
            results: vec![bits(a & mask | b & !mask), bits(by_lane)],
        });
    }
}

const fn bits(value: u128) -> Pattern {
    Pattern::Value(Value::V128(value))
}

fn from_f32(lanes: [f32; 4]) -> u128 {
    from_f32_bits(lanes.map(f32::to_bits))
}

fn from_f64(lanes: [f64; 2]) -> u128 {
    from_f64_bits(lanes.map(f64::to_bits))
}

fn from_f32_bits(lanes: [u32; 4]) -> u128 {
    lanes.iter().rev().fold(0, |so_far, lane| so_far << 32 | u128::from(*lane))
}

fn from_f64_bits(lanes: [u64; 2]) -> u128 {
    u128::from(lanes[1]) << 64 | u128::from(lanes[0])
}

fn from_i16(lanes: [i16; 8]) -> u128 {
    lanes.iter().rev().fold(0, |so_far, lane| so_far << 16 | u128::from(lane.cast_unsigned()))
}

fn from_i32(lanes: [i32; 4]) -> u128 {
    from_f32_bits(lanes.map(i32::cast_unsigned))
}
