//! `madoguchi verify`: one certificate, or many as JSON lines, judged by whatever files are offered. The rules are in
//! `cert-verify`; here are command line, files and answers.

mod answer;
mod arguments;
mod batch;
mod explain;
pub(crate) mod instant;
mod json_case;
mod material;
pub(crate) mod pem;

pub use arguments::VerifyArguments;

use std::io::{BufRead, Write};

use madoguchi_cert_verify::{Budget, Case, NoObserver, Outcome, judge};
use rustls_pki_types::UnixTime;

use crate::verify::answer::Answer;
use crate::verify::explain::Explain;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyEnd {
    /// The certificate is accepted, or every line was answered.
    Accepted,
    /// The certificate is rejected, or a stream broke.
    Rejected,
    /// The command line or a file that it names cannot be used.
    Usage,
    /// The certificate is good, but whether it is revoked is not known.
    Undetermined,
}

impl VerifyEnd {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Rejected => 1,
            Self::Usage => 2,
            Self::Undetermined => 3,
        }
    }
}

/// Runs the command. `now` is the moment that counts when nobody names another.
pub fn verify(
    arguments: &VerifyArguments,
    now: UnixTime,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> VerifyEnd {
    if arguments.batch {
        let judge = |case: &Case, at| judge(case, at, &mut Budget::default(), &mut NoObserver);
        return match batch::answer_all(now, input, output, &judge) {
            Ok(()) => VerifyEnd::Accepted,
            Err(error) => {
                tell(errors, &format!("madoguchi verify: {error}"));
                VerifyEnd::Rejected
            }
        };
    }
    let (case, at) = match arguments.case() {
        Ok((case, at)) => (case, at.unwrap_or(now)),
        Err(error) => {
            tell(errors, &format!("madoguchi verify: {error}"));
            return VerifyEnd::Usage;
        }
    };
    for problem in arguments.anchor_problems(now) {
        tell(errors, &format!("madoguchi verify: {problem}"));
    }
    let mut budget = Budget::default();
    let judgement = if arguments.explain {
        let mut explain = Explain::new(errors);
        judge(&case, at, &mut budget, &mut explain)
    } else {
        judge(&case, at, &mut budget, &mut NoObserver)
    };
    let end = match judgement.outcome {
        Outcome::Accepted => VerifyEnd::Accepted,
        Outcome::Rejected => VerifyEnd::Rejected,
        Outcome::Undetermined => VerifyEnd::Undetermined,
    };
    match Answer::of(&judgement).write(output) {
        Ok(()) => end,
        Err(error) => {
            tell(errors, &format!("madoguchi verify: standard output: {error}"));
            VerifyEnd::Rejected
        }
    }
}

fn tell(errors: &mut dyn Write, line: &str) {
    // When standard error is gone there is nobody to tell.
    let _ = writeln!(errors, "{line}");
}
