//! `wslint [PATH]…`: the default command.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::again::again;
use super::args::{Check, ConnectionArg, EvidenceArg, FailOn, Format};
use super::desk::{asked, options, session, tell_walk, url};
use super::meant::meant;
use super::{BUFFER, Failure, Terminal, Verdict};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::{Baseline, Checked, Options, Selection};
use crate::fix::{Fixed, Wanted, unified};
use crate::i18n::Text;
use crate::model::evidence::Evidence;
use crate::project::{Problem, Session, Subject};
use crate::report::prose::wrap;
use crate::report::{self, Report};
use crate::rules::{self, ConnectionMode};
use crate::settings::baseline_text;
use crate::source::FileSystem;
use crate::syntax::Files;
use crate::text;

/// From so many files on, a terminal is told that something happens.
const MANY: usize = 200;

/// One run: what is asked for, and of what.
struct Run<'a> {
    args: &'a Check,
    terminal: &'a Terminal,
    session: &'a Session<'a>,
    subject: &'a Subject<'a>,
    options: Options,
    fail_on: FailOn,
    nginx_version: Option<String>,
}

/// Runs the command.
pub(super) fn run(args: &Check, terminal: &Terminal, fs: &dyn FileSystem) -> Result<Verdict, Failure> {
    let session = session(&args.common, fs)?;
    let (options, fail_on, nginx_version) = wish(args, &session)?;
    if let Some(text) = meant(args, fs) {
        return Err(Failure(text));
    }
    let subject = session.open(&asked(&args.paths, &args.common)?)?;
    let run = Run { args, terminal, session: &session, subject: &subject, options, fail_on, nginx_version };
    match args.format {
        _ if args.fix => run.fix(),
        _ if args.diff => run.diff(),
        Format::Ticket => run.ticket(),
        _ => run.check(),
    }
}

/// A value of the command line, else of `wslint.toml`, else the default.
fn chosen<T: clap::ValueEnum>(given: Option<T>, setting: Option<&String>, default: T) -> T {
    given.or_else(|| setting.and_then(|s| T::from_str(s, false).ok())).unwrap_or(default)
}

/// What the command line and `wslint.toml` together ask for.
fn wish(args: &Check, session: &Session<'_>) -> Result<(Options, FailOn, Option<String>), Failure> {
    let settings = session.settings();
    let connection = args.connection.map(|mode| match mode {
        ConnectionArg::Auto => ConnectionMode::Auto,
        ConnectionArg::Map => ConnectionMode::Map,
        ConnectionArg::Literal => ConnectionMode::Literal,
    });
    let evidence = args.evidence.map(|level| match level {
        EvidenceArg::None => Evidence::None,
        EvidenceArg::Likely => Evidence::Likely,
        EvidenceArg::Configured => Evidence::Configured,
        EvidenceArg::Declared => Evidence::Declared,
    });
    let fail_on = chosen(args.fail_on, settings.fail_on.as_ref(), FailOn::Warning);
    let asked =
        args.common.verbose || !args.select.is_empty() || !settings.rules.is_empty() || fail_on == FailOn::Advice;
    let count_advice = !asked && matches!(args.format, Format::Human | Format::Concise);
    let (options, nginx_version) = options(session, &args.common)?;
    let options = Options {
        url: args.url.as_ref().map(|text| url("--url ", text)).transpose()?,
        selection: Selection::new(&args.select, &args.ignore).map_err(|e| Failure(e.text()))?,
        rules: rules::Options {
            connection: connection.unwrap_or(options.rules.connection),
            count_advice,
            bare_is_advice: false,
        },
        evidence: evidence.or(options.evidence),
        baseline: match (&args.baseline, &args.write_baseline) {
            (None, Some(_)) => Baseline::default(),
            (named, _) => session.baseline(named.as_deref())?,
        },
        describe: matches!(args.format, Format::Json | Format::Ticket),
        jobs: args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        ..options
    };
    Ok((options, fail_on, nginx_version))
}

