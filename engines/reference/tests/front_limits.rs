//! Hostile modules: what is too large is refused as such, and what is deep is no trouble.

use wassay_model::Features;
use wassay_reference::binary::{DecodeError, decode};
use wassay_reference::valid::validate;

fn leb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn with_size(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len() as u64).as_slice(), bytes].concat()
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], with_size(content).as_slice()].concat()
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0", sections.concat().as_slice()].concat()
}

/// A module with one function without parameters, given its locals and instructions.
fn function(code: &[u8]) -> Vec<u8> {
    let body = with_size(code);
    module(&[section(1, &[1, 0x60, 0, 0]), section(3, &[1, 0]), section(10, &[&[1], body.as_slice()].concat())])
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Valid,
    Invalid,
    Malformed,
    Limit,
}

fn check(bytes: &[u8], expected: Verdict) {
    let verdict = match decode(bytes, Features::V3) {
        Err(DecodeError::Malformed { .. }) => Verdict::Malformed,
        Err(DecodeError::Limit { .. }) => Verdict::Limit,
        Ok(module) => match validate(&module, Features::V3) {
            Ok(_) => Verdict::Valid,
            Err(_) => Verdict::Invalid,
        },
    };
    assert_eq!(verdict, expected);
}

fn locals(runs: &[u64]) -> Vec<u8> {
    let mut code = leb(runs.len() as u64);
    for run in runs {
        code.extend(leb(*run));
        code.push(0x7F);
    }
    code.push(0x0B);
    function(&code)
}

#[test]
fn fifty_thousand_locals_are_the_limit() {
    check(&locals(&[50_000]), Verdict::Valid);
    check(&locals(&[50_000, 1]), Verdict::Limit);
    check(&locals(&[u64::from(u32::MAX)]), Verdict::Limit);
    // The grammar itself has a bound.
    check(&locals(&[u64::from(u32::MAX), 1]), Verdict::Malformed);
}

#[test]
fn far_locals_have_the_types_of_their_runs() {
    let code = |local: u64, op: u8| {
        let get = [&[0x20], leb(local).as_slice(), &[op, 0x1A, 0x0B]].concat();
        function(&[&[2], leb(10_000).as_slice(), &[0x7F], leb(10_000).as_slice(), &[0x7E], get.as_slice()].concat())
    };
    let (i32_eqz, i64_eqz) = (0x45, 0x50);
    check(&code(9_999, i32_eqz), Verdict::Valid);
    check(&code(9_999, i64_eqz), Verdict::Invalid);
    check(&code(10_000, i64_eqz), Verdict::Valid);
    check(&code(19_999, i64_eqz), Verdict::Valid);
    check(&code(20_000, i64_eqz), Verdict::Invalid);
}

#[test]
fn far_locals_without_default_start_without_value() {
    // 1000 times `(ref func)`, of which the last is set and read.
    let code = |set: u64, get: u64| {
        let code = [
            &[0x01],
            leb(1000).as_slice(),
            &[0x64, 0x70, 0xD2, 0, 0x21],
            leb(set).as_slice(),
            &[0x20],
            leb(get).as_slice(),
            &[0x1A, 0x0B],
        ]
        .concat();
        let body = with_size(&code);
        module(&[
            section(1, &[1, 0x60, 0, 0]),
            section(3, &[1, 0]),
            section(7, &[1, 1, b'f', 0, 0]),
            section(10, &[&[1], body.as_slice()].concat()),
        ])
    };
    check(&code(999, 999), Verdict::Valid);
    check(&code(998, 999), Verdict::Invalid);
    check(&code(64, 64), Verdict::Valid);
    check(&code(64, 63), Verdict::Invalid);
}

#[test]
fn a_million_nested_blocks_are_no_trouble() {
    let depth = 1_000_000;
    let code = [vec![0], [0x02, 0x40].repeat(depth), vec![0x0B; depth + 1]].concat();
    check(&function(&code), Verdict::Valid);
    let code = [vec![0, 0x00], [0x02, 0x40].repeat(depth), vec![0x0B; depth + 1]].concat();
    check(&function(&code), Verdict::Valid);
    check(&function(&[vec![0], [0x02, 0x40].repeat(depth)].concat()), Verdict::Malformed);
}

#[test]
fn lists_longer_than_the_module_are_refused_at_once() {
    for id in [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13] {
        check(&module(&[section(id, &leb(u64::from(u32::MAX)))]), Verdict::Malformed);
    }
}

#[test]
fn a_thousand_parameters_are_the_limit() {
    let ty = |count: usize| {
        let ty = [&[1, 0x60], leb(count as u64).as_slice(), vec![0x7F; count].as_slice(), &[0]].concat();
        module(&[section(1, &ty)])
    };
    check(&ty(1000), Verdict::Valid);
    check(&ty(1001), Verdict::Limit);
}

#[test]
fn sixty_three_supertypes_are_the_limit() {
    let chain = |depth: u64| {
        let mut types = leb(depth + 1);
        types.extend([0x50, 0, 0x5F, 0]);
        for parent in 0..depth {
            types.extend([0x50, 1]);
            types.extend(leb(parent));
            types.extend([0x5F, 0]);
        }
        module(&[section(1, &types)])
    };
    check(&chain(63), Verdict::Valid);
    check(&chain(64), Verdict::Limit);
}
