//! `wslint [PATH]…`: the default command.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::args::{Check, ConnectionArg, EvidenceArg, FailOn, Format};
use super::inputs::{Inputs, settings, versions};
use super::{BUFFER, Failure, Terminal, Verdict};
use crate::diagnostic::Severity;
use crate::engine::{Baseline, Checked, Options, Selection, check};
use crate::fix::{Fixed, Wanted, Withheld, fix, unified, write};
use crate::i18n::Text;
use crate::model::Url;
use crate::model::evidence::{Declarations, Evidence};
use crate::report::{self, Report};
use crate::rules::{self, ConnectionMode};
use crate::settings::{Settings, baseline_text, parse_baseline};
use crate::source::FileSystem;
use crate::syntax::Files;

/// From so many files on, a terminal is told that something happens.
const MANY: usize = 200;

/// What the command line and `wslint.toml` together ask for.
struct Wish<'a> {
    args: &'a Check,
    options: Options,
    wanted: Wanted,
    fail_on: FailOn,
    nginx_version: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Check, terminal: &Terminal, fs: &dyn FileSystem) -> Result<Verdict, Failure> {
    let settings = settings(&args.common, fs)?;
    let wish = wish(args, &settings, fs)?;
    let inputs = Inputs::new(&args.paths, &args.common, &settings, fs)?;
    let wish = Wish { options: Options { only: inputs.only(), ..wish.options }, ..wish };
    let overlay = inputs.overlay(fs);
    if args.fix && inputs.is_dump() {
        return Err(Failure(
            "an `nginx -T` dump cannot be written back; `--diff` prints the patch for its files".to_owned(),
        ));
    }
    if args.fix || args.diff {
        return mend(&wish, terminal, &inputs, &overlay, fs);
    }
    // Made first, so that no findings are in memory twice.
    let (diff, changed) = match args.format {
        Format::Ticket => patch(mended(&wish, terminal, &inputs, &overlay)?),
        _ => Patch::default(),
    };
    let mut files = Files::new(&overlay);
    let many = inputs.count();
    if many > MANY {
        let text = crate::text!("Checking {many} files …", "正在检查 {many} 个文件……");
        terminal.progress(Some(text.get(terminal.lang)));
    }
    let targets = inputs.open(&mut files)?;
    let checked = check(&mut files, &targets, &wish.options);
    if many > MANY {
        terminal.progress(None);
    }
    if let Some(path) = &args.write_baseline {
        return record(path, &files, &checked, terminal);
    }
    if args.format == Format::Ticket {
        hand_over(&wish, terminal, (&files, &checked), (&diff, &changed))?;
        return Ok(verdict(wish.fail_on, &checked));
    }
    report(&wish, terminal, &inputs, &files, &checked)?;
    inputs.tell_walk(terminal);
    let verdict = verdict(wish.fail_on, &checked);
    // The process ends here; the system frees large trees faster than we do.
    std::mem::forget((checked, targets));
    Ok(verdict)
}

/// `--write-baseline`: what is there is accepted from now on.
fn record(path: &Path, files: &Files<'_>, checked: &Checked, terminal: &Terminal) -> Result<Verdict, Failure> {
    let reported = checked.diagnostics.iter().filter(|d| d.severity > Severity::Advice);
    let baseline = Baseline::of(files, folder_of(files.fs(), path), reported);
    std::fs::write(path, baseline_text(&baseline)).map_err(|e| Failure(format!("{}: {e}", path.display())))?;
    let (n, shown) = (baseline.findings.values().sum::<usize>(), path.display());
    let done = crate::text!(
        "Recorded {n} finding(s) in {shown}; `--baseline {shown}` reports only what is new.",
        "已将 {n} 个问题记录到 {shown};使用 `--baseline {shown}` 时只报告新问题。"
    );
    terminal.note(done.get(terminal.lang));
    Ok(Verdict::Clean)
}

