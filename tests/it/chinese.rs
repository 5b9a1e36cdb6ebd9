//! What every Chinese sentence has to hold, wherever it stands: in the code, in the pages, in what is printed.
//! Programs that only the terminal shows are looked at by `screens`.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// The text with code and places to fill in taken out, so that only what a person has written is judged. What
/// stood there counts as a Chinese character: a mark behind a name in a Chinese sentence is Chinese, too.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut close = None;
    for (at, c) in text.char_indices() {
        match (close, c) {
            (None, '`') => close = Some('`'),
            // What nginx or a browser says, word for word.
            (None, '“') if text[at..].split('”').next().is_some_and(|said| !said.chars().any(is_chinese)) => {
                close = Some('”');
            }
            (None, '{') => close = Some('}'),
            // Where a link in Markdown leads: `[入门](docs/…)`.
            (None, '(') if out.ends_with(']') => close = Some(')'),
            (Some(end), c) if c == end => {
                close = None;
                out.push(if end == ')' { ']' } else { '码' });
            }
            (None, c) => out.push(c),
            (Some(_), _) => {}
        }
    }
    out
}

/// What is wrong with the punctuation of a text, with what stands around it.
pub(crate) fn complaint(text: &str) -> Option<String> {
    if !text.chars().any(is_chinese) {
        return None;
    }
    let prose: Vec<char> = prose(text).chars().collect();
    for (at, &c) in prose.iter().enumerate() {
        let before = at.checked_sub(1).map(|i| prose[i]);
        let behind = prose.get(at + 1).copied();
        let beside = before.is_some_and(is_chinese) || (",:;?!)".contains(c) && behind.is_some_and(is_chinese));
        let is_half = ",:;?!()".contains(c);
        let opens = c == '(' && behind.is_some_and(is_chinese);
        // `403:Grafana`, and `1006: 浏览器`; the program's name in front of an error is no part of the sentence.
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
        let tight = ",:;".contains(c) && before.is_some_and(|c| c.is_ascii_alphanumeric()) && letter(behind);
        let next = prose.get(at + 2).copied();
        let spaced = ",:;".contains(c) && behind == Some(' ') && next.is_some_and(is_chinese);
        let word: String = prose[..at].iter().rev().take_while(|c| !c.is_whitespace() && **c != '"').collect();
        let named = word == "tnilsw";
        if is_half && (beside || opens || tight || spaced && !named) {
            return Some(prose[at.saturating_sub(12)..(at + 12).min(prose.len())].iter().collect());
        }
    }
    None
}

/// Words that a native engineer would not write here, and what stands for them.
const WORDS: &[(&str, &str)] = &[
    ("应答", "响应、返回、处理"),
    ("承载", "用于"),
    ("端点", "代理位置"),
    ("是否想写", "是不是想写"),
    ("抑制", "忽略"),
    ("逐跳头", "逐跳（hop-by-hop）请求头"),
    ("经由", "经"),
    ("扣下", "去掉"),
    ("头名", "请求头的名称"),
    ("握手头", "握手请求头"),
    ("所有的头", "所有的请求头"),
    ("个头", "个请求头"),
    ("打开 WebSocket", "建立 WebSocket 连接"),
    ("WebSocket 可以打开", "WebSocket 可以建立连接"),
    ("根配置", "主配置文件"),
];

/// The strings of a Rust file, their escapes as they stand, each with its line.
fn strings(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let width = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => super::tidy::string_width(rest),
            'r' if rest.starts_with("r\"") || rest.starts_with("r#\"") => {
                super::tidy::raw_string_width(rest).unwrap_or(1)
            }
            '\'' if rest.starts_with("'\"'") => 3,
            '\'' if rest.starts_with("'\\\"'") => 4,
            c => c.len_utf8(),
        };
        if width > 1 && rest[..width].contains('"') && !rest.starts_with('\'') && !rest.starts_with('/') {
            out.push((line, &rest[..width]));
        }
        line += rest[..width].matches('\n').count();
        rest = &rest[width..];
    }
    out
}

/// Every file below a folder that ends like this.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let found = walkdir::WalkDir::new(root().join(folder)).sort_by_file_name().into_iter().map(Result::unwrap);
    found.map(walkdir::DirEntry::into_path).filter(|p| p.to_string_lossy().ends_with(end)).collect()
}

/// Complaints about a text, in the words of a failed test.
fn judged(at: &str, text: &str, out: &mut Vec<String>) {
    if let Some(around) = complaint(text) {
        out.push(format!("{at}: a half-width mark in Chinese: {around}"));
    }
    if text.chars().any(is_chinese) {
        let found = WORDS.iter().filter(|(word, _)| prose(text).contains(word));
        out.extend(found.map(|(word, instead)| format!("{at}: {word} should be {instead}")));
    }
}

