//! Tells the sources which of wasmi's interfaces they are compiled against: the version of this crate is the
//! version of the engine.

fn number(name: &str) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn main() {
    let version = (number("CARGO_PKG_VERSION_MAJOR"), number("CARGO_PKG_VERSION_MINOR"));
    let since = |other: (u32, u32)| version >= other;
    let facts = [
        ("sets_fuel", since((0, 32))),
        ("links_by_position", since((0, 36))),
        ("has_multi_memory", since((0, 38))),
        ("has_memory64", since((0, 41))),
        ("has_wide_arithmetic", since((0, 42))),
        ("has_simd", since((0, 43))),
        ("has_relaxed_simd", since((0, 44))),
        ("has_ref", since((0, 49)) && !since((2, 0))),
        ("has_nullable", since((2, 0))),
        ("has_flat_stack_limits", since((0, 51))),
    ];
    for (name, holds) in facts {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if holds {
            println!("cargo::rustc-cfg={name}");
        }
    }
}
