//! `wslint init`: a commented `wslint.toml`.

use std::path::{Path, PathBuf};

use super::{Failure, Terminal, Verdict};
use crate::project::Problem;
use crate::settings::{NAME, TEMPLATE};
use crate::source::FileSystem;
use crate::text;

/// Writes the file into the current directory; one that is there stays.
pub(super) fn run(terminal: &Terminal, fs: &dyn FileSystem) -> Result<Verdict, Failure> {
    // A link that leads nowhere is there as well: what it names would be made.
    if fs.kind(Path::new(NAME)).is_ok() || fs.is_link(Path::new(NAME)) {
        return Err(Failure(text!("{NAME} is there already, and stays as it is", "{NAME} 已经存在，保持原样")));
    }
    let failure = |e: std::io::Error| Problem::Io(PathBuf::from(NAME), e);
    let mut file = fs.write_to(Path::new(NAME), false).map_err(failure)?;
    file.write_all(TEMPLATE.get(terminal.lang).as_bytes()).map_err(failure)?;
    let done = text!(
        "Wrote {NAME}; every setting stands in it with its default.",
        "已写入 {NAME}，其中列出了每项设置及其默认值。"
    );
    terminal.note(done.get(terminal.lang));
    Ok(Verdict::Clean)
}
