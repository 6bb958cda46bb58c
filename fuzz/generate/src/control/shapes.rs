//! Functions of a fixed shape: what random programs reach too seldom.

use wasm_encoder::{BlockType, Catch, ConstExpr, ElementMode, ElementSegment, Elements, InstructionSink, ValType};
use wassay_model::Feature;

use super::{Program, SHARED_SLOTS, export, from_hash, to_bits};
use crate::draw::Draw;

type Shape = fn(&mut Program, &mut Draw) -> bool;

/// A trait's name, in how many cases of a hundred, and what writes it, which says whether it could.
pub(super) const ALL: &[(&str, u32, Shape)] =
    &[("ring", 60, ring), ("recursion", 35, recursion), ("nest", 35, nest), ("leaving", 30, leaving)];

/// Mixes the top of the stack, a value of the type, into the `i64` below it.
fn fold(sink: &mut InstructionSink<'_>, ty: ValType) {
    to_bits(sink, ty, 1);
    sink.i64_xor().i64_const(0x9e37_79b9).i64_mul().i64_const(11).i64_rotl();
}

/// Functions that call each other in tail position, each with parameters of its own, thousands of times.
fn ring(program: &mut Program, draw: &mut Draw) -> bool {
    if !program.may(Feature::TailCall) {
        return false;
    }
    program.need(Feature::TailCall);
    let count = draw.between(1, 4);
    let extras: Vec<Vec<ValType>> = (0..count)
        .map(|_| {
            let high = draw.pick(&[0, 2, 6, 14]);
            program.draw_types(0, high, draw)
        })
        .collect();
    let mut functions = Vec::new();
    for extra in &extras {
        let mut params = vec![ValType::I32, ValType::I64];
        params.extend(extra);
        let ty = program.func_type(&params, &[ValType::I64]);
        functions.push((program.draft.declare(ty), ty));
    }
    let first_slot = SHARED_SLOTS + program.callees.len() as u32;
    program.draft.element(ElementSegment {
        mode: ElementMode::Active { table: None, offset: &ConstExpr::i32_const(first_slot.cast_signed()) },
        elements: Elements::Functions(functions.iter().map(|(index, _)| *index).collect()),
    });
    for at in 0..count as usize {
        let next = draw.position(count as usize);
        let next = if draw.percent(70) { (at + 1) % count as usize } else { next };
        let how = draw.below(if program.may(Feature::FunctionReferences) { 4 } else { 3 });
        if how == 3 {
            program.need(Feature::FunctionReferences);
        }
        let rotation = i64::from(draw.between(1, 63));
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        sink.local_get(0).i32_eqz().if_(BlockType::Empty).local_get(1);
        for (ty, local) in extras[at].iter().zip(2..) {
            sink.local_get(local);
            fold(&mut sink, *ty);
        }
        sink.return_().end();
        // Something stays on the stack under the arguments.
        for _ in 0..draw.below(3) {
            sink.local_get(1);
        }
        sink.local_get(0).i32_const(1).i32_sub();
        sink.local_get(1).i64_const(rotation).i64_rotl().local_get(0).i64_extend_i32_u().i64_xor();
        for ty in &extras[next] {
            let own: Vec<u32> =
                extras[at].iter().zip(2..).filter(|(own, _)| *own == ty).map(|(_, local)| local).collect();
            if own.is_empty() || draw.percent(25) {
                from_hash(&mut sink, *ty, 1);
            } else {
                sink.local_get(draw.pick(&own));
            }
        }
        let (index, ty) = functions[next];
        match how {
            0 => sink.i32_const((first_slot + next as u32).cast_signed()).return_call_indirect(0, ty),
            3 => sink.ref_func(index).return_call_ref(ty),
            _ => sink.return_call(index),
        };
        sink.end();
        program.draft.define_raw(functions[at].0, &[], &code);
    }
    let params = [ValType::I32, ValType::I64];
    let ty = program.func_type(&params, &[ValType::I64]);
    let mask = draw.weighted(&[(0x3f, 5), (0x3ff, 3), (0x7fff, 1)]);
    let extra = extras[0].clone();
    let index = program.draft.func(ty, &[], |sink| {
        sink.local_get(0).i32_const(mask).i32_and().local_get(1);
        for ty in &extra {
            from_hash(sink, *ty, 1);
        }
        sink.call(functions[0].0);
    });
    export(program, "ring", index, &params);
    true
}

