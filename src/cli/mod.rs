//! One file, one command.

mod again;
mod args;
mod check;
mod desk;
mod explain;
mod init;
mod meant;
#[cfg(feature = "probe")]
mod probe;
#[cfg(feature = "server")]
mod server;
mod trace;

use std::io::{BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::i18n::{Lang, Text};
use crate::project::Problem;
use crate::report::Look;
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
pub fn run(args: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(meant::in_order(args)) {
        Ok(cli) => cli,
        Err(e) => {
            let status = if e.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
            if let Some(text) = meant::meant_by_option(&e) {
                let lang = Lang::of_environment(|k| std::env::var(k).ok());
                let _ = writeln!(std::io::stderr(), "wslint: {}", text.get(lang));
                return status;
            }
            // A closed pipe is no reason to complain.
            let _ = e.print();
            return status;
        }
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
        let width = terminal_size::terminal_size().map_or(100, |(w, _)| w.0 as usize).clamp(40, 160);
        Terminal { lang, look: Look { color, width }, is_terminal, quiet: common.quiet }
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
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// What keeps wslint from its job, to standard error.
    pub fn complain(&self, text: &Text) {
        let _ = writeln!(std::io::stderr(), "wslint: {}", crate::report::escaped(text.get(self.lang), true));
    }
}
