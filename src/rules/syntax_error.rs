use super::slips;
use super::{Context, Rule};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::i18n::Text;
use crate::model::config::scope::MAX_DEPTH;
use crate::model::refuse::{Refusal, RefusalKind};
use crate::source::{FileId, Place};
use crate::syntax::{SyntaxError, SyntaxErrorKind as Kind};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// nginx's own tokeniser or block structure refuses the file.
    ///
    /// ## Why it breaks
    ///
    /// nginx does not start. Most of the time a `;`, a `}` or a quote is missing some lines above the
    /// place where nginx notices; wslint shows where the open directive, block or quote began.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade"
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx fixed
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Safe where one mend is certain: a `;`, a `{` or `}`, a blank or a quote that is missing, a character that looks
    /// like one of these, a line of prose that becomes a comment. Everything else in the file is judged as if that
    /// were put right, and mended in the next round. Elsewhere in words only, and nothing else in the file is fixed.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/beginners_guide.html#conf_structure>
    "syntax-error" {
        category: Validity,
        severity: Error,
        fix: Sometimes,
        en: "nginx cannot read the file",
        zh: "nginx 无法读取这个文件",
        zh_page: [
            "nginx 的词法或块结构不接受这个文件。",
            "nginx 不会启动。多半是在 nginx 报错位置的前几行漏了 `;`、`}` 或引号；wslint 会指出没有结束的指令、块或引号从哪里开始。",
            "只有一种改法时是安全的：缺少 `;`、`{`、`}`、空格或引号，形状相近的字符，没有写成注释的文字（改成注释）。文件的其余内容按改正之后的样子判断，在下一轮里修复。其他情况只给出文字说明，这个文件的其余内容也不会自动修改。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for &file in cx.analysis.files {
        // A brace in a pattern without quotes opens a block that nobody closes: that is told there.
        let brace = |r: &&Refusal| matches!(r.kind, RefusalKind::UnquotedBrace(_));
        let in_file = |r: &Refusal| r.occ.is_some_and(|o| config.file(o) == file);
        if cx.analysis.refusals.iter().filter(brace).any(in_file) {
            continue;
        }
        for error in &config.ast(file).errors {
            out.push(finding(rule, file, error));
        }
    }
    slips::findings(cx, rule, &|kind| !kind.is_of_handshake() && !kind.is_of_value(), out);
    if let Some(deep) = config.scopes().find(|(_, s)| s.is_too_deep()).and_then(|(_, s)| s.opened_by) {
        let mut found = rule.at(
            config.head(deep),
            text!("what stands in here is not looked at", "这里面的内容没有被检查"),
            text!("blocks are nested more than {MAX_DEPTH} deep", "块的嵌套超过 {MAX_DEPTH} 层"),
        );
        found.severity = Severity::Warning;
        found.why = text!(
            "nginx reads nested blocks by calling itself, and no configuration needs so many; wslint stops here.",
            "nginx 以递归方式读取嵌套的块，没有配置需要这么多层；wslint 在此停止。"
        );
        found.help = text!("nest less", "减少嵌套");
        out.push(found);
    }
    for refusal in cx.analysis.refusals.iter().filter(|r| r.kind == RefusalKind::BlockStructure) {
        let Some(occ) = refusal.occ else { continue };
        let said = &refusal.text;
        let mut found = rule.at(
            config.head(occ),
            text!("nginx stops here", "nginx 在这里报错"),
            text!("{said}", "nginx 报“{said}”"),
        );
        found.why = text!("nginx refuses to start with it.", "nginx 会因此拒绝启动。");
        found.help =
            text!("end a simple directive with `;`, open a block with `{{`", "简单指令以 `;` 结束，块以 `{{` 开始");
        out.push(found);
    }
}

/// A syntax error as a finding.
fn finding(rule: &Rule, file: FileId, error: &SyntaxError) -> Diagnostic {
    let words = Words::of(error.kind);
    let mut found = rule.at(Place { file, span: error.span }, words.label, words.message);
    if let (Some(opened), Some(text)) = (error.opened, words.opened) {
        found.labels.push(Label { place: Place { file, span: opened }, text });
    }
    found.why = text!("nginx refuses to start with it.", "nginx 会因此拒绝启动。");
    found.help = words.help;
    found
}

