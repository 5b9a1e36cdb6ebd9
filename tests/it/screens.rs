//! What a person sees: every command at four widths in both languages, on record below `tests/screens`, and no
//! English sentence in what is said in Chinese. `UPDATE_FIXTURES=1` writes the screens anew: look at them.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use wslint::i18n::Lang;
use wslint::rules::ALL;
use wslint::symptoms::SYMPTOMS;

use super::chinese::complaint;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a command says, on both outputs, to somebody whose terminal has so many columns.
fn said(folder: &Path, lang: &str, columns: Option<usize>, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wslint"));
    command.current_dir(folder).env("LC_ALL", lang).env("NO_COLOR", "1").env_remove("COLUMNS").args(args);
    columns.map(|c| command.env("COLUMNS", c.to_string()));
    let out = command.stdin(std::process::Stdio::null()).output().unwrap();
    String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap()
}

/// Columns, where a Chinese character takes two.
fn width(line: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}');
    line.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// What a label in a frame says; none in a line of the file.
fn label(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix('·')?.trim_start();
    ["╰── ", "╰─┤ ", "│ "].iter().find_map(|mark| rest.strip_prefix(mark))
}

/// One of each kind of screen, of every command. The configurations are those of the example; what writes comes last.
const SCREENS: [&str; 32] = [
    "-h",
    "--help",
    "trace --help",
    "probe --help",
    "explain --help",
    "init --help",
    "rules --help",
    "server --help",
    "completions --help",
    "docs/example/nginx.conf",
    "-q docs/example/nginx.conf",
    "--evidence none docs/example/nginx.conf",
    "--format concise docs/example/nginx.conf",
    "--format ticket docs/example/nginx.conf",
    "--diff docs/example/nginx.conf",
    "--statistics docs/example/nginx.conf",
    "-v grammar-fixtures/rules/upgrade-not-forwarded/good-excluded/nginx.conf",
    "trace ws://dashboard.example:8080/live docs/example/nginx.conf",
    "trace ws://nowhere.example:81/live docs/example/nginx.conf",
    "trace wss://dashboard.example:8080/live docs/example/nginx.conf",
    "probe ws://127.0.0.1:1/live",
    "explain missing-proxy-http-version",
    "explain 1006",
    "rules",
    "check nginx.conf",
    "--frmat json",
    "--dry-run docs/example/nginx.conf",
    "wss://dashboard.example/live",
    "--select no-such-rule docs/example/nginx.conf",
    "init",
    "--fix --isolated docs/example/nginx.conf",
    "--isolated docs/example/nginx.conf",
];

