//! `wslint trace URL [PATH]…`

use std::path::PathBuf;

use super::again::patch_of;
use super::args::{Trace as Args, TraceFormat};
use super::desk::{asked, options, session, url};
use super::{Failure, Terminal, Verdict as Exit};
use crate::model::way::verdict::Verdict;
use crate::project::{Input, Problem};
use crate::report::{trace_human, trace_json};
use crate::source::FileSystem;

/// Runs the command.
pub(super) fn run(args: &Args, terminal: &Terminal, fs: &dyn FileSystem) -> Result<Exit, Failure> {
    let url = url("", &args.url)?;
    let session = session(&args.common, fs)?;
    let mut asked = asked(&args.paths, &args.common)?;
    if asked.inputs.is_empty() && session.settings().roots.is_empty() && asked.root.is_none() {
        let usual = PathBuf::from("nginx.conf");
        session.inside(&usual).map_err(|e| Problem::Io(usual.clone(), e))?;
        asked.inputs.push(Input::Path(usual));
    }
    let subject = session.open(&asked)?;
    let (files, mut story) = subject.story(&options(&session, &args.common)?.0, &url)?;
    if story.mendable {
        story.patch = patch_of(args);
    }
    terminal.print_with(|out| match args.format {
        TraceFormat::Human => out.write_all(trace_human(&story, terminal.lang, terminal.look).as_bytes()),
        TraceFormat::Json => trace_json(&files.sources, &story, terminal.lang, out),
    })?;
    Ok(if story.verdict == Verdict::Upgrades { Exit::Clean } else { Exit::Findings })
}
