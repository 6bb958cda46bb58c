//! The companion: a small module of the case itself, registered as an instance, whose state the main
//! module may import. An import of state is then as expressible in `.wast` as everything else, and needs
//! nothing from an embedding.

use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, InstructionSink, MemorySection, MemoryType, Module, RefType,
    TableSection, TableType, TypeSection, ValType,
};

use crate::draw::Draw;

/// The name under which the companion is registered.
pub(crate) const NAME: &str = "env";

/// The types and functions of the companion: `count`, which adds to its counter and returns it, and
/// `mix`, which is pure.
pub(crate) const TYPES: [(&[ValType], &[ValType]); 2] =
    [(&[ValType::I32], &[ValType::I32]), (&[ValType::I64, ValType::F64], &[ValType::I64])];

/// What a companion exports, drawn for one case.
#[derive(Clone, Debug)]
pub(crate) struct Companion {
    memory: MemoryType,
    table: TableType,
    globals: [GlobalType; 4],
    counter: GlobalType,
}

impl Companion {
    /// Draws the sizes of the state, and which globals are mutable.
    pub(crate) fn draw(draw: &mut Draw) -> Self {
        let pages = u64::from(draw.between(1, 2));
        let elements = u64::from(draw.between(4, 24));
        let mut mutable = || draw.percent(60);
        let mut global = |val_type| GlobalType { val_type, mutable: mutable(), shared: false };
        Self {
            globals: [global(ValType::I32), global(ValType::I64), global(ValType::F32), global(ValType::F64)],
            counter: GlobalType { val_type: ValType::I32, mutable: true, shared: false },
            memory: MemoryType {
                minimum: pages,
                maximum: Some(pages + u64::from(draw.between(0, 2))),
                memory64: false,
                shared: false,
                page_size_log2: None,
            },
            table: TableType {
                element_type: RefType::FUNCREF,
                minimum: elements,
                maximum: Some(elements + u64::from(draw.below(12))),
                table64: false,
                shared: false,
            },
        }
    }

    /// Everything that can be imported from the companion, in the order of [`Companion::module`]'s
    /// exports; `types` is the index of the first of [`TYPES`].
    pub(crate) fn offer(&self, imports: &mut ImportSection, types: u32, floats: bool) {
        imports.import(NAME, "count", EntityType::Function(types));
        if floats {
            imports.import(NAME, "mix", EntityType::Function(types + 1));
        }
        imports.import(NAME, "memory", EntityType::Memory(self.memory));
        imports.import(NAME, "table", EntityType::Table(self.table));
        for (name, global) in GLOBALS.iter().zip(self.globals) {
            if floats || matches!(global.val_type, ValType::I32 | ValType::I64) {
                imports.import(NAME, name, EntityType::Global(global));
            }
        }
    }

    /// The module.
    pub(crate) fn module(&self) -> Vec<u8> {
        let mut types = TypeSection::new();
        for (params, results) in TYPES {
            types.ty().function(params.iter().copied(), results.iter().copied());
        }
        let mut functions = FunctionSection::new();
        functions.function(0).function(1);
        let mut tables = TableSection::new();
        tables.table(self.table);
        let mut memories = MemorySection::new();
        memories.memory(self.memory);

        let mut globals = GlobalSection::new();
        let initial = [
            // Small, since a segment of the main module may take it for its offset.
            ConstExpr::i32_const(3),
            ConstExpr::i64_const(-3),
            ConstExpr::f32_const(1.5.into()),
            ConstExpr::f64_const((-0.0).into()),
        ];
        for (global, initial) in self.globals.iter().zip(&initial) {
            globals.global(*global, initial);
        }
        globals.global(self.counter, &ConstExpr::i32_const(0));

        let mut exports = ExportSection::new();
        exports.export("count", ExportKind::Func, 0).export("mix", ExportKind::Func, 1);
        exports.export("memory", ExportKind::Memory, 0).export("table", ExportKind::Table, 0);
        for (name, index) in GLOBALS.iter().zip(0..) {
            exports.export(name, ExportKind::Global, index);
        }
        exports.export("counter", ExportKind::Global, 4);

        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions([0, 1, 0].as_slice().into()));

        let mut code = CodeSection::new();
        code.function(&body(|sink| {
            sink.global_get(4).local_get(0).i32_add().global_set(4).global_get(4).end();
        }));
        code.function(&body(|sink| {
            sink.local_get(0).i64_const(7).i64_rotl().local_get(1).i64_reinterpret_f64().i64_xor().end();
        }));

        let mut module = Module::new();
        module.section(&types).section(&functions).section(&tables).section(&memories).section(&globals);
        module.section(&exports).section(&elements).section(&code);
        module.finish()
    }
}

/// The globals that can be imported.
const GLOBALS: [&str; 4] = ["i32", "i64", "f32", "f64"];

fn body(write: impl FnOnce(&mut InstructionSink<'_>)) -> Function {
    let mut bytes = Vec::new();
    write(&mut InstructionSink::new(&mut bytes));
    let mut function = Function::new([]);
    function.raw(bytes);
    function
}
