//! `--help`: the first screen, then everything, grouped. clap knows the options; how they are shown is ours,
//! because clap breaks no Chinese line and has its own words in English only.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

use super::help_zh::CHINESE;
use crate::i18n::{Lang, Text};
use crate::report::prose::{padded, width, wrap};
use crate::text;

/// The groups of options, in their order; what belongs to none stands before them.
const GROUPS: [&str; 5] = ["What to check", "Fixes", "Reports", "nginx", "Settings"];
/// Options stand in so many columns; what they mean stands beside.
const LEFT: usize = 29;
/// Longer lines are hard to read.
const WIDEST: usize = 110;

/// What wslint is asked first.
const EXAMPLES: [(&str, &str, &str); 5] = [
    ("wslint nginx.conf", "check a file with all that it includes", "检查一份配置及其 include 的所有文件"),
    ("wslint --diff nginx.conf", "print the patch; `--fix` writes it", "打印补丁；`--fix` 则写入文件"),
    ("nginx -T | wslint -", "check what a running nginx has loaded", "检查正在运行的 nginx 所加载的配置"),
    ("wslint trace wss://love.cat/chat", "follow one URL through ./nginx.conf", "在 ./nginx.conf 中追踪一个 URL"),
    ("wslint explain 400", "what a status, a close code or a rule means", "解释状态码、关闭码或规则"),
];

/// The help that the words of a command line ask for.
pub(super) fn asked(command: &mut Command, words: &[String], lang: Lang, columns: usize) -> String {
    command.build();
    let short = words.iter().any(|w| w == "-h");
    let named = words.iter().find_map(|w| command.find_subcommand(w).filter(|c| c.get_name() != "help"));
    let columns = columns.min(WIDEST);
    match named {
        Some(sub) => of_command(sub, lang, columns),
        None if short => first_screen(command, lang, columns),
        None => first_screen(command, lang, columns) + &options(command, lang, columns) + &exit_status(lang, columns),
    }
}

/// A text of the command line in a language; the test below holds that there is one.
pub(super) fn said(english: &str, lang: Lang) -> &str {
    match lang {
        Lang::En => english,
        Lang::Zh => CHINESE.iter().find(|(en, _)| *en == english).map_or(english, |(_, zh)| zh),
    }
}

fn about(command: &Command, lang: Lang) -> String {
    let text = command.get_about().map(ToString::to_string).unwrap_or_default();
    said(&text, lang).to_owned()
}

/// What wslint does, what it is asked first, and where to go on: 24 lines at most on 80 columns.
fn first_screen(command: &Command, lang: Lang, columns: usize) -> String {
    let mut out = wrap(&about(command, lang), columns).join("\n");
    out.push_str(match lang {
        Lang::En => "\n\nUsage: wslint [OPTIONS] [PATH]…\n       wslint COMMAND …\n\nExamples:\n",
        Lang::Zh => "\n\n用法：wslint [选项] [PATH]…\n      wslint 命令 …\n\n例如：\n",
    });
    for (example, en, zh) in EXAMPLES {
        row(&mut out, example, if lang == Lang::Zh { zh } else { en }, 35, columns);
    }
    out.push_str(text!("\nCommands:\n", "\n命令：\n").get(lang));
    for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
        row(&mut out, sub.get_name(), &about(sub, lang), 15, columns);
    }
    let more = text!(
        "All options: `wslint --help`; those of a command: `wslint COMMAND --help`.",
        "全部选项见 `wslint --help`，某个命令的选项见 `wslint 命令 --help`。"
    );
    let _ = writeln!(out, "\n{}", wrap(more.get(lang), columns).join("\n"));
    out
}

fn of_command(command: &Command, lang: Lang, columns: usize) -> String {
    let mut out = wrap(&about(command, lang), columns).join("\n");
    let positionals: Vec<String> = command.get_positionals().map(shown_positional).collect();
    let name = command.get_name();
    let usage: Text = text!("Usage: wslint {name} [OPTIONS]", "用法：wslint {name} [选项]");
    let usage = format!("{} {}", usage.get(lang), positionals.join(" "));
    let _ = writeln!(out, "\n\n{}", usage.trim_end());
    out + &options(command, lang, columns)
}

/// All arguments of a command, group by group.
fn options(command: &Command, lang: Lang, columns: usize) -> String {
    let mut out = String::new();
    let all = || command.get_arguments().filter(|a| !a.is_hide_set());
    let own = all().filter(|a| a.get_help_heading().is_none() && !is_usual(a)).collect::<Vec<_>>();
    let mut groups = vec![("Arguments and options", own)];
    for group in GROUPS {
        let with_usual = |a: &&Arg| a.get_help_heading() == Some(group) || group == "Settings" && is_usual(a);
        groups.push((group, all().filter(with_usual).collect()));
    }
    for (group, arguments) in groups.iter().filter(|(_, a)| !a.is_empty()) {
        let colon = if lang == Lang::Zh { "：" } else { ":" };
        let _ = writeln!(out, "\n{}{colon}", said(group, lang));
        for argument in arguments {
            option(&mut out, argument, lang, columns);
        }
    }
    out
}

/// `--help` and `--version`, which every command has.
fn is_usual(argument: &Arg) -> bool {
    matches!(argument.get_id().as_str(), "help" | "version")
}

