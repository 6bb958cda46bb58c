//! Which memories and tables match which imports: the address types are equal, and the limits of what is there lie
//! within those that are asked for.

use crate::script::{Addr, Script};

#[derive(Clone, Copy)]
struct Limits {
    addr: Addr,
    min: u64,
    max: Option<u64>,
}

impl Limits {
    fn text(self) -> String {
        let max = self.max.map_or_else(String::new, |max| format!(" {max:#x}"));
        format!("{} {:#x}{max}", self.addr.name(), self.min)
    }

    /// Whether what has these limits may be imported as the other.
    fn matches(self, import: Self) -> bool {
        let max_fits = match (self.max, import.max) {
            (_, None) => true,
            (Some(max), Some(import)) => max <= import,
            (None, Some(_)) => false,
        };
        self.addr == import.addr && self.min >= import.min && max_fits
    }
}

fn limits(mins: &[u64], maxima: &[u64]) -> Vec<Limits> {
    let mut all = Vec::new();
    for addr in [Addr::I32, Addr::I64] {
        for &min in mins {
            all.push(Limits { addr, min, max: None });
            let maxima = maxima.iter().filter(|max| **max >= min && (addr == Addr::I64 || **max <= 0x1_0000));
            all.extend(maxima.map(|&max| Limits { addr, min, max: Some(max) }));
        }
    }
    all
}

/// Exports of every kind against imports of every kind; `rest` is what a type has behind its limits.
pub(crate) fn grid(script: &mut Script, keyword: &str, rest: &str) {
    let exports = limits(&[0, 2], &[2, 3, 0x1_0000, 0x1_0000_0000]);
    script.line("(module $exports");
    for (number, export) in exports.iter().enumerate() {
        script.line(&format!("  ({keyword} (export \"{number}\") {}{rest})", export.text()));
    }
    script.line(")\n(register \"exports\" $exports)");
    for (number, export) in exports.iter().enumerate() {
        for import in limits(&[0, 1, 2, 3], &[2, 3, 4, 0x1_0000, 0x1_0000_0000, 0x1_0000_0000_0000]) {
            let module = format!("(module (import \"exports\" \"{number}\" ({keyword} {}{rest})))", import.text());
            match export.matches(import) {
                true => script.line(&module),
                false => script.line(&format!("(assert_unlinkable {module} \"incompatible import type\")")),
            }
        }
    }
}