/// The directory of a file, canonical.
fn folder_of(fs: &dyn FileSystem, path: &Path) -> std::path::PathBuf {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs.canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

/// A value of the command line, else of `wslint.toml`, else the default.
fn chosen<T: clap::ValueEnum>(given: Option<T>, setting: Option<&String>, default: T) -> T {
    given.or_else(|| setting.and_then(|s| T::from_str(s, false).ok())).unwrap_or(default)
}

fn wish<'a>(args: &'a Check, settings: &Settings, fs: &dyn FileSystem) -> Result<Wish<'a>, Failure> {
    let url = match &args.url {
        Some(text) => Some(Url::parse(text).map_err(|e| Failure(e.text().behind(&format!("--url {text}: "))))?),
        None => None,
    };
    let connection = match chosen(args.connection, settings.connection.as_ref(), ConnectionArg::Auto) {
        ConnectionArg::Auto => ConnectionMode::Auto,
        ConnectionArg::Map => ConnectionMode::Map,
        ConnectionArg::Literal => ConnectionMode::Literal,
    };
    let evidence = match chosen(args.evidence, settings.evidence.as_ref(), EvidenceArg::None) {
        EvidenceArg::None => Evidence::None,
        EvidenceArg::Likely => Evidence::Likely,
        EvidenceArg::Configured => Evidence::Configured,
        EvidenceArg::Declared => Evidence::Declared,
    };
    let baseline = match args.baseline.as_ref().or(settings.baseline.as_ref().filter(|_| args.write_baseline.is_none()))
    {
        None => Baseline::default(),
        Some(path) => {
            let failure = |what: Text| Failure(what.behind(&format!("{}: ", path.display())));
            let text = fs.read(path).map_err(|e| match e.kind() {
                std::io::ErrorKind::NotFound => {
                    let path = path.display();
                    failure(crate::text!(
                        "{e}; `--write-baseline {path}` makes it",
                        "{e}；用 `--write-baseline {path}` 生成"
                    ))
                }
                _ => failure(e.to_string().into()),
            })?;
            parse_baseline(&text, folder_of(fs, path)).map_err(|e| failure(e.text()))?
        }
    };
    let (versions, nginx_version) = versions(&args.common, settings)?;
    let fail_on = chosen(args.fail_on, settings.fail_on.as_ref(), FailOn::Warning);
    let asked =
        args.common.verbose || !args.select.is_empty() || !settings.rules.is_empty() || fail_on == FailOn::Advice;
    let count_advice = !asked && matches!(args.format, Format::Human | Format::Concise);
    let options = Options {
        versions,
        declared: Declarations { locations: settings.locations.clone(), not: settings.not.clone() },
        url,
        selection: Selection::new(&args.select, &args.ignore).map_err(|e| Failure(e.text()))?,
        rules: rules::Options { connection, count_advice },
        evidence,
        only: Vec::new(),
        severities: settings.rules.clone(),
        baseline,
        describe: matches!(args.format, Format::Json | Format::Ticket),
        jobs: args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
    };
    Ok(Wish { args, options, wanted: Wanted { unsafe_too: args.unsafe_fixes }, fail_on, nginx_version })
}

fn report(
    wish: &Wish<'_>,
    terminal: &Terminal,
    inputs: &Inputs,
    files: &Files<'_>,
    checked: &Checked,
) -> Result<(), Failure> {
    let selection = &wish.options.selection;
    let named =
        checked.diagnostics.iter().any(|d| d.severity == Severity::Advice && selection.names(d.rule, d.category));
    let report = Report {
        sources: &files.sources,
        checked,
        lang: terminal.lang,
        advice: wish.args.common.verbose || named || wish.fail_on == FailOn::Advice,
        wanted: wish.wanted,
        nginx_version: wish.nginx_version.as_deref(),
    };
    print(wish.args, terminal, inputs, &report)
}

fn print(args: &Check, terminal: &Terminal, inputs: &Inputs, report: &Report<'_>) -> Result<(), Failure> {
    let look = if args.output.is_some() { report::Look { color: false, ..terminal.look } } else { terminal.look };
    if args.format == Format::Github {
        append_summary(report)?;
    }
    deliver(args, terminal, |out| match args.format {
        Format::Human => report::human(report, look, out),
        Format::Concise => report::concise(report, out),
        Format::Json => report::json(report, out),
        Format::Sarif => report::sarif(report, out),
        Format::Github => report::github(report, out),
        Format::Gitlab => report::gitlab(report, out),
        Format::Junit => report::junit(report, out),
        Format::Checkstyle => report::checkstyle(report, out),
        Format::Rdjson => report::rdjson(report, out),
        // Made where the patch is made.
        Format::Ticket => Ok(()),
    })?;
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

/// The report goes to `--output`, else to standard output.
fn deliver(
    args: &Check,
    terminal: &Terminal,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let Some(path) = &args.output else { return terminal.print_with(write) };
    let to_file = |path: &Path| {
        let mut file = BufWriter::with_capacity(BUFFER, std::fs::File::create(path)?);
        write(&mut file)?;
        file.flush()
    };
    to_file(path).map_err(|e| Failure(format!("{}: {e}", path.display())))
}

/// GitHub shows what is appended to this file as the summary of the step.
fn append_summary(report: &Report<'_>) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|p| !p.is_empty()) else { return Ok(()) };
    let failure = |e: std::io::Error| Failure(format!("GITHUB_STEP_SUMMARY {}: {e}", Path::new(&path).display()));
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path).map_err(failure)?;
    let mut file = BufWriter::with_capacity(BUFFER, file);
    report::github_summary(report, &mut file).and_then(|()| file.flush()).map_err(failure)
}

/// A diff, and the files that it changes.
type Patch = (Vec<u8>, Vec<std::path::PathBuf>);

