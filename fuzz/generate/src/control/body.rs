//! One function: statements and values, well typed by construction.

use wasm_encoder::{BlockType, Catch, HeapType, InstructionSink, RefType, ValType};
use wassay_model::Feature;

use super::{Callee, Program, constant, from_hash, to_bits};
use crate::draw::Draw;

/// A function under construction.
pub(super) struct Body<'a> {
    program: &'a mut Program,
    draw: &'a mut Draw,
    code: Vec<u8>,
    params: usize,
    /// The locals before this one have been set.
    set: usize,
    /// Parameters and locals.
    locals: Vec<ValType>,
    /// What a branch to each label carries; the function's own is the first.
    labels: Vec<Vec<ValType>>,
    results: Vec<ValType>,
    /// The running hash, an `i64`.
    hash: u32,
    /// The calls that are left, an `i32`.
    depth: u32,
    budget: u32,
    /// Whether an exception that is thrown here is caught in this function.
    caught: u32,
}

impl<'a> Body<'a> {
    pub(super) fn new(
        program: &'a mut Program,
        draw: &'a mut Draw,
        params: &[ValType],
        results: &[ValType],
        budget: u32,
    ) -> Self {
        let mut locals = params.to_vec();
        let hash = locals.len() as u32;
        locals.push(ValType::I64);
        Self {
            program,
            draw,
            code: Vec::new(),
            params: params.len(),
            set: params.len(),
            locals,
            labels: vec![results.to_vec()],
            results: results.to_vec(),
            hash,
            depth: 0,
            budget,
            caught: 0,
        }
    }

    /// A function that others call: its first parameter is the depth that is left.
    pub(super) fn inner(mut self) -> (Vec<u8>, Vec<ValType>) {
        self.s().local_get(0).i32_const(0).i32_le_s().if_(BlockType::Empty);
        self.leave();
        self.s().end();
        self.take_fuel();
        // Half of them throw what their callers catch.
        self.caught = u32::from(self.program.may(Feature::Exceptions) && self.draw.percent(50));
        self.run(1)
    }

    /// A function that the plan calls: it fills up the fuel and says how deep calls may go.
    pub(super) fn entry(mut self) -> (Vec<u8>, Vec<ValType>) {
        let fuel = self.draw.pick(&[10, 30, 60, 120, 300]);
        let depth = self.draw.pick(&[2, 3, 5, 9, 20, 60]);
        let at = self.program.fuel;
        self.depth = self.fresh(ValType::I32);
        let local = self.depth;
        self.s().i32_const(fuel).global_set(at).i32_const(depth).local_set(local);
        self.run(0)
    }

    fn run(mut self, first: usize) -> (Vec<u8>, Vec<ValType>) {
        for position in first..self.params {
            self.s().local_get(position as u32);
            self.mix(self.locals[position]);
        }
        // A few locals to begin with. References are always set: an engine that forgets to start them as null would
        // hide all its other mistakes behind this one.
        for _ in 0..self.draw.between(1, 6) {
            let ty = self.draw.pick(&self.program.types);
            let local = self.fresh(ty);
            if matches!(ty, ValType::Ref(_)) || self.draw.percent(70) {
                self.leaf(ty);
                self.s().local_set(local);
            }
        }
        self.set = self.locals.len();
        let guarded = first == 0 && self.program.may(Feature::Exceptions) && self.draw.percent(85);
        let statements = self.draw.between(2, 6);
        if guarded {
            self.catching(statements);
        } else {
            self.statements(statements, 4);
        }
        // What the locals hold in the end is part of the result.
        for local in self.params..self.locals.len() {
            let is_ref = matches!(self.locals[local], ValType::Ref(_));
            if local as u32 != self.hash && (!is_ref || local < self.set) && self.draw.percent(40) {
                self.s().local_get(local as u32);
                self.mix(self.locals[local]);
            }
        }
        self.place();
        for (position, ty) in self.results.clone().into_iter().enumerate() {
            if position == 0 && ty == ValType::I64 {
                let hash = self.hash;
                self.s().local_get(hash);
            } else {
                self.value(ty, 1);
            }
        }
        let (path, hash) = (self.program.path, self.hash);
        self.s().local_get(hash).global_get(path).i64_const(9).i64_rotl().i64_xor().global_set(path).end();
        let locals = self.locals.split_off(self.params);
        (self.code, locals)
    }