/// A function that calls itself up to 255 deep, with many values alive across the call.
fn recursion(program: &mut Program, draw: &mut Draw) -> bool {
    let high = draw.pick(&[1, 4, 10, 24]);
    let extra = program.draw_types(1, high, draw);
    let mut params = vec![ValType::I32, ValType::I64];
    params.extend(&extra);
    let mut results = vec![ValType::I64];
    if program.may(Feature::MultiValue) {
        results.extend(program.draw_types(0, 3, draw));
    }
    let ty = program.func_type(&params, &results);
    let index = program.draft.declare(ty);
    let mut code = Vec::new();
    let mut sink = InstructionSink::new(&mut code);
    sink.local_get(0).i32_eqz().if_(BlockType::Empty);
    for ty in &results {
        from_hash(&mut sink, *ty, 1);
    }
    sink.return_().end();
    // What waits on the stack over the call.
    let alive: Vec<u32> = (0..draw.pick(&[0, 3, 10, 30])).map(|_| draw.between(1, params.len() as u32 - 1)).collect();
    for local in &alive {
        sink.local_get(*local);
    }
    sink.local_get(0).i32_const(1).i32_sub();
    sink.local_get(1).i64_const(7).i64_rotl().local_get(0).i64_extend_i32_u().i64_xor();
    for (ty, local) in extra.iter().zip(2..) {
        // Each goes in from another parameter of its type.
        let own: Vec<u32> = extra.iter().zip(2..).filter(|(own, _)| *own == ty).map(|(_, other)| other).collect();
        match draw.below(4) {
            0 => from_hash(&mut sink, *ty, 1),
            1 => {
                sink.local_get(local);
            }
            _ => {
                sink.local_get(draw.pick(&own));
            }
        }
    }
    sink.call(index);
    let hash = params.len() as u32;
    for ty in results.iter().rev() {
        absorb(&mut sink, *ty, hash);
    }
    for local in alive.iter().rev() {
        absorb(&mut sink, params[*local as usize], hash);
    }
    sink.local_get(hash);
    for ty in &results[1..] {
        from_hash(&mut sink, *ty, hash);
    }
    sink.end();
    program.draft.define_raw(index, &[ValType::I64], &code);

    let outer = program.func_type(&params, &results);
    let mask = draw.weighted(&[(0xf, 4), (0x3f, 3), (0xff, 2)]);
    let entry = program.draft.func(outer, &[], |sink| {
        sink.local_get(0).i32_const(mask).i32_and();
        for local in 1..params.len() as u32 {
            sink.local_get(local);
        }
        sink.call(index);
    });
    export(program, "recursion", entry, &params);
    true
}

/// Takes the top of the stack into the local.
fn absorb(sink: &mut InstructionSink<'_>, ty: ValType, hash: u32) {
    to_bits(sink, ty, 0);
    sink.local_get(hash).i64_const(13).i64_rotl().i64_xor().i64_const(0x51ed).i64_add().local_set(hash);
}

