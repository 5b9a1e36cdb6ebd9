//! One file, one command.

mod again;
mod args;
mod check;
mod desk;
mod explain;
mod help;
mod help_zh;
mod init;
mod meant;
#[cfg(feature = "probe")]
mod probe;
#[cfg(feature = "server")]
mod server;
mod trace;
mod wrong;

use std::ffi::OsString;
use std::io::{BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::i18n::{Lang, Text};
use crate::project::Problem;
use crate::report::Look;
use crate::report::prose::wrap_indented;
use crate::source::{OsFs, io_text};
use crate::text;

pub use args::Cli;

/// Reports are written in pieces of this size.
const BUFFER: usize = 1 << 16;

/// Why wslint could not do its job: exit status 2.
#[derive(Debug)]
pub struct Failure(pub Text);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure(problem.text())
    }
}

/// What a command says: exit status 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that reaches `--fail-on`.
    Clean,
    /// Findings.
    Findings,
}

/// Reads the arguments, runs the command, writes what it has to say.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = meant::in_order(args);
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(e) => return not_understood(&args, &e),
    };
    let terminal = Terminal::new(&cli);
    let outcome = match &cli.command {
        None => check::run(&cli.check, &terminal, &OsFs),
        Some(args::Command::Trace(trace)) => trace::run(trace, &terminal, &OsFs),
        #[cfg(feature = "probe")]
        Some(args::Command::Probe(probe)) => probe::run(probe, &terminal, &OsFs),
        #[cfg(feature = "server")]
        Some(args::Command::Server { .. }) => return server::run(&terminal),
        Some(args::Command::Explain { words, .. }) => explain::explain(&words.join(" "), &terminal),
        Some(args::Command::Init { .. }) => init::run(&terminal, &OsFs),
        Some(args::Command::Rules { format, .. }) => explain::rules(*format, &terminal),
        Some(args::Command::Completions { shell }) => completions(*shell, &terminal),
    };
    match outcome {
        Ok(Verdict::Clean) => ExitCode::SUCCESS,
        Ok(Verdict::Findings) => ExitCode::from(1),
        Err(Failure(message)) => {
            terminal.complain(&message);
            ExitCode::from(2)
        }
    }
}

/// Help, the version, or what is wrong with the command line. A closed pipe is no reason to complain.
fn not_understood(args: &[OsString], error: &clap::Error) -> ExitCode {
    let words: Vec<String> = args.iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let lang = wanted_language(&words);
    if error.kind() == ErrorKind::DisplayHelp {
        let page = help::asked(&mut command(), &words, lang, columns());
        let _ = std::io::stdout().write_all(page.as_bytes());
        return ExitCode::SUCCESS;
    }
    let status = if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
    let _ = match (meant::meant_by_option(error), lang) {
        (Some(text), _) => {
            writeln!(std::io::stderr(), "{}", fitting(&format!("wslint: {}", text.get(lang)), columns()))
        }
        (None, Lang::Zh) if error.use_stderr() => {
            let text = crate::report::escaped(&wrong::in_chinese(error), true);
            writeln!(std::io::stderr(), "{}", fitting(&text, columns()))
        }
        _ => error.print(),
    };
    status
}

/// The language, where the command line could not be read: as `--lang` says, else the environment.
fn wanted_language(words: &[String]) -> Lang {
    let after = words.iter().skip_while(|w| *w != "--lang").nth(1).map(String::as_str);
    let named = after.or_else(|| words.iter().find_map(|w| w.strip_prefix("--lang=")));
    // A language that wslint does not speak is told in the one of the environment.
    let known = named.filter(|name| ["en", "zh"].iter().any(|known| name.to_ascii_lowercase().starts_with(known)));
    known.map_or_else(|| Lang::of_environment(|k| std::env::var(k).ok()), Lang::of_locale)
}

/// The width of the terminal; where there is none, what `COLUMNS` says.
fn columns() -> usize {
    let stated = || std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    terminal_size::terminal_size().map(|(w, _)| w.0 as usize).or_else(stated).unwrap_or(100).clamp(40, 200)
}

/// A script that completes wslint's options in a shell.
fn completions(shell: clap_complete::Shell, terminal: &Terminal) -> Result<Verdict, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "wslint", &mut script);
    terminal.print(&script).map(|()| Verdict::Clean)
}

/// The command line as clap knows it: for the man page and for tests.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Where output goes, and how it looks.
pub struct Terminal {
    /// The language of messages.
    pub lang: Lang,
    /// The look of standard output.
    pub look: Look,
    /// Standard output is a terminal.
    pub is_terminal: bool,
    /// Nothing but findings.
    pub quiet: bool,
}

impl Terminal {
    fn new(cli: &Cli) -> Terminal {
        let common = cli.voice();
        let env = |k: &str| std::env::var(k).ok();
        let lang = match common.lang {
            Some(args::LangArg::En) => Lang::En,
            Some(args::LangArg::ZhCn) => Lang::Zh,
            None => Lang::of_environment(env),
        };
        let is_terminal = std::io::stdout().is_terminal();
        let color = match common.color {
            args::ColorArg::Always => true,
            args::ColorArg::Never => false,
            // `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR`, `TERM=dumb`, and whether it is a terminal.
            args::ColorArg::Auto => anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never,
        };
        let width = columns();
        // Who reads from a pipe finds titles and last lines whole, unless `COLUMNS` says otherwise.
        let line = if is_terminal || std::env::var_os("COLUMNS").is_some() { width } else { usize::MAX / 4 };
        let links = is_terminal && color && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
        Terminal { lang, look: Look { color, width, line, links }, is_terminal, quiet: common.quiet }
    }

    /// Writes to standard output. A closed pipe ends the program quietly, as it would in a shell.
    ///
    /// # Errors
    /// Any other failure to write.
    pub fn print(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.print_with(|out| out.write_all(bytes))
    }

    /// The same for what is made while it is written.
    ///
    /// # Errors
    /// As above.
    pub fn print_with(&self, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
        let mut out = BufWriter::with_capacity(BUFFER, std::io::stdout().lock());
        match write(&mut out).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(e) => {
                let why = io_text(&e);
                let (en, zh) = (why.en, why.zh);
                Err(Failure(text!("standard output: {en}", "标准输出：{zh}")))
            }
        }
    }

    /// A line that stands on a terminal while something takes its time; `None` takes it away.
    pub fn progress(&self, text: Option<&str>) {
        if !self.quiet && self.is_terminal && std::io::stderr().is_terminal() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K{}", text.unwrap_or_default());
            let _ = std::io::stderr().flush();
        }
    }

    /// A note that is no finding, to standard error.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{}", fitting(text, self.look.width));
        }
    }

    /// What keeps wslint from its job, to standard error.
    pub fn complain(&self, text: &Text) {
        let text = format!("wslint: {}", crate::report::escaped(text.get(self.lang), true));
        let _ = writeln!(std::io::stderr(), "{}", fitting(&text, self.look.width));
    }
}

/// A text in lines of the terminal that standard error is, or of `COLUMNS`.
fn fitting(text: &str, columns: usize) -> String {
    let fits = std::io::stderr().is_terminal() || std::env::var_os("COLUMNS").is_some();
    let lines = text.lines().flat_map(|line| match fits {
        true => wrap_indented(line, columns, "  "),
        false => vec![line.to_owned()],
    });
    lines.collect::<Vec<_>>().join("\n")
}