struct Words {
    message: Text,
    label: Text,
    opened: Option<Text>,
    help: Text,
}

impl Words {
    fn of(kind: Kind) -> Words {
        match kind {
            Kind::NothingBefore(b) => {
                let c = b as char;
                Words {
                    message: text!("unexpected \"{c}\"", "意外的 \"{c}\""),
                    label: text!("expected a directive before it", "它前面应有一个指令"),
                    opened: None,
                    help: text!("remove it, or write the directive that it ends", "去掉它，或补上它所结束的指令"),
                }
            }
            Kind::CloseInDirective => Words {
                message: text!("unexpected \"}}\"", "意外的 \"}}\""),
                label: text!("expected `;` before it", "它前面应有 `;`"),
                opened: Some(text!("this directive is not finished", "这个指令没有结束")),
                help: text!("end the directive with `;`", "用 `;` 结束该指令"),
            },
            Kind::CloseWithoutOpen => Words {
                message: text!("unexpected \"}}\"", "意外的 \"}}\""),
                label: text!("no block is open in this file", "此文件中没有未关闭的块"),
                opened: None,
                help: text!("remove it, or find the `{{` that is missing above", "去掉它，或在上文补上缺少的 `{{`"),
            },
            Kind::AfterQuote(b) => {
                let c = (b as char).escape_default().to_string();
                Words {
                    message: text!("unexpected \"{c}\"", "意外的 \"{c}\""),
                    label: text!(
                        "expected white space, `;` or `{{` behind a closing quote",
                        "右引号之后应为空白、`;` 或 `{{`"
                    ),
                    opened: Some(text!("the quoted word", "带引号的参数")),
                    help: text!(
                        "put a space between the two, or close the quote where it should end",
                        "在两者之间加空格，或在正确的位置结束引号"
                    ),
                }
            }
            Kind::UnclosedQuote => Words {
                message: text!("a quote is never closed", "引号没有结束"),
                label: text!("the file ends here", "文件在这里结束"),
                opened: Some(text!("it begins here", "它从这里开始")),
                help: text!("close the quote", "补上右引号"),
            },
            Kind::EndInDirective => Words {
                message: text!(
                    "unexpected end of file, expecting \";\" or \"}}\"",
                    "文件意外结束，应为 \";\" 或 \"}}\""
                ),
                label: text!("the file ends here", "文件在这里结束"),
                opened: Some(text!("this directive is not finished", "这个指令没有结束")),
                help: text!("end the directive with `;`", "用 `;` 结束该指令"),
            },
            Kind::EndInBlock => Words {
                message: text!("unexpected end of file, expecting \"}}\"", "文件意外结束，应为 \"}}\""),
                label: text!("the file ends here", "文件在这里结束"),
                opened: Some(text!("this block is not closed", "这个块没有关闭")),
                help: text!("close the block with `}}`", "用 `}}` 关闭该块"),
            },
            Kind::EndInLua => Words {
                message: text!(
                    "unexpected end of file, expecting \"}}\" behind a Lua block",
                    "文件意外结束，Lua 块之后应为 \"}}\""
                ),
                label: text!("the file ends here", "文件在这里结束"),
                opened: Some(text!("the Lua block begins here", "Lua 块从这里开始")),
                help: text!(
                    "close the block; braces in Lua strings and comments do not count",
                    "关闭该块；Lua 字符串和注释中的花括号不计"
                ),
            },
            Kind::TooLong => Words {
                message: text!(
                    "too long parameter: nginx reads words and comments through a buffer of 4,096 bytes",
                    "过长：超出了 nginx 读取单个参数或注释的缓冲区（4096 字节）"
                ),
                label: text!("does not fit", "放不下"),
                opened: None,
                help: text!("make it shorter, or split it", "缩短或拆分它"),
            },
        }
    }
}
