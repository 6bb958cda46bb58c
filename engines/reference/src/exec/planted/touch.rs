//! Which faults a module can show at all: most of them leave most modules as they are, and need not be asked.

use super::{Fault, front, syntax, verdicts};
use crate::exec::{Config, LoadError, lower};
use crate::syntax::{DataMode, ElemMode, ExternType, Finality, Module};
use crate::valid::Validated;
use crate::{binary, valid};

impl Fault {
    /// Those of `among` that may make a difference to a plan that loads the module: its code is another one, it is
    /// refused or accepted otherwise, or it has what the fault is about. For all others every plan ends as without
    /// the fault.
    #[must_use]
    pub fn touching(bytes: &[u8], config: &Config, among: &[Self]) -> Vec<Self> {
        let config = Config { fault: None, ..*config };
        let loaded = binary::decode(bytes, config.features).map_err(LoadError::from).and_then(|module| {
            let validated = valid::validate(&module, config.features);
            validated.map(|validated| (module, validated)).map_err(|error| LoadError::Invalid(error.to_string()))
        });
        let touched: Box<dyn Fn(Self) -> bool> = match &loaded {
            Err(error) => Box::new(move |fault| match front::load(fault, bytes, &config) {
                Ok(_) => true,
                Err(other) => std::mem::discriminant(&other) != std::mem::discriminant(error),
            }),
            Ok((module, validated)) => {
                let Ok(code) = lower::lower(module, validated, None) else { return among.to_vec() };
                Box::new(move |fault| fault.touches(bytes, module, validated, &code))
            }
        };
        among.iter().copied().filter(|fault| touched(*fault)).collect()
    }

    fn touches(self, bytes: &[u8], module: &Module, validated: &Validated, code: &lower::Code) -> bool {
        let imports = |is: fn(&ExternType) -> bool| module.imports.iter().any(|import| is(&import.ty));
        match self {
            // Where they act.
            Self::StartSkipped | Self::StartFirst | Self::StartOnce => module.start.is_some(),
            Self::GlobalShared => !module.globals.is_empty(),
            Self::MemoryShared => !module.mems.is_empty(),
            Self::TableShared => !module.tables.is_empty(),
            Self::DataSegmentLate | Self::DataAtEndTraps | Self::EmptyDataAnywhere | Self::SegmentsCheckedFirst => {
                module.datas.iter().any(|data| matches!(data.mode, DataMode::Active { .. }))
            }
            Self::ImportedOffsetTraps => {
                imports(|ty| matches!(ty, ExternType::Global(_)))
                    && !(module.datas.is_empty() && module.elems.is_empty())
            }
            Self::PriorImageVisible | Self::SegmentsSorted => {
                module.datas.iter().any(|data| matches!(data.mode, DataMode::Active { .. }))
            }
            Self::ActiveElementsKept => module.elems.iter().any(|elem| matches!(elem.mode, ElemMode::Active { .. })),
            Self::HostGrowthStale => imports(|ty| matches!(ty, ExternType::Mem(_))),
            Self::DataDropShared => !module.datas.is_empty(),
            Self::ImportMemoryUnchecked | Self::ImportGrownRefused => imports(|ty| matches!(ty, ExternType::Mem(_))),
            Self::ImportTableUnchecked | Self::ImportedTableCopied => imports(|ty| matches!(ty, ExternType::Table(_))),
            Self::ImportSubtypeRefused => imports(|ty| matches!(ty, ExternType::Func(_))),
            Self::ImportedGlobalCopied => imports(|ty| matches!(ty, ExternType::Global(_))),
            Self::DataBeforeElements => {
                module.datas.iter().any(|data| matches!(data.mode, DataMode::Active { .. }))
                    && module.elems.iter().any(|elem| matches!(elem.mode, ElemMode::Active { .. }))
            }
            Self::GlobalOffsetZero => {
                let datas = module.datas.iter().filter_map(|data| match &data.mode {
                    DataMode::Active { offset, .. } => Some(offset),
                    DataMode::Passive => None,
                });
                let elems = module.elems.iter().filter_map(|elem| match &elem.mode {
                    ElemMode::Active { offset, .. } => Some(offset),
                    ElemMode::Passive | ElemMode::Declarative => None,
                });
                datas.chain(elems).any(|offset| verdicts::reads_global(offset))
            }
            Self::EmptyElementsAnywhere => {
                module.elems.iter().any(|elem| matches!(elem.mode, ElemMode::Active { .. }) && elem.init.is_empty())
            }
            Self::StartTrapUndoes => module.start.is_some() && imports(|ty| matches!(ty, ExternType::Mem(_))),
            Self::ElementOffsetHalf => module.elems.iter().any(|elem| matches!(elem.mode, ElemMode::Active { .. })),
            Self::SharedMemoryImported => imports(|ty| matches!(ty, ExternType::Mem(_))),
            Self::ImportedGlobalsOfFirst => imports(|ty| matches!(ty, ExternType::Global(_))),
            Self::TagImportedTwice => imports(|ty| matches!(ty, ExternType::Tag(_))),
            Self::FinalUnchecked => module.types.iter().any(|ty| ty.finality == Finality::Open),
            Self::OuterHandlersFirst => code.guards.len() > 1,
            // Another code, another module, or none.
            _ => {
                front::refuses(self, bytes, module)
                    || syntax::changes(self, module, validated)
                    || lower::lower(module, validated, Some(self)).map_or(true, |other| other != *code)
            }
        }
    }
}
