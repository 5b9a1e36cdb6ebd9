//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Finds out why a WebSocket does not open behind nginx, proves it, and hands over the patch.
#[derive(Debug, Parser)]
#[command(name = "wslint", version, args_conflicts_with_subcommands = true)]
#[command(after_help = "If a file has the name of a command, write ./explain.\n\
Exit status: 0 nothing to report, 1 findings, 2 wslint could not do its job.")]
pub struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) check: Check,
}

impl Cli {
    pub(super) fn voice(&self) -> Voice {
        match &self.command {
            None => self.check.common.voice.clone(),
            Some(Command::Trace(trace)) => trace.common.voice.clone(),
            #[cfg(feature = "probe")]
            Some(Command::Probe(probe)) => probe.common.voice.clone(),
            Some(Command::Explain { voice, .. } | Command::Rules { voice, .. } | Command::Init { voice }) => {
                voice.clone()
            }
            #[cfg(feature = "server")]
            Some(Command::Server { voice, .. }) => voice.clone(),
            Some(Command::Completions { .. }) => Voice::default(),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Follow one URL through the configuration
    Trace(Trace),
    /// Make a real handshake and explain the answer
    #[cfg(feature = "probe")]
    Probe(Probe),
    /// What a rule or a symptom means, why, and what to do
    Explain {
        /// The rule, as in `error[rule]`, or what is seen: 400, 1006, "60 seconds"
        #[arg(required = true, value_name = "RULE")]
        words: Vec<String>,
        #[command(flatten)]
        voice: Voice,
    },
    /// Write a commented wslint.toml
    Init {
        #[command(flatten)]
        voice: Voice,
    },
    /// All rules
    Rules {
        /// How to print them
        #[arg(long, value_enum, default_value_t = RulesFormat::Human)]
        format: RulesFormat,
        #[command(flatten)]
        voice: Voice,
    },
    /// A language server for editors, over standard input and output
    #[cfg(feature = "server")]
    Server {
        /// What many editors add; there is no other way
        #[arg(long, hide = true)]
        stdio: bool,
        #[command(flatten)]
        voice: Voice,
    },
    /// Completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RulesFormat {
    /// A table
    Human,
    /// JSON
    Json,
}

/// Options of every command that reads configurations.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Common {
    /// A main configuration to analyse with; findings are still reported only for PATH
    #[arg(long, value_name = "FILE", help_heading = "nginx")]
    pub root: Option<PathBuf>,
    /// The context in which a fragment is included [default: inferred]
    #[arg(long, value_enum, value_name = "CTX", help_heading = "nginx")]
    pub context: Option<ContextArg>,
    /// The nginx that will run it, as 1.22.1, 1.29 or OpenResty's 1.27.1.1 [default: the strictest reading]
    #[arg(long, value_name = "V", help_heading = "nginx")]
    pub nginx_version: Option<String>,
    /// Read an absolute include below FROM from the directory TO
    #[arg(long, value_name = "FROM=TO", help_heading = "nginx")]
    pub map_path: Vec<String>,
    /// Use this file instead of the project's wslint.toml
    #[arg(long, value_name = "FILE", conflicts_with = "isolated", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Read no wslint.toml, and look for no main configuration around PATH
    #[arg(long, help_heading = "Settings")]
    pub isolated: bool,
    /// Also check what .gitignore leaves out
    #[arg(long, help_heading = "Settings")]
    pub no_ignore: bool,
    /// Whether configurations inside documents, manifests and scripts are read [default: all]
    #[arg(long, value_enum, value_name = "WHICH", help_heading = "What to check")]
    pub carriers: Option<CarriersArg>,
    /// The file that standard input stands for: its name in reports, and where its includes are looked for
    #[arg(long, value_name = "PATH", help_heading = "Settings")]
    pub stdin_filename: Option<PathBuf>,
    /// Show advice, too
    #[arg(short, long, help_heading = "What to check")]
    pub verbose: bool,
    #[command(flatten)]
    pub voice: Voice,
}

/// Options of every command that says something.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Voice {
    /// The language of messages [default: LC_ALL, LC_MESSAGES, LANG]
    #[arg(long, value_enum, help_heading = "Reports")]
    pub lang: Option<LangArg>,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ColorArg::Auto, help_heading = "Reports")]
    pub color: ColorArg,
    /// Findings only
    #[arg(short, long, help_heading = "Reports")]
    pub quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// A main configuration, a fragment, a directory, an `nginx -T` dump, or - for standard input
    /// [default: the roots of wslint.toml, else the current directory]
    #[arg(value_name = "PATH", help_heading = "What to check")]
    pub paths: Vec<PathBuf>,
    /// Write the safe fixes
    #[arg(long, conflicts_with_all = ["diff", "format"], help_heading = "Fixes")]
    pub fix: bool,
    /// Write nothing; print the fixes as one unified diff
    #[arg(long, conflicts_with = "format", help_heading = "Fixes")]
    pub diff: bool,
    /// With --fix or --diff: unsafe fixes, too
    #[arg(long, help_heading = "Fixes")]
    pub unsafe_fixes: bool,
    /// The format of the report
    #[arg(long, value_enum, value_name = "F", default_value_t = Format::Human, help_heading = "Reports")]
    pub format: Format,
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE", help_heading = "Reports")]
    pub output: Option<PathBuf>,
    /// Check only the endpoint that this URL reaches
    #[arg(long, help_heading = "What to check")]
    pub url: Option<String>,
    /// Which `Connection` value fixes write [default: auto]
    #[arg(long, value_enum, value_name = "MODE", help_heading = "Fixes")]
    pub connection: Option<ConnectionArg>,
    /// Report `upgrade-not-forwarded` only with this much evidence, or more [default: none]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "What to check")]
    pub evidence: Option<EvidenceArg>,
    /// Rules or categories to check instead of the default set, or `all`
    #[arg(long, value_name = "R,…", value_delimiter = ',', help_heading = "What to check")]
    pub select: Vec<String>,
    /// Rules or categories to leave out
    #[arg(long, value_name = "R,…", value_delimiter = ',', help_heading = "What to check")]
    pub ignore: Vec<String>,
    /// Instead of the findings, count them by rule, and how many of them can be fixed
    #[arg(long, conflicts_with_all = ["fix", "diff", "format", "write_baseline"], help_heading = "Reports")]
    pub statistics: bool,
    /// Exit with 1 for findings of this severity or a higher one [default: warning]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Reports")]
    pub fail_on: Option<FailOn>,
    /// How many threads to use; the result is the same [default: one for each core]
    #[arg(long, value_name = "N", value_parser = threads, help_heading = "Settings")]
    pub jobs: Option<usize>,
    /// Report only what is not in this file
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub baseline: Option<PathBuf>,
    /// Record today's findings in this file, as accepted
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fix", "diff", "baseline"], help_heading = "Reports")]
    pub write_baseline: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
}