/// Hundreds of blocks in each other, and a `br_table` to all of them from the innermost.
fn nest(program: &mut Program, draw: &mut Draw) -> bool {
    let depth: u32 = draw.weighted(&[(12, 4), (40, 4), (130, 2), (300, 1)]);
    let carries = draw.percent(60);
    let block = if carries { BlockType::Result(ValType::I64) } else { BlockType::Empty };
    let params = [ValType::I32, ValType::I64];
    let ty = program.func_type(&params, &[ValType::I64]);
    let mut code = Vec::new();
    let mut sink = InstructionSink::new(&mut code);
    let mut ifs = Vec::new();
    for _ in 0..depth {
        // Operands wait under some of the blocks.
        let waits = draw.percent(10);
        if waits {
            sink.local_get(1);
        }
        let is_if = draw.percent(20);
        if is_if {
            sink.local_get(0).i32_const(draw.between(1, 0xffff).cast_signed()).i32_or().if_(block);
        } else {
            sink.block(block);
        }
        ifs.push((is_if, waits));
    }
    if carries {
        sink.local_get(1);
    }
    let mut targets: Vec<u32> = (0..depth).collect();
    if draw.percent(60) {
        draw.shuffle(&mut targets);
    }
    sink.local_get(0).i32_const(if draw.percent(80) { 0x1ff } else { -1 }).i32_and();
    sink.br_table(targets, draw.below(depth));
    for (at, (is_if, waits)) in ifs.iter().enumerate().rev() {
        if *is_if && carries {
            sink.else_().i64_const(i64::from(draw.bits() as u32));
        }
        sink.end();
        if carries {
            sink.local_set(2);
        }
        if *waits {
            sink.local_get(2).i64_add().local_set(2);
        }
        sink.local_get(2).i64_const(5).i64_rotl().i64_const(i64::from(draw.bits() as u32)).i64_xor().local_set(2);
        if carries {
            sink.local_get(2);
        }
        // From here some go on further out.
        if at > 1 && draw.percent(8) {
            sink.local_get(2).i64_const(i64::from(draw.below(64))).i64_shr_u().i32_wrap_i64().i32_const(3).i32_and();
            sink.i32_eqz().br_if(draw.below(at as u32));
        }
    }
    if !carries {
        sink.local_get(2);
    }
    sink.end();
    let index = program.draft.declare(ty);
    program.draft.define_raw(index, &[ValType::I64], &code);
    export(program, "nest", index, &params);
    true
}

/// Ways out of a handler's reach: a label of the handler that is the function's own, and a tail call that throws.
fn leaving(program: &mut Program, draw: &mut Draw) -> bool {
    if !program.may(Feature::Exceptions) {
        return false;
    }
    program.need(Feature::Exceptions);
    let params = [ValType::I64, ValType::I32];
    let ty = program.func_type(&params, &[ValType::I64]);
    let payload = program.func_type(&[ValType::I64], &[]);
    let (tag, other) = (program.draft.tag(payload), program.draft.tag(payload));
    let rotation = i64::from(draw.between(1, 63));
    let mask = draw.pick(&[1, 2, 3, 7]);
    // Throws one or the other, or returns.
    let thrower = program.draft.func(ty, &[], |sink| {
        sink.local_get(1).i32_const(mask).i32_and().i32_eqz().if_(BlockType::Empty);
        sink.local_get(0).i64_const(rotation).i64_rotl().throw(tag).end();
        sink.local_get(1).i32_const(8).i32_and().if_(BlockType::Empty).local_get(0).throw(other).end();
        sink.local_get(0).i64_const(-1).i64_xor();
    });
    let catch = |draw: &mut Draw| {
        let mut all = vec![Catch::One { tag, label: 0 }, Catch::One { tag: other, label: 0 }];
        draw.shuffle(&mut all);
        all.truncate(draw.between(1, 2) as usize);
        all
    };
    // The handler's label is the function itself: what was thrown is the result.
    let catches = catch(draw);
    let direct = draw.percent(40);
    let caught = program.draft.func(ty, &[], |sink| {
        sink.try_table(BlockType::Empty, catches);
        if direct {
            sink.local_get(0).i64_const(rotation).i64_sub().throw(tag);
        } else {
            sink.local_get(0).local_get(1).call(thrower).local_set(0);
        }
        sink.end().local_get(0).i64_const(5).i64_add();
    });
    // Where the frame is left before the call, its handlers are too.
    let mut functions = vec![caught];
    if program.may(Feature::TailCall) {
        program.need(Feature::TailCall);
        let catches = catch(draw);
        functions.push(program.draft.func(ty, &[], |sink| {
            sink.try_table(BlockType::Empty, catches);
            sink.local_get(0).local_get(1).return_call(thrower).end().local_get(0).i64_const(77).i64_mul();
        }));
    }
    // What leaves them is caught here, and told apart.
    for (name, inner) in ["leaving", "left"].into_iter().zip(functions) {
        let index = program.draft.func(ty, &[], |sink| {
            sink.block(BlockType::Result(ValType::I64));
            sink.try_table(BlockType::Empty, [Catch::One { tag, label: 0 }]);
            sink.local_get(0).local_get(1).call(inner).return_().end().unreachable().end();
            sink.i64_const(0x5555).i64_xor();
        });
        export(program, name, index, &params);
    }
    true
}
