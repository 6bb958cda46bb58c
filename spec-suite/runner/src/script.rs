//! Reading a `.wast` script.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use wassay_judge::expect::trap_kinds;
use wassay_model::{
    Action, Bytes, Expected, Feature, Features, Host, InstanceIdx, Lane, Limits, Module, ModuleIdx, Nan, Pattern, Plan,
    PlanStep, Provenance, Ref, RefPattern, Snapshot, StepIdx, TestCase, Value,
};
use wast::core::{NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::token::{Id, Span};
use wast::{QuoteWat, QuoteWatTest, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use crate::forms::forms;
use crate::spectest;

/// A script: what to ask engines, and what to expect of their answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What to ask.
    pub case: TestCase,
    /// What to expect, in the order of the script.
    pub checks: Vec<Check>,
    /// What the script asks of a parser of the text format. It says nothing about an engine.
    pub texts: Vec<TextCheck>,
    /// Where each command stands in the text, as offsets in bytes.
    pub commands: Vec<Range<usize>>,
    /// Of each module of the case, the command that it stands in; none for one that we brought along.
    pub modules_from: Vec<Option<u32>>,
}

/// A command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The step of the plan that it looks at; none where the command cannot be a step.
    pub step: Option<StepIdx>,
    /// The command's number in the script, from 0.
    pub command: u32,
    /// Its line, from 1.
    pub line: u32,
    /// What kind of command it is.
    pub kind: Kind,
    /// What it expects.
    pub expected: Expected,
    /// Why it is not asked, where it is not.
    pub unsupported: Option<String>,
}

/// A command about the text format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextCheck {
    /// The command's number in the script, from 0.
    pub command: u32,
    /// Its line, from 1.
    pub line: u32,
    /// What kind of command it is.
    pub kind: Kind,
    /// The words with which the suite expects a refusal.
    pub message: String,
    /// What our parser says of the text: nothing if it takes it.
    pub refusal: Option<String>,
}

/// The kinds of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `module`: defined and instantiated.
    Module,
    /// `module definition`: defined only.
    ModuleDefinition,
    /// `module instance`: an instance of what was defined.
    ModuleInstance,
    /// `register`.
    Register,
    /// `invoke`, by itself.
    Invoke,
    /// `assert_return`.
    AssertReturn,
    /// `assert_trap` of a call.
    AssertTrap,
    /// `assert_trap` of an instantiation.
    AssertTrapModule,
    /// `assert_exhaustion`.
    AssertExhaustion,
    /// `assert_exception`.
    AssertException,
    /// `assert_malformed`.
    AssertMalformed,
    /// `assert_invalid`.
    AssertInvalid,
    /// `assert_unlinkable`.
    AssertUnlinkable,
    /// `assert_malformed_custom`: annotations of the text format.
    AssertMalformedCustom,
    /// `assert_invalid_custom`: annotations of the text format.
    AssertInvalidCustom,
    /// `assert_suspension`.
    AssertSuspension,
    /// `thread`, with all that is in it.
    Thread,
    /// `wait`.
    Wait,
}

impl Kind {
    /// The name in records: the script's keyword.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::ModuleDefinition => "module_definition",
            Self::ModuleInstance => "module_instance",
            Self::Register => "register",
            Self::Invoke => "invoke",
            Self::AssertReturn => "assert_return",
            Self::AssertTrap => "assert_trap",
            Self::AssertTrapModule => "assert_trap_module",
            Self::AssertExhaustion => "assert_exhaustion",
            Self::AssertException => "assert_exception",
            Self::AssertMalformed => "assert_malformed",
            Self::AssertInvalid => "assert_invalid",
            Self::AssertUnlinkable => "assert_unlinkable",
            Self::AssertMalformedCustom => "assert_malformed_custom",
            Self::AssertInvalidCustom => "assert_invalid_custom",
            Self::AssertSuspension => "assert_suspension",
            Self::Thread => "thread",
            Self::Wait => "wait",
        }
    }
}

/// A script that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct SyntaxError {
    /// The script's name, as given.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in bytes.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

