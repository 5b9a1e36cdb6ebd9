//! The command that does the same as this run and one thing more: what a report recommends has to mend what
//! was reported, and nothing else.

use super::args::{Check, Common};
use crate::report::shell;

/// More paths than these are not repeated: somebody has them in the line above.
const MOST: usize = 2;

/// What to type for a run with one more option; `None` where the command would be longer than anybody reads.
pub(super) fn again(args: &Check, option: &str) -> Option<String> {
    let mut words = vec!["wslint".to_owned(), option.to_owned()];
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push(format!("--{name}"));
            words.push(shell::word(&value));
        }
    };
    let Common { root, context, nginx_version, map_path, config, isolated, no_ignore, stdin_filename, .. } =
        &args.common;
    add("nginx-version", nginx_version.clone());
    add("url", args.url.clone());
    add("evidence", args.evidence.map(named));
    add("connection", args.connection.map(named));
    add("select", (!args.select.is_empty()).then(|| args.select.join(",")));
    add("ignore", (!args.ignore.is_empty()).then(|| args.ignore.join(",")));
    add("context", context.map(named));
    map_path.iter().for_each(|pair| add("map-path", Some(pair.clone())));
    let files = [("root", root), ("config", config), ("stdin-filename", stdin_filename), ("baseline", &args.baseline)];
    for (name, path) in files {
        if let Some(path) = path {
            words.push(format!("--{name}"));
            words.push(shell::path(path));
        }
    }
    words.extend(
        [(*isolated, "--isolated"), (*no_ignore, "--no-ignore")]
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, o)| (*o).to_owned()),
    );
    if args.paths.len() > MOST {
        return None;
    }
    words.extend(args.paths.iter().map(|p| if p.as_os_str() == "-" { "-".to_owned() } else { shell::path(p) }));
    Some(words.join(" "))
}

/// The name of an option's value, as it is typed.
fn named<T: clap::ValueEnum>(value: T) -> String {
    value.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default()
}