    fn s(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code)
    }

    fn fresh(&mut self, ty: ValType) -> u32 {
        self.program.need_types(&[ty]);
        self.locals.push(ty);
        self.locals.len() as u32 - 1
    }

    /// Takes one from the counter, and leaves where there is none left.
    fn take_fuel(&mut self) {
        let fuel = self.program.fuel;
        self.s().global_get(fuel).i32_const(1).i32_sub().global_set(fuel);
        self.s().global_get(fuel).i32_const(0).i32_lt_s().if_(BlockType::Empty);
        self.leave();
        self.s().end();
    }

    /// Returns what depends on the hash.
    fn leave(&mut self) {
        for ty in self.results.clone() {
            let hash = self.hash;
            from_hash(&mut self.s(), ty, hash);
        }
        self.s().return_();
    }

    /// Takes the top of the stack into the hash.
    fn mix(&mut self, ty: ValType) {
        let lane = self.draw.below(2) as u8;
        to_bits(&mut self.s(), ty, lane);
        let (hash, step) = (self.hash, i64::from(self.draw.between(1, 61)));
        self.s().local_get(hash).i64_const(step).i64_rotl().i64_xor();
        let odd = i64::from(self.draw.bits() as u32);
        self.s().i64_const(odd).i64_add().local_set(hash);
    }

    /// Marks the place in the hash.
    fn place(&mut self) {
        let (hash, mark) = (self.hash, i64::from(self.draw.bits() as u32));
        self.s().local_get(hash).i64_const(1).i64_rotl().i64_const(mark).i64_xor().local_set(hash);
    }

    /// Pushes a condition that is often one and often the other.
    fn condition(&mut self, depth: u32) {
        match self.draw.below(6) {
            0 => self.value(ValType::I32, depth),
            1 => {
                self.value(ValType::I32, depth);
                let bit = 1 << self.draw.below(5);
                self.s().i32_const(bit).i32_and();
            }
            2 => {
                self.value(ValType::I64, depth);
                self.s().i64_eqz();
            }
            _ => {
                let (hash, bit) = (self.hash, i64::from(self.draw.below(64)));
                self.s().local_get(hash).i64_const(bit).i64_shr_u().i32_wrap_i64().i32_const(1).i32_and();
            }
        }
    }

    /// Pushes a number that is below the bound most of the time.
    fn selector(&mut self, bound: u32) {
        let (hash, bit) = (self.hash, i64::from(self.draw.below(60)));
        match self.draw.below(4) {
            0 => self.value(ValType::I32, 1),
            1 => {
                self.s().local_get(hash).i32_wrap_i64().i32_const(bound.max(1).cast_signed()).i32_rem_u();
            }
            _ => {
                let mask = bound.next_power_of_two().cast_signed() * 2 - 1;
                self.s().local_get(hash).i64_const(bit).i64_shr_u().i32_wrap_i64().i32_const(mask).i32_and();
            }
        }
    }

    /// Opens a block of this kind; its parameters are on the stack.
    fn block_type(&mut self, params: &[ValType], results: &[ValType]) -> BlockType {
        self.program.need_types(params);
        self.program.need_types(results);
        match (params, results) {
            ([], []) => BlockType::Empty,
            ([], [ty]) => BlockType::Result(*ty),
            _ => {
                self.program.need(Feature::MultiValue);
                BlockType::FunctionType(self.program.func_type(params, results))
            }
        }
    }

    fn draw_type(&mut self) -> ValType {
        self.draw.pick(&self.program.types)
    }

    /// Types for what a block takes or leaves.
    fn draw_types(&mut self, high: u32) -> Vec<ValType> {
        let high = if self.program.may(Feature::MultiValue) { high } else { high.min(1) };
        let count = self.draw.below(high + 1);
        (0..count).map(|_| self.draw_type()).collect()
    }

    // Statements: the stack after one is the stack before it.

    fn statements(&mut self, count: u32, depth: u32) {
        for _ in 0..count {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: u32) {
        self.budget = self.budget.saturating_sub(1);
        let nest = if depth == 0 || self.budget == 0 { 0 } else { 1 };
        let exceptions = u32::from(self.program.may(Feature::Exceptions)) * nest;
        let throws = u32::from(self.caught > 0) * exceptions;
        match self.draw.weighted(&[
            (0, 16),
            (1, 12),
            (2, 9 * nest),
            (3, 8 * nest),
            (4, 10 * nest),
            (5, 10 * nest),
            (6, 10 * nest),
            (7, 8 * nest),
            (8, 4 * nest),
            (9, 4 * nest),
            (10, 7 * exceptions),
            (11, 6 * throws),
            (12, 3),
            (13, 5 * nest),
            (14, 6 * nest),
            (15, 3 * nest),
        ]) {
            0 => {
                let local = self.draw.position(self.locals.len()) as u32;
                let ty = self.locals[local as usize];
                // Whoever sets the depth could call without end; a loop's counter is backed by the fuel.
                if local == self.depth || local == self.hash || !self.program.types.contains(&ty) {
                    return self.place();
                }
                self.value(ty, depth.min(2));
                if self.draw.percent(30) {
                    self.s().local_tee(local);
                    self.mix(ty);
                } else {
                    self.s().local_set(local);
                }
            }
            1 => {
                let ty = self.draw_type();
                self.value(ty, depth.min(3));
                self.mix(ty);
            }
            2 => self.if_else(depth),
            3 => self.block(depth),
            4 => self.loop_(depth),
            14 => self.while_(depth),
            15 => self.one_label(),
            5 => self.switch(depth),
            6 => self.branch_if(),
            7 => self.call_and_mix(),
            8 => self.pressure(depth),
            9 => self.maybe_leave(),
            10 => {
                let count = self.draw.between(1, 3);
                self.labels_for_catching(count, depth);
            }
            11 => {
                self.condition(1);
                self.s().if_(BlockType::Empty);
                self.labels.push(Vec::new());
                self.throw();
                self.labels.pop();
                self.s().end();
            }
            12 => {
                let (path, hash) = (self.program.path, self.hash);
                self.s().local_get(hash).global_get(path).i64_xor().global_set(path);
            }
            _ => self.dead(depth),
        }
    }

    fn if_else(&mut self, depth: u32) {
        let params = if self.program.may(Feature::MultiValue) && self.draw.percent(35) {
            self.draw_types(3)
        } else {
            Vec::new()
        };
        let results = self.draw_types(3);
        self.values(&params);
        self.condition(2);
        let ty = self.block_type(&params, &results);
        self.s().if_(ty);
        self.labels.push(results.clone());
        self.arm(&params, &results, depth - 1);
        if !results.is_empty() || params != results || self.draw.percent(60) {
            self.s().else_();
            self.arm(&params, &results, depth - 1);
        }
        self.labels.pop();
        self.s().end();
        self.mix_all(&results);
    }

    /// What stands in a block: takes the parameters off the stack, or leaves them under what follows.
    fn arm(&mut self, params: &[ValType], results: &[ValType], depth: u32) {
        self.mix_all(params);
        let count = self.draw.between(1, 3);
        self.statements(count, depth);
        self.place();
        if self.draw.percent(20) {
            // The results reach the end by a branch, with more on the stack.
            self.junk(3);
            self.values(results);
            self.s().br(0);
            self.polymorphic();
        } else if self.draw.percent(4) {
            self.terminate();
        } else {
            self.values(results);
        }
    }

    fn block(&mut self, depth: u32) {
        // Operands wait below the block.
        let below = self.draw_below(4);
        self.values(&below);
        let params = if self.program.may(Feature::MultiValue) && self.draw.percent(30) {
            self.draw_types(3)
        } else {
            Vec::new()
        };
        let results = self.draw_types(4);
        self.values(&params);
        let ty = self.block_type(&params, &results);
        self.s().block(ty);
        self.labels.push(results.clone());
        self.arm(&params, &results, depth - 1);
        self.labels.pop();
        self.s().end();
        self.mix_all(&results);
        self.mix_all(&below);
    }

    fn draw_below(&mut self, high: u32) -> Vec<ValType> {
        let count = self.draw.below(high + 1);
        (0..count).map(|_| self.draw_type()).collect()
    }

    /// A loop that carries values from turn to turn.
    fn loop_(&mut self, depth: u32) {
        let below = self.draw_below(2);
        self.values(&below);
        let carried = if self.program.may(Feature::MultiValue) { self.draw_types(5) } else { Vec::new() };
        let counter = self.fresh(ValType::I32);
        let turns = self.draw.pick(&[1, 2, 3, 5, 9]);
        self.s().i32_const(turns).local_set(counter);
        self.values(&carried);
        let ty = self.block_type(&carried, &carried);
        self.s().loop_(ty);
        self.labels.push(carried.clone());
        self.take_fuel();
        // The values that were carried in stay in locals over the turn, so that all are alive at once.
        let kept: Vec<u32> = carried.iter().map(|ty| self.fresh(*ty)).collect();
        for local in kept.iter().rev() {
            self.s().local_set(*local);
        }
        let count = self.draw.between(1, 3);
        self.statements(count, depth - 1);
        for (local, ty) in kept.iter().zip(&carried) {
            self.s().local_get(*local);
            self.mix(*ty);
        }
        // They go round in another order where their types allow it.
        let mut order = kept.clone();
        for at in 1..order.len() {
            if carried[at] == carried[0] && self.draw.percent(60) {
                order.swap(0, at);
            }
        }
        for (local, ty) in order.iter().zip(&carried) {
            if self.draw.percent(60) {
                self.s().local_get(*local);
            } else {
                self.value(*ty, 1);
            }
        }
        self.s().local_get(counter).i32_const(1).i32_sub().local_tee(counter).i32_const(0).i32_gt_s();
        if self.draw.percent(25) {
            self.condition(1);
            self.s().i32_const(0).i32_ne().i32_and();
        }
        self.s().br_if(0);
        self.labels.pop();
        self.s().end();
        self.mix_all(&carried);
        self.mix_all(&below);
    }

    /// A loop as compilers write it: a block around it to leave by, and a branch back at its end. Nothing is carried but
    /// in locals.
    fn while_(&mut self, depth: u32) {
        let counter = self.fresh(ValType::I32);
        let turns = self.draw.pick(&[1, 2, 3, 5]);
        self.s().i32_const(turns).local_set(counter);
        self.s().block(BlockType::Empty);
        self.labels.push(Vec::new());
        self.s().loop_(BlockType::Empty);
        self.labels.push(Vec::new());
        self.take_fuel();
        self.s().local_get(counter).i32_eqz();
        if self.draw.percent(20) {
            self.condition(1);
            self.s().i32_eqz().i32_or();
        }
        self.s().br_if(1);
        self.place();
        let count = self.draw.between(0, 2);
        self.statements(count, depth - 1);
        if depth > 1 && self.draw.percent(40) {
            // Loops in loops, however deep it is already.
            if self.draw.percent(50) {
                self.while_(depth - 1);
            } else {
                self.loop_(depth - 1);
            }
        }
        self.s().local_get(counter).i32_const(1).i32_sub().local_set(counter).br(0);
        self.labels.pop();
        self.s().end();
        self.labels.pop();
        self.s().end();
        self.place();
    }

    /// A `br_table` into blocks around it, with values.
    fn switch(&mut self, depth: u32) {
        let carried = self.draw_types(3);
        let arms = self.draw.weighted(&[(1, 2), (2, 4), (3, 4), (6, 3), (16, 1)]);
        let ty = self.block_type(&[], &carried);
        for _ in 0..arms {
            self.s().block(ty);
            self.labels.push(carried.clone());
        }
        self.junk(2);
        self.values(&carried);
        let targets = self.targets(&carried);
        self.selector(targets.len() as u32);
        let default = targets[self.draw.position(targets.len())];
        let count = match self.draw.below(24) {
            0 => 0,
            1 => 300,
            2 => 1,
            _ => self.draw.between(1, 2 * arms),
        };
        let list: Vec<u32> = (0..count).map(|_| self.draw.pick(&targets)).collect();
        self.s().br_table(list, default);
        self.polymorphic();
        for _ in 0..arms {
            self.labels.pop();
            self.s().end();
            // Each arm ends differently: what was carried is changed on its way out.
            self.mix_all(&carried);
            self.place();
            if arms <= 6 && self.draw.percent(40) {
                self.statement(depth - 1);
            }
            self.values(&carried);
        }
        self.mix_all(&carried);
    }

    /// A `br_table` with one label for all: the index is made behind the value, and depends on what making that changed.
    fn one_label(&mut self) {
        let local = self.fresh(ValType::I32);
        let path = self.program.path;
        let ty = self.draw_type();
        self.s().block(BlockType::Result(ty));
        self.labels.push(vec![ty]);
        self.junk(1);
        if ty == ValType::I32 {
            let hash = self.hash;
            self.s().local_get(hash).i32_wrap_i64().local_tee(local);
        } else {
            self.value(ty, 0);
        }
        if self.draw.percent(50) {
            self.s().local_get(local).i32_const(3).i32_add().local_tee(local);
        } else {
            self.s().global_get(path).i64_const(1).i64_rotl().local_get(local).i64_extend_i32_u().i64_xor();
            self.s().global_set(path).global_get(path).i32_wrap_i64();
        }
        let count = self.draw.below(4) as usize;
        self.s().br_table(vec![0; count], 0);
        self.labels.pop();
        self.s().end();
        self.mix(ty);
        self.s().local_get(local);
        self.mix(ValType::I32);
    }

    /// The labels that take these types, the innermost first. Those of loops are among them: they count.
    fn targets(&self, carried: &[ValType]) -> Vec<u32> {
        let deep = self.labels.len() as u32 - 1;
        let inwards = self.labels.iter().zip((0..=deep).rev());
        let mut fitting: Vec<u32> = inwards.filter(|(types, _)| *types == carried).map(|(_, label)| label).collect();
        fitting.reverse();
        fitting
    }

    /// A conditional branch somewhere, the values of which stay on the stack where it is not taken.
    fn branch_if(&mut self) {
        let at = self.draw.position(self.labels.len());
        let types = self.labels[at].clone();
        let target = (self.labels.len() - 1 - at) as u32;
        let junk = self.junk(2);
        self.values(&types);
        let last_ref = matches!(types.last(), Some(ValType::Ref(reference)) if reference.nullable);
        if self.program.may(Feature::FunctionReferences) && self.draw.percent(40) {
            // `br_on_null` carries what lies below the reference.
            let heap = if last_ref && self.draw.percent(50) { None } else { Some(HeapType::FUNC) };
            self.program.need(Feature::FunctionReferences);
            match (heap, types.last()) {
                (None, Some(ValType::Ref(_))) => {
                    self.s().br_on_non_null(target);
                    self.mix_all(&types[..types.len() - 1]);
                }
                _ => {
                    self.value(ValType::FUNCREF, 1);
                    self.s().br_on_null(target);
                    self.mix(ValType::FUNCREF);
                    self.mix_all(&types);
                }
            }
        } else if self.program.may(Feature::Gc)
            && types.last() == Some(&ValType::Ref(RefType::ANYREF))
            && self.draw.percent(70)
        {
            self.program.need(Feature::Gc);
            let to = RefType { nullable: self.draw.percent(50), heap_type: HeapType::I31 };
            if self.draw.percent(50) {
                self.s().br_on_cast(target, RefType::ANYREF, to);
            } else {
                self.s().br_on_cast_fail(target, RefType::ANYREF, to);
            }
            self.mix_all(&types);
        } else {
            self.condition(2);
            self.s().br_if(target);
            self.mix_all(&types);
        }
        self.mix_all(&junk);
    }

    /// Returns, branches out or calls in tail position under a condition.
    fn maybe_leave(&mut self) {
        let (hash, bit) = (self.hash, i64::from(self.draw.below(60)));
        self.s().local_get(hash).i64_const(bit).i64_shr_u().i32_wrap_i64().i32_const(7).i32_and().i32_eqz();
        self.s().if_(BlockType::Empty);
        self.labels.push(Vec::new());
        self.place();
        self.terminate();
        self.labels.pop();
        self.s().end();
    }

    /// After this, the rest of the block is not reached.
    fn terminate(&mut self) {
        let tail = if self.program.may(Feature::TailCall) { 6 } else { 0 };
        let throws = if self.caught > 0 && self.program.may(Feature::Exceptions) { 2 } else { 0 };
        match self.draw.weighted(&[(0, 8), (1, 10), (2, 2 * tail), (3, 2 * throws), (4, 1)]) {
            4 => {
                self.junk(2);
                self.s().unreachable();
            }
            0 => {
                self.junk(3);
                let results = self.results.clone();
                self.values(&results);
                self.s().return_();
            }
            1 => {
                self.junk(3);
                let at = self.draw.position(self.labels.len());
                let types = self.labels[at].clone();
                let target = (self.labels.len() - 1 - at) as u32;
                self.values(&types);
                self.s().br(target);
            }
            2 => self.tail_call(),
            _ => self.throw(),
        }
        self.polymorphic();
    }

    fn tail_call(&mut self) {
        let results = self.results.clone();
        let fitting: Vec<usize> =
            (0..self.program.callees.len()).filter(|at| self.program.callees[*at].results == results).collect();
        if fitting.is_empty() {
            self.values(&results);
            self.s().return_();
            return;
        }
        self.program.need(Feature::TailCall);
        let at = self.draw.pick(&fitting);
        let callee = self.program.callees[at].clone();
        self.junk(2);
        self.arguments(&callee);
        match self.draw.below(4) {
            0 => {
                self.slot_of(at);
                self.s().return_call_indirect(0, callee.ty);
            }
            1 if self.program.may(Feature::FunctionReferences) => {
                self.program.need(Feature::FunctionReferences);
                self.s().ref_func(callee.index).return_call_ref(callee.ty);
            }
            _ => {
                self.s().return_call(callee.index);
            }
        }
    }

    /// Pushes a slot of the table where the callee stands.
    fn slot_of(&mut self, callee: usize) {
        let slots: Vec<i32> =
            self.program.slots.iter().zip(0..).filter(|(at, _)| **at == callee).map(|(_, slot)| slot).collect();
        let slot = self.draw.pick(&slots);
        self.s().i32_const(slot);
    }

    fn arguments(&mut self, callee: &Callee) {
        let depth = self.depth;
        self.s().local_get(depth).i32_const(1).i32_sub();
        for ty in callee.params[1..].iter().copied() {
            self.value(ty, 1);
        }
    }

    /// Calls something in one of the ways; its results are on the stack.
    fn call(&mut self) -> Vec<ValType> {
        if let Some(host) = self.program.host
            && self.draw.percent(15)
        {
            self.value(ValType::I64, 1);
            self.s().call(host);
            return vec![ValType::I64];
        }
        let at = self.draw.position(self.program.callees.len());
        let callee = self.program.callees[at].clone();
        self.arguments(&callee);
        match self.draw.below(5) {
            0 | 1 => {
                // Now and then it goes to another function of the same type.
                let alike: Vec<usize> = (0..self.program.callees.len())
                    .filter(|other| self.program.callees[*other].ty == callee.ty)
                    .collect();
                let other = self.draw.pick(&alike);
                self.slot_of(at);
                self.slot_of(other);
                self.condition(0);
                self.s().select().call_indirect(0, callee.ty);
            }
            2 if self.program.may(Feature::FunctionReferences) => {
                self.program.need(Feature::FunctionReferences);
                self.s().ref_func(callee.index).call_ref(callee.ty);
            }
            _ => {
                self.s().call(callee.index);
            }
        }
        callee.results
    }

    fn call_and_mix(&mut self) {
        let below = self.draw_below(5);
        self.values(&below);
        let results = self.call();
        self.mix_all(&results);
        self.mix_all(&below);
    }

    /// Dozens of values alive across a call, a loop or a branch.
    fn pressure(&mut self, depth: u32) {
        let count = self.draw.pick(&[8, 14, 22, 40]);
        let types: Vec<ValType> = (0..count).map(|_| self.draw_type()).collect();
        for ty in &types {
            self.leaf(*ty);
        }
        self.statement(depth - 1);
        self.mix_all(&types);
    }

    fn throw(&mut self) {
        let tag = self.draw.position(self.program.tags.len());
        let (index, params) = self.program.tags[tag].clone();
        self.junk(2);
        self.values(&params);
        self.s().throw(index);
    }

    /// Statements of which every exception is caught here.
    fn catching(&mut self, statements: u32) {
        self.labels_for_catching(statements, 4);
    }

    /// `try_table` inside a block for each handler.
    fn labels_for_catching(&mut self, statements: u32, depth: u32) {
        self.program.need(Feature::Exceptions);
        let results = self.draw_types(2);
        let done = self.block_type(&[], &results);
        self.s().block(done);
        self.labels.push(results.clone());
        // Handlers from the outermost on. The outermost catches all, mostly.
        let mut handlers: Vec<(Option<usize>, bool)> = Vec::new();
        if depth == 4 || self.draw.percent(70) {
            handlers.push((None, self.draw.percent(50)));
        }
        for _ in 0..self.draw.between(u32::from(handlers.is_empty()), 2) {
            let several = self.program.may(Feature::MultiValue);
            let tag = self.draw.position(self.program.tags.len());
            let len = self.program.tags[tag].1.len();
            let with_ref = self.draw.percent(50) && (len == 0 || several);
            if len <= 1 || several {
                handlers.push((Some(tag), with_ref));
            } else {
                handlers.push((None, with_ref));
            }
        }
        let mut carried = Vec::new();
        for (tag, with_ref) in &handlers {
            let mut types = tag.map_or(Vec::new(), |tag| self.program.tags[tag].1.clone());
            if *with_ref {
                types.push(ValType::EXNREF);
            }
            let ty = self.block_type(&[], &types);
            self.s().block(ty);
            self.labels.push(types.clone());
            carried.push(types);
        }
        // Labels of catch clauses are counted from outside of the `try_table`.
        let last = handlers.len() - 1;
        let mut catches: Vec<Catch> = handlers
            .iter()
            .enumerate()
            .map(|(at, (tag, with_ref))| {
                let label = (last - at) as u32;
                match (tag.map(|tag| self.program.tags[tag].0), with_ref) {
                    (Some(tag), false) => Catch::One { tag, label },
                    (Some(tag), true) => Catch::OneRef { tag, label },
                    (None, false) => Catch::All { label },
                    (None, true) => Catch::AllRef { label },
                }
            })
            .collect();
        // The first clause that fits is taken; mostly those for one tag come first.
        if self.draw.percent(85) {
            catches.reverse();
        }
        let ty = self.block_type(&[], &results);
        self.s().try_table(ty, catches);
        self.labels.push(results.clone());
        self.caught += 1;
        self.statements(statements, depth.saturating_sub(1));
        if self.draw.percent(40) {
            self.condition(1);
            self.s().if_(BlockType::Empty);
            self.labels.push(Vec::new());
            self.throw();
            self.labels.pop();
            self.s().end();
        }
        self.values(&results);
        self.caught -= 1;
        self.labels.pop();
        self.s().end();
        // From here to the block's end, and past each handler likewise.
        self.s().br(handlers.len() as u32);
        for (at, types) in carried.iter().enumerate().rev() {
            self.labels.pop();
            self.s().end();
            let (numbers, exn) = match types.last() {
                Some(&ValType::EXNREF) => (&types[..types.len() - 1], true),
                _ => (&types[..], false),
            };
            if exn {
                let rethrow = self.caught > 0 && self.draw.percent(40);
                let local = self.fresh(ValType::EXNREF);
                self.s().local_set(local);
                self.mix_all(numbers);
                self.place();
                if rethrow {
                    // A branch may have brought a null here.
                    self.condition(1);
                    self.s().i32_const(0).local_get(local).ref_is_null().select();
                    self.s().if_(BlockType::Empty).local_get(local).throw_ref().end();
                }
            } else {
                self.mix_all(numbers);
                self.place();
            }
            self.values(&results);
            if at > 0 {
                self.s().br(at as u32);
            }
        }
        self.labels.pop();
        self.s().end();
        self.mix_all(&results);
    }

    /// Code that is never reached, and is valid by the rules for such code.
    fn dead(&mut self, depth: u32) {
        let results = self.draw_types(2);
        let ty = self.block_type(&[], &results);
        self.s().block(ty);
        self.labels.push(results.clone());
        self.statement(depth - 1);
        self.junk(2);
        self.values(&results);
        self.s().br(0);
        for _ in 0..self.draw.between(1, 6) {
            self.polymorphic();
        }
        if self.draw.percent(20) {
            self.statement(0);
        }
        if self.draw.percent(30) {
            self.values(&results);
        }
        self.labels.pop();
        self.s().end();
        self.mix_all(&results);
    }

    /// Instructions that take what is not there, where nothing is reached. They leave nothing.
    fn polymorphic(&mut self) {
        match self.draw.below(26) {
            24 => {
                // What a branch leaves is the condition, and what lies below it is not there.
                let block = BlockType::Result(ValType::I32);
                self.s().block(block).unreachable().br_if(0).select().end().drop();
            }
            0 => {
                self.s().i32_add().drop();
            }
            1 => {
                self.s().drop();
            }
            2 => {
                self.s().i64_eqz().drop();
            }
            3 => {
                self.s().unreachable();
            }
            4 => {
                self.s().i32_const(1).i32_sub().drop();
            }
            5 => {
                let local = self.hash;
                self.s().local_set(local);
            }
            6 => {
                self.s().f64_neg().i64_reinterpret_f64().i32_wrap_i64().drop();
            }
            7 => {
                self.s().block(BlockType::Empty).end();
            }
            8 => {
                self.s().if_(BlockType::Empty).unreachable().i64_mul().drop().else_().end();
            }
            9 => {
                self.s().br(0);
            }
            10 => {
                self.s().return_();
            }
            11 if self.draw.percent(30) => {
                self.s().select().drop();
            }
            12 => {
                self.s().br_table([0, 0], 0);
            }
            13 => {
                self.s().loop_(BlockType::Empty).unreachable().end();
            }
            14 if self.program.may(Feature::ReferenceTypes) => {
                self.program.need(Feature::ReferenceTypes);
                self.s().ref_is_null().drop();
            }
            15 => {
                // Labels of different types, which all fit where nothing is known of the stack.
                let (one, other) = (BlockType::Result(ValType::F32), BlockType::Result(ValType::I64));
                self.s().block(one).block(other).unreachable().br_table([0, 1], 1).end().drop();
                self.s().f32_const(1.5.into()).end().drop();
            }
            _ => {}
        }
    }

    // Values: each pushes one.

    fn values(&mut self, types: &[ValType]) {
        for ty in types {
            let depth = if self.draw.percent(30) { 2 } else { 0 };
            self.value(*ty, depth);
        }
    }

    /// Operands that nobody needs, for a branch to take away.
    fn junk(&mut self, high: u32) -> Vec<ValType> {
        let types = self.draw_below(high);
        for ty in &types {
            self.leaf(*ty);
        }
        types
    }

    fn mix_all(&mut self, types: &[ValType]) {
        for ty in types.iter().rev() {
            self.mix(*ty);
        }
    }

    fn leaf(&mut self, ty: ValType) {
        // Locals of reference type that may not have been set yet are left alone: see `run`.
        let known = if matches!(ty, ValType::Ref(_)) { self.set } else { self.locals.len() };
        let fitting = self.locals[..known].iter().filter(|local| **local == ty).count();
        if fitting > 0 && self.draw.percent(70) {
            let choice = self.draw.position(fitting);
            let local = self.locals.iter().zip(0..).filter(|(local, _)| **local == ty).nth(choice);
            let (_, local) = local.expect("there are as many");
            self.s().local_get(local);
            return;
        }
        self.program.need_types(&[ty]);
        match ty {
            ValType::FUNCREF if self.draw.percent(70) => {
                let at = self.draw.position(self.program.callees.len());
                let index = self.program.callees[at].index;
                self.s().ref_func(index);
            }
            ValType::Ref(reference) if reference == RefType::ANYREF && self.draw.percent(70) => {
                self.program.need(Feature::Gc);
                let number = self.draw.bits() as i32;
                self.s().i32_const(number).ref_i31();
            }
            _ => {
                let mut sink = InstructionSink::new(&mut self.code);
                constant(&mut sink, ty, self.draw);
            }
        }
    }

    fn value(&mut self, ty: ValType, depth: u32) {
        self.budget = self.budget.saturating_sub(1);
        if depth == 0 || self.budget == 0 {
            return self.leaf(ty);
        }
        match self.draw.below(20) {
            0..=4 => self.leaf(ty),
            5..=10 => self.operator(ty, depth - 1),
            11 | 12 => self.select(ty, depth - 1),
            13 | 14 => {
                // `if` with a result.
                self.condition(depth - 1);
                let block = self.block_type(&[], &[ty]);
                self.s().if_(block);
                self.labels.push(vec![ty]);
                let junk = self.junk(1);
                self.value(ty, depth - 1);
                if !junk.is_empty() {
                    self.s().br(0);
                }
                self.s().else_();
                self.place();
                self.value(ty, depth - 1);
                self.labels.pop();
                self.s().end();
            }
            15 | 16 => {
                // A block left early, with more on the stack than it leaves.
                let block = self.block_type(&[], &[ty]);
                self.s().block(block);
                self.labels.push(vec![ty]);
                let junk = self.junk(3);
                self.value(ty, depth - 1);
                self.condition(depth - 1);
                self.s().br_if(0);
                self.mix(ty);
                self.mix_all(&junk);
                self.value(ty, depth - 1);
                self.labels.pop();
                self.s().end();
            }
            17 => {
                let results = self.call();
                let Some(at) = results.iter().rposition(|result| *result == ty) else {
                    self.mix_all(&results);
                    return self.leaf(ty);
                };
                self.mix_all(&results[at + 1..]);
                if at > 0 {
                    let local = self.fresh(ty);
                    self.s().local_set(local);
                    self.mix_all(&results[..at]);
                    self.s().local_get(local);
                }
            }
            18 => {
                let local = self.fresh(ty);
                self.value(ty, depth - 1);
                self.s().local_tee(local);
            }
            _ => {
                // A statement between the making of a value and its use.
                self.value(ty, depth - 1);
                self.statement(depth.saturating_sub(2));
            }
        }
    }

    fn select(&mut self, ty: ValType, depth: u32) {
        let chain = if self.draw.percent(20) { self.draw.between(2, 6) } else { 1 };
        self.value(ty, depth);
        for _ in 0..chain {
            self.value(ty, depth.min(1));
            self.condition(depth.min(1));
            let typed = matches!(ty, ValType::Ref(_));
            if typed || self.program.may(Feature::ReferenceTypes) && self.draw.percent(20) {
                self.program.need(Feature::ReferenceTypes);
                self.s().typed_select(ty);
            } else {
                self.s().select();
            }
        }
    }

    fn operator(&mut self, ty: ValType, depth: u32) {
        match ty {
            ValType::I32 => {
                let kind = self.draw.below(24);
                match kind {
                    0..=11 => {
                        self.value(ty, depth);
                        self.value(ty, depth);
                        let mut s = self.s();
                        match kind {
                            0 => s.i32_add(),
                            1 => s.i32_sub(),
                            2 => s.i32_mul(),
                            3 => s.i32_and(),
                            4 => s.i32_or(),
                            5 => s.i32_xor(),
                            6 => s.i32_shl(),
                            7 => s.i32_shr_s(),
                            8 => s.i32_rotl(),
                            9 => s.i32_lt_s(),
                            10 => s.i32_ge_u(),
                            _ => s.i32_ne(),
                        };
                    }
                    12 | 13 => {
                        self.value(ValType::I64, depth);
                        self.value(ValType::I64, depth);
                        let mut s = self.s();
                        if kind == 12 {
                            s.i64_lt_s()
                        } else {
                            s.i64_eq()
                        };
                    }
                    14 => {
                        self.value(ValType::I64, depth);
                        self.s().i32_wrap_i64();
                    }
                    15 | 16 if self.program.types.contains(&ValType::F64) => {
                        self.value(ValType::F64, depth);
                        self.value(ValType::F64, depth);
                        let mut s = self.s();
                        if kind == 15 {
                            s.f64_lt()
                        } else {
                            s.f64_ge()
                        };
                    }
                    17 if self.program.may(Feature::SignExtension) => {
                        self.program.need(Feature::SignExtension);
                        self.value(ty, depth);
                        self.s().i32_extend8_s();
                    }
                    18 if self.program.types.contains(&ValType::FUNCREF) => {
                        self.value(ValType::FUNCREF, depth);
                        self.s().ref_is_null();
                    }
                    19 => {
                        self.value(ty, depth);
                        self.s().i32_clz();
                    }
                    20 if self.program.types.contains(&ValType::F32) => {
                        self.value(ValType::F32, depth);
                        self.s().i32_reinterpret_f32();
                    }
                    _ => {
                        self.value(ty, depth);
                        self.s().i32_eqz();
                    }
                }
            }
            ValType::I64 => {
                let kind = self.draw.below(12);
                match kind {
                    0..=8 => {
                        self.value(ty, depth);
                        self.value(ty, depth);
                        let mut s = self.s();
                        match kind {
                            0 => s.i64_add(),
                            1 => s.i64_sub(),
                            2 => s.i64_mul(),
                            3 => s.i64_and(),
                            4 => s.i64_or(),
                            5 => s.i64_xor(),
                            6 => s.i64_shl(),
                            7 => s.i64_shr_u(),
                            _ => s.i64_rotr(),
                        };
                    }
                    9 => {
                        self.value(ValType::I32, depth);
                        self.s().i64_extend_i32_s();
                    }
                    10 if self.program.types.contains(&ValType::F64) => {
                        self.value(ValType::F64, depth);
                        self.s().i64_reinterpret_f64();
                    }
                    _ => {
                        self.value(ty, depth);
                        self.s().i64_popcnt();
                    }
                }
            }
            ValType::F32 => match self.draw.below(4) {
                0 => {
                    self.value(ty, depth);
                    self.value(ty, depth);
                    self.s().f32_copysign();
                }
                1 => {
                    self.value(ty, depth);
                    self.s().f32_neg();
                }
                2 => {
                    self.value(ValType::I32, depth);
                    self.s().f32_convert_i32_s();
                }
                _ => {
                    self.value(ValType::I32, depth);
                    self.s().f32_reinterpret_i32();
                }
            },
            ValType::F64 => match self.draw.below(4) {
                0 => {
                    self.value(ty, depth);
                    self.value(ty, depth);
                    self.s().f64_copysign();
                }
                1 => {
                    self.value(ty, depth);
                    self.s().f64_abs();
                }
                2 => {
                    self.value(ValType::I64, depth);
                    self.s().f64_convert_i64_u();
                }
                _ => {
                    self.value(ValType::I64, depth);
                    self.s().f64_reinterpret_i64();
                }
            },
            ValType::V128 => {
                self.program.need(Feature::Simd);
                match self.draw.below(4) {
                    0 => {
                        self.value(ValType::I64, depth);
                        self.s().i64x2_splat();
                    }
                    1 => {
                        self.value(ty, depth);
                        self.value(ValType::I32, depth);
                        let lane = self.draw.below(4) as u8;
                        self.s().i32x4_replace_lane(lane);
                    }
                    2 => {
                        self.value(ty, depth);
                        self.value(ty, depth);
                        self.s().v128_xor();
                    }
                    _ => {
                        self.value(ty, depth);
                        self.value(ty, depth);
                        self.s().i32x4_add();
                    }
                }
            }
            ValType::Ref(_) => self.leaf(ty),
        }
    }
}