/// What the screens show, in a folder of its own, because some of them write.
fn example() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["docs/example", "grammar-fixtures/rules/upgrade-not-forwarded/good-excluded"] {
        for entry in walkdir::WalkDir::new(root().join(name)) {
            let entry = entry.unwrap();
            let to = folder.path().join(entry.path().strip_prefix(root()).unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(to).unwrap();
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    folder
}

#[test]
fn every_command_has_a_screen() {
    for command in wslint::cli::command().get_subcommands() {
        let name = command.get_name();
        assert!(SCREENS.contains(&format!("{name} --help").as_str()), "{name} --help");
        // A server says nothing to a person, and completions are for a shell.
        let runs = SCREENS.iter().any(|s| s.split(' ').next() == Some(name) && !s.ends_with("--help"));
        assert!(runs || ["server", "completions"].contains(&name), "{name}");
    }
}

#[test]
fn screens_are_as_they_were_looked_at() {
    let mut stale = Vec::new();
    for (name, locale) in [("en", "C"), ("zh-CN", "zh_CN.UTF-8")] {
        for columns in [60, 80, 120, 200] {
            let mut text = String::new();
            let folder = example();
            for screen in SCREENS {
                let args: Vec<&str> = screen.split(' ').collect();
                let shown = said(folder.path(), locale, Some(columns), &args);
                // Code, paths and commands are not broken, so that they can be copied; what clap says is clap's.
                let is_whole = |line: &str| {
                    if let Some(text) = label(line) {
                        return width(text) <= 12
                            || !text.contains(' ') && !text.chars().any(super::chinese::is_chinese);
                    }
                    let code = line.contains('│') || line.contains("╭─[") || line.starts_with("    ");
                    let longest = line.split(' ').map(width).max().unwrap_or_default();
                    let command = line.contains("wslint --diff --url");
                    code || command || longest + 8 > columns || line.split_whitespace().count() < 2
                };
                let long: Vec<_> = shown.lines().filter(|l| width(l) > columns && !is_whole(l)).collect();
                let for_programs = ["--frmat", "concise", "ticket", "--diff"].iter().any(|s| screen.contains(s));
                assert!(long.is_empty() || for_programs, "{screen}, {columns} columns: {long:#?}");
                for line in shown.lines() {
                    let first = line.trim_start().chars().next();
                    assert!(!first.is_some_and(|c| "。，；：！？、）”".contains(c)), "{screen}, {columns}: {line}");
                }
                let _ = writeln!(text, "$ wslint {screen}\n{shown}");
            }
            let path = root().join(format!("tests/screens/{name}-{columns}.txt"));
            if std::fs::read_to_string(&path).unwrap_or_default() != text {
                if std::env::var_os("UPDATE_FIXTURES").is_some() {
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(&path, text).unwrap();
                } else {
                    stale.push(path);
                }
            }
        }
    }
    assert!(stale.is_empty(), "these screens have changed (UPDATE_FIXTURES=1, then look at them): {stale:?}");
}

/// English that stands in Chinese as it is: what nginx, browsers and programs print, names, titles of sources.
const QUOTED: &[&str] = &[
    "Error during WebSocket handshake",
    "Unexpected response code",
    "header is missing",
    "The plain HTTP request was sent to HTTPS port",
    "WebSocket is closed before the connection is established",
    "HTTP Version Not Supported",
    "while proxying upgraded connection",
    "invalid number of arguments",
];

/// So many English words in a row are a sentence.
const SENTENCE: usize = 4;

/// English sentences in a Chinese text; code and what stands in quotes is somebody else's.
fn english(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        // A numbered line of a frame is a line of the file, `- …` without Chinese names a source.
        let numbered = line.split_once(" │ ").is_some_and(|(n, _)| n.trim().parse::<u32>().is_ok());
        let source = line.starts_with("- ") && !line.chars().any(super::chinese::is_chinese);
        if fenced || numbered || source || QUOTED.iter().any(|q| line.contains(q)) {
            continue;
        }
        let mut run: Vec<&str> = Vec::new();
        let prose = without_code(line);
        for word in prose.split(' ').chain(["。"]) {
            let plain = word.trim_matches(|c: char| ",.;:()".contains(c));
            if !plain.is_empty() && plain.chars().all(|c| c.is_ascii_alphabetic() || "'-".contains(c)) {
                run.push(word);
                continue;
            }
            if run.len() >= SENTENCE {
                out.push(format!("{}: {line}", run.join(" ")));
            }
            run.clear();
        }
    }
    out
}

/// The line without `code`, "quoted" and “quoted” words.
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut close = None;
    for c in line.chars() {
        match (close, c) {
            (Some(end), c) if c == end => close = None,
            (Some(_), _) => {}
            (None, '`' | '"') => close = Some(c),
            (None, '“') => close = Some('”'),
            (None, c) => out.push(c),
        }
    }
    out
}

/// The folders of fixtures, one configuration each.
fn fixtures() -> Vec<PathBuf> {
    let found = walkdir::WalkDir::new(root().join("grammar-fixtures/rules")).sort_by_file_name().into_iter();
    let files = found.filter_map(Result::ok).filter(|e| e.file_name() == "nginx.conf");
    files.filter_map(|e| e.path().parent().map(Path::to_owned)).filter(|p| !p.ends_with("fixed")).collect()
}

/// Judges everything that is said in Chinese of one thing.
fn judge(what: &str, text: &str, wrong: &mut Vec<String>) {
    wrong.extend(english(text).into_iter().map(|e| format!("{what}: English: {e}")));
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let numbered = line.split_once(" │ ").is_some_and(|(n, _)| n.trim().parse::<u32>().is_ok());
        if !fenced && !numbered {
            wrong.extend(complaint(line).map(|around| format!("{what}: half-width: {around}: {line}")));
        }
    }
}

