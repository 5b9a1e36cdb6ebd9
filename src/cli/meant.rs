//! What people type, and what they mean by it.

use std::ffi::OsString;

use super::args::Check;
use crate::i18n::Text;
use crate::source::FileSystem;
use crate::text;

/// The commands that may stand behind options of every command.
const COMMANDS: [&str; 7] = ["trace", "probe", "explain", "rules", "init", "server", "completions"];

/// `wslint --lang zh-CN rules` as `wslint rules --lang zh-CN`: options that every command has may stand in
/// front of it.
pub(super) fn in_order(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let mut at = 1;
    while let Some(option) = args.get(at).and_then(|a| a.to_str()) {
        at += match option {
            "--lang" | "--color" => 2,
            "-q" | "--quiet" => 1,
            _ if option.starts_with("--lang=") || option.starts_with("--color=") => 1,
            _ => break,
        };
    }
    let is_command = args.get(at).and_then(|a| a.to_str()).is_some_and(|a| COMMANDS.contains(&a));
    if at > 1 && is_command {
        args[1..=at].rotate_right(1);
    }
    args
}

/// What was meant by a path that is none.
pub(super) fn meant(args: &Check, fs: &dyn FileSystem) -> Option<Text> {
    let missing = args.paths.iter().find(|p| p.as_os_str() != "-" && fs.kind(p).is_err())?;
    let given = missing.to_str()?;
    let first = args.paths.first().is_some_and(|p| p == missing);
    let others: Vec<String> =
        args.paths.iter().filter(|p| *p != missing).map(|p| crate::report::shell::path(p)).collect();
    let others = if others.is_empty() { "nginx.conf".to_owned() } else { others.join(" ") };
    let command = match given {
        "check" | "lint" | "test" if first => format!("wslint {others}"),
        "fix" if first => format!("wslint --fix {others}"),
        "diff" if first => format!("wslint --diff {others}"),
        "help" if first => "wslint --help".to_owned(),
        "version" if first => "wslint --version".to_owned(),
        url if ["ws://", "wss://", "http://", "https://"].iter().any(|s| url.starts_with(s)) => {
            let url = crate::report::shell::word(url);
            return Some(text!(
                "`{given}` is a URL, not a file: `wslint trace {url} {others}` follows it through the configuration, `wslint probe {url}` opens it",
                "`{given}` 是 URL，不是文件：用 `wslint trace {url} {others}` 在配置中追踪它，用 `wslint probe {url}` 实际连接"
            ));
        }
        code if is_code(code) => format!("wslint explain {code}"),
        _ => return None,
    };
    Some(text!(
        "{given}: there is no such file; did you mean `{command}`?",
        "{given}：没有这个文件；是不是想运行 `{command}`？"
    ))
}

/// A status or a close code.
fn is_code(text: &str) -> bool {
    matches!(text.len(), 3 | 4) && text.bytes().all(|b| b.is_ascii_digit())
}

/// What was meant by an option that wslint does not have.
pub(super) fn meant_by_option(error: &clap::Error) -> Option<Text> {
    let given = error.get(clap::error::ContextKind::InvalidArg)?.to_string();
    match given.as_str() {
        "--dry-run" | "--check" | "--preview" => Some(text!(
            "there is no `{given}`: `--diff` prints what `--fix` would change, and writes nothing",
            "没有 `{given}` 选项：`--diff` 会打印 `--fix` 要做的修改，而不写文件"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_stand_in_front_of_a_command() {
        let order = |words: &[&str]| {
            let out = in_order(words.iter().map(OsString::from));
            out.into_iter().map(|w| w.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(order(&["wslint", "--lang", "zh-CN", "rules"]), "wslint rules --lang zh-CN");
        assert_eq!(
            order(&["wslint", "-q", "--color=never", "trace", "ws://a"]),
            "wslint trace -q --color=never ws://a"
        );
        assert_eq!(order(&["wslint", "--lang", "en", "./rules"]), "wslint --lang en ./rules");
        assert_eq!(order(&["wslint", "rules"]), "wslint rules");
        assert_eq!(order(&["wslint"]), "wslint");
    }
}
