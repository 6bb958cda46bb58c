//! Moves between locals, globals, the stack and blocks, with values that wait while what they were read from changes.

use wasm_encoder::ValType;
use wassay_model::Feature;

use super::{POINTERS, Scope, Writer, position};
use crate::draft::Draft;
use crate::draw::Draw;

/// A function that moves values of mostly one type, and returns what is left on the stack and in the locals.
pub(super) fn function(
    scope: &mut Scope,
    draft: &mut Draft,
    draw: &mut Draw,
    params: &[ValType],
) -> (Vec<u8>, Vec<ValType>, Vec<ValType>) {
    let many = scope.may(Feature::MultiValue);
    let writer = Writer::new(scope, draft, draw, params);
    let ty = if params[0] == ValType::V128 && !many { ValType::I32 } else { params[0] };
    let mut moves = Moves { writer, ty, waiting: 0, places: Vec::new() };
    for _ in 0..moves.writer.draw.between(1, 3) {
        let local = moves.writer.fresh(ty);
        moves.places.push(local);
    }
    let own: Vec<u32> = (0..params.len() as u32).filter(|at| params[*at as usize] == ty).collect();
    moves.places.extend(own.iter().take(2));
    if moves.writer.draw.percent(10) {
        for _ in 0..16 {
            moves.writer.fresh(ty);
        }
    }
    let count = moves.writer.draw.between(5, 22);
    moves.statements(count, 2);
    let results = moves.end(many);
    let (code, locals) = moves.writer.finish();
    (code, locals, results)
}

struct Moves<'a> {
    writer: Writer<'a>,
    ty: ValType,
    /// The locals that values are moved between.
    places: Vec<u32>,
    /// How many values lie on the stack of the block that is being written.
    waiting: u32,
}

