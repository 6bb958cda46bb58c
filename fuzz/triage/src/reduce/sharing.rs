//! The pass over shared memories.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasmparser::Parser;

use super::Session;

/// No shared memories, where the finding needs none. All at once: an import has to match.
pub(crate) fn unshare_all(session: &mut Session<'_>) {
    let mut case = session.best.clone();
    let mut any = false;
    for module in &mut case.modules {
        let (mut unshare, mut made) = (Unshare { met: false }, wasm_encoder::Module::new());
        let encoded = unshare.parse_core_module(&mut made, Parser::new(0), &module.bytes.0);
        if encoded.is_ok() && unshare.met {
            any = true;
            module.bytes.0 = made.finish();
        }
    }
    session.take(any.then_some(case));
}

/// Writes a module as it is, with no memory shared.
struct Unshare {
    /// Whether one was.
    met: bool,
}

impl Reencode for Unshare {
    type Error = Infallible;

    fn memory_type(&mut self, ty: wasmparser::MemoryType) -> Result<wasm_encoder::MemoryType, Error> {
        self.met |= ty.shared;
        Ok(wasm_encoder::MemoryType { shared: false, ..utils::memory_type(self, ty) })
    }
}
