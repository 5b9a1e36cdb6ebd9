//! `wslint init`: a commented `wslint.toml`.

use std::io::Write;

use super::{Failure, Terminal, Verdict};
use crate::settings::{NAME, TEMPLATE};

/// Writes the file into the current directory; one that is there stays.
pub(super) fn run(terminal: &Terminal) -> Result<Verdict, Failure> {
    let mut file = match std::fs::OpenOptions::new().write(true).create_new(true).open(NAME) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Failure(format!("{NAME} is there already, and stays as it is")));
        }
        Err(e) => return Err(Failure(format!("{NAME}: {e}"))),
    };
    file.write_all(TEMPLATE.as_bytes()).map_err(|e| Failure(format!("{NAME}: {e}")))?;
    let done = crate::text!(
        "Wrote {NAME}; every setting stands in it with its default.",
        "已写入 {NAME},其中列出了每项设置及其默认值。"
    );
    terminal.note(done.get(terminal.lang));
    Ok(Verdict::Clean)
}