#[test]
fn reports_in_chinese_hold_no_english_sentence() {
    let mut wrong = Vec::new();
    let folders = fixtures();
    assert!(folders.len() > 100, "only {} fixtures", folders.len());
    for folder in folders {
        let what = folder.strip_prefix(root()).unwrap().display().to_string();
        let args = ["--isolated", "-v", "--select", "all", "nginx.conf"];
        judge(&what, &said(&folder, "zh_CN.UTF-8", None, &args), &mut wrong);
        judge(&what, &said(&folder, "zh_CN.UTF-8", None, &["trace", "--isolated", "ws://a.example/ws"]), &mut wrong);
    }
    let ticket = said(root(), "zh_CN.UTF-8", None, &["--format", "ticket", "docs/example/nginx.conf"]);
    judge("ticket", &ticket, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The other fixtures, many in one run: what nginx refuses, what the lexer does, templates, verdicts.
#[test]
fn reports_of_every_fixture_hold_no_english_sentence() {
    let found = walkdir::WalkDir::new(root().join("grammar-fixtures")).sort_by_file_name().into_iter();
    let is_file = |p: &Path| {
        let name = p.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".conf") && !p.starts_with(root().join("grammar-fixtures/rules"))
    };
    let files: Vec<PathBuf> = found.map(|e| e.unwrap().into_path()).filter(|p| is_file(p)).collect();
    assert!(files.len() > 1_000, "only {} files", files.len());
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for part in files.chunks(100) {
        let names = part.iter().map(|p| p.strip_prefix(root()).unwrap().to_str().unwrap());
        let args: Vec<&str> = ["--isolated", "-v", "--select", "all"].into_iter().chain(names).collect();
        let text = said(root(), "zh_CN.UTF-8", None, &args);
        seen += text.matches("\n  原因   ").count();
        judge(args[4], &text, &mut wrong);
    }
    assert!(seen > 500, "only {seen} findings");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pages_and_help_in_chinese_hold_no_english_sentence() {
    let mut wrong = Vec::new();
    for rule in ALL {
        judge(rule.name, rule.title.get(Lang::Zh), &mut wrong);
        judge(rule.name, &rule.about(Lang::Zh), &mut wrong);
    }
    for symptom in SYMPTOMS {
        judge(symptom.keys[0], &symptom.page(Lang::Zh), &mut wrong);
    }
    for screen in ["--help", "trace --help", "probe --help", "explain --help", "init --help", "rules --help", "rules"] {
        let args: Vec<&str> = screen.split(' ').collect();
        judge(screen, &said(root(), "zh_CN.UTF-8", None, &args), &mut wrong);
    }
    judge("init", wslint::settings::TEMPLATE.zh, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_are_told_in_chinese() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("nginx.conf", "events {}\nhttp { server { location / { proxy_pass http://a; } } }\n");
    write("bad.toml", "root = []\n");
    write("level.toml", "fail-on = \"eror\"\n");
    write("type.toml", "[rules]\nshort-read-timeout = 3\n");
    write("broken.toml", "fail-on = \n");
    write("baseline.json", "{");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let mistakes = [
        "--frmat json",
        "--format xml nginx.conf",
        "--fix --diff nginx.conf",
        "--jobs 0 nginx.conf",
        "--root",
        "--dry-run",
        "check nginx.conf",
        "fix nginx.conf",
        "400",
        "wss://a.example/ws",
        "missing.conf",
        "empty",
        "-",
        "--select no-such-rule nginx.conf",
        "--ignore valdity nginx.conf",
        "--nginx-version one nginx.conf",
        "--nginx-version 99.1 nginx.conf",
        "--url example.com nginx.conf",
        "--url ftp://example.com/ nginx.conf",
        "--map-path /etc/nginx nginx.conf",
        "--config missing.toml nginx.conf",
        "--config bad.toml nginx.conf",
        "--config level.toml nginx.conf",
        "--config type.toml nginx.conf",
        "--config broken.toml nginx.conf",
        "--baseline baseline.json nginx.conf",
        "--baseline missing.json nginx.conf",
        "--root missing.conf nginx.conf",
        "--output no/such/folder nginx.conf",
        "--evidence sure nginx.conf",
        "trace",
        "trace nonsense nginx.conf",
        "trace ws://a.example/ missing.conf",
        "explain",
        "explain no-such-thing",
        "rules --format xml",
        "completions fishy",
        "probe",
        "probe nonsense",
        "probe ws://127.0.0.1:1/live",
        "probe wss://127.0.0.1:1/live",
        "probe ws://no-such-host.invalid/live",
        "probe --timeout 0 ws://127.0.0.1:1/",
        "probe --header nonsense ws://127.0.0.1:1/",
        "probe --root missing.conf ws://127.0.0.1:1/",
        "init extra",
        "server --frmat",
        "rules extra",
        "--fix --statistics nginx.conf",
        "--write-baseline no/such/folder.json nginx.conf",
        "--context nowhere nginx.conf",
        "--connection mapp nginx.conf",
        "--carriers some nginx.conf",
        "--fail-on eror nginx.conf",
        "--lang fr nginx.conf",
        "--color sometimes nginx.conf",
        "--stdin-filename",
        "trace http://a.example/ nginx.conf",
        "trace ws://a.example/ bad.toml",
        "nginx.conf missing.conf",
    ];
    let mut wrong = Vec::new();
    for mistake in mistakes {
        let args: Vec<&str> = mistake.split(' ').collect();
        let said = said(folder.path(), "zh_CN.UTF-8", None, &args);
        assert!(said.chars().any(super::chinese::is_chinese), "{mistake}: {said}");
        judge(mistake, &said, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn english_is_seen() {
    assert_eq!(english("原因   the backend sees no header here。").len(), 1);
    assert!(english("后端（node ws、Python websockets）返回 400").is_empty());
    assert!(english("运行 `wslint --diff is a command that` 即可").is_empty());
}