fn option(out: &mut String, argument: &Arg, lang: Lang, columns: usize) {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    // clap's own sentence depends on what else it has to say.
    let help = if argument.get_id() == "help" { "Print this help; -h prints the first screen" } else { &help };
    let mut meaning = said(help, lang).to_owned();
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let defaults: Vec<_> = argument.get_default_values().iter().map(|d| d.to_string_lossy()).collect();
    if takes_value && !defaults.is_empty() {
        let default = defaults.join(",");
        meaning.push_str(text!(" [default: {default}]", "（默认：{default}）").get(lang));
    }
    row(out, &shown(argument), &meaning, LEFT, columns);
    let values = if takes_value { argument.get_possible_values() } else { Vec::new() };
    for value in values.iter().filter(|v| !v.is_hide_set()) {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        let lines = wrap(said(&help, lang), columns.saturating_sub(LEFT + 15).max(16));
        for (i, line) in lines.iter().enumerate() {
            let name = if i == 0 { value.get_name() } else { "" };
            let row = format!("{}{}  {line}", " ".repeat(LEFT + 2), padded(name, 11));
            let _ = writeln!(out, "{}", row.trim_end());
        }
    }
}

/// The option as it is typed.
fn shown(argument: &Arg) -> String {
    if argument.is_positional() {
        return shown_positional(argument);
    }
    let long = argument.get_long().map(|l| format!("--{l}")).unwrap_or_default();
    let both = match argument.get_short() {
        Some(short) => format!("-{short}, {long}"),
        None => format!("    {long}"),
    };
    if !matches!(argument.get_action(), ArgAction::Set | ArgAction::Append) {
        return both;
    }
    let names = argument.get_value_names().unwrap_or_default();
    format!("{both} {}", names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(" "))
}

fn shown_positional(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let name = names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(" ");
    let many = if matches!(argument.get_action(), ArgAction::Append) { "…" } else { "" };
    if argument.is_required_set() { format!("{name}{many}") } else { format!("[{name}]{many}") }
}

/// Something typed, and beside it, from a column on, what it means; below it, where there is no room.
fn row(out: &mut String, typed: &str, meaning: &str, left: usize, columns: usize) {
    let lines = wrap(meaning, columns.saturating_sub(left + 2).max(20));
    let mut lines = lines.iter();
    if width(typed) + 2 <= left {
        let _ = writeln!(out, "  {}{}", padded(typed, left), lines.next().map_or("", String::as_str));
    } else {
        let _ = writeln!(out, "  {typed}");
    }
    for line in lines {
        let _ = writeln!(out, "  {}{line}", " ".repeat(left));
    }
}

fn exit_status(lang: Lang, columns: usize) -> String {
    let lines = [
        text!("If a file has the name of a command, write ./explain.", "文件与命令同名时，写成 ./explain。"),
        text!(
            "Exit status: 0 nothing to report, 1 findings, 2 wslint could not do its job.",
            "退出状态：0 没有问题，1 发现问题，2 wslint 无法完成工作。"
        ),
    ];
    let wrapped = lines.iter().flat_map(|l| wrap(l.get(lang), columns)).collect::<Vec<_>>();
    format!("\n{}\n", wrapped.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(texts: &mut Vec<String>, command: &Command) {
        texts.extend(command.get_about().map(ToString::to_string));
        for argument in command.get_arguments().filter(|a| !is_usual(a)) {
            texts.extend(argument.get_help().map(ToString::to_string));
            texts.extend(argument.get_help_heading().map(str::to_owned));
            texts.extend(argument.get_possible_values().iter().filter_map(|v| v.get_help().map(ToString::to_string)));
        }
        for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
            complaint(texts, sub);
        }
    }

    #[test]
    fn everything_is_said_in_chinese() {
        let mut command = super::super::command();
        command.build();
        let mut texts = Vec::new();
        complaint(&mut texts, &command);
        texts.retain(|t| !GROUPS.contains(&t.as_str()) || t != "nginx");
        let missing: Vec<_> = texts.iter().filter(|t| said(t, Lang::Zh) == *t).collect();
        assert!(missing.is_empty(), "without Chinese: {missing:#?}");
        let unused: Vec<_> = CHINESE.iter().filter(|(en, _)| !texts.iter().any(|t| t == en)).collect();
        assert_eq!(unused.iter().map(|(en, _)| *en).collect::<Vec<_>>(), super::super::help_zh::OURS);
    }

    #[test]
    fn the_first_screen_fits_a_terminal() {
        for lang in [Lang::En, Lang::Zh] {
            let screen = asked(&mut super::super::command(), &["-h".to_owned()], lang, 80);
            assert!(screen.lines().count() <= 24, "{screen}");
            assert!(screen.lines().all(|line| width(line) <= 80), "{screen}");
            let all = asked(&mut super::super::command(), &["--help".to_owned()], lang, 80);
            assert!(all.starts_with(&screen));
        }
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        for lang in [Lang::En, Lang::Zh] {
            for words in ["--help", "trace --help", "probe --help", "explain --help", "help rules"] {
                let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
                for columns in [60, 80, 120, 200] {
                    let page = asked(&mut super::super::command(), &words, lang, columns);
                    let long: Vec<_> = page.lines().filter(|line| width(line) > columns).collect();
                    assert!(long.is_empty(), "longer than {columns}: {long:#?}");
                }
            }
        }
    }
}