/// Reads a script. `file` names it in messages and records; `features` is what its modules need, see
/// [`features_of_script`](crate::features_of_script).
///
/// # Errors
///
/// [`SyntaxError`] where the script itself is malformed. A module in the script that is malformed is a
/// matter for the command it stands in.
pub fn parse(file: &str, text: &str, features: Features) -> Result<Script, SyntaxError> {
    let script = read(file, text, features, Spectest::of(text.contains(spectest::NAME)))?;
    // A module in the binary format may spell the name in bytes, which the text does not show.
    let named =
        |module: &Module| module.bytes.0.windows(spectest::NAME.len()).any(|part| part == spectest::NAME.as_bytes());
    let registers = |step: &PlanStep| matches!(&step.action, Action::Register { name, .. } if name == spectest::NAME);
    let Script { case, .. } = &script;
    match case.modules.iter().any(named) && !case.plan.steps.iter().any(registers) {
        true => read(file, text, features, Spectest::Brought),
        false => Ok(script),
    }
}

/// Whether a case brings the module `spectest` along.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spectest {
    Brought,
    Left,
}

impl Spectest {
    const fn of(is_named: bool) -> Self {
        if is_named { Self::Brought } else { Self::Left }
    }
}

fn read(file: &str, text: &str, features: Features, spectest: Spectest) -> Result<Script, SyntaxError> {
    let lines = Lines::new(file, text);
    let mut lexer = Lexer::new(text);
    // The suite holds comments and names in every script there is.
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(|error| lines.error(&error))?;
    let wast = parser::parse::<Wast<'_>>(&buffer).map_err(|error| lines.error(&error))?;
    let is_bare = wast.directives.len() == 1;
    let mut reader = Reader::new(lines, features);
    if spectest == Spectest::Brought {
        reader.spectest(text);
    }
    let forms = forms(text);
    for (command, directive) in wast.directives.into_iter().enumerate() {
        reader.command = command as u32;
        let offset = directive.span().offset();
        // A file of bare module fields is one command.
        let form = forms.get(forms.partition_point(|form| form.end <= offset));
        let form = form.filter(|form| form.contains(&offset) && !is_bare);
        reader.script.commands.push(form.cloned().unwrap_or(0..text.len()));
        reader.directive(directive)?;
    }
    Ok(reader.script)
}

/// Where the lines of a text begin.
struct Lines<'t> {
    file: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(file: &'t str, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(offset, _)| offset + 1);
        Self { file, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// Line and column, from 1.
    fn position(&self, span: Span) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= span.offset());
        (line as u32, (span.offset() - self.starts[line - 1] + 1) as u32)
    }

    fn error(&self, error: &wast::Error) -> SyntaxError {
        self.error_at(error.span(), error.message())
    }

    fn error_at(&self, span: Span, message: String) -> SyntaxError {
        let (line, column) = self.position(span);
        SyntaxError { file: self.file.to_owned(), line, column, message }
    }
}

/// An instance that a script speaks of. None: its module is not one that an engine can be given.
type Named = Option<InstanceIdx>;

struct Reader<'t> {
    lines: Lines<'t>,
    script: Script,
    command: u32,
    instances_made: u32,
    /// The instance that commands without a name mean; none before the first.
    current: Option<Named>,
    instances: HashMap<String, Named>,
    /// The module that `module instance` without a name means.
    defined: Option<Option<ModuleIdx>>,
    definitions: HashMap<String, Option<ModuleIdx>>,
}

/// What our encoder makes of a module: its bytes, or why its text is no module.
type Encoded = Result<Vec<u8>, String>;

impl<'t> Reader<'t> {
    fn new(lines: Lines<'t>, features: Features) -> Self {
        let case = TestCase {
            modules: Vec::new(),
            plan: Plan::default(),
            host: Host::None,
            features,
            limits: Limits {
                // The suite grows memories and tables far, once, and then forgets them.
                memory_pages_max: 65536,
                table_elements_max: 10_000_000,
                deadline_ms: 60_000,
                ..Limits::default()
            },
            provenance: Provenance::File { path: lines.file.to_owned() },
            relations: Vec::new(),
        };
        Self {
            lines,
            script: Script {
                case,
                checks: Vec::new(),
                texts: Vec::new(),
                commands: Vec::new(),
                modules_from: Vec::new(),
            },
            command: 0,
            instances_made: 0,
            current: None,
            instances: HashMap::new(),
            defined: None,
            definitions: HashMap::new(),
        }
    }

