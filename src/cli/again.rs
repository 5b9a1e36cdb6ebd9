//! The command that does the same as this run and one thing more: what a report recommends has to mend what
//! was reported, and nothing else.

use std::path::{Path, PathBuf};

use super::args::{Check, Common, Trace};
use crate::report::shell;

/// More paths than these are not repeated: somebody has them in the line above.
const MOST: usize = 2;

/// What to type for a run with one more option; `None` where the command would be longer than anybody reads.
pub(super) fn again(args: &Check, option: &str) -> Option<String> {
    let mut line = Line(vec!["wslint".to_owned(), option.to_owned()]);
    line.add("nginx-version", args.common.nginx_version.clone());
    line.add("url", args.url.clone());
    line.add("evidence", args.evidence.map(named));
    line.add("connection", args.connection.map(named));
    line.add("select", (!args.select.is_empty()).then(|| args.select.join(",")));
    line.add("ignore", (!args.ignore.is_empty()).then(|| args.ignore.join(",")));
    line.common(&args.common);
    line.file("baseline", args.baseline.as_deref());
    line.with_paths(&args.paths)
}

/// What to type for the patch that opens the URL of a trace.
pub(super) fn patch_of(args: &Trace) -> Option<String> {
    let mut line = Line(vec!["wslint".to_owned(), "--diff".to_owned()]);
    line.add("nginx-version", args.common.nginx_version.clone());
    line.add("url", Some(args.url.clone()));
    line.common(&args.common);
    line.with_paths(&args.paths)
}

/// A command that is put together, word by word.
struct Line(Vec<String>);

impl Line {
    fn add(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.0.push(format!("--{name}"));
            self.0.push(shell::word(&value));
        }
    }

    fn file(&mut self, name: &str, path: Option<&Path>) {
        if let Some(path) = path {
            self.0.push(format!("--{name}"));
            self.0.push(shell::path(path));
        }
    }

    /// The options that say what is read.
    fn common(&mut self, common: &Common) {
        let Common { root, context, map_path, config, isolated, no_ignore, stdin_filename, .. } = common;
        self.add("context", context.map(named));
        map_path.iter().for_each(|pair| self.add("map-path", Some(pair.clone())));
        self.file("root", root.as_deref());
        self.file("config", config.as_deref());
        self.file("stdin-filename", stdin_filename.as_deref());
        let set = [(*isolated, "--isolated"), (*no_ignore, "--no-ignore")];
        self.0.extend(set.iter().filter(|(set, _)| *set).map(|(_, option)| (*option).to_owned()));
    }

    fn with_paths(mut self, paths: &[PathBuf]) -> Option<String> {
        if paths.len() > MOST {
            return None;
        }
        self.0.extend(paths.iter().map(|p| if p.as_os_str() == "-" { "-".to_owned() } else { shell::path(p) }));
        Some(self.0.join(" "))
    }
}

/// The name of an option's value, as it is typed.
fn named<T: clap::ValueEnum>(value: T) -> String {
    value.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default()
}