impl Run<'_> {
    /// Reports what is found, or records it.
    fn check(&self) -> Result<Verdict, Failure> {
        let many = self.subject.count();
        if many > MANY {
            let text = text!("Checking {many} files …", "正在检查 {many} 个文件……");
            self.terminal.progress(Some(text.get(self.terminal.lang)));
        }
        let (files, checked) = self.subject.check(&self.options)?;
        if many > MANY {
            self.terminal.progress(None);
        }
        if let Some(path) = &self.args.write_baseline {
            return self.record(path, &files, &checked);
        }
        self.report(&files, &checked)?;
        if let Some(walked) = self.subject.walked() {
            tell_walk(walked, self.terminal);
        }
        let verdict = self.verdict(&checked);
        // The process ends here; the system frees large trees faster than we do.
        std::mem::forget((checked, files));
        Ok(verdict)
    }

    /// `--write-baseline`: what is there is accepted from now on.
    fn record(&self, path: &Path, files: &Files<'_>, checked: &Checked) -> Result<Verdict, Failure> {
        let reported = checked.diagnostics.iter().filter(|d| d.severity > Severity::Advice);
        let baseline = Baseline::of(files, self.session.folder_of(path), reported);
        self.write_file(path, false, |out| out.write_all(baseline_text(&baseline).as_bytes()))?;
        let (n, shown) = (baseline.findings.values().sum::<usize>(), path.display());
        let done = text!(
            "Recorded {n} finding(s) in {shown}; `--baseline {shown}` reports only what is new.",
            "已将 {n} 个问题记录到 {shown}；使用 `--baseline {shown}` 时只报告新问题。"
        );
        self.terminal.note(done.get(self.terminal.lang));
        Ok(Verdict::Clean)
    }

    fn verdict(&self, checked: &Checked) -> Verdict {
        let least = match self.fail_on {
            FailOn::Advice => Severity::Advice,
            FailOn::Warning => Severity::Warning,
            FailOn::Error => Severity::Error,
            FailOn::Never => return Verdict::Clean,
        };
        if checked.diagnostics.iter().any(|d| d.severity >= least) { Verdict::Findings } else { Verdict::Clean }
    }

    fn wanted(&self) -> Wanted {
        Wanted { unsafe_too: self.args.unsafe_fixes }
    }

    /// What there is to report, and how.
    fn view<'r>(&'r self, files: &'r Files<'_>, checked: &'r Checked) -> Report<'r> {
        let selection = &self.options.selection;
        let named =
            checked.diagnostics.iter().any(|d| d.severity == Severity::Advice && selection.names(d.rule, d.category));
        Report {
            sources: &files.sources,
            checked,
            lang: self.terminal.lang,
            advice: self.args.common.verbose || named || self.fail_on == FailOn::Advice,
            wanted: self.wanted(),
            nginx_version: self.nginx_version.as_deref(),
        }
    }

    fn report(&self, files: &Files<'_>, checked: &Checked) -> Result<(), Failure> {
        self.print(&self.view(files, checked))
    }

    fn print(&self, report: &Report<'_>) -> Result<(), Failure> {
        let (args, terminal) = (self.args, self.terminal);
        let look = if args.output.is_some() {
            report::Look { color: false, links: false, ..terminal.look }
        } else {
            terminal.look
        };
        if args.format == Format::Github {
            self.append_summary(report)?;
        }
        self.deliver(|out| match args.format {
            Format::Human if args.statistics => out.write_all(report::statistics(report, look).as_bytes()),
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
            let summary = report::summary(report, &self.next());
            let clean = report.count(Severity::Error) + report.count(Severity::Warning) == 0;
            // A clean run is one quiet line on standard error: silence would leave open whether anything was looked at.
            if !clean && args.output.is_none() && !terminal.quiet {
                let lines = wrap(&report::escaped(summary.get(terminal.lang), false), look.line);
                terminal.print(format!("{}\n", lines.join("\n")).as_bytes())?;
            } else {
                terminal.note(&report::escaped(summary.get(terminal.lang), false));
            }
        }
        Ok(())
    }

    /// What to type next: for a dump, and for standard input, nothing can be written in place.
    fn next(&self) -> report::Next {
        let writes = !self.subject.is_dump() && self.subject.text_name().is_none();
        let option = if writes { "--fix" } else { "--diff" };
        report::Next { command: again(self.args, option), option }
    }

    /// The report goes to `--output`, else to standard output.
    fn deliver(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        match &self.args.output {
            None => self.terminal.print_with(write),
            Some(path) => self.write_file(path, false, write),
        }
    }

    fn write_file(
        &self,
        path: &Path,
        append: bool,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let to_file = || {
            let mut file = BufWriter::with_capacity(BUFFER, self.session.write_to(path, append)?);
            write(&mut file)?;
            file.flush()
        };
        to_file().map_err(|e| Problem::Io(path.to_owned(), e).into())
    }

    /// GitHub shows what is appended to this file as the summary of the step.
    fn append_summary(&self, report: &Report<'_>) -> Result<(), Failure> {
        let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|p| !p.is_empty()) else { return Ok(()) };
        self.write_file(&PathBuf::from(path), true, |out| report::github_summary(report, out))
    }

    /// What fixes make of the files, in memory; what is held back is said.
    fn mended(&self) -> Result<Fixed, Failure> {
        let fixed = self.subject.mend(&self.options, self.wanted(), &|_| true)?;
        if let Some(failed) = &fixed.failed {
            self.terminal.complain(&text!(
                "internal error, please report it: {failed}; that fix is left out",
                "内部错误，请向我们报告：{failed}；这处修复没有做"
            ));
        }
        if let Some(withheld) = &fixed.withheld {
            self.terminal.note(&report::escaped(withheld.text().get(self.terminal.lang), false));
        }
        Ok(fixed)
    }

    /// `--format ticket`: the findings with the patch of their fixes.
    fn ticket(&self) -> Result<Verdict, Failure> {
        // The patch first, so that no findings are in memory twice.
        let fixed = self.mended()?;
        let changed = self.subject.diff_names(&fixed);
        let diffs = fixed.files.iter().zip(&changed).map(|((_, patched), name)| unified(name, patched));
        let diff: Vec<u8> = diffs.flatten().collect();
        drop(fixed);
        let (files, checked) = self.subject.check(&self.options)?;
        let report = self.view(&files, &checked);
        let ticket = report::ticket(&report::Ticket { report: &report, diff: &diff, files: &changed });
        self.deliver(|out| out.write_all(ticket.as_bytes()))?;
        Ok(self.verdict(&checked))
    }

    /// `--diff`
    fn diff(&self) -> Result<Verdict, Failure> {
        let fixed = self.mended()?;
        let names = self.subject.diff_names(&fixed);
        let diffs: Vec<Vec<u8>> =
            fixed.files.iter().zip(&names).map(|((_, patched), name)| unified(name, patched)).collect();
        // A terminal sees what would control it; a pipe and a file get the bytes.
        let shown = self.args.output.is_none() && self.terminal.is_terminal;
        self.deliver(|out| {
            diffs.iter().try_for_each(|diff| match shown {
                true => out.write_all(report::escaped_bytes(diff).as_bytes()),
                false => out.write_all(diff),
            })
        })?;
        // Nothing in a file that nginx cannot read is fixed, and nothing to fix is not nothing wrong.
        let unreadable = self.tell_unreadable(&fixed.left)?;
        Ok(if diffs.iter().all(Vec::is_empty) && !unreadable { Verdict::Clean } else { Verdict::Findings })
    }

    /// Says which files hold a syntax error that no fix mends; whether there are any.
    fn tell_unreadable(&self, left: &Checked) -> Result<bool, Failure> {
        let unreadable = |d: &&Diagnostic| d.rule == "syntax-error" && d.severity == Severity::Error && d.fix.is_none();
        if left.diagnostics.iter().find(unreadable).is_none() {
            return Ok(false);
        }
        let (files, checked) = self.subject.check(&self.options)?;
        for found in checked.diagnostics.iter().filter(unreadable) {
            let id = found.primary.place.file;
            let file = files.sources.get(id);
            let line = file.lines().line(found.primary.place.span.start) + 1;
            let (en, zh) = (&found.message.en, &found.message.zh);
            let is_page = file.block.is_none() && files.sources.carrier(id) != id;
            let told = match is_page {
                true => text!(
                    "{en}; nothing around the configurations in this file is fixed",
                    "{zh}；这个文件里配置以外的内容都没有修复"
                ),
                false => text!("{en}; nothing in this file is fixed", "{zh}；这个文件里的内容都没有修复"),
            };
            let told = told.behind(&format!("{}:{line}", file.path.display()));
            self.terminal.note(&report::escaped(told.get(self.terminal.lang), false));
        }
        Ok(true)
    }

    /// `--fix`
    fn fix(&self) -> Result<Verdict, Failure> {
        if self.subject.is_dump() {
            return Err(Problem::DumpIsNotWritten.into());
        }
        let fixed = self.mended()?;
        if self.subject.text_name().is_some() {
            let text = match fixed.files.first() {
                Some((_, patched)) => patched.text(),
                None => self.subject.first_text()?,
            };
            self.terminal.print(&text)?;
            return Ok(self.verdict(&fixed.left));
        }
        self.subject.write(&fixed)?;
        let (files, left) = self.subject.check(&self.options)?;
        self.report(&files, &left)?;
        if !fixed.files.is_empty() {
            self.tell_fixed(&fixed);
        }
        Ok(self.verdict(&left))
    }

    /// Says what was fixed, where, and how nginx comes to know of it.
    fn tell_fixed(&self, fixed: &Fixed) {
        /// So many files are named one by one.
        const NAMED: usize = 20;
        let (n, f) = (fixed.fixed.values().sum::<usize>(), fixed.files.len());
        let (fixes, names) = (
            if n == 1 { "1 finding".to_owned() } else { format!("{n} findings") },
            if f == 1 { "1 file".to_owned() } else { format!("{f} files") },
        );
        let lang = self.terminal.lang;
        let say = |text: Text| self.terminal.note(&report::escaped(text.get(lang), false));
        say(text!("Fixed {fixes} in {names}:", "修复了 {n} 处，涉及 {f} 个文件："));
        let mut by_file: BTreeMap<&Path, Vec<String>> = BTreeMap::new();
        for ((path, rule), count) in &fixed.fixed {
            let times = if *count == 1 { String::new() } else { format!(" ×{count}") };
            by_file.entry(path).or_default().push(format!("{rule}{times}"));
        }
        for (path, rules) in by_file.iter().take(NAMED) {
            let (path, rules) = (path.display(), rules.join(", "));
            say(text!("  {path}: {rules}", "  {path}：{rules}"));
        }
        if let Some(more) = by_file.len().checked_sub(NAMED).filter(|more| *more > 0) {
            say(text!("  and {more} more files", "  以及另外 {more} 个文件"));
        }
        say(text!(
            "Next: `nginx -t`, and if it succeeds, `nginx -s reload`.",
            "接下来运行 `nginx -t`，通过之后再运行 `nginx -s reload`。"
        ));
    }
}