    fn spectest(&mut self, text: &str) {
        let case = &mut self.script.case;
        if text.contains(spectest::SHARED_MEMORY) && case.features.contains(Feature::Threads) {
            case.features = case.features.union(Features::of(&[Feature::MultiMemory]));
        }
        let bytes = spectest::bytes(case.features);
        let module = self.add_module(spectest::NAME, bytes);
        self.script.modules_from[module.position()] = None;
        let (_, instance) = self.instantiate(module);
        self.step(Action::Register { instance, name: spectest::NAME.to_owned() });
    }

    fn directive(&mut self, directive: WastDirective<'_>) -> Result<(), SyntaxError> {
        let span = directive.span();
        match directive {
            WastDirective::Module(module) => self.module(span, module),
            WastDirective::ModuleDefinition(module) => self.definition(span, module),
            WastDirective::ModuleInstance { instance, module, .. } => self.instance(span, instance, module)?,
            WastDirective::Register { name, module, .. } => {
                let instance = self.named(span, module)?;
                let step = instance.map(|instance| self.step(Action::Register { instance, name: name.to_owned() }));
                self.check(span, Kind::Register, step, Expected::Success);
            }
            WastDirective::Invoke(invoke) => {
                let step = self.invoke(invoke)?;
                self.check(span, Kind::Invoke, step, Expected::Success);
            }
            WastDirective::AssertReturn { exec, results, .. } => {
                let patterns = results.iter().map(|result| self.pattern(span, result)).collect::<Result<_, _>>()?;
                let (step, _) = self.execute(exec)?;
                self.check(span, Kind::AssertReturn, step, Expected::Return(patterns));
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                let (step, module) = self.execute(exec)?;
                let kind = if module { Kind::AssertTrapModule } else { Kind::AssertTrap };
                self.check(span, kind, step, Expected::Trap(message.to_owned()));
            }
            WastDirective::AssertExhaustion { call, .. } => {
                let step = self.invoke(call)?;
                self.check(span, Kind::AssertExhaustion, step, Expected::Exhaustion);
            }
            WastDirective::AssertException { exec, .. } => {
                let (step, _) = self.execute(exec)?;
                self.check(span, Kind::AssertException, step, Expected::Exception);
            }
            WastDirective::AssertUnlinkable { module, .. } => {
                let (step, _) = self.execute(WastExecute::Wat(module))?;
                self.check(span, Kind::AssertUnlinkable, step, Expected::Unlinkable);
            }
            WastDirective::AssertMalformed { module, message, .. } => {
                self.refused(span, Kind::AssertMalformed, module, message, Expected::Malformed);
            }
            WastDirective::AssertInvalid { module, message, .. } => {
                self.refused(span, Kind::AssertInvalid, module, message, Expected::Invalid);
            }
            WastDirective::AssertMalformedCustom { mut module, message, .. } => {
                self.text(span, Kind::AssertMalformedCustom, message, &mut module);
            }
            WastDirective::AssertInvalidCustom { mut module, message, .. } => {
                self.text(span, Kind::AssertInvalidCustom, message, &mut module);
            }
            WastDirective::AssertSuspension { .. } => {
                self.unsupported(span, Kind::AssertSuspension, "stack switching is not among our features");
            }
            WastDirective::Thread(_) => {
                self.unsupported(span, Kind::Thread, "a plan is one thread of actions");
            }
            WastDirective::Wait { .. } => {
                self.unsupported(span, Kind::Wait, "a plan is one thread of actions");
            }
        }
        Ok(())
    }

    fn module(&mut self, span: Span, mut module: QuoteWat<'_>) {
        let name = module.name().map(|id| id.name().to_owned());
        let (module, made, refusal) = match encode(&mut module) {
            Ok(bytes) => {
                let module = self.add_module(name.as_deref().unwrap_or_default(), bytes);
                (Some(module), Some(self.instantiate(module)), None)
            }
            Err(words) => (None, None, Some(words)),
        };
        let instance = made.map(|(_, instance)| instance);
        self.current = Some(instance);
        self.defined = Some(module);
        if let Some(name) = name {
            self.instances.insert(name.clone(), instance);
            self.definitions.insert(name, module);
        }
        self.check(span, Kind::Module, made.map(|(step, _)| step), Expected::Success);
        self.explain_refusal(refusal);
    }