impl Moves<'_> {
    fn place(&mut self) -> u32 {
        self.writer.draw.pick(&self.places)
    }

    fn percent(&mut self, percent: u32) -> bool {
        self.writer.draw.percent(percent)
    }

    /// Pushes a value.
    fn push(&mut self) {
        self.waiting += 1;
        match self.writer.draw.below(10) {
            0..6 => {
                let place = self.place();
                self.writer.get(place);
            }
            6 | 7 => self.writer.constant(self.ty),
            8 if position(self.ty).is_some() => self.global(),
            _ => self.writer.leaf(self.ty),
        }
    }

    /// A value that is one instruction, for patterns that engines look for in a row.
    fn simple(&mut self) {
        if self.percent(50) {
            let place = self.place();
            self.writer.get(place);
        } else {
            self.writer.constant(self.ty);
        }
    }

    fn global(&mut self) {
        let at = position(self.ty).unwrap_or_default();
        let (changed, fixed) = self.writer.scope.globals[at];
        let global = if self.percent(75) { changed } else { fixed };
        self.writer.with(0x23, global);
    }

    fn condition(&mut self) {
        match self.writer.draw.below(4) {
            0 => {
                let condition = self.writer.draw.below(2);
                self.writer.i32(condition);
            }
            1 => match self.writer.local_of(ValType::I32) {
                Some(local) => self.writer.get(local),
                None => self.writer.i32(1),
            },
            _ => {
                self.writer.leaf(ValType::I32);
                self.writer.i32(1);
                self.writer.op(0x71);
            }
        }
    }

    fn statements(&mut self, count: u32, depth: u32) {
        for _ in 0..count {
            self.statement(depth);
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm a statement")]
    fn statement(&mut self, depth: u32) {
        let nest = u32::from(depth > 0);
        let wait = u32::from(self.waiting > 0);
        let two = u32::from(self.waiting > 1);
        let integer = u32::from(matches!(self.ty, ValType::I32 | ValType::I64));
        let full = u32::from(self.waiting < 6);
        let kind = self.writer.draw.weighted(&[
            (0, 14 * full),
            (1, 12 * wait),
            (2, 12 * wait),
            (3, 8),
            (4, 10 * nest),
            (5, 8 * nest),
            (6, 6 * nest),
            (7, 6),
            (8, 5),
            (9, 5 * two * integer),
            (10, 4 * integer),
            (11, 4),
            (12, 4 * nest * u32::from(self.writer.scope.thrower.is_some())),
            (13, 3 * u32::from(self.writer.scope.structure.is_some())),
            (14, 3 * u32::from(self.writer.scope.segment.is_some())),
            (15, 3 * integer),
            (16, 3 * nest),
            (17, 4 * full * u32::from(position(self.ty).is_some())),
        ]);
        match kind {
            0 => self.push(),
            1 => {
                if self.percent(25) && position(self.ty).is_some() && self.waiting < 6 {
                    // Over a move between two others.
                    self.global();
                    self.waiting += 1;
                    self.simple();
                    let place = self.place();
                    self.writer.set(place);
                }
                for _ in 0..self.writer.draw.pick(&[1, 1, 2, 3]) {
                    let place = self.place();
                    self.writer.tee(place);
                }
            }
            2 => {
                let place = self.place();
                self.writer.set(place);
                self.waiting -= 1;
            }
            3 => {
                // From one place to another, by way of the stack.
                self.push();
                let place = self.place();
                if self.percent(50) {
                    self.writer.tee(place);
                } else {
                    self.writer.set(place);
                    self.waiting -= 1;
                }
            }
            4 | 5 => {
                if self.percent(60) && self.waiting < 6 {
                    let place = self.place();
                    self.writer.get(place);
                    self.waiting += 1;
                }
                self.block(kind == 5, depth);
            }
            6 => self.choice(depth),
            7 => {
                // A call that changes globals, or not.
                let touch = self.writer.scope.touch;
                self.writer.call(touch);
                if self.percent(50) && position(self.ty).is_some() && self.waiting < 6 {
                    self.global();
                    self.waiting += 1;
                }
            }
            8 => self.branch(),
            9 => {
                let codes: &[u32] = if self.ty == ValType::I32 { &[0x6a, 0x6b, 0x73] } else { &[0x7c, 0x7d, 0x85] };
                let code = self.writer.draw.pick(codes);
                self.writer.op(code);
                self.waiting -= 1;
            }
            10 => self.divide_and_store(),
            11 => self.store(),
            12 => self.catch(depth),
            13 => self.field(),
            14 => self.fill(),
            15 => {
                // Below a call.
                if self.ty == ValType::I32 && self.waiting < 6 {
                    self.simple();
                    self.simple();
                    self.simple();
                    let difference = self.writer.scope.difference;
                    self.writer.call(difference);
                    self.writer.op(0x6b);
                    self.waiting += 1;
                }
            }
            17 => self.load(),
            _ => self.parameters(),
        }
    }

    /// A value that was loaded and waits while the local with its address gets another one, from which it is loaded too.
    fn load(&mut self) {
        let code = match self.ty {
            ValType::I32 => self.writer.draw.pick(&[0x28, 0x28, 0x2c, 0x2f]),
            ValType::I64 => self.writer.draw.pick(&[0x29, 0x29, 0x30, 0x35]),
            ValType::F32 | ValType::F64 if !self.writer.scope.exact => return,
            ValType::F32 => 0x2a,
            ValType::F64 => 0x2b,
            _ => return,
        };
        let wide = self.writer.scope.wide;
        let local = self.writer.fresh(if wide { ValType::I64 } else { ValType::I32 });
        for _ in 0..if self.waiting < 5 { 2 } else { 1 } {
            self.set_address(local, wide);
            self.writer.get(local);
            self.writer.access(code, 0);
            self.waiting += 1;
        }
        self.set_address(local, wide);
    }

    fn set_address(&mut self, local: u32, wide: bool) {
        let address = self.writer.draw.below(POINTERS as u32 - 16);
        if wide {
            self.writer.i64(address.into());
        } else {
            self.writer.i32(address);
        }
        self.writer.set(local);
    }

    /// A block or a loop, in which values are moved while others wait below it.
    fn block(&mut self, is_loop: bool, depth: u32) {
        let result = self.percent(60);
        let counter = (is_loop && self.percent(40)).then(|| self.writer.fresh(ValType::I32));
        if let Some(counter) = counter {
            // Set before anything is pushed inside.
            self.writer.i32(2);
            self.writer.set(counter);
        }
        self.writer.code.push(if is_loop { 0x03 } else { 0x02 });
        self.kind(result);
        let outside = std::mem::take(&mut self.waiting);
        let count = self.writer.draw.between(1, 5);
        self.statements(count, depth - 1);
        self.settle(0);
        if let Some(counter) = counter {
            let table = self.percent(40);
            if table {
                // By way of a table: on to the end of a block in the loop, or to its beginning.
                self.writer.code.extend([0x02, 0x40]);
            }
            self.writer.get(counter);
            self.writer.i32(1);
            self.writer.op(0x6b);
            self.writer.tee(counter);
            if table {
                self.writer.code.extend([0x0e, 0x01, 0x00, 0x01, 0x0b]);
            } else {
                self.writer.with(0x0d, 0);
            }
        } else if !is_loop && self.percent(40) {
            self.leave(result);
        }
        self.close(result);
        self.waiting = outside + u32::from(result);
        if result && self.percent(40) {
            let place = self.place();
            self.writer.tee(place);
        }
    }

    /// `br_if` out of the innermost block, with its result.
    fn leave(&mut self, result: bool) {
        if !result {
            self.condition();
            return self.writer.with(0x0d, 0);
        }
        let place = self.place();
        if self.ty == ValType::I32 && self.percent(50) {
            // The condition writes what the value was read from.
            self.writer.get(place);
            self.simple();
            self.writer.tee(place);
            self.writer.with(0x0d, 0);
            self.writer.code.push(0x1a);
            return;
        }
        self.simple();
        self.condition();
        self.writer.with(0x0d, 0);
        self.writer.code.push(0x1a);
    }

    /// Takes from the stack until so many values are left.
    fn settle(&mut self, left: u32) {
        while self.waiting > left {
            let place = self.place();
            if self.percent(70) {
                self.writer.set(place);
            } else {
                self.writer.code.push(0x1a);
            }
            self.waiting -= 1;
        }
    }

    fn kind(&mut self, result: bool) {
        let code = match self.ty {
            _ if !result => 0x40,
            ValType::I32 => 0x7f,
            ValType::I64 => 0x7e,
            ValType::F32 => 0x7d,
            ValType::F64 => 0x7c,
            _ => 0x7b,
        };
        self.writer.code.push(code);
    }

    /// The end of a block whose stack is empty.
    fn close(&mut self, result: bool) {
        if result {
            self.simple();
        }
        self.writer.code.push(0x0b);
    }

    fn choice(&mut self, depth: u32) {
        let result = self.percent(50);
        if self.percent(60) && self.waiting < 6 {
            let place = self.place();
            self.writer.get(place);
            self.waiting += 1;
        }
        self.condition();
        self.writer.code.push(0x04);
        self.kind(result);
        let outside = std::mem::take(&mut self.waiting);
        let count = self.writer.draw.between(1, 3);
        self.statements(count, depth - 1);
        self.settle(0);
        if result || self.percent(40) {
            if result {
                self.simple();
            }
            self.writer.code.push(0x05);
            let count = self.writer.draw.between(0, 2);
            self.statements(count, depth - 1);
            self.settle(0);
        }
        self.close(result);
        self.waiting = outside + u32::from(result);
    }

    /// A branch out of all that waits, which is taken or not; what it was read from changes behind it.
    fn branch(&mut self) {
        // Only a label without a value can be left with whatever is there: it has a block of its own.
        self.writer.code.extend([0x02, 0x40]);
        let place = self.place();
        self.writer.get(place);
        self.condition();
        self.writer.with(0x0d, 0);
        self.simple();
        self.writer.set(place);
        let other = self.place();
        self.writer.set(other);
        self.writer.code.push(0x0b);
    }

    /// A quotient that waits in a local over a store; rarely by 0.
    fn divide_and_store(&mut self) {
        let wide = self.ty == ValType::I64;
        self.simple();
        if self.percent(12) {
            let place = self.place();
            self.writer.get(place);
        } else if wide {
            let by = self.writer.integer(64).max(2);
            self.writer.i64(by);
        } else {
            let by = (self.writer.integer(32) as u32).max(2);
            self.writer.i32(by);
        }
        let codes: &[u32] = if wide { &[0x7f, 0x80, 0x81, 0x82] } else { &[0x6d, 0x6e, 0x6f, 0x70] };
        let code = self.writer.draw.pick(codes);
        self.writer.op(code);
        let place = self.place();
        self.writer.set(place);
        if self.percent(70) {
            self.store();
        }
    }

    /// A store of a value to an address below the pointers.
    fn store(&mut self) {
        let code = match self.ty {
            ValType::I32 => self.writer.draw.pick(&[0x36, 0x36, 0x3a, 0x3b]),
            ValType::I64 => self.writer.draw.pick(&[0x37, 0x37, 0x37, 0x3c, 0x3d, 0x3e]),
            // Bits of floats that were computed are not looked at.
            ValType::F32 | ValType::F64 if !self.writer.scope.exact => return,
            ValType::F32 => 0x38,
            ValType::F64 => 0x39,
            _ => return self.store_lane(),
        };
        self.address();
        self.simple();
        self.writer.access(code, 0);
    }

    /// Pushes an address for a store: a constant, or a local that holds one.
    fn address(&mut self) {
        let address = u64::from(self.writer.draw.below(POINTERS as u32 - 16));
        let ty = if self.writer.scope.wide { ValType::I64 } else { ValType::I32 };
        let push =
            |writer: &mut Writer<'_>| if ty == ValType::I64 { writer.i64(address) } else { writer.i32(address as u32) };
        push(&mut self.writer);
        if self.percent(50) {
            let local = self.writer.fresh(ty);
            self.writer.set(local);
            self.writer.get(local);
        }
    }

    fn store_lane(&mut self) {
        self.writer.scope.need(&[Feature::Simd]);
        self.address();
        self.simple();
        let (code, lanes) = self.writer.draw.pick(&[(0xfd_058, 16_u32), (0xfd_059, 8), (0xfd_05a, 4), (0xfd_05b, 2)]);
        // Short offsets and long ones.
        let offset = self.writer.draw.pick(&[0_u64, 1, 0x1000, 0x1001, 0x2100]);
        self.writer.access(code, offset);
        let lane = self.writer.draw.below(lanes);
        self.writer.code.push(lane as u8);
    }

    /// Handlers around moves, the last of which may throw.
    fn catch(&mut self, depth: u32) {
        let Some(thrower) = self.writer.scope.thrower else { return };
        let tag = self.writer.scope.tag;
        self.writer.code.extend([0x02, 0x40, 0x02, 0x40, 0x1f, 0x40, 0x01]);
        if self.percent(50) {
            self.writer.code.push(0x02);
            self.writer.leb(0);
        } else {
            self.writer.code.push(0x00);
            self.writer.leb(tag);
            self.writer.leb(0);
        }
        let outside = std::mem::take(&mut self.waiting);
        let count = self.writer.draw.between(1, 4);
        self.statements(count, depth - 1);
        self.settle(0);
        self.condition();
        self.writer.call(thrower);
        if self.percent(50) {
            self.statements(1, 0);
            self.settle(0);
        }
        self.writer.code.push(0x0b);
        self.writer.with(0x0c, 1);
        self.writer.code.push(0x0b);
        // Where the handler comes to.
        let count = self.writer.draw.between(0, 2);
        self.statements(count, 0);
        self.settle(0);
        self.writer.code.push(0x0b);
        self.waiting = outside;
    }

    /// A field that is read into a local, and written.
    fn field(&mut self) {
        let (Some(structure), ValType::I32 | ValType::I64) = (self.writer.scope.structure, self.ty) else { return };
        let object = self.writer.fresh(ValType::Ref(wasm_encoder::RefType {
            nullable: true,
            heap_type: wasm_encoder::HeapType::Concrete(structure),
        }));
        let field = u32::from(self.ty == ValType::I64);
        // One field of this type, and the other of the other.
        if field == 0 {
            self.simple();
        } else {
            self.writer.i32(7);
        }
        if field == 1 {
            self.simple();
        } else {
            self.writer.i64(7);
        }
        self.writer.with(0xfb_000, structure);
        self.writer.set(object);
        for _ in 0..self.writer.draw.between(1, 2) {
            let place = self.place();
            self.writer.get(object);
            self.writer.with(0xfb_002, structure);
            self.writer.leb(field);
            self.writer.set(place);
            self.writer.get(object);
            self.simple();
            self.writer.with(0xfb_005, structure);
            self.writer.leb(field);
        }
        if self.ty == ValType::I32 && self.percent(40) {
            // Whether a fresh object is one, and whether one that was kept is.
            if self.percent(50) {
                self.writer.with(0xfb_001, structure);
            } else {
                self.writer.get(object);
            }
            self.writer.with(0xfb_014, structure);
            let place = self.place();
            self.writer.set(place);
        }
    }

    /// Bulk operations with operands that are alike, or that end where the segment does.
    fn fill(&mut self) {
        let Some((segment, len)) = self.writer.scope.segment else { return };
        if self.writer.scope.wide {
            return;
        }
        self.writer.scope.need(&[Feature::BulkMemory]);
        if self.percent(60) {
            let local = self.writer.fresh(ValType::I32);
            let small = self.writer.draw.between(1, 60);
            self.writer.i32(small);
            self.writer.set(local);
            for _ in 0..3 {
                if self.percent(85) { self.writer.get(local) } else { self.writer.i32(small) }
            }
            self.writer.op(0xfc_00b);
            self.writer.leb(0);
        } else {
            let from = self.writer.draw.below(len + 1);
            // Beyond the end once in a while.
            let count = if self.percent(8) { len } else { len - from };
            for operand in [self.writer.draw.below(100), from, count] {
                self.writer.i32(operand);
            }
            self.writer.op(0xfc_008);
            self.writer.leb(segment);
            self.writer.leb(0);
        }
    }

    /// A block with parameters, which are constants often, above values that wait.
    fn parameters(&mut self) {
        if !self.writer.scope.may(Feature::MultiValue) || self.waiting >= 4 || position(self.ty).is_none() {
            return;
        }
        let ty = self.ty;
        self.writer.scope.need(&[Feature::MultiValue]);
        let count = self.writer.draw.between(1, 3);
        let types = vec![ty; count as usize];
        let kind = self.writer.draft.func_type(&types, &types[..1]);
        if self.percent(70) {
            self.writer.constant(ty);
        } else {
            self.push();
            self.waiting -= 1;
        }
        for _ in 0..count {
            if self.percent(75) { self.writer.constant(ty) } else { self.simple() }
        }
        let condition = self.writer.draw.below(2);
        if self.percent(70) {
            self.writer.i32(condition);
        } else {
            self.condition();
        }
        self.writer.code.push(0x04);
        self.writer.leb(kind);
        if count == 1 && self.percent(70) {
            // Nothing to do, and no `else`.
            if self.percent(50) {
                self.writer.code.push(0x01);
            }
        } else {
            for _ in 1..count {
                self.writer.code.push(0x1a);
            }
            self.writer.code.push(0x05);
            for _ in 1..count {
                let place = self.place();
                self.writer.set(place);
            }
        }
        self.writer.code.push(0x0b);
        self.waiting += 2;
    }

    /// What is returned: what lies on the stack and what the locals hold, or as much of it as one value can tell.
    fn end(&mut self, many: bool) -> Vec<ValType> {
        if many {
            let mut results = vec![self.ty; self.waiting as usize];
            for place in self.places.clone() {
                self.writer.get(place);
                results.push(self.ty);
            }
            return results;
        }
        let (xor, rotate) = match self.ty {
            ValType::I32 => (0x73, 0x77),
            ValType::I64 => (0x85, 0x89),
            _ => {
                // One of them.
                let place = self.place();
                if self.waiting > 0 && self.percent(50) {
                    self.writer.tee(place);
                    self.waiting -= 1;
                } else {
                    self.writer.get(place);
                }
                let kept = self.writer.fresh(self.ty);
                self.writer.set(kept);
                for _ in 0..self.waiting {
                    self.writer.code.push(0x1a);
                }
                self.writer.get(kept);
                return vec![self.ty];
            }
        };
        for place in self.places.clone() {
            self.writer.get(place);
            self.waiting += 1;
        }
        while self.waiting > 1 {
            if self.ty == ValType::I32 {
                self.writer.i32(5);
            } else {
                self.writer.i64(5);
            }
            self.writer.op(rotate);
            self.writer.op(xor);
            self.waiting -= 1;
        }
        vec![self.ty]
    }
}
