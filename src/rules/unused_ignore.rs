use super::{Context, Rule};
use crate::catalog::near::nearest;
use crate::diagnostic::Diagnostic;
use crate::source::Place;
use crate::syntax::pragma::WORDS;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// A `# wslint: ignore[rule] reason` that suppresses nothing, lacks its reason, or names no rule; and
    /// any other word behind `# wslint:` that wslint does not know.
    ///
    /// ## Why it breaks
    ///
    /// What is ignored without a reason is forgotten, and what is ignored without need hides the next
    /// mistake. A comment that wslint does not understand has no effect: `nowebsocket` keeps nothing quiet.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     # wslint: ignore[upgrade-not-forwarded] only plain requests
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx good
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         # wslint: ignore[upgrade-not-forwarded] the backend speaks long polling only
    ///         proxy_pass http://127.0.0.1:3000;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// In words only.
    ///
    /// ## References
    ///
    /// - CONTRIBUTING.md
    "unused-ignore" {
        category: Validity,
        severity: Warning,
        fix: None,
        en: "a comment for wslint does nothing, or says no reason",
        zh: "写给 wslint 的注释没有作用，或者没有写明理由",
        zh_page: [
            "一条 `# wslint: ignore[rule] reason` 没有忽略任何问题、缺少理由，或者写了不存在的规则；又或者 `# wslint:` 后面是 wslint 不认识的词。",
            "没有理由的忽略会被遗忘，多余的忽略会掩盖下一个错误。wslint 看不懂的注释不起作用：`nowebsocket` 不会让任何提示消失。",
            "只给出文字说明。",
        ],
        check: check,
    }
}

/// What is wrong with an ignore comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It suppresses nothing.
    Unused,
    /// It is about the file, and stands below its first directive.
    TooLow,
    /// It gives no reason.
    NoReason,
    /// There is no such rule.
    NoRule(String),
    /// wslint does not know this word.
    Unknown(String),
}

/// The engine knows which comments suppress something: it asks for the findings.
fn check(_: &Context<'_>, _: &mut Vec<Diagnostic>) {}

/// The word that an unknown one is a near miss of. What stands in brackets behind it is not part of it,
/// and case and hyphens are easily confused.
fn meant(word: &str) -> Option<&'static str> {
    let word = word.split('[').next().unwrap_or(word).trim_end_matches(|c: char| !c.is_alphanumeric());
    WORDS.into_iter().find(|w| w.eq_ignore_ascii_case(word)).or_else(|| nearest(word, &WORDS))
}

/// A finding for a comment.
pub(super) fn finding(place: Place, problem: &Problem) -> Diagnostic {
    let rule: &Rule = &RULE;
    let (label, message) = match problem {
        Problem::Unused => (
            text!("there is nothing to ignore here", "这里没有可忽略的内容"),
            text!("this comment suppresses nothing", "这条注释没有忽略任何问题"),
        ),
        Problem::TooLow => (
            text!("a directive stands above it", "它前面已经有指令"),
            text!("`ignore-file` has no effect below the first directive", "`ignore-file` 写在第一条指令之后不起作用"),
        ),
        Problem::NoReason => (
            text!("write why, behind the `]`", "在 `]` 之后写明理由"),
            text!("this comment gives no reason", "这条注释没有写明理由"),
        ),
        Problem::NoRule(name) => (
            text!("no such rule", "没有这条规则"),
            text!("there is no rule `{name}` to ignore", "没有名为 `{name}` 的规则可忽略"),
        ),
        Problem::Unknown(word) => (
            match meant(word) {
                Some(meant) => text!("did you mean `{meant}`?", "是不是想写 `{meant}`？"),
                None => text!("wslint knows no such word", "wslint 不认识这个词"),
            },
            match (word.as_str(), meant(word)) {
                ("", _) => text!("this comment says nothing to wslint", "这条注释没有对 wslint 说明任何内容"),
                (word, None) => text!("`{word}` means nothing to wslint", "wslint 不认识 `{word}`"),
                (word, Some(meant)) => text!(
                    "`{word}` means nothing to wslint, `{meant}` would",
                    "wslint 不认识 `{word}`，应写成 `{meant}`"
                ),
            },
        ),
    };
    let mut found = rule.at(place, label, message);
    if let Problem::Unknown(word) = problem {
        found.why = text!("a comment that wslint does not understand has no effect.", "wslint 看不懂的注释不起作用。");
        found.help = match meant(word) {
            Some(meant) => text!("write `{meant}`", "写成 `{meant}`"),
            None => text!(
                "write one of `ignore[rule] reason`, `ignore-file[rule] reason`, `websocket`, `no-websocket` and `context=server`",
                "请写 `ignore[规则] 理由`、`ignore-file[规则] 理由`、`websocket`、`no-websocket` 或 `context=server` 之一"
            ),
        };
        return found;
    }
    found.why = text!(
        "what is ignored without need or reason hides the next mistake.",
        "不必要或没有理由的忽略会掩盖下一个错误。"
    );
    found.help = match problem {
        Problem::TooLow => text!(
            "move it to the head of the file, or write `ignore[rule]` above the line that it is about",
            "移到文件开头，或在相关的那一行之前写 `ignore[规则]`"
        ),
        Problem::Unused => text!("remove the comment", "删除这条注释"),
        _ => text!("remove the comment, or say why it stands here", "删除这条注释，或写明理由"),
    };
    found
}