    fn definition(&mut self, span: Span, mut module: QuoteWat<'_>) {
        let name = module.name().map(|id| id.name().to_owned());
        let (module, step, refusal) = match encode(&mut module) {
            Ok(bytes) => {
                let module = self.add_module(name.as_deref().unwrap_or_default(), bytes);
                (Some(module), Some(self.step(Action::Load { module })), None)
            }
            Err(words) => (None, None, Some(words)),
        };
        self.defined = Some(module);
        if let Some(name) = name {
            self.definitions.insert(name, module);
        }
        self.check(span, Kind::ModuleDefinition, step, Expected::Success);
        self.explain_refusal(refusal);
    }

    fn instance(&mut self, span: Span, instance: Option<Id<'_>>, module: Option<Id<'_>>) -> Result<(), SyntaxError> {
        let known = match module {
            Some(id) => self.definitions.get(id.name()).copied(),
            None => self.defined,
        };
        let Some(module) = known else {
            let message = match module {
                Some(id) => format!("there is no module ${}", id.name()),
                None => "there is no module yet".to_owned(),
            };
            return Err(self.lines.error_at(span, message));
        };
        let made = module.map(|module| self.instantiate(module));
        let made_instance = made.map(|(_, instance)| instance);
        self.current = Some(made_instance);
        if let Some(id) = instance {
            self.instances.insert(id.name().to_owned(), made_instance);
        }
        self.check(span, Kind::ModuleInstance, made.map(|(step, _)| step), Expected::Success);
        Ok(())
    }

    /// A module that is to be refused before it runs.
    fn refused(&mut self, span: Span, kind: Kind, mut module: QuoteWat<'_>, message: &str, expected: Expected) {
        let quoted = matches!(module, QuoteWat::QuoteModule(..) | QuoteWat::QuoteComponent(..));
        // Quoted text that is malformed asks for a parser of text. Quoted text that is invalid is a module
        // like any other, if it can be encoded.
        if quoted && kind == Kind::AssertMalformed {
            self.text(span, kind, message, &mut module);
            return;
        }
        match encode(&mut module) {
            Ok(bytes) => {
                let module = self.add_module("", bytes);
                let step = self.step(Action::Load { module });
                self.check(span, kind, Some(step), expected);
            }
            Err(words) => self.note_text(span, kind, message, Some(words)),
        }
    }

    fn text(&mut self, span: Span, kind: Kind, message: &str, module: &mut QuoteWat<'_>) {
        let refusal = encode(module).err();
        self.note_text(span, kind, message, refusal);
    }

    fn note_text(&mut self, span: Span, kind: Kind, message: &str, refusal: Option<String>) {
        let (line, _) = self.lines.position(span);
        let message = message.to_owned();
        self.script.texts.push(TextCheck { command: self.command, line, kind, message, refusal });
    }

    /// Runs something; the second of the pair says whether it is an instantiation.
    fn execute(&mut self, exec: WastExecute<'_>) -> Result<(Option<StepIdx>, bool), SyntaxError> {
        match exec {
            WastExecute::Invoke(invoke) => Ok((self.invoke(invoke)?, false)),
            WastExecute::Get { span, module, global } => {
                let instance = self.named(span, module)?;
                let get = |instance| Action::Get { instance, export: global.to_owned() };
                Ok((instance.map(|instance| self.step(get(instance))), false))
            }
            // The instance has no name and is not the current one: it is expected not to come to be.
            WastExecute::Wat(module) => match encode(&mut QuoteWat::Wat(module)) {
                Ok(bytes) => {
                    let module = self.add_module("", bytes);
                    Ok((Some(self.instantiate(module).0), true))
                }
                Err(_) => Ok((None, true)),
            },
        }
    }

