//! `wslint [PATH]…`: the default command.

use super::args::{Check, ConnectionArg, EvidenceArg, FailOn, Format};
use super::inputs::{Inputs, versions};
use super::{Failure, Terminal, Verdict};
use crate::diagnostic::Severity;
use crate::engine::{Checked, Options, Selection, check};
use crate::fix::{Fixed, Wanted, fix, unified, write};
use crate::model::Url;
use crate::model::endpoint::{Declarations, Evidence};
use crate::model::include::Files;
use crate::report::{self, Report};
use crate::rules::{self, ConnectionMode};
use crate::source::FileSystem;

/// Runs the command.
pub(super) fn run(args: &Check, terminal: &Terminal, fs: &dyn FileSystem) -> Result<Verdict, Failure> {
    let inputs = Inputs::new(&args.paths, &args.common, fs)?;
    let options = options(args, &inputs)?;
    let overlay = inputs.overlay(fs);
    let wanted = Wanted { unsafe_too: args.unsafe_fixes };
    if args.fix || args.diff {
        return mend(args, terminal, &inputs, &overlay, &options, wanted, fs);
    }
    let mut files = Files::new(&overlay);
    let targets = inputs.open(&mut files)?;
    let checked = check(&mut files, &targets, &options);
    let named = checked
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Advice && options.selection.names(d.rule, d.category));
    let advice = args.common.verbose || named || args.fail_on == FailOn::Advice;
    let version = args.common.nginx_version.as_deref();
    let report = Report {
        sources: &files.sources,
        checked: &checked,
        lang: terminal.lang,
        advice,
        wanted,
        nginx_version: version,
    };
    print(args, terminal, &inputs, &report)?;
    Ok(verdict(args.fail_on, &checked))
}

fn options(args: &Check, inputs: &Inputs) -> Result<Options, Failure> {
    let url = match &args.url {
        Some(text) => Some(Url::parse(text).map_err(|e| Failure(format!("--url {text}: {e}")))?),
        None => None,
    };
    let connection = match args.connection {
        ConnectionArg::Auto => ConnectionMode::Auto,
        ConnectionArg::Map => ConnectionMode::Map,
        ConnectionArg::Literal => ConnectionMode::Literal,
    };
    let evidence = match args.evidence {
        EvidenceArg::None => Evidence::None,
        EvidenceArg::Likely => Evidence::Likely,
        EvidenceArg::Configured => Evidence::Configured,
        EvidenceArg::Declared => Evidence::Declared,
    };
    Ok(Options {
        versions: versions(&args.common)?,
        declared: Declarations::default(),
        url,
        selection: Selection::new(&args.select, &args.ignore).map_err(Failure)?,
        rules: rules::Options { connection },
        evidence,
        only: inputs.only(),
    })
}

fn print(args: &Check, terminal: &Terminal, inputs: &Inputs, report: &Report<'_>) -> Result<(), Failure> {
    let text = match args.format {
        Format::Human => report::human(
            report,
            if args.output.is_some() { report::Look { color: false, ..terminal.look } } else { terminal.look },
        ),
        Format::Concise => report::concise(report),
        Format::Json => report::json(report),
    };
    match &args.output {
        Some(path) => std::fs::write(path, text.as_bytes()).map_err(|e| Failure(format!("{}: {e}", path.display())))?,
        None => terminal.print(text.as_bytes())?,
    }
    if args.format == Format::Human {
        let summary = report::summary(report, &inputs.shown());
        let clean = report.count(Severity::Error) + report.count(Severity::Warning) == 0;
        // A clean run is one quiet line on a terminal, and none in a pipe.
        if !clean && args.output.is_none() && !terminal.quiet {
            terminal.print(format!("{}\n", summary.get(terminal.lang)).as_bytes())?;
        } else if terminal.is_terminal || !clean {
            terminal.note(summary.get(terminal.lang));
        }
    }
    Ok(())
}

fn verdict(fail_on: FailOn, checked: &Checked) -> Verdict {
    let least = match fail_on {
        FailOn::Advice => Severity::Advice,
        FailOn::Warning => Severity::Warning,
        FailOn::Error => Severity::Error,
        FailOn::Never => return Verdict::Clean,
    };
    if checked.diagnostics.iter().any(|d| d.severity >= least) { Verdict::Findings } else { Verdict::Clean }
}

/// `--fix` and `--diff`.
fn mend(
    args: &Check,
    terminal: &Terminal,
    inputs: &Inputs,
    overlay: &dyn FileSystem,
    options: &Options,
    wanted: Wanted,
    fs: &dyn FileSystem,
) -> Result<Verdict, Failure> {
    // What cannot be read is a failure here; later rounds read the same files again.
    inputs.open(&mut Files::new(overlay))?;
    let open = |files: &mut Files<'_>| inputs.open(files).unwrap_or_default();
    let fixed: Fixed = fix(overlay, &open, options, wanted);
    if let Some(failed) = &fixed.failed {
        terminal.complain(&format!("internal error, please report it: {failed}; that fix is left out"));
    }
    if let Some(withheld) = &fixed.withheld {
        let text = crate::text!(
            "a fix is held back, because it would leave another error: {withheld}",
            "有一处修复未提供,因为会留下另一个错误:{withheld}"
        );
        terminal.note(&crate::report::escaped(text.get(terminal.lang), false));
    }
    if args.diff {
        let diff: Vec<u8> = fixed.files.iter().flat_map(|(path, patched)| unified(path, patched)).collect();
        match &args.output {
            Some(path) => std::fs::write(path, &diff).map_err(|e| Failure(format!("{}: {e}", path.display())))?,
            None => terminal.print(&diff)?,
        }
        return Ok(if diff.is_empty() { Verdict::Clean } else { Verdict::Findings });
    }
    if inputs.reads_stdin() {
        let text = match fixed.files.first() {
            Some((_, patched)) => patched.text(),
            None => {
                let mut files = Files::new(overlay);
                let targets = inputs.open(&mut files)?;
                targets.first().map(|t| files.sources.get(t.file).bytes.clone()).unwrap_or_default()
            }
        };
        terminal.print(&text)?;
        return Ok(verdict(args.fail_on, &fixed.left));
    }
    write(fs, &fixed.files).map_err(Failure)?;
    let mut files = Files::new(overlay);
    let targets = inputs.open(&mut files)?;
    let left = check(&mut files, &targets, options);
    let version = args.common.nginx_version.as_deref();
    let report = Report {
        sources: &files.sources,
        checked: &left,
        lang: terminal.lang,
        advice: args.common.verbose,
        wanted,
        nginx_version: version,
    };
    print(args, terminal, inputs, &report)?;
    let (n, f) = (fixed.fixed, fixed.files.len());
    let done = crate::text!("Fixed {n} in {f} file(s).", "修复了 {n} 处,涉及 {f} 个文件。");
    if n > 0 {
        terminal.note(done.get(terminal.lang));
    }
    Ok(verdict(args.fail_on, &left))
}