/// `--jobs`: at least one.
fn threads(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if n > 0 => Ok(n.min(256)),
        _ => Err("expected a number, at least 1".to_owned()),
    }
}

/// Options of `probe`.
#[cfg(feature = "probe")]
#[derive(Debug, Args)]
pub(super) struct Probe {
    /// As in wss://love.cat/chat
    pub url: String,
    /// The `Origin` header to send
    #[arg(long)]
    pub origin: Option<String>,
    /// One more header to send, as in 'Cookie: a=b'
    #[arg(long, value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// Accept any certificate
    #[arg(long)]
    pub insecure: bool,
    /// For each step: connecting, TLS, the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub timeout: f64,
    /// The format of the report
    #[arg(long, value_enum, value_name = "F", default_value_t = TraceFormat::Human)]
    pub format: TraceFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Debug, Args)]
pub(super) struct Trace {
    /// As in wss://love.cat/chat
    pub url: String,
    /// A main configuration, a fragment, or - for standard input [default: nginx.conf]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The format of the report
    #[arg(long, value_enum, value_name = "F", default_value_t = TraceFormat::Human)]
    pub format: TraceFormat,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal
    Human,
    /// One line for each finding
    Concise,
    /// JSON for scripts
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// JUnit XML
    Junit,
    /// Checkstyle XML
    Checkstyle,
    /// Reviewdog's rdjson
    Rdjson,
    /// A ticket for those who run nginx, with the patch
    Ticket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TraceFormat {
    /// A short story
    Human,
    /// JSON
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ContextArg {
    /// Outside any block
    Main,
    /// In http
    Http,
    /// In server
    Server,
    /// In location
    Location,
    /// In upstream
    Upstream,
    /// In stream
    Stream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CarriersArg {
    /// Only files that are configurations themselves
    None,
    /// Those inside other files, too
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LangArg {
    /// English
    En,
    /// Simplified Chinese
    #[value(name = "zh-CN", alias = "zh")]
    ZhCn,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ConnectionArg {
    /// A map where there is a main configuration to put it in, else the literal
    Auto,
    /// The same
    Map,
    /// "upgrade"
    Literal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EvidenceArg {
    /// Also where nothing says WebSocket
    None,
    /// Where a path, a name or a comment says WebSocket
    Likely,
    /// Where somebody has tried to set it up
    Configured,
    /// Where --url, a comment or wslint.toml says so
    Declared,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// On anything
    Advice,
    /// On warnings and errors
    Warning,
    /// On errors
    Error,
    /// Never
    Never,
}