    fn invoke(&mut self, invoke: WastInvoke<'_>) -> Result<Option<StepIdx>, SyntaxError> {
        let args = invoke.args.iter().map(|arg| self.argument(invoke.span, arg)).collect::<Result<_, _>>()?;
        let Some(instance) = self.named(invoke.span, invoke.module)? else { return Ok(None) };
        Ok(Some(self.step(Action::Invoke { instance, export: invoke.name.to_owned(), args })))
    }

    /// The instance of a name, or the current one.
    fn named(&self, span: Span, id: Option<Id<'_>>) -> Result<Named, SyntaxError> {
        let (known, message) = match id {
            Some(id) => (self.instances.get(id.name()).copied(), format!("there is no instance ${}", id.name())),
            None => (self.current, "there is no instance yet".to_owned()),
        };
        known.ok_or_else(|| self.lines.error_at(span, message))
    }

    fn argument(&self, span: Span, arg: &WastArg<'_>) -> Result<Value, SyntaxError> {
        let WastArg::Core(arg) = arg else { return Err(self.component(span)) };
        Ok(match arg {
            WastArgCore::I32(value) => Value::I32(value.cast_unsigned()),
            WastArgCore::I64(value) => Value::I64(value.cast_unsigned()),
            WastArgCore::F32(value) => Value::F32(value.bits),
            WastArgCore::F64(value) => Value::F64(value.bits),
            WastArgCore::V128(value) => Value::V128(u128::from_le_bytes(value.to_le_bytes())),
            WastArgCore::RefNull(_) => Value::Ref(Ref::Null),
            WastArgCore::RefExtern(number) | WastArgCore::RefHost(number) => Value::Ref(Ref::Extern(*number)),
        })
    }

    fn pattern(&self, span: Span, result: &WastRet<'_>) -> Result<Pattern, SyntaxError> {
        match result {
            WastRet::Core(result) => Ok(pattern(result)),
            _ => Err(self.component(span)),
        }
    }

    fn component(&self, span: Span) -> SyntaxError {
        self.lines.error_at(span, "components are not asked of engines".to_owned())
    }

    fn add_module(&mut self, name: &str, bytes: Vec<u8>) -> ModuleIdx {
        let modules = &mut self.script.case.modules;
        modules.push(Module { name: name.to_owned(), bytes: Bytes(bytes) });
        self.script.modules_from.push(Some(self.command));
        ModuleIdx(modules.len() as u32 - 1)
    }

    fn instantiate(&mut self, module: ModuleIdx) -> (StepIdx, InstanceIdx) {
        let instance = InstanceIdx(self.instances_made);
        self.instances_made += 1;
        (self.step(Action::Instantiate { module }), instance)
    }

    fn step(&mut self, action: Action) -> StepIdx {
        let steps = &mut self.script.case.plan.steps;
        steps.push(PlanStep { action, snapshot: Snapshot::Skip });
        StepIdx(steps.len() as u32 - 1)
    }

    fn check(&mut self, span: Span, kind: Kind, step: Option<StepIdx>, expected: Expected) {
        let unsupported = match (&expected, step) {
            (_, None) => Some("it needs a module that our encoder refuses".to_owned()),
            (Expected::Trap(words), _) if trap_kinds(words).is_none() => {
                Some(format!("the trap's words {words:?} are not in our table"))
            }
            _ => None,
        };
        let (line, _) = self.lines.position(span);
        self.script.checks.push(Check { step, command: self.command, line, kind, expected, unsupported });
    }

    /// Says of the last command why its module is not asked.
    fn explain_refusal(&mut self, refusal: Option<String>) {
        if let (Some(words), Some(check)) = (refusal, self.script.checks.last_mut()) {
            check.unsupported = Some(format!("our encoder refuses the module: {words}"));
        }
    }

    fn unsupported(&mut self, span: Span, kind: Kind, why: &str) {
        self.check(span, kind, None, Expected::Success);
        let check = self.script.checks.last_mut().expect("it was just pushed");
        check.unsupported = Some(why.to_owned());
    }
}

fn encode(module: &mut QuoteWat<'_>) -> Encoded {
    if matches!(module, QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..)) {
        return Err("it is a component".to_owned());
    }
    match module.to_test() {
        Ok(QuoteWatTest::Binary(bytes)) => Ok(bytes),
        Ok(QuoteWatTest::Text(text)) => encode_text(&text),
        Err(error) => Err(error.message()),
    }
}

