//! The machine: reduces the code of one invocation to its results (section 4.6).
//!
//! One arm of the match is one reduction rule. DEVIATION: operands lie on two stacks, numbers and vectors in 64-bit slots and
//! references apart; an `i32` or `f32` is the low half of its slot, and the high half is zero. Calls push onto our own
//! frames: Wasm never recurses on the host's stack, except through a host function that invokes again.

mod bulk;
mod exits;

use wassay_model::TrapKind;

use self::bulk::Bulk;
use self::exits::{exhausted, internal, trapped};
use super::atomic::{self, Ended};
use super::choices::{Choices, Deterministic, Held};
use super::embedding::ref_has_type;
use super::heap::{self, Handle, Object, Roots};
use super::invoke::host_step;
use super::lower::FuncCode;
use super::numerics::{self as num, float32, float64, int32, int64, result32, result64};
use super::op::{Op, Shift};
use super::store::{Frame, FuncAddr, FuncKind, Reference, Store, extend, first_memory, func_code};
use super::{Ask, ExecError, Host, Resource, memory as mem, planted, table, vector};
use crate::syntax::Arity;

/// Fuel for a bulk instruction: one unit for 64 bytes or 16 references.
const BYTES_A_UNIT: u64 = 64;
const REFS_A_UNIT: u64 = 16;
/// Fuel for a new page, which the system hands out zeroed when it is first touched.
const UNITS_A_PAGE: u64 = 16;

/// Why the machine leaves the code of an instance.
struct HostCall {
    func: FuncAddr,
    /// Whether the host's results are those of the current frame.
    tail: bool,
}

/// Runs code whose arguments lie on top of the stacks; its results take their place.
pub(crate) fn run(store: &mut Store, host: &mut dyn Host, instance: u32, code: FuncCode) -> Result<(), ExecError> {
    let outer = store.stack.frames.len();
    let outcome = match store.choices.other {
        None => steps::<Deterministic>(store, host, instance, code),
        Some(_) => steps::<Box<dyn Choices>>(store, host, instance, code),
    };
    // After a trap, frames are left above the ones that were there before.
    store.stack.frames.truncate(outer);
    outcome
}

