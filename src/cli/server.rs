//! `wslint server`: a language server for editors.

use std::io::{BufReader, BufWriter};
use std::process::ExitCode;

use super::{BUFFER, Terminal};
use crate::server::serve;

/// Serves the editor at the other end of standard input and output, until it leaves.
pub(super) fn run(terminal: &Terminal) -> ExitCode {
    let mut out = BufWriter::with_capacity(BUFFER, std::io::stdout());
    match serve(BufReader::with_capacity(BUFFER, std::io::stdin()), &mut out, terminal.lang) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    }
}