fn encode_text(text: &[u8]) -> Encoded {
    let text = std::str::from_utf8(text).map_err(|_| "malformed UTF-8 encoding".to_owned())?;
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(|error| error.message())?;
    parser::parse::<Wat<'_>>(&buffer).and_then(|mut wat| wat.encode()).map_err(|error| error.message())
}

fn pattern(result: &WastRetCore<'_>) -> Pattern {
    match result {
        WastRetCore::I32(value) => Pattern::Value(Value::I32(value.cast_unsigned())),
        WastRetCore::I64(value) => Pattern::Value(Value::I64(value.cast_unsigned())),
        WastRetCore::F32(NanPattern::Value(value)) => Pattern::Value(Value::F32(value.bits)),
        WastRetCore::F32(NanPattern::CanonicalNan) => Pattern::NanF32(Nan::Canonical),
        WastRetCore::F32(NanPattern::ArithmeticNan) => Pattern::NanF32(Nan::Arithmetic),
        WastRetCore::F64(NanPattern::Value(value)) => Pattern::Value(Value::F64(value.bits)),
        WastRetCore::F64(NanPattern::CanonicalNan) => Pattern::NanF64(Nan::Canonical),
        WastRetCore::F64(NanPattern::ArithmeticNan) => Pattern::NanF64(Nan::Arithmetic),
        WastRetCore::V128(pattern) => vector(pattern),
        WastRetCore::RefNull(_) => Pattern::Value(Value::Ref(Ref::Null)),
        WastRetCore::RefExtern(Some(number)) | WastRetCore::RefHost(number) => {
            Pattern::Value(Value::Ref(Ref::Extern(*number)))
        }
        WastRetCore::RefExtern(None) => Pattern::Ref(RefPattern::Extern),
        WastRetCore::RefFunc(_) => Pattern::Ref(RefPattern::Func),
        WastRetCore::RefAny => Pattern::Ref(RefPattern::Any),
        WastRetCore::RefEq => Pattern::Ref(RefPattern::Eq),
        WastRetCore::RefArray => Pattern::Ref(RefPattern::Array),
        WastRetCore::RefStruct => Pattern::Ref(RefPattern::Struct),
        WastRetCore::RefI31 | WastRetCore::RefI31Shared => Pattern::Ref(RefPattern::I31),
        WastRetCore::Either(patterns) => Pattern::Either(patterns.iter().map(self::pattern).collect()),
    }
}

fn vector(pattern: &V128Pattern) -> Pattern {
    // Integer lanes hold no pattern, so they are just bits. The first lane is the least significant.
    fn joined<T: Copy>(lanes: &[T], width: u32, bits: impl Fn(T) -> u128) -> Pattern {
        let value = lanes.iter().rev().fold(0_u128, |so_far, lane| so_far << width | bits(*lane));
        Pattern::Value(Value::V128(value))
    }
    fn lane<Float, Bits>(pattern: &NanPattern<Float>, bits: impl Fn(&Float) -> Bits) -> Lane<Bits> {
        match pattern {
            NanPattern::Value(value) => Lane::Bits(bits(value)),
            NanPattern::CanonicalNan => Lane::Nan(Nan::Canonical),
            NanPattern::ArithmeticNan => Lane::Nan(Nan::Arithmetic),
        }
    }
    match pattern {
        V128Pattern::I8x16(lanes) => joined(lanes, 8, |lane| u128::from(lane.cast_unsigned())),
        V128Pattern::I16x8(lanes) => joined(lanes, 16, |lane| u128::from(lane.cast_unsigned())),
        V128Pattern::I32x4(lanes) => joined(lanes, 32, |lane| u128::from(lane.cast_unsigned())),
        V128Pattern::I64x2(lanes) => joined(lanes, 64, |lane| u128::from(lane.cast_unsigned())),
        V128Pattern::F32x4(lanes) => {
            Pattern::F32x4(std::array::from_fn(|position| lane(&lanes[position], |value| value.bits)))
        }
        V128Pattern::F64x2(lanes) => {
            Pattern::F64x2(std::array::from_fn(|position| lane(&lanes[position], |value| value.bits)))
        }
    }
}
