//! Writing scripts: their commands, and the numbers that are worth asking about.

use std::fmt::Write as _;

use crate::model::OutOfBounds;

/// The type of the addresses of a memory or table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addr {
    I32,
    I64,
}

impl Addr {
    /// Its name in the text format.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }

    /// The type of a length that has to fit both.
    pub(crate) const fn least(self, other: Self) -> Self {
        match (self, other) {
            (Self::I64, Self::I64) => Self::I64,
            _ => Self::I32,
        }
    }

    /// A constant. What is too large for the type must not be written.
    pub(crate) fn number(self, value: u64) -> String {
        format!("({}.const {value:#x})", self.name())
    }

    /// Numbers at and around the edges of something of this size: of its own, of 32 bits, of signed and of unsigned
    /// numbers, and those that wrap around to an address within.
    pub(crate) fn edges(self, size: u64) -> Vec<u64> {
        let near = [0, 1, 7, size - 7, size - 1, size, size + 1];
        let far: &[u64] = match self {
            Self::I32 => &[0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff],
            Self::I64 => &[0xffff_ffff, 0x1_0000_0000, 0x1_0000_0001, i64::MAX as u64, 1 << 63, u64::MAX - 6, u64::MAX],
        };
        near.into_iter().chain(far.iter().copied()).collect()
    }
}

/// `i32` constant.
pub(crate) fn i32(value: u64) -> String {
    Addr::I32.number(value)
}

/// `i64` constant.
pub(crate) fn i64(value: u64) -> String {
    Addr::I64.number(value)
}

/// A script under way.
#[derive(Default)]
pub(crate) struct Script(String);

impl Script {
    /// A script that says what it is about.
    pub(crate) fn new(subject: &str) -> Self {
        Self(format!(";; {subject} Made by `spec-suite/additions`.\n"))
    }

    pub(crate) fn text(self) -> String {
        self.0
    }

    /// A remark, or a command as it stands.
    pub(crate) fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// `assert_return` of an export of the last instance.
    pub(crate) fn returns(&mut self, name: &str, args: &[String], results: &[String]) {
        let mut line = format!("(assert_return {}", invoke(name, args));
        for result in results {
            line.push(' ');
            line.push_str(result);
        }
        line.push(')');
        self.line(&line);
    }

    /// `assert_trap` of an export of the last instance.
    pub(crate) fn traps(&mut self, name: &str, args: &[String], words: &str) {
        self.line(&format!("(assert_trap {} \"{words}\")", invoke(name, args)));
    }

    /// An operation without results: it returns, or it traps because something is out of bounds.
    pub(crate) fn operates(&mut self, name: &str, args: &[String], outcome: Result<(), OutOfBounds>, words: &str) {
        match outcome {
            Ok(()) => self.returns(name, args, &[]),
            Err(OutOfBounds) => self.traps(name, args, words),
        }
    }

    /// `assert_invalid` of a module.
    pub(crate) fn invalid(&mut self, module: &str, words: &str) {
        self.line(&format!("(assert_invalid (module {module}) \"{words}\")"));
    }
}

fn invoke(name: &str, args: &[String]) -> String {
    let mut text = String::new();
    write!(text, "(invoke \"{name}\"").expect("a string takes all");
    for arg in args {
        write!(text, " {arg}").expect("a string takes all");
    }
    text.push(')');
    text
}