#[test]
fn every_string_in_the_code_is_written_as_chinese_is() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in files("src", ".rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let name = path.strip_prefix(root()).unwrap().display();
        for (line, string) in strings(code) {
            seen += usize::from(string.chars().any(is_chinese));
            judged(&format!("{name}:{line}"), string, &mut wrong);
        }
    }
    assert!(seen > 800, "only {seen} Chinese strings were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_is_written_as_chinese_is() {
    let mut wrong = Vec::new();
    let pages = files("docs/zh-CN", ".md").into_iter().chain([root().join("README.zh-CN.md")]);
    for path in pages {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut fenced = false;
        for (i, line) in text.lines().enumerate() {
            fenced ^= line.starts_with("```");
            // Code in a page is somebody's file or somebody's terminal.
            if !fenced {
                judged(&format!("{}:{}", path.strip_prefix(root()).unwrap().display(), i + 1), line, &mut wrong);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn half_width_marks_are_seen() {
    let wrong = [
        "后端,但是",
        "`a`,而 `b`",
        "原因:无",
        "(例如 x)",
        "可以?",
        "`x`:是",
        "{path}:{zh}如此",
        "如此(`x`)",
        "返回 403:Grafana",
        "# 1006: 浏览器",
    ];
    for wrong in wrong {
        assert!(complaint(wrong).is_some(), "{wrong}");
    }
    for right in [
        "后端，但是",
        "`a`，而 `b`",
        "nginx 1.3: yes, no",
        "见 `a: b, c` 之后",
        "[入门](docs/x.md)：好",
        "wslint: 没有",
    ] {
        assert_eq!(complaint(right), None, "{right}");
    }
}

/// The pages that stand in both languages; those of the rules are compared by `tests/rules.rs`.
const PAGES: [&str; 10] = [
    "carriers",
    "ci",
    "configuration",
    "editors",
    "fixes",
    "getting-started",
    "limits",
    "pre-commit",
    "symptoms",
    "ticket",
];

/// What does not change with the language: the levels of headings, code, rows of tables, where links lead.
fn skeleton(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut out = Vec::new();
    let mut links = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") || fenced {
            fenced ^= line.starts_with("```");
            // A person speaks in comments and in the reason of an ignore.
            let said = line.contains('#') || line.chars().any(|c| is_chinese(c) || "├└│╰·─".contains(c));
            out.extend((!said).then(|| line.to_owned()));
            continue;
        }
        out.extend(line.starts_with('#').then(|| line.split(' ').next().unwrap().to_owned()));
        out.extend(line.starts_with('|').then(|| format!("{} cells", line.matches(" | ").count())));
        out.extend(line.starts_with("- ").then(|| "an item".to_owned()));
        for part in line.split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            links.push(target.rsplit('/').next().unwrap().split('#').next().unwrap().to_owned());
        }
    }
    links.sort();
    out.extend(links.into_iter().filter(|l| !l.starts_with("README")));
    out
}

#[test]
fn a_page_says_the_same_in_both_languages() {
    let docs = root().join("docs");
    for name in PAGES {
        let [en, zh] = [docs.join(format!("{name}.md")), docs.join(format!("zh-CN/{name}.md"))].map(|p| skeleton(&p));
        assert_eq!(en, zh, "docs/{name}.md and docs/zh-CN/{name}.md");
    }
}

/// The commands and options that a page names, wherever they stand.
fn commands(text: &str) -> std::collections::BTreeSet<String> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|c| c.contains("wslint ") || c.starts_with("--")).map(|c| c.replace(" --lang zh-CN", "")).collect()
}

#[test]
fn the_readme_is_whole_in_both_languages() {
    let [en, zh] = ["README.md", "README.zh-CN.md"].map(|n| std::fs::read_to_string(root().join(n)).unwrap());
    let sections = |text: &str| text.lines().filter(|l| l.starts_with("## ") || l.starts_with("### ")).count();
    assert_eq!(sections(&en), sections(&zh));
    let blocks = |text: &str| {
        text.lines().filter(|l| l.starts_with("```") && l.len() > 3).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(blocks(&en), blocks(&zh));
    let (en, zh) = (commands(&en.replace("```", "")), commands(&zh.replace("```", "")));
    assert!(en.len() > 20, "only {} commands were found", en.len());
    assert_eq!(en, zh);
}