fn patch(fixed: Fixed) -> Patch {
    let diff = fixed.files.iter().flat_map(|(path, patched)| unified(path, patched)).collect();
    (diff, fixed.files.into_iter().map(|(path, _)| path).collect())
}

/// `--format ticket`: the findings with the patch of their fixes.
fn hand_over(
    wish: &Wish<'_>,
    terminal: &Terminal,
    (files, checked): (&Files<'_>, &Checked),
    (diff, changed): (&[u8], &[std::path::PathBuf]),
) -> Result<(), Failure> {
    let report = Report {
        sources: &files.sources,
        checked,
        lang: terminal.lang,
        advice: false,
        wanted: wish.wanted,
        nginx_version: wish.nginx_version.as_deref(),
    };
    let ticket = report::ticket(&report::Ticket { report: &report, diff, files: changed });
    deliver(wish.args, terminal, |out| out.write_all(ticket.as_bytes()))
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

/// The names that a diff gives its files: as reported, or, where one lies outside the current directory,
/// all from the project's root, where `git apply` and `patch -p1` find them.
fn diff_names<'p>(fs: &dyn FileSystem, paths: impl Iterator<Item = &'p Path> + Clone) -> Vec<std::path::PathBuf> {
    let given: Vec<std::path::PathBuf> = paths.map(Path::to_owned).collect();
    if !given.iter().any(|p| p.starts_with("..")) {
        return given;
    }
    let project = super::inputs::project_of(fs, Path::new("."));
    let inside = |p: &std::path::PathBuf| fs.canonicalize(p).ok()?.strip_prefix(&project).map(Path::to_owned).ok();
    given.iter().map(inside).collect::<Option<Vec<_>>>().unwrap_or(given)
}

/// What fixes make of the files, in memory; what is held back is said.
fn mended(wish: &Wish<'_>, terminal: &Terminal, inputs: &Inputs, overlay: &dyn FileSystem) -> Result<Fixed, Failure> {
    // What cannot be read is a failure here; later rounds read the same files again.
    inputs.open(&mut Files::new(overlay))?;
    let open = |files: &mut Files<'_>| inputs.open(files).unwrap_or_default();
    // A patch needs no words for endpoints.
    let options = Options { describe: false, ..wish.options.clone() };
    let fixed = fix(overlay, &open, &options, wish.wanted);
    if let Some(failed) = &fixed.failed {
        terminal.complain(&format!("internal error, please report it: {failed}; that fix is left out"));
    }
    if let Some(withheld) = &fixed.withheld {
        let text = match withheld {
            Withheld::LeavesError(error) => crate::text!(
                "a fix is held back, because it would leave another error: {error}",
                "有一处修复未提供,因为会留下另一个错误:{error}"
            ),
            Withheld::DoesNotHelp(finding) => crate::text!(
                "a fix is held back, because it would not help: {finding}",
                "有一处修复未提供,因为它不起作用:{finding}"
            ),
        };
        terminal.note(&crate::report::escaped(text.get(terminal.lang), false));
    }
    Ok(fixed)
}

/// `--fix` and `--diff`.
fn mend(
    wish: &Wish<'_>,
    terminal: &Terminal,
    inputs: &Inputs,
    overlay: &dyn FileSystem,
    fs: &dyn FileSystem,
) -> Result<Verdict, Failure> {
    let fixed = mended(wish, terminal, inputs, overlay)?;
    if wish.args.diff {
        let names = diff_names(fs, fixed.files.iter().map(|(path, _)| path.as_path()));
        let mut verdict = Verdict::Clean;
        deliver(wish.args, terminal, |out| {
            for ((_, patched), name) in fixed.files.iter().zip(&names) {
                let diff = unified(name, patched);
                if !diff.is_empty() {
                    verdict = Verdict::Findings;
                }
                out.write_all(&diff)?;
            }
            Ok(())
        })?;
        return Ok(verdict);
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
        return Ok(verdict(wish.fail_on, &fixed.left));
    }
    write(fs, &fixed.files).map_err(|e| Failure(e.text()))?;
    let mut files = Files::new(overlay);
    let targets = inputs.open(&mut files)?;
    let left = check(&mut files, &targets, &wish.options);
    report(wish, terminal, inputs, &files, &left)?;
    let (n, f) = (fixed.fixed, fixed.files.len());
    let (fixes, names) = (
        if n == 1 { "1 finding".to_owned() } else { format!("{n} findings") },
        if f == 1 { "1 file".to_owned() } else { format!("{f} files") },
    );
    let done = crate::text!("Fixed {fixes} in {names}.", "修复了 {n} 处,涉及 {f} 个文件。");
    if n > 0 {
        terminal.note(done.get(terminal.lang));
    }
    Ok(verdict(wish.fail_on, &left))
}
