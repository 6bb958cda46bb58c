//! The worker protocol: whatever a worker writes is read or refused, and its answers are taken or refused. A worker
//! whose answers were refused once is refused from then on.
//!
//! The first byte says what the worker can do and whether its answers are numbered for it; the second one which case it
//! is asked. What follows are lines.

use wassay_adapter::Prepared;
use wassay_driver::{Builtin, Builtins, Callers, Hello, Line, Raise, Script, Worker, probes};
use wassay_generate::Family;
use wassay_model::{Capture, Ending, EngineId, EngineName, Features};

use crate::Broken;
use crate::question::{order, question};

/// The worker makes modules that drive instances.
pub const DRIVERS: u8 = 1;
/// The worker keeps instances between requests.
pub const KEEPS: u8 = 2;
/// Everything is captured.
pub const FULL: u8 = 4;
/// Answers are given the number of the operation that is next: otherwise few would be in order.
pub const NUMBERED: u8 = 8;
/// The worker puts functions into tables; where it keeps instances, it keeps callers and looks at the state by itself.
pub const LOOKS: u8 = 16;

/// Reads what a worker writes.
///
/// # Errors
/// An answer that is taken after one that was refused, or more steps than the plan has.
pub fn check(bytes: &[u8]) -> Result<(), Broken> {
    let [flags, which, text @ ..] = bytes else { return Ok(()) };
    let broken = |what: &str| Broken { what: what.to_owned(), bytes: bytes.to_vec() };
    let Some(case) = question(&order(Family::ALL[usize::from(*which) % Family::ALL.len()], 0, u16::from(*which)))
    else {
        return Ok(());
    };
    let worker = Worker {
        drivers: flags & DRIVERS != 0,
        keeps: flags & KEEPS != 0,
        builtins: Builtins::of(&Builtin::ALL),
        seats: flags & LOOKS != 0 && flags & DRIVERS != 0,
        callers: flags & LOOKS != 0 && flags & DRIVERS != 0 && flags & KEEPS != 0,
        looks: flags & LOOKS != 0 && flags & DRIVERS != 0 && flags & KEEPS != 0,
        features: Features::ALL,
    };
    let prepared = Prepared::new(&case);
    let capture = if flags & FULL == 0 { Capture::Digests } else { Capture::Full };
    let script = Script::lower(&prepared, capture, &worker, &mut Callers::default());
    let engine = EngineId { name: EngineName::plain("input"), version: "1".to_owned() };
    let mut raise = Raise::new(&script, engine);
    let mut next = 0;
    let mut refused = false;
    let mut answers = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        if let Ok(hello) = Hello::parse(line) {
            let _ = probes(&hello.worker()).features(&answers);
        }
        let told = match Line::parse(line) {
            Err(_) | Ok(Line::Done(_)) => Vec::new(),
            Ok(Line::HostCall(call)) => {
                let _ = raise.host_call(&call.host, &call.args);
                Vec::new()
            }
            Ok(Line::Answer(answer)) => vec![answer],
            Ok(Line::Answers(all)) => all,
        };
        for mut answer in told {
            if flags & NUMBERED != 0 {
                answer.op = next;
            }
            next += 1;
            answers.push(answer.clone());
            let taken = raise.answer(answer);
            if refused && taken.is_ok() {
                return Err(broken("an answer is taken after one that was refused"));
            }
            refused |= taken.is_err();
        }
    }
    let observation = raise.finish(Ending::Finished);
    if observation.steps.len() > case.plan.steps.len() {
        return Err(broken("more steps were seen than there are"));
    }
    let _ = wassay_judge::judge(&case, &[observation]);
    Ok(())
}