#[allow(clippy::too_many_lines, clippy::cognitive_complexity, reason = "one arm a rule")]
fn steps<C: Held>(store: &mut Store, host: &mut dyn Host, instance: u32, entry: FuncCode) -> Result<(), ExecError> {
    let mut current = instance;
    let mut entry = Some(entry);
    let mut fuel = store.fuel;
    let mut pc = 0_usize;
    let mut slot_base = 0_usize;
    let mut ref_base = 0_usize;
    let mut sp = store.stack.sp;
    let mut rp = store.stack.rp;
    // An exception on its way to a handler.
    let mut throwing: Option<Handle> = None;
    let mut threw: Option<Handle> = None;

    let outcome = 'run: loop {
        // What the current instance sees of the store. Taken anew whenever the instance changes, and after a call of
        // the host, which is handed the whole store.
        let Store {
            config,
            types,
            funcs,
            tables,
            mems,
            globals,
            tags,
            elems,
            datas,
            instances,
            heap,
            stack,
            open,
            choices,
            planted: planted_state,
            pages,
            table_elements,
            ..
        } = &mut *store;
        let all_slots = &mut stack.slots;
        let all_refs = &mut stack.refs;
        let frames = &mut stack.frames;
        let Some(choices) = C::held(choices) else {
            break 'run Err(internal("the choices are not those of the machine"));
        };
        let Some(instance) = instances.get(current as usize) else {
            break 'run Err(internal("a frame names no instance"));
        };
        let code = &instance.loaded.code;
        let ops = code.ops.as_slice();
        let mut slots = all_slots.as_mut_slice();
        let mut refs = all_refs.as_mut_slice();
        // The bytes of memory 0, which most accesses are to.
        let mut memory = first_memory(mems, instance);

        macro_rules! trap {
            ($kinds:expr) => {
                break 'run Err(trapped($kinds.into()))
            };
        }
        macro_rules! checked {
            ($result:expr) => {
                match $result {
                    Ok(value) => value,
                    Err(kinds) => trap!(kinds),
                }
            };
        }
        macro_rules! internal {
            ($why:literal) => {
                break 'run Err(internal($why))
            };
        }
        macro_rules! known {
            ($option:expr, $why:literal) => {
                match $option {
                    Some(value) => value,
                    None => internal!($why),
                }
            };
        }
        macro_rules! pay {
            ($units:expr) => {
                match fuel.checked_sub($units) {
                    Some(left) => fuel = left,
                    None => break 'run Err(exhausted(Resource::Fuel)),
                }
            };
        }
        // The n-th slot from the top, counted from 1.
        macro_rules! top {
            ($n:literal) => {
                *known!(slots.get_mut(sp.wrapping_sub($n)), "the stack of slots is too short")
            };
        }
        macro_rules! push {
            ($value:expr) => {{
                let value: u64 = $value;
                *known!(slots.get_mut(sp), "the stack of slots is too short") = value;
                sp += 1;
            }};
        }
        macro_rules! pop {
            () => {{
                let value: u64 = top!(1);
                sp -= 1;
                value
            }};
        }
        macro_rules! push_ref {
            ($value:expr) => {{
                let value: Reference = $value;
                *known!(refs.get_mut(rp), "the stack of references is too short") = value;
                rp += 1;
            }};
        }
        macro_rules! pop_ref {
            () => {{
                let value = *known!(refs.get(rp.wrapping_sub(1)), "the stack of references is too short");
                rp -= 1;
                value
            }};
        }
        macro_rules! local {
            ($n:expr) => {
                *known!(slots.get_mut(slot_base + $n as usize), "a local lies beyond the stack")
            };
        }
        macro_rules! local_ref {
            ($n:expr) => {
                *known!(refs.get_mut(ref_base + $n as usize), "a local lies beyond the stack")
            };
        }
        macro_rules! global {
            ($n:expr) => {{
                let address = *known!(instance.globals.get($n as usize), "a global is missing");
                known!(globals.get_mut(address.at()), "a global is missing")
            }};
        }
        macro_rules! table {
            ($n:expr) => {{
                let address = *known!(instance.tables.get($n as usize), "a table is missing");
                known!(tables.get_mut(address.at()), "a table is missing")
            }};
        }
        macro_rules! memory_inst {
            ($n:expr) => {{
                let address = *known!(instance.mems.get($n as usize), "a memory is missing");
                known!(mems.get_mut(address.at()), "a memory is missing")
            }};
        }
        // What a fused operator does, with the fuel for the instructions before its last one. Nothing shows that it is
        // done without them all being paid for: the next operator ends the invocation.
        macro_rules! fused {
            ($paid:expr, $at:expr, $done:expr) => {{
                $done;
                sp = slot_base + $at.top as usize;
                fuel = fuel.saturating_sub(u64::from($paid));
            }};
        }
        // The same for one that may trap, or changes more than the frame.
        macro_rules! pay_before {
            ($paid:expr) => {
                match fuel.checked_sub(u64::from($paid)) {
                    Some(left) => fuel = left,
                    None => {
                        fuel = 0;
                        break 'run Err(exhausted(Resource::Fuel));
                    }
                }
            };
        }
        macro_rules! i32_fused {
            ($op:expr, $paid:expr, $at:expr, $b:expr) => {{
                let (a, b) = (local!($at.a) as u32, $b as u32);
                fused!($paid, $at, local!($at.to) = u64::from($op(a, b)));
            }};
        }
        macro_rules! i64_fused {
            ($op:expr, $paid:expr, $at:expr, $b:expr) => {{
                let (a, b) = (local!($at.a), $b);
                fused!($paid, $at, local!($at.to) = $op(a, b));
            }};
        }
        macro_rules! f32_fused {
            ($op:expr, $paid:expr, $at:expr, $b:expr) => {{
                let (a, b) = (local!($at.a) as u32, $b as u32);
                let result = $op(f32::from_bits(a), f32::from_bits(b));
                fused!($paid, $at, local!($at.to) = u64::from(result32(result, [a, b], choices, open)));
            }};
        }
        macro_rules! f64_fused {
            ($op:expr, $paid:expr, $at:expr, $b:expr) => {{
                let (a, b) = (local!($at.a), $b);
                let result = $op(f64::from_bits(a), f64::from_bits(b));
                fused!($paid, $at, local!($at.to) = result64(result, [a, b], choices, open));
            }};
        }
        macro_rules! load_slot {
            ($paid:expr, $at:expr, $convert:expr) => {{
                pay_before!($paid);
                let loaded = checked!(mem::load(memory, local!($at.a), $at.bits()));
                local!($at.to) = $convert(loaded);
                sp = slot_base + $at.top as usize;
            }};
        }
        macro_rules! store_slots {
            ($paid:expr, $at:expr, $bytes:expr) => {{
                pay_before!($paid);
                checked!(mem::store(memory, local!($at.a), $at.bits(), $bytes(local!($at.to))));
                sp = slot_base + $at.top as usize;
            }};
        }
        macro_rules! branch_if {
            ($op:expr, $word:ty, $paid:expr, $at:expr, $b:expr) => {{
                let (a, b) = (local!($at.a) as $word, $b as $word);
                if $op(a, b) {
                    pc = $at.target as usize;
                    // Without this the compiler makes a conditional move, and the next operator would wait for the
                    // comparison.
                    if pc >= ops.len() {
                        internal!("a branch leaves the code");
                    }
                }
                fused!($paid, $at, ());
            }};
        }
        // 4.6 t.unop, t.binop, t.testop, t.relop, t1.cvtop_t2.
        macro_rules! i32_unop {
            ($op:expr) => {{
                let a = top!(1) as u32;
                top!(1) = u64::from($op(a));
            }};
        }
        macro_rules! i32_binop {
            ($op:expr) => {{
                let b = pop!() as u32;
                let a = top!(1) as u32;
                top!(1) = u64::from($op(a, b));
            }};
        }
        macro_rules! i32_binop_or_trap {
            ($op:expr) => {{
                let b = pop!() as u32;
                let a = top!(1) as u32;
                top!(1) = u64::from(checked!($op(a, b)));
            }};
        }
        macro_rules! i64_unop {
            ($op:expr) => {{
                let a = top!(1);
                top!(1) = u64::from($op(a));
            }};
        }
        macro_rules! i64_binop {
            ($op:expr) => {{
                let b = pop!();
                let a = top!(1);
                top!(1) = u64::from($op(a, b));
            }};
        }
        macro_rules! i64_binop_or_trap {
            ($op:expr) => {{
                let b = pop!();
                let a = top!(1);
                top!(1) = checked!($op(a, b));
            }};
        }
        macro_rules! f32_unop {
            ($op:expr) => {
                i32_unop!(|a| result32($op(f32::from_bits(a)), [a], choices, open))
            };
        }
        macro_rules! f32_binop {
            ($op:expr) => {{
                let b = pop!() as u32;
                let a = top!(1) as u32;
                let result = $op(f32::from_bits(a), f32::from_bits(b));
                top!(1) = u64::from(result32(result, [a, b], choices, open));
            }};
        }
        macro_rules! f32_relop {
            ($op:expr) => {
                i32_binop!(|a, b| $op(f32::from_bits(a), f32::from_bits(b)))
            };
        }
        macro_rules! f64_unop {
            ($op:expr) => {
                i64_unop!(|a| result64($op(f64::from_bits(a)), [a], choices, open))
            };
        }
        macro_rules! f64_binop {
            ($op:expr) => {{
                let b = pop!();
                let a = top!(1);
                let result = $op(f64::from_bits(a), f64::from_bits(b));
                top!(1) = result64(result, [a, b], choices, open);
            }};
        }
        macro_rules! f64_relop {
            ($op:expr) => {
                i64_binop!(|a, b| $op(f64::from_bits(a), f64::from_bits(b)))
            };
        }
        macro_rules! trunc_f32 {
            ($op:expr) => {{
                let a = f32::from_bits(top!(1) as u32);
                top!(1) = u64::from(checked!($op(a)));
            }};
        }
        macro_rules! trunc_f64 {
            ($op:expr) => {{
                let a = f64::from_bits(top!(1));
                top!(1) = u64::from(checked!($op(a)));
            }};
        }
        // 4.6 t.load: the bytes at the address and how they become a slot.
        macro_rules! load {
            ($memory:expr, $offset:expr, $convert:expr) => {{
                let address = top!(1);
                let loaded = if $memory == 0 {
                    mem::load(memory, address, $offset)
                } else {
                    let loaded = mem::load(&memory_inst!($memory).bytes, address, $offset);
                    memory = first_memory(mems, instance);
                    loaded
                };
                top!(1) = $convert(checked!(loaded));
            }};
        }
        // 4.6 t.store
        macro_rules! store {
            ($memory:expr, $offset:expr, $bytes:expr) => {{
                let value = pop!();
                let address = pop!();
                let stored = if $memory == 0 {
                    mem::store(memory, address, $offset, $bytes(value))
                } else {
                    let stored = mem::store(&mut memory_inst!($memory).bytes, address, $offset, $bytes(value));
                    memory = first_memory(mems, instance);
                    stored
                };
                checked!(stored);
            }};
        }
        // The stack pointer itself is never lent, so that it can stay in a register.
        macro_rules! vectors {
            ($operands:ident => $done:expr) => {{
                let mut height = sp;
                let $operands = &mut vector::Operands { slots: &mut *slots, sp: &mut height };
                let done = $done;
                sp = height;
                done
            }};
        }
        macro_rules! vector_access {
            ($accessed:expr) => {{
                checked!(known!($accessed, "the stack of slots is too short"));
                memory = first_memory(mems, instance);
            }};
        }
        // 4.6 br: the operands that the label takes move down over the ones that are left behind.
        macro_rules! shift {
            ($shift:expr) => {{
                let shift: &Shift = $shift;
                if shift.drop_slots != 0 {
                    let keep = shift.keep_slots as usize;
                    let to =
                        known!(sp.checked_sub(keep + shift.drop_slots as usize), "a branch drops more than there is");
                    slots.copy_within(sp - keep..sp, to);
                    sp = to + keep;
                }
                if shift.drop_refs != 0 {
                    let keep = shift.keep_refs as usize;
                    let to =
                        known!(rp.checked_sub(keep + shift.drop_refs as usize), "a branch drops more than there is");
                    refs.copy_within(rp - keep..rp, to);
                    rp = to + keep;
                }
            }};
        }
        macro_rules! branch {
            ($target:expr, $shift:expr) => {{
                shift!(known!(code.shifts.get($shift as usize), "a shift is missing"));
                pc = $target as usize;
            }};
        }
        // 4.6, "Function Calls": a frame over the arguments, locals at their defaults.
        macro_rules! enter {
            ($callee:expr) => {{
                let callee: &FuncCode = $callee;
                slot_base = known!(sp.checked_sub(callee.params.slots as usize), "arguments are missing");
                ref_base = known!(rp.checked_sub(callee.params.refs as usize), "arguments are missing");
                let slot_end = slot_base + callee.extent.slots as usize;
                if slot_end > slots.len() {
                    slots = match extend(all_slots, slot_end, config.limits.slots) {
                        Some(slots) => slots,
                        None => break 'run Err(exhausted(Resource::Slots)),
                    };
                }
                let ref_end = ref_base + callee.extent.refs as usize;
                if ref_end > refs.len() {
                    refs = match extend(all_refs, ref_end, config.limits.slots) {
                        Some(refs) => refs,
                        None => break 'run Err(exhausted(Resource::Slots)),
                    };
                }
                let locals_end = slot_base + callee.locals.slots as usize;
                if locals_end > sp {
                    pay!((locals_end - sp) as u64 * 8 / BYTES_A_UNIT);
                    known!(slots.get_mut(sp..locals_end), "the frame lies beyond the stack").fill(0);
                    sp = locals_end;
                }
                let locals_end = ref_base + callee.locals.refs as usize;
                if locals_end > rp {
                    pay!((locals_end - rp) as u64 / REFS_A_UNIT);
                    known!(refs.get_mut(rp..locals_end), "the frame lies beyond the stack").fill(Reference::Null);
                    rp = locals_end;
                }
                pc = callee.entry as usize;
            }};
        }
        macro_rules! push_frame {
            ($instance:expr) => {{
                if frames.len() >= config.limits.frames as usize {
                    break 'run Err(exhausted(Resource::Frames));
                }
                frames.push(Frame {
                    instance: $instance,
                    pc: pc as u32,
                    slot_base: slot_base as u32,
                    ref_base: ref_base as u32,
                });
            }};
        }
        // Leaves the frame. What it returns already lies where the arguments were.
        macro_rules! pop_frame {
            () => {{
                let frame = known!(frames.pop(), "no frame to return to");
                if frame.instance == Frame::OUTSIDE {
                    break 'run Ok(());
                }
                pc = frame.pc as usize;
                slot_base = frame.slot_base as usize;
                ref_base = frame.ref_base as usize;
                if frame.instance != current {
                    current = frame.instance;
                    continue 'run;
                }
            }};
        }
        macro_rules! call {
            ($func:expr) => {{
                let address: FuncAddr = $func;
                match known!(funcs.get(address.at()), "a function is missing").kind {
                    FuncKind::Wasm { instance: callee, func } => {
                        push_frame!(current);
                        enter!(known!(func_code(instances, callee, func), "a function has no code"));
                        if callee != current {
                            current = callee;
                            continue 'run;
                        }
                    }
                    FuncKind::Host(_) => break HostCall { func: address, tail: false },
                }
            }};
        }
        // 4.6 return_call: the arguments take the place of the current frame, the caller's frame stays.
        macro_rules! move_down {
            ($params:expr) => {{
                let params: Arity = $params;
                let start = known!(sp.checked_sub(params.slots as usize), "arguments are missing");
                slots.copy_within(start..sp, slot_base);
                sp = slot_base + params.slots as usize;
                let start = known!(rp.checked_sub(params.refs as usize), "arguments are missing");
                refs.copy_within(start..rp, ref_base);
                rp = ref_base + params.refs as usize;
            }};
        }
        macro_rules! return_call {
            ($func:expr) => {{
                let address: FuncAddr = $func;
                let callee = known!(funcs.get(address.at()), "a function is missing");
                match callee.kind {
                    FuncKind::Wasm { instance: callee, func } => {
                        let code = known!(func_code(instances, callee, func), "a function has no code");
                        move_down!(code.params);
                        enter!(code);
                        if callee != current {
                            current = callee;
                            continue 'run;
                        }
                    }
                    FuncKind::Host(_) => {
                        let ty = known!(types.func(callee.ty), "a function has no function type");
                        move_down!(Arity::of_all(&ty.params));
                        break HostCall { func: address, tail: true };
                    }
                }
            }};
        }
        // 4.6 call_indirect: the function that the table holds, if it has the type.
        macro_rules! indirect {
            ($table:expr, $ty:expr) => {{
                let index = pop!();
                match table::get(&table!($table).elements, index) {
                    Err(_) => trap!(TrapKind::UndefinedElement),
                    Ok(Reference::Null) => trap!(TrapKind::UninitializedElement),
                    Ok(Reference::Func(address)) => {
                        let expected = *known!(instance.types.get($ty as usize), "a type is missing");
                        let found = known!(funcs.get(address.at()), "a function is missing").ty;
                        if found != expected && !types.def_matches(found, expected) {
                            trap!(TrapKind::IndirectCallTypeMismatch);
                        }
                        address
                    }
                    Ok(_) => internal!("a table of functions holds something else"),
                }
            }};
        }
        // Objects: a null reference traps, as does whatever the rule says.
        macro_rules! object {
            ($result:expr) => {
                match $result {
                    Ok(value) => value,
                    Err(Some(kind)) => trap!(kind),
                    Err(None) => internal!("a reference to an object is something else"),
                }
            };
        }
        // Before an allocation, whose operands must still lie on the stacks.
        macro_rules! room {
            ($size:expr) => {{
                let size: u64 = $size;
                let stack = known!(refs.get(..rp), "the stack of references is too short");
                let roots = Roots { stack, globals, tables, elems };
                match heap.room(size, config.limits.heap_bytes, config.collection, &roots) {
                    Some(looked_at) => pay!(looked_at / REFS_A_UNIT),
                    None => break 'run Err(exhausted(Resource::HeapBytes)),
                }
                if !mem::available(size) {
                    break 'run Err(exhausted(Resource::Memory));
                }
                pay!(size / BYTES_A_UNIT);
            }};
        }
        // Takes the topmost operands off both stacks.
        macro_rules! take {
            ($arity:expr) => {{
                let arity: Arity = $arity;
                let slot_start = known!(sp.checked_sub(arity.slots as usize), "operands are missing");
                let ref_start = known!(rp.checked_sub(arity.refs as usize), "operands are missing");
                let taken: (Box<[u64]>, Box<[Reference]>) =
                    (Box::from(&slots[slot_start..sp]), Box::from(&refs[ref_start..rp]));
                (sp, rp) = (slot_start, ref_start);
                taken
            }};
        }
        // A number of the width of an array's elements.
        macro_rules! pop_element {
            ($width:expr) => {
                if $width == 16 {
                    let high = pop!();
                    num::wide(pop!(), high)
                } else {
                    u128::from(pop!())
                }
            };
        }
        macro_rules! cast_holds {
            ($cast:expr, $reference:expr) => {{
                let ty = *known!(instance.casts.get($cast as usize), "the type of a cast is missing");
                ref_has_type(types, funcs, heap, $reference, ty)
            }};
        }
        macro_rules! pop_func {
            () => {
                match pop_ref!() {
                    Reference::Null => trap!(TrapKind::NullReference),
                    Reference::Func(address) => address,
                    _ => internal!("a reference to a function is something else"),
                }
            };
        }

        if let Some(entry) = entry.take() {
            push_frame!(Frame::OUTSIDE);
            enter!(&entry);
        }

        // 4.6 throw_ref: the nearest handler for the exception, frame by frame.
        if let Some(handle) = throwing {
            pay!(1);
            let Some(Object::Exn { tag, slots: payload, refs: payload_refs }) = heap.get(handle) else {
                internal!("an exception is something else");
            };
            let at = (pc as u32).wrapping_sub(1);
            let guards = code.guards.iter().filter(|guard| guard.start <= at && at < guard.end);
            let mut handlers =
                guards.flat_map(|guard| code.handlers.iter().skip(guard.first as usize).take(guard.count as usize));
            let handler = handlers
                .find(|handler| handler.tag.is_none_or(|wanted| instance.tags.get(wanted as usize) == Some(tag)));
            if let Some(handler) = handler {
                throwing = None;
                sp = slot_base + handler.height.slots as usize;
                rp = ref_base + handler.height.refs as usize;
                if handler.tag.is_some() {
                    for slot in payload {
                        push!(*slot);
                    }
                    for reference in payload_refs {
                        push_ref!(*reference);
                    }
                }
                if handler.with_ref {
                    push_ref!(Reference::Exn(handle));
                }
                pc = known!(code.branches.get(handler.branch as usize), "a branch is missing").target as usize;
            } else {
                let frame = known!(frames.pop(), "no frame to return to");
                if frame.instance == Frame::OUTSIDE {
                    threw = Some(handle);
                    break 'run Ok(());
                }
                current = frame.instance;
                pc = frame.pc as usize;
                slot_base = frame.slot_base as usize;
                ref_base = frame.ref_base as usize;
                continue 'run;
            }
        }

        let host_call = loop {
            let op = known!(ops.get(pc), "the code has no end");
            pay!(1);
            pc += 1;
            match *op {
                // 4.6 Numeric instructions: t.const c
                Op::Const(bits) => push!(bits),

                // t.testop, t.relop
                Op::I32Eqz => i32_unop!(int32::eqz),
                Op::I32Eq => i32_binop!(int32::eq),
                Op::I32Ne => i32_binop!(int32::ne),
                Op::I32LtS => i32_binop!(int32::lt_s),
                Op::I32LtU => i32_binop!(int32::lt_u),
                Op::I32GtS => i32_binop!(int32::gt_s),
                Op::I32GtU => i32_binop!(int32::gt_u),
                Op::I32LeS => i32_binop!(int32::le_s),
                Op::I32LeU => i32_binop!(int32::le_u),
                Op::I32GeS => i32_binop!(int32::ge_s),
                Op::I32GeU => i32_binop!(int32::ge_u),
                Op::I64Eqz => i64_unop!(int64::eqz),
                Op::I64Eq => i64_binop!(int64::eq),
                Op::I64Ne => i64_binop!(int64::ne),
                Op::I64LtS => i64_binop!(int64::lt_s),
                Op::I64LtU => i64_binop!(int64::lt_u),
                Op::I64GtS => i64_binop!(int64::gt_s),
                Op::I64GtU => i64_binop!(int64::gt_u),
                Op::I64LeS => i64_binop!(int64::le_s),
                Op::I64LeU => i64_binop!(int64::le_u),
                Op::I64GeS => i64_binop!(int64::ge_s),
                Op::I64GeU => i64_binop!(int64::ge_u),
                Op::F32Eq => f32_relop!(float32::eq),
                Op::F32Ne => f32_relop!(float32::ne),
                Op::F32Lt => f32_relop!(float32::lt),
                Op::F32Gt => f32_relop!(float32::gt),
                Op::F32Le => f32_relop!(float32::le),
                Op::F32Ge => f32_relop!(float32::ge),
                Op::F64Eq => f64_relop!(float64::eq),
                Op::F64Ne => f64_relop!(float64::ne),
                Op::F64Lt => f64_relop!(float64::lt),
                Op::F64Gt => f64_relop!(float64::gt),
                Op::F64Le => f64_relop!(float64::le),
                Op::F64Ge => f64_relop!(float64::ge),

                // t.unop, t.binop
                Op::I32Clz => i32_unop!(int32::clz),
                Op::I32Ctz => i32_unop!(int32::ctz),
                Op::I32Popcnt => i32_unop!(int32::popcnt),
                Op::I32Add => i32_binop!(int32::add),
                Op::I32Sub => i32_binop!(int32::sub),
                Op::I32Mul => i32_binop!(int32::mul),
                Op::I32DivS => i32_binop_or_trap!(int32::div_s),
                Op::I32DivU => i32_binop_or_trap!(int32::div_u),
                Op::I32RemS => i32_binop_or_trap!(int32::rem_s),
                Op::I32RemU => i32_binop_or_trap!(int32::rem_u),
                Op::I32And => i32_binop!(int32::and),
                Op::I32Or => i32_binop!(int32::or),
                Op::I32Xor => i32_binop!(int32::xor),
                Op::I32Shl => i32_binop!(int32::shl),
                Op::I32ShrS => i32_binop!(int32::shr_s),
                Op::I32ShrU => i32_binop!(int32::shr_u),
                Op::I32Rotl => i32_binop!(int32::rotl),
                Op::I32Rotr => i32_binop!(int32::rotr),
                Op::I64Clz => i64_unop!(int64::clz),
                Op::I64Ctz => i64_unop!(int64::ctz),
                Op::I64Popcnt => i64_unop!(int64::popcnt),
                Op::I64Add => i64_binop!(int64::add),
                Op::I64Sub => i64_binop!(int64::sub),
                Op::I64Mul => i64_binop!(int64::mul),
                Op::I64DivS => i64_binop_or_trap!(int64::div_s),
                Op::I64DivU => i64_binop_or_trap!(int64::div_u),
                Op::I64RemS => i64_binop_or_trap!(int64::rem_s),
                Op::I64RemU => i64_binop_or_trap!(int64::rem_u),
                Op::I64And => i64_binop!(int64::and),
                Op::I64Or => i64_binop!(int64::or),
                Op::I64Xor => i64_binop!(int64::xor),
                Op::I64Shl => i64_binop!(int64::shl),
                Op::I64ShrS => i64_binop!(int64::shr_s),
                Op::I64ShrU => i64_binop!(int64::shr_u),
                Op::I64Rotl => i64_binop!(int64::rotl),
                Op::I64Rotr => i64_binop!(int64::rotr),
                Op::F32Abs => i32_unop!(float32::abs),
                Op::F32Neg => i32_unop!(float32::neg),
                Op::F32Copysign => i32_binop!(float32::copysign),
                Op::F32Ceil => f32_unop!(float32::ceil),
                Op::F32Floor => f32_unop!(float32::floor),
                Op::F32Trunc => f32_unop!(float32::trunc),
                Op::F32Nearest => f32_unop!(float32::nearest),
                Op::F32Sqrt => f32_unop!(float32::sqrt),
                Op::F32Add => f32_binop!(float32::add),
                Op::F32Sub => f32_binop!(float32::sub),
                Op::F32Mul => f32_binop!(float32::mul),
                Op::F32Div => f32_binop!(float32::div),
                Op::F32Min => f32_binop!(float32::min),
                Op::F32Max => f32_binop!(float32::max),
                Op::F64Abs => i64_unop!(float64::abs),
                Op::F64Neg => i64_unop!(float64::neg),
                Op::F64Copysign => i64_binop!(float64::copysign),
                Op::F64Ceil => f64_unop!(float64::ceil),
                Op::F64Floor => f64_unop!(float64::floor),
                Op::F64Trunc => f64_unop!(float64::trunc),
                Op::F64Nearest => f64_unop!(float64::nearest),
                Op::F64Sqrt => f64_unop!(float64::sqrt),
                Op::F64Add => f64_binop!(float64::add),
                Op::F64Sub => f64_binop!(float64::sub),
                Op::F64Mul => f64_binop!(float64::mul),
                Op::F64Div => f64_binop!(float64::div),
                Op::F64Min => f64_binop!(float64::min),
                Op::F64Max => f64_binop!(float64::max),

                // t1.cvtop_t2
                Op::I32WrapI64 => i64_unop!(|a: u64| a as u32),
                Op::I64ExtendI32S => i64_unop!(|a: u64| i64::from(a as i32).cast_unsigned()),
                // The high half of the slot is zero already.
                Op::I64ExtendI32U => {}
                Op::I32Extend8S => i32_unop!(int32::extend8_s),
                Op::I32Extend16S => i32_unop!(int32::extend16_s),
                Op::I64Extend8S => i64_unop!(int64::extend8_s),
                Op::I64Extend16S => i64_unop!(int64::extend16_s),
                Op::I64Extend32S => i64_unop!(|a: u64| i64::from(a as i32).cast_unsigned()),
                Op::I32TruncF32S => trunc_f32!(num::trunc_s_f32_i32),
                Op::I32TruncF32U => trunc_f32!(num::trunc_u_f32_i32),
                Op::I32TruncF64S => trunc_f64!(num::trunc_s_f64_i32),
                Op::I32TruncF64U => trunc_f64!(num::trunc_u_f64_i32),
                Op::I64TruncF32S => trunc_f32!(num::trunc_s_f32_i64),
                Op::I64TruncF32U => trunc_f32!(num::trunc_u_f32_i64),
                Op::I64TruncF64S => trunc_f64!(num::trunc_s_f64_i64),
                Op::I64TruncF64U => trunc_f64!(num::trunc_u_f64_i64),
                Op::I32TruncSatF32S => i32_unop!(|a| num::trunc_sat_s_f32_i32(f32::from_bits(a))),
                Op::I32TruncSatF32U => i32_unop!(|a| num::trunc_sat_u_f32_i32(f32::from_bits(a))),
                Op::I32TruncSatF64S => i64_unop!(|a| num::trunc_sat_s_f64_i32(f64::from_bits(a))),
                Op::I32TruncSatF64U => i64_unop!(|a| num::trunc_sat_u_f64_i32(f64::from_bits(a))),
                Op::I64TruncSatF32S => i32_unop!(|a| num::trunc_sat_s_f32_i64(f32::from_bits(a))),
                Op::I64TruncSatF32U => i32_unop!(|a| num::trunc_sat_u_f32_i64(f32::from_bits(a))),
                Op::I64TruncSatF64S => i64_unop!(|a| num::trunc_sat_s_f64_i64(f64::from_bits(a))),
                Op::I64TruncSatF64U => i64_unop!(|a| num::trunc_sat_u_f64_i64(f64::from_bits(a))),
                // Conversions of integers round to nearest, ties to even, as `as` does.
                Op::F32ConvertI32S => i32_unop!(|a: u32| (a.cast_signed() as f32).to_bits()),
                Op::F32ConvertI32U => i32_unop!(|a: u32| (a as f32).to_bits()),
                Op::F32ConvertI64S => i64_unop!(|a: u64| (a.cast_signed() as f32).to_bits()),
                Op::F32ConvertI64U => i64_unop!(|a: u64| (a as f32).to_bits()),
                Op::F64ConvertI32S => i64_unop!(|a: u64| f64::from(a as i32).to_bits()),
                Op::F64ConvertI32U => i64_unop!(|a: u64| f64::from(a as u32).to_bits()),
                Op::F64ConvertI64S => i64_unop!(|a: u64| (a.cast_signed() as f64).to_bits()),
                Op::F64ConvertI64U => i64_unop!(|a: u64| (a as f64).to_bits()),
                Op::F32DemoteF64 => {
                    let a = top!(1);
                    top!(1) = u64::from(num::demote(a, choices, open));
                }
                Op::F64PromoteF32 => {
                    let a = top!(1) as u32;
                    top!(1) = num::promote(a, choices, open);
                }
                // Floats lie in slots as their bits.
                Op::I32ReinterpretF32 | Op::I64ReinterpretF64 | Op::F32ReinterpretI32 | Op::F64ReinterpretI64 => {}

                // Wide arithmetic (proposal): 128-bit operands, low half first.
                Op::I64Add128 | Op::I64Sub128 => {
                    let b = num::wide(top!(2), top!(1));
                    let a = num::wide(top!(4), top!(3));
                    let sum = if matches!(*op, Op::I64Add128) { a.wrapping_add(b) } else { a.wrapping_sub(b) };
                    (top!(4), top!(3)) = (sum as u64, (sum >> 64) as u64);
                    sp -= 2;
                }
                Op::I64MulWideS => {
                    let product = i128::from(top!(2).cast_signed()) * i128::from(top!(1).cast_signed());
                    (top!(2), top!(1)) = (product as u64, (product >> 64) as u64);
                }
                Op::I64MulWideU => {
                    let product = u128::from(top!(2)) * u128::from(top!(1));
                    (top!(2), top!(1)) = (product as u64, (product >> 64) as u64);
                }

                // 4.6 Vector instructions
                Op::ConstVector(index) => {
                    let bytes =
                        *known!(instance.loaded.module.pools.vectors.get(index as usize), "a constant is missing");
                    let bits = u128::from_le_bytes(bytes);
                    push!(bits as u64);
                    push!((bits >> 64) as u64);
                }
                Op::Shuffle(index) => {
                    let lanes = known!(instance.loaded.module.pools.vectors.get(index as usize), "lanes are missing");
                    known!(vectors!(operands => vector::shuffle(operands, lanes)), "the stack of slots is too short");
                }
                Op::Lane { op, lane } => {
                    known!(vectors!(operands => vector::lane(operands, op, lane)), "the stack of slots is too short");
                }
                Op::Vector(op) => {
                    known!(
                        vectors!(operands => vector::apply(operands, op, &mut Ask { choices, open })),
                        "the stack of slots is too short"
                    );
                }

                // 4.6 Reference instructions
                Op::RefNull => push_ref!(Reference::Null),
                Op::RefFunc(func) => {
                    push_ref!(Reference::Func(*known!(instance.funcs.get(func as usize), "a function is missing")));
                }
                Op::RefIsNull => {
                    let null = pop_ref!() == Reference::Null;
                    push!(u64::from(null));
                }
                Op::RefAsNonNull => {
                    if *known!(refs.get(rp.wrapping_sub(1)), "the stack of references is too short") == Reference::Null
                    {
                        trap!(TrapKind::NullReference);
                    }
                }
                Op::RefEq => {
                    let equal = pop_ref!() == pop_ref!();
                    push!(u64::from(equal));
                }

                Op::RefTest(cast) => {
                    let reference = pop_ref!();
                    push!(u64::from(cast_holds!(cast, reference)));
                }
                Op::RefCast(cast) => {
                    let reference = pop_ref!();
                    if !cast_holds!(cast, reference) {
                        trap!(TrapKind::CastFailure);
                    }
                    push_ref!(reference);
                }

                // 4.6 Aggregate instructions
                Op::RefI31 => {
                    let value = pop!() as u32;
                    push_ref!(Reference::I31(value & 0x7fff_ffff));
                }
                Op::I31GetU | Op::I31GetS => match pop_ref!() {
                    Reference::I31(value) if matches!(*op, Op::I31GetU) => push!(u64::from(value)),
                    Reference::I31(value) => push!(u64::from(((value << 1).cast_signed() >> 1).cast_unsigned())),
                    Reference::Null => trap!(TrapKind::NullReference),
                    _ => internal!("a reference to an integer is something else"),
                },
                Op::StructNew(ty) => {
                    let arity = *known!(code.structs.get(ty as usize), "a type is missing");
                    room!(heap::size(u64::from(arity.slots) * 8, u64::from(arity.refs)));
                    let (fields, ref_fields) = take!(arity);
                    let ty = *known!(instance.types.get(ty as usize), "a type is missing");
                    let object = Object::Struct { ty, slots: fields, refs: ref_fields };
                    push_ref!(Reference::Struct(heap.alloc(object)));
                }
                Op::StructNewDefault(ty) => {
                    let arity = *known!(code.structs.get(ty as usize), "a type is missing");
                    room!(heap::size(u64::from(arity.slots) * 8, u64::from(arity.refs)));
                    let ty = *known!(instance.types.get(ty as usize), "a type is missing");
                    let fields = vec![0; arity.slots as usize].into_boxed_slice();
                    let ref_fields = vec![Reference::Null; arity.refs as usize].into_boxed_slice();
                    let object = Object::Struct { ty, slots: fields, refs: ref_fields };
                    push_ref!(Reference::Struct(heap.alloc(object)));
                }
                Op::StructGet(at) => {
                    let (fields, _) = object!(heap.fields(pop_ref!()));
                    push!(*known!(fields.get(at as usize), "a field is missing"));
                }
                Op::StructGetVector(at) => {
                    let (fields, _) = object!(heap.fields(pop_ref!()));
                    push!(*known!(fields.get(at as usize), "a field is missing"));
                    push!(*known!(fields.get(at as usize + 1), "a field is missing"));
                }
                Op::StructGetRef(at) => {
                    let (_, fields) = object!(heap.fields(pop_ref!()));
                    push_ref!(*known!(fields.get(at as usize), "a field is missing"));
                }
                // Packed fields keep whatever bits they were given; the ones above the field are cut off here.
                Op::StructGetU { slot, bits } => {
                    let (fields, _) = object!(heap.fields(pop_ref!()));
                    let value = *known!(fields.get(slot as usize), "a field is missing");
                    push!(if bits == 8 { u64::from(value as u8) } else { u64::from(value as u16) });
                }
                Op::StructGetS { slot, bits } => {
                    let (fields, _) = object!(heap.fields(pop_ref!()));
                    let value = *known!(fields.get(slot as usize), "a field is missing") as u32;
                    push!(u64::from(if bits == 8 { int32::extend8_s(value) } else { int32::extend16_s(value) }));
                }
                Op::StructSet(at) => {
                    let value = pop!();
                    let (fields, _) = object!(heap.fields_mut(pop_ref!()));
                    *known!(fields.get_mut(at as usize), "a field is missing") = value;
                }
                Op::StructSetVector(at) => {
                    let high = pop!();
                    let low = pop!();
                    let (fields, _) = object!(heap.fields_mut(pop_ref!()));
                    *known!(fields.get_mut(at as usize), "a field is missing") = low;
                    *known!(fields.get_mut(at as usize + 1), "a field is missing") = high;
                }
                Op::StructSetRef(at) => {
                    let value = pop_ref!();
                    let (_, fields) = object!(heap.fields_mut(pop_ref!()));
                    *known!(fields.get_mut(at as usize), "a field is missing") = value;
                }
                Op::ArrayGet(width) => {
                    let index = pop!() as u32;
                    let elements = object!(heap.array(pop_ref!()));
                    if width == 0 {
                        match elements.refs.get(index as usize) {
                            Some(reference) => push_ref!(*reference),
                            None => trap!(TrapKind::ArrayOutOfBounds),
                        }
                    } else {
                        let Some(value) = heap::element(elements.bytes, width, index) else {
                            trap!(TrapKind::ArrayOutOfBounds);
                        };
                        push!(value as u64);
                        if width == 16 {
                            push!((value >> 64) as u64);
                        }
                    }
                }
                Op::ArrayGetS(width) => {
                    let index = pop!() as u32;
                    let elements = object!(heap.array(pop_ref!()));
                    let Some(value) = heap::element(elements.bytes, width, index) else {
                        trap!(TrapKind::ArrayOutOfBounds);
                    };
                    let value = value as u32;
                    push!(u64::from(if width == 1 { int32::extend8_s(value) } else { int32::extend16_s(value) }));
                }
                Op::ArraySet(0) => {
                    let value = pop_ref!();
                    let index = pop!() as u32;
                    let elements = object!(heap.array_mut(pop_ref!()));
                    match elements.refs.get_mut(index as usize) {
                        Some(element) => *element = value,
                        None => trap!(TrapKind::ArrayOutOfBounds),
                    }
                }
                Op::ArraySet(width) => {
                    let value = pop_element!(width);
                    let index = pop!() as u32;
                    let elements = object!(heap.array_mut(pop_ref!()));
                    if heap::set_element(elements.bytes, width, index, value).is_none() {
                        trap!(TrapKind::ArrayOutOfBounds);
                    }
                }
                Op::ArrayLen => push!(object!(heap.array(pop_ref!())).len()),

                // 4.6 Parametric instructions
                Op::Unreachable => trap!(TrapKind::Unreachable),
                Op::Drop => sp -= 1,
                Op::DropVector => sp -= 2,
                Op::DropRef => rp -= 1,
                Op::Select => {
                    let condition = pop!() as u32;
                    let second = pop!();
                    if condition == 0 {
                        top!(1) = second;
                    }
                }
                Op::SelectVector => {
                    let condition = pop!() as u32;
                    let second = (top!(2), top!(1));
                    sp -= 2;
                    if condition == 0 {
                        (top!(2), top!(1)) = second;
                    }
                }
                Op::SelectRef => {
                    let condition = pop!() as u32;
                    let second = pop_ref!();
                    if condition == 0 {
                        rp -= 1;
                        push_ref!(second);
                    }
                }

                // 4.6 Variable instructions
                Op::LocalGet(at) => push!(local!(at)),
                Op::LocalSet(at) => local!(at) = pop!(),
                Op::LocalTee(at) => local!(at) = top!(1),
                Op::LocalGetVector(at) => {
                    push!(local!(at));
                    push!(local!(at + 1));
                }
                Op::LocalSetVector(at) => {
                    local!(at + 1) = pop!();
                    local!(at) = pop!();
                }
                Op::LocalTeeVector(at) => {
                    local!(at + 1) = top!(1);
                    local!(at) = top!(2);
                }
                Op::LocalGetRef(at) => push_ref!(local_ref!(at)),
                Op::LocalSetRef(at) => local_ref!(at) = pop_ref!(),
                Op::LocalTeeRef(at) => {
                    let value = pop_ref!();
                    push_ref!(value);
                    local_ref!(at) = value;
                }
                Op::GlobalGet(index) => push!(global!(index).cell.slots[0]),
                Op::GlobalSet(index) => global!(index).cell.slots[0] = pop!(),
                Op::GlobalGetVector(index) => {
                    let [low, high] = global!(index).cell.slots;
                    push!(low);
                    push!(high);
                }
                Op::GlobalSetVector(index) => {
                    let high = pop!();
                    let low = pop!();
                    global!(index).cell.slots = [low, high];
                }
                Op::GlobalGetRef(index) => push_ref!(global!(index).cell.reference),
                Op::GlobalSetRef(index) => global!(index).cell.reference = pop_ref!(),

                // 4.6 Table instructions
                Op::TableGet(index) => {
                    let at = pop!();
                    push_ref!(checked!(table::get(&table!(index).elements, at)));
                }
                Op::TableSet(index) => {
                    let value = pop_ref!();
                    let at = pop!();
                    checked!(table::set(&mut table!(index).elements, at, value));
                }
                Op::TableSize(index) => push!(table!(index).elements.len() as u64),

                // 4.6 Memory instructions
                Op::Load8U { memory: index, offset } => load!(index, offset, |[byte]: [u8; 1]| u64::from(byte)),
                Op::Load16U { memory: index, offset } => {
                    load!(index, offset, |bytes| u64::from(u16::from_le_bytes(bytes)));
                }
                Op::Load32 { memory: index, offset } => {
                    load!(index, offset, |bytes| u64::from(u32::from_le_bytes(bytes)));
                }
                Op::Load64 { memory: index, offset } => load!(index, offset, u64::from_le_bytes),
                Op::I32Load8S { memory: index, offset } => {
                    load!(index, offset, |[byte]: [u8; 1]| u64::from(int32::extend8_s(u32::from(byte))));
                }
                Op::I32Load16S { memory: index, offset } => {
                    load!(index, offset, |bytes| u64::from(int32::extend16_s(u32::from(u16::from_le_bytes(bytes)))));
                }
                Op::I64Load8S { memory: index, offset } => {
                    load!(index, offset, |[byte]: [u8; 1]| int64::extend8_s(u64::from(byte)));
                }
                Op::I64Load16S { memory: index, offset } => {
                    load!(index, offset, |bytes| int64::extend16_s(u64::from(u16::from_le_bytes(bytes))));
                }
                Op::I64Load32S { memory: index, offset } => {
                    load!(index, offset, |bytes| i64::from(i32::from_le_bytes(bytes)).cast_unsigned());
                }
                Op::Store8 { memory: index, offset } => store!(index, offset, |value| [value as u8]),
                Op::Store16 { memory: index, offset } => {
                    store!(index, offset, |value| (value as u16).to_le_bytes());
                }
                Op::Store32 { memory: index, offset } => {
                    store!(index, offset, |value| (value as u32).to_le_bytes());
                }
                Op::Store64 { memory: index, offset } => store!(index, offset, u64::to_le_bytes),
                Op::LoadVector { op, memory: index, offset } => {
                    let bytes = &memory_inst!(index).bytes;
                    vector_access!(vectors!(operands => vector::load(operands, bytes, op, offset)));
                }
                Op::StoreVector { memory: index, offset } => {
                    let bytes = &mut memory_inst!(index).bytes;
                    vector_access!(vectors!(operands => vector::store(operands, bytes, offset)));
                }
                Op::LoadLane { op, lane, memory: index, offset } => {
                    let bytes = &memory_inst!(index).bytes;
                    vector_access!(vectors!(operands => vector::load_lane(operands, bytes, op, lane, offset)));
                }
                Op::StoreLane { op, lane, memory: index, offset } => {
                    let bytes = &mut memory_inst!(index).bytes;
                    vector_access!(vectors!(operands => vector::store_lane(operands, bytes, op, lane, offset)));
                }
                Op::MemorySize(index) => {
                    push!(memory_inst!(index).pages());
                    memory = first_memory(mems, instance);
                }

                // Threads proposal
                Op::Atomic { op, memory: index, offset } => {
                    let done = vectors!(operands => atomic::step(operands, memory_inst!(index), op, offset));
                    match known!(done, "the stack of slots is too short") {
                        Ok(()) => memory = first_memory(mems, instance),
                        Err(Ended::Trap(kinds)) => trap!(kinds),
                        Err(Ended::Asleep) => break 'run Err(exhausted(Resource::Agents)),
                    }
                }

                // 4.6 Control instructions
                Op::Br(target) => pc = target as usize,
                Op::BrShift { target, shift } => branch!(target, shift),
                Op::BrIf(target) => {
                    if pop!() as u32 != 0 {
                        pc = target as usize;
                    }
                }
                Op::BrIfShift { target, shift } => {
                    if pop!() as u32 != 0 {
                        branch!(target, shift);
                    }
                }
                Op::BrUnless(target) => {
                    if pop!() as u32 == 0 {
                        pc = target as usize;
                    }
                }
                Op::BrTable { first, count } => {
                    // The last entry is the default.
                    let index = (pop!() as u32).min(count);
                    let branch = known!(code.branches.get((first + index) as usize), "a branch is missing");
                    shift!(&branch.shift);
                    pc = branch.target as usize;
                }
                Op::BrOnNull(target) => {
                    let value = pop_ref!();
                    if value == Reference::Null {
                        pc = target as usize;
                    } else {
                        push_ref!(value);
                    }
                }
                Op::BrOnNullShift { target, shift } => {
                    let value = pop_ref!();
                    if value == Reference::Null {
                        branch!(target, shift);
                    } else {
                        push_ref!(value);
                    }
                }
                Op::BrOnNonNull(target) => {
                    let value = pop_ref!();
                    if value != Reference::Null {
                        push_ref!(value);
                        pc = target as usize;
                    }
                }
                Op::BrOnNonNullShift { target, shift } => {
                    let value = pop_ref!();
                    if value != Reference::Null {
                        push_ref!(value);
                        branch!(target, shift);
                    }
                }

                Op::BrOnCast { branch, cast, unless } => {
                    let reference = *known!(refs.get(rp.wrapping_sub(1)), "the stack of references is too short");
                    if cast_holds!(cast, reference) != unless {
                        let branch = known!(code.branches.get(branch as usize), "a branch is missing");
                        shift!(&branch.shift);
                        pc = branch.target as usize;
                    }
                }
                // throw: the payload becomes an exception, which is then thrown.
                Op::Throw(tag) => {
                    let tag = *known!(instance.tags.get(tag as usize), "a tag is missing");
                    let ty = known!(tags.get(tag.at()).and_then(|ty| types.func(*ty)), "a tag is missing");
                    let arity = Arity::of_all(&ty.params);
                    room!(heap::size(u64::from(arity.slots) * 8, u64::from(arity.refs)));
                    let (payload, payload_refs) = take!(arity);
                    throwing = Some(heap.alloc(Object::Exn { tag, slots: payload, refs: payload_refs }));
                    continue 'run;
                }
                Op::ThrowRef => match pop_ref!() {
                    Reference::Null => trap!(TrapKind::NullReference),
                    Reference::Exn(handle) => {
                        throwing = Some(handle);
                        continue 'run;
                    }
                    _ => internal!("a reference to an exception is something else"),
                },

                // 4.6 Function calls
                Op::Return { slots: count, refs: ref_count } => {
                    match count as usize {
                        0 => sp = slot_base,
                        1 => {
                            let value = top!(1);
                            *known!(slots.get_mut(slot_base), "the frame lies beyond the stack") = value;
                            sp = slot_base + 1;
                        }
                        count => {
                            let start = known!(sp.checked_sub(count), "results are missing");
                            slots.copy_within(start..sp, slot_base);
                            sp = slot_base + count;
                        }
                    }
                    if ref_count == 0 {
                        rp = ref_base;
                    } else {
                        let count = ref_count as usize;
                        let start = known!(rp.checked_sub(count), "results are missing");
                        refs.copy_within(start..rp, ref_base);
                        rp = ref_base + count;
                    }
                    pop_frame!();
                }
                Op::Call(func) => {
                    push_frame!(current);
                    enter!(known!(code.funcs.get(func as usize), "a function has no code"));
                }
                Op::CallImport(func) => call!(*known!(instance.funcs.get(func as usize), "a function is missing")),
                Op::CallIndirect { table, ty } => call!(indirect!(table, ty)),
                Op::CallRef => call!(pop_func!()),
                Op::ReturnCall(func) => {
                    let callee = known!(code.funcs.get(func as usize), "a function has no code");
                    move_down!(callee.params);
                    enter!(callee);
                }
                Op::ReturnCallImport(func) => {
                    return_call!(*known!(instance.funcs.get(func as usize), "a function is missing"));
                }
                Op::ReturnCallIndirect { table, ty } => return_call!(indirect!(table, ty)),
                Op::ReturnCallRef => return_call!(pop_func!()),

                // Several instructions in one (see `lower::fuse`): operands and results are locals or lie where the operand
                // stack has them.
                Op::Copy(paid, at) => {
                    // It is an operator of its own for no instruction, so it gives back what every operator takes.
                    fuel += 1;
                    fused!(paid, at, local!(at.to) = local!(at.a));
                }
                Op::Put(paid, at) => {
                    fuel += 1;
                    fused!(paid, at, local!(at.to) = at.bits());
                }
                Op::I32AddSlots(paid, at) => i32_fused!(int32::add, paid, at, local!(at.b)),
                Op::I32AddWith(paid, at) => i32_fused!(int32::add, paid, at, at.bits()),
                Op::I32SubSlots(paid, at) => i32_fused!(int32::sub, paid, at, local!(at.b)),
                Op::I32SubWith(paid, at) => i32_fused!(int32::sub, paid, at, at.bits()),
                Op::I32MulSlots(paid, at) => i32_fused!(int32::mul, paid, at, local!(at.b)),
                Op::I32MulWith(paid, at) => i32_fused!(int32::mul, paid, at, at.bits()),
                Op::I32AndSlots(paid, at) => i32_fused!(int32::and, paid, at, local!(at.b)),
                Op::I32AndWith(paid, at) => i32_fused!(int32::and, paid, at, at.bits()),
                Op::I32OrSlots(paid, at) => i32_fused!(int32::or, paid, at, local!(at.b)),
                Op::I32OrWith(paid, at) => i32_fused!(int32::or, paid, at, at.bits()),
                Op::I32XorSlots(paid, at) => i32_fused!(int32::xor, paid, at, local!(at.b)),
                Op::I32XorWith(paid, at) => i32_fused!(int32::xor, paid, at, at.bits()),
                Op::I32ShlSlots(paid, at) => i32_fused!(int32::shl, paid, at, local!(at.b)),
                Op::I32ShlWith(paid, at) => i32_fused!(int32::shl, paid, at, at.bits()),
                Op::I32ShrSSlots(paid, at) => i32_fused!(int32::shr_s, paid, at, local!(at.b)),
                Op::I32ShrSWith(paid, at) => i32_fused!(int32::shr_s, paid, at, at.bits()),
                Op::I32ShrUSlots(paid, at) => i32_fused!(int32::shr_u, paid, at, local!(at.b)),
                Op::I32ShrUWith(paid, at) => i32_fused!(int32::shr_u, paid, at, at.bits()),
                Op::I32RotlSlots(paid, at) => i32_fused!(int32::rotl, paid, at, local!(at.b)),
                Op::I32RotlWith(paid, at) => i32_fused!(int32::rotl, paid, at, at.bits()),
                Op::I32RotrSlots(paid, at) => i32_fused!(int32::rotr, paid, at, local!(at.b)),
                Op::I32RotrWith(paid, at) => i32_fused!(int32::rotr, paid, at, at.bits()),
                Op::I64AddSlots(paid, at) => i64_fused!(int64::add, paid, at, local!(at.b)),
                Op::I64AddWith(paid, at) => i64_fused!(int64::add, paid, at, at.bits()),
                Op::I64SubSlots(paid, at) => i64_fused!(int64::sub, paid, at, local!(at.b)),
                Op::I64SubWith(paid, at) => i64_fused!(int64::sub, paid, at, at.bits()),
                Op::I64MulSlots(paid, at) => i64_fused!(int64::mul, paid, at, local!(at.b)),
                Op::I64MulWith(paid, at) => i64_fused!(int64::mul, paid, at, at.bits()),
                Op::I64AndSlots(paid, at) => i64_fused!(int64::and, paid, at, local!(at.b)),
                Op::I64AndWith(paid, at) => i64_fused!(int64::and, paid, at, at.bits()),
                Op::I64OrSlots(paid, at) => i64_fused!(int64::or, paid, at, local!(at.b)),
                Op::I64OrWith(paid, at) => i64_fused!(int64::or, paid, at, at.bits()),
                Op::I64XorSlots(paid, at) => i64_fused!(int64::xor, paid, at, local!(at.b)),
                Op::I64XorWith(paid, at) => i64_fused!(int64::xor, paid, at, at.bits()),
                Op::I64ShlSlots(paid, at) => i64_fused!(int64::shl, paid, at, local!(at.b)),
                Op::I64ShlWith(paid, at) => i64_fused!(int64::shl, paid, at, at.bits()),
                Op::I64ShrSSlots(paid, at) => i64_fused!(int64::shr_s, paid, at, local!(at.b)),
                Op::I64ShrSWith(paid, at) => i64_fused!(int64::shr_s, paid, at, at.bits()),
                Op::I64ShrUSlots(paid, at) => i64_fused!(int64::shr_u, paid, at, local!(at.b)),
                Op::I64ShrUWith(paid, at) => i64_fused!(int64::shr_u, paid, at, at.bits()),
                Op::I64RotlSlots(paid, at) => i64_fused!(int64::rotl, paid, at, local!(at.b)),
                Op::I64RotlWith(paid, at) => i64_fused!(int64::rotl, paid, at, at.bits()),
                Op::I64RotrSlots(paid, at) => i64_fused!(int64::rotr, paid, at, local!(at.b)),
                Op::I64RotrWith(paid, at) => i64_fused!(int64::rotr, paid, at, at.bits()),
                Op::F32AddSlots(paid, at) => f32_fused!(float32::add, paid, at, local!(at.b)),
                Op::F32AddWith(paid, at) => f32_fused!(float32::add, paid, at, at.bits()),
                Op::F32SubSlots(paid, at) => f32_fused!(float32::sub, paid, at, local!(at.b)),
                Op::F32SubWith(paid, at) => f32_fused!(float32::sub, paid, at, at.bits()),
                Op::F32MulSlots(paid, at) => f32_fused!(float32::mul, paid, at, local!(at.b)),
                Op::F32MulWith(paid, at) => f32_fused!(float32::mul, paid, at, at.bits()),
                Op::F64AddSlots(paid, at) => f64_fused!(float64::add, paid, at, local!(at.b)),
                Op::F64AddWith(paid, at) => f64_fused!(float64::add, paid, at, at.bits()),
                Op::F64SubSlots(paid, at) => f64_fused!(float64::sub, paid, at, local!(at.b)),
                Op::F64SubWith(paid, at) => f64_fused!(float64::sub, paid, at, at.bits()),
                Op::F64MulSlots(paid, at) => f64_fused!(float64::mul, paid, at, local!(at.b)),
                Op::F64MulWith(paid, at) => f64_fused!(float64::mul, paid, at, at.bits()),
                Op::Load8USlot(paid, at) => load_slot!(paid, at, |[byte]: [u8; 1]| u64::from(byte)),
                Op::Load16USlot(paid, at) => load_slot!(paid, at, |bytes| u64::from(u16::from_le_bytes(bytes))),
                Op::Load32Slot(paid, at) => load_slot!(paid, at, |bytes| u64::from(u32::from_le_bytes(bytes))),
                Op::Load64Slot(paid, at) => load_slot!(paid, at, u64::from_le_bytes),
                Op::I32Load8SSlot(paid, at) => {
                    load_slot!(paid, at, |[byte]: [u8; 1]| u64::from(int32::extend8_s(u32::from(byte))));
                }
                Op::Store8Slots(paid, at) => store_slots!(paid, at, |value| [value as u8]),
                Op::Store16Slots(paid, at) => store_slots!(paid, at, |value| (value as u16).to_le_bytes()),
                Op::Store32Slots(paid, at) => store_slots!(paid, at, |value| (value as u32).to_le_bytes()),
                Op::Store64Slots(paid, at) => store_slots!(paid, at, u64::to_le_bytes),
                Op::BrIfI32Eq(paid, at) => branch_if!(int32::eq, u32, paid, at, local!(at.b)),
                Op::BrIfI32EqWith(paid, at) => branch_if!(int32::eq, u32, paid, at, at.b),
                Op::BrIfI32Ne(paid, at) => branch_if!(int32::ne, u32, paid, at, local!(at.b)),
                Op::BrIfI32NeWith(paid, at) => branch_if!(int32::ne, u32, paid, at, at.b),
                Op::BrIfI32LtS(paid, at) => branch_if!(int32::lt_s, u32, paid, at, local!(at.b)),
                Op::BrIfI32LtSWith(paid, at) => branch_if!(int32::lt_s, u32, paid, at, at.b),
                Op::BrIfI32LtU(paid, at) => branch_if!(int32::lt_u, u32, paid, at, local!(at.b)),
                Op::BrIfI32LtUWith(paid, at) => branch_if!(int32::lt_u, u32, paid, at, at.b),
                Op::BrIfI32GtS(paid, at) => branch_if!(int32::gt_s, u32, paid, at, local!(at.b)),
                Op::BrIfI32GtSWith(paid, at) => branch_if!(int32::gt_s, u32, paid, at, at.b),
                Op::BrIfI32GtU(paid, at) => branch_if!(int32::gt_u, u32, paid, at, local!(at.b)),
                Op::BrIfI32GtUWith(paid, at) => branch_if!(int32::gt_u, u32, paid, at, at.b),
                Op::BrIfI32LeS(paid, at) => branch_if!(int32::le_s, u32, paid, at, local!(at.b)),
                Op::BrIfI32LeSWith(paid, at) => branch_if!(int32::le_s, u32, paid, at, at.b),
                Op::BrIfI32LeU(paid, at) => branch_if!(int32::le_u, u32, paid, at, local!(at.b)),
                Op::BrIfI32LeUWith(paid, at) => branch_if!(int32::le_u, u32, paid, at, at.b),
                Op::BrIfI32GeS(paid, at) => branch_if!(int32::ge_s, u32, paid, at, local!(at.b)),
                Op::BrIfI32GeSWith(paid, at) => branch_if!(int32::ge_s, u32, paid, at, at.b),
                Op::BrIfI32GeU(paid, at) => branch_if!(int32::ge_u, u32, paid, at, local!(at.b)),
                Op::BrIfI32GeUWith(paid, at) => branch_if!(int32::ge_u, u32, paid, at, at.b),
                Op::BrIfI64Eq(paid, at) => branch_if!(int64::eq, u64, paid, at, local!(at.b)),
                Op::BrIfI64Ne(paid, at) => branch_if!(int64::ne, u64, paid, at, local!(at.b)),
                Op::BrIfI64LtS(paid, at) => branch_if!(int64::lt_s, u64, paid, at, local!(at.b)),
                Op::BrIfI64LtU(paid, at) => branch_if!(int64::lt_u, u64, paid, at, local!(at.b)),
                Op::BrIfI64GtS(paid, at) => branch_if!(int64::gt_s, u64, paid, at, local!(at.b)),
                Op::BrIfI64GtU(paid, at) => branch_if!(int64::gt_u, u64, paid, at, local!(at.b)),
                Op::BrIfI64LeS(paid, at) => branch_if!(int64::le_s, u64, paid, at, local!(at.b)),
                Op::BrIfI64LeU(paid, at) => branch_if!(int64::le_u, u64, paid, at, local!(at.b)),
                Op::BrIfI64GeS(paid, at) => branch_if!(int64::ge_s, u64, paid, at, local!(at.b)),
                Op::BrIfI64GeU(paid, at) => branch_if!(int64::ge_u, u64, paid, at, local!(at.b)),

                Op::Planted { fault, index, immediate } => {
                    let (mut height, mut ref_height) = (sp, rp);
                    let mut view = planted::View {
                        config,
                        state: planted_state,
                        instance,
                        instances,
                        types,
                        funcs,
                        heap,
                        tables,
                        mems,
                        globals,
                        elems,
                        datas,
                        slots: &mut *slots,
                        sp: &mut height,
                        refs: &mut *refs,
                        rp: &mut ref_height,
                        pages,
                        table_elements,
                        ask: Ask { choices, open },
                    };
                    let done = planted::step(&mut view, fault, index, immediate);
                    (sp, rp) = (height, ref_height);
                    match done {
                        Some(Ok(planted::Next::Op)) => memory = first_memory(mems, instance),
                        Some(Ok(planted::Next::Call(func))) => {
                            memory = first_memory(mems, instance);
                            call!(func);
                        }
                        Some(Err(kinds)) => trap!(kinds),
                        None => internal!("a planted fault met a short stack"),
                    }
                }

                // What pays by a length, and the rest on tables and segments (see `bulk`).
                _ => {
                    let mut bulk = Bulk {
                        config,
                        instance,
                        heap,
                        tables,
                        mems,
                        globals,
                        elems,
                        datas,
                        slots: &mut *slots,
                        refs: &mut *refs,
                        pages,
                        table_elements,
                        ask: Ask { choices, open },
                        sp,
                        rp,
                        fuel,
                    };
                    let done = bulk.step(*op);
                    (sp, rp, fuel) = (bulk.sp, bulk.rp, bulk.fuel);
                    if let Err(error) = done {
                        break 'run Err(error);
                    }
                    memory = first_memory(mems, instance);
                }
            }
        };

        // The code of the instance waits for the host.
        (store.stack.sp, store.stack.rp) = (sp, rp);
        store.fuel = fuel;
        let called = host_step(store, host, host_call.func);
        fuel = store.fuel;
        (sp, rp) = (store.stack.sp, store.stack.rp);
        match called {
            Ok(()) => {}
            Err(ExecError::Threw(thrown)) => match store.reference_of(thrown.exception) {
                Some(Reference::Exn(handle)) => throwing = Some(handle),
                _ => break 'run Err(ExecError::HostResults),
            },
            Err(error) => break 'run Err(error),
        }
        if host_call.tail {
            let Some(frame) = store.stack.frames.pop() else {
                break 'run Err(internal("no frame to return to"));
            };
            if frame.instance == Frame::OUTSIDE {
                threw = throwing;
                break 'run Ok(());
            }
            current = frame.instance;
            pc = frame.pc as usize;
            slot_base = frame.slot_base as usize;
            ref_base = frame.ref_base as usize;
        }
    };
    store.fuel = fuel;
    match threw {
        Some(handle) => Err(store.thrown(handle)),
        None => outcome,
    }
}
