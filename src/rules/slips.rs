//! Slips of a hand as findings: each is named as a person would name it.

use super::{Context, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label};
use crate::i18n::Text;
use crate::source::{FileId, Place, SourceFile};
use crate::syntax::{Slip, SlipKind as Kind};
use crate::text;

/// The findings for slips of the kinds that a rule speaks of.
pub(super) fn findings(cx: &Context<'_>, rule: &Rule, speaks_of: &dyn Fn(&Kind) -> bool, out: &mut Vec<Diagnostic>) {
    let config = cx.config();
    for &file in cx.analysis.files {
        for slip in config.ast(file).slips.iter().filter(|s| speaks_of(&s.kind)) {
            out.push(finding(rule, file, config.sources.get(file), slip, cx.may_change(file)));
        }
    }
}

fn finding(rule: &Rule, file: FileId, source: &SourceFile, slip: &Slip, may_change: bool) -> Diagnostic {
    let Words { message, label, about, help } = words(slip, source);
    let mut found = rule.at(Place { file, span: slip.span }, label, message);
    if let (Some(span), Some(text)) = (slip.about, about) {
        found.labels.push(Label { place: Place { file, span }, text });
    }
    found.why = match slip.kind {
        Kind::Replaced { .. } => text!(
            "nginx gets an empty value there, or refuses to start. Everything else is judged as if it were put right.",
            "nginx 在那里得到的是空值，或者会因此拒绝启动。其余内容按改正之后的样子来判断。"
        ),
        _ => text!(
            "nginx refuses to start with it. Everything else is judged as if it were put right.",
            "nginx 会因此拒绝启动。其余内容按改正之后的样子来判断。"
        ),
    };
    if may_change && !slip.mends.is_empty() {
        found.fix = Some(Fix {
            title: help.clone(),
            applicability: Applicability::Safe,
            note: None,
            edits: slip.mends.iter().map(|m| Edit::Replace(Place { file, span: m.span }, m.text.clone())).collect(),
        });
    }
    found.help = help;
    found
}

struct Words {
    message: Text,
    label: Text,
    /// What the other place is.
    about: Option<Text>,
    help: Text,
}

/// A character as it can be told apart: `U+00A0, a no-break space`.
fn called(c: char) -> Text {
    let code = format!("U+{:04X}", c as u32);
    let (en, zh) = match c {
        '\u{a0}' => ("a no-break space", "不间断空格"),
        '\u{3000}' => ("a full-width space", "全角空格"),
        '\u{feff}' => ("a byte order mark (BOM)", "字节顺序标记（BOM）"),
        '\u{200b}' => ("a zero-width space", "零宽空格"),
        '\u{200c}' | '\u{200d}' | '\u{2060}' => ("a zero-width joiner", "零宽连接符"),
        '\u{ad}' => ("a soft hyphen", "软连字符"),
        '\u{200e}' | '\u{200f}' => ("a mark for the direction of writing", "书写方向标记"),
        '；' => ("a full-width semicolon", "全角分号"),
        '。' => ("an ideographic full stop", "中文句号"),
        '，' => ("a full-width comma", "全角逗号"),
        '：' => ("a full-width colon", "全角冒号"),
        '、' => ("an ideographic comma", "顿号"),
        '\u{61b}' => ("an Arabic semicolon", "阿拉伯文分号"),
        '\u{37e}' => ("a Greek question mark", "希腊文问号"),
        '｛' | '｝' => ("a full-width brace", "全角花括号"),
        '(' | ')' => return text!("a round bracket", "圆括号"),
        '[' | ']' => return text!("a square bracket", "方括号"),
        ':' => return text!("a colon", "冒号"),
        ',' => return text!("a comma", "逗号"),
        '}' => return text!("a brace", "花括号"),
        _ => ("a character that is no ASCII", "非 ASCII 字符"),
    };
    text!("{code}, {en}", "{code}（{zh}）")
}

fn words(slip: &Slip, source: &SourceFile) -> Words {
    let line = source.lines().line(slip.span.start) + 1;
    let swallowed = || Some(text!("read as part of the line above", "被当成了上一行的一部分"));
    match &slip.kind {
        Kind::Invisible(c) => {
            let what = called(*c);
            let (en, zh) = (what.en, what.zh);
            Words {
                message: text!("{en} is part of a word here", "这里的 {zh} 被当成了单词的一部分"),
                label: text!("not visible, and no blank for nginx", "看不见，但 nginx 不把它当作空白"),
                about: None,
                help: text!("replace it by a blank, or remove it", "换成普通空格，或者删掉"),
            }
        }
        Kind::OtherSemicolon(c) => {
            let what = called(*c);
            let (en, zh) = (what.en, what.zh);
            Words {
                message: text!(
                    "{en} stands where `;` has to end the directive",
                    "这里应当用 `;` 结束指令，写的却是 {zh}"
                ),
                label: text!("nginx reads on into the next line", "nginx 会继续读到下一行"),
                about: swallowed(),
                help: text!("write `;`", "改成 `;`"),
            }
        }
        Kind::LostSemicolon => Words {
            message: text!("the `;` of line {line} is missing", "第 {line} 行缺少结尾的 `;`"),
            label: text!("expected `;` behind this", "这之后应当有 `;`"),
            about: swallowed(),
            help: text!("end line {line} with `;`", "在第 {line} 行末尾补上 `;`"),
        },
        Kind::LostBlank(directive) => Words {
            message: text!("the blank behind `{directive}` is missing", "`{directive}` 后面缺少空格"),
            label: text!("one word for nginx: an unknown directive", "nginx 把它当成一个词，即未知的指令"),
            about: None,
            help: text!("put a blank behind `{directive}`", "在 `{directive}` 后面加一个空格"),
        },
        Kind::LostBlankBehindHeader => {
            let written = String::from_utf8_lossy(&source.bytes[slip.span.range()]);
            Words {
                message: text!(
                    "the blank between the header and its value is missing in `{written}`",
                    "`{written}` 中，请求头的名称和值之间缺少空格"
                ),
                label: text!("one word for nginx: a header without a value", "nginx 把它当成一个词，即没有值的请求头"),
                about: None,
                help: text!("put a blank between them", "在两者之间加一个空格"),
            }
        }
        Kind::SplitVariable => {
            let written = String::from_utf8_lossy(&source.bytes[slip.span.range()]);
            Words {
                message: text!(
                    "`{written}` is two words for nginx, and no variable",
                    "`{written}` 在 nginx 看来是两个词，不是变量"
                ),
                label: text!("nothing may stand between `$` and the name", "`$` 和变量名之间不能有空格"),
                about: None,
                help: text!("remove the blank behind `$`", "删掉 `$` 后面的空格"),
            }
        }
        Kind::Meant(meant) | Kind::Guarded(meant) => {
            let written = String::from_utf8_lossy(&source.bytes[slip.span.range()]);
            Words {
                message: text!(
                    "nginx does not take `{written}` for `{meant}`",
                    "nginx 不会把 `{written}` 当作 `{meant}`"
                ),
                label: text!("nginx stops here", "nginx 在这里报错"),
                about: None,
                help: text!("write `{meant}`", "改成 `{meant}`"),
            }
        }
        Kind::Instead(written, meant) => Words {
            message: text!("`{written}` stands where `{meant}` belongs", "这里应当是 `{meant}`，写的却是 `{written}`"),
            label: text!("nginx ends the directive here", "nginx 会在这里结束指令"),
            about: None,
            help: text!("write `{meant}`", "改成 `{meant}`"),
        },
        Kind::Equals => {
            let mark = String::from_utf8_lossy(&source.bytes[slip.span.range()]);
            Words {
                message: text!(
                    "`{mark}` stands between a name and its value, where nginx wants a blank",
                    "名称和值之间写了 `{mark}`，nginx 要的是空格"
                ),
                label: text!("no `{mark}` in nginx", "nginx 里没有 `{mark}`"),
                about: None,
                help: text!("write a blank instead of `{mark}`", "把 `{mark}` 换成空格"),
            }
        }
        Kind::ForeignComment(mark) => Words {
            message: text!("`{mark}` is no comment in nginx", "`{mark}` 在 nginx 里不是注释"),
            label: text!("read as a directive", "被当成了指令"),
            about: None,
            help: text!("begin the comment with `#`", "注释请以 `#` 开头"),
        },
        Kind::LeftOut => Words {
            message: text!(
                "this stands for text that was left out, and nginx reads it",
                "这里表示省略的内容，但 nginx 会照读"
            ),
            label: text!("read as a directive", "被当成了指令"),
            about: None,
            help: text!("make it a comment, or remove the line", "改成注释，或删掉这一行"),
        },
        Kind::Prose => Words {
            message: text!("these words are no directive", "这几个词不是指令"),
            label: text!("nginx reads them as one", "nginx 会把它们当成指令"),
            about: swallowed(),
            help: text!("make the line a comment with `#`", "在行首加 `#`，改成注释"),
        },
        Kind::Mark => {
            let mark = String::from_utf8_lossy(&source.bytes[slip.span.range()]);
            Words {
                message: text!("`{mark}` stands in front of the directive", "指令前面多了 `{mark}`"),
                label: text!("nginx takes it for the directive's name", "nginx 会把它当成指令的名称"),
                about: Some(text!("the directive begins here", "指令从这里开始")),
                help: text!("remove it", "删掉它"),
            }
        }
        Kind::Marks => {
            let mark = String::from_utf8_lossy(&source.bytes[slip.span.range()]);
            Words {
                message: text!(
                    "every line begins with a mark like this `{mark}`",
                    "每一行前面都多了 `{mark}` 这样的标记"
                ),
                label: text!("nginx takes it for the directive's name", "nginx 会把它当成指令的名称"),
                about: None,
                help: text!("remove the marks of all lines", "删掉每一行的标记"),
            }
        }
        Kind::LostBlankBehindQuote => Words {
            message: text!("the blank behind this quote is missing", "引号后面缺少空格"),
            label: text!("nginx wants a blank, `;` or `{{` behind it", "nginx 要求后面是空格、`;` 或 `{{`"),
            about: None,
            help: text!("put a blank behind the quote", "在引号后面加一个空格"),
        },
        Kind::Surplus(c) => Words {
            message: match c {
                '}' => text!("a `}}` too many", "多了一个 `}}`"),
                _ => text!("this `{c}` ends nothing", "这个 `{c}` 前面没有指令"),
            },
            label: match c {
                '}' => text!("no block is left that it could close", "已经没有可以关闭的块"),
                _ => text!("nginx expects a directive in front of it", "nginx 要求它前面有一条指令"),
            },
            about: None,
            help: text!("remove it", "删掉它"),
        },
        Kind::LostQuote(quote) => Words {
            message: text!("a quote is never closed", "引号没有结束"),
            label: text!("nginx reads on to the next `{quote}`", "nginx 会一直读到下一个 `{quote}`"),
            about: None,
            help: text!("close it with `{quote}`", "用 `{quote}` 结束它"),
        },
        Kind::HtmlQuotes => Words {
            message: text!("quotes are written as in HTML", "引号写成了 HTML 的形式"),
            label: text!("nginx ends the directive at the first `;`", "nginx 在第一个 `;` 处结束指令"),
            about: None,
            help: text!("write plain quotes", "改成普通的引号"),
        },
        Kind::HtmlDollar => Words {
            message: text!("`$` is written as in HTML", "`$` 写成了 HTML 的形式"),
            label: text!("nginx ends the directive at this `;`", "nginx 在这个 `;` 处结束指令"),
            about: None,
            help: text!("write `$`", "改成 `$`"),
        },
        Kind::OtherBrace(c) => {
            let what = called(*c);
            let (en, zh) = (what.en, what.zh);
            let brace = slip.mends.first().map_or("{", |mend| &mend.text);
            Words {
                message: text!("{en} stands where `{brace}` belongs", "这里应当是 `{brace}`，写的却是 {zh}"),
                label: text!("to nginx it is a part of a word", "nginx 把它当成单词的一部分"),
                about: None,
                help: text!("write `{brace}`", "改成 `{brace}`"),
            }
        }
        Kind::LostOpen => Words {
            message: text!("the `{{` of this block is missing", "这个块缺少 `{{`"),
            label: text!("expected `{{` behind this", "这之后应当有 `{{`"),
            about: swallowed(),
            help: text!("open the block with `{{`", "用 `{{` 开始这个块"),
        },
        Kind::DoubledOpen => Words {
            message: text!("a second `{{`", "多了一个 `{{`"),
            label: text!("the block is open already", "这个块已经开始了"),
            about: Some(text!("it is opened here", "它从这里开始")),
            help: text!("remove one of the two", "去掉其中一个"),
        },
        Kind::LostClose => Words {
            message: text!("the `}}` of this block is missing", "这个块缺少 `}}`"),
            label: text!("opened here, and not closed", "从这里开始，却没有结束"),
            about: Some(text!(
                "going by the indentation, it ends in front of this line",
                "从缩进看，它在这一行之前结束"
            )),
            help: text!("close the block with `}}`", "用 `}}` 关闭这个块"),
        },
        Kind::LostLineBreak { .. } => Words {
            message: text!("the line break behind this comment is missing", "这条注释后面少了换行"),
            label: text!(
                "a comment ends with its line: nginx reads nothing of what follows",
                "注释一直到行尾为止，后面的内容 nginx 都读不到"
            ),
            about: Some(text!("a part of the comment from here on", "从这里起都成了注释")),
            help: text!("begin a new line behind the comment", "在注释后面换行"),
        },
        Kind::Replaced { by_shell } => {
            let written = String::from_utf8_lossy(&source.bytes[slip.span.range()]);
            let guarded = if *by_shell { format!("\\{written}") } else { format!("${written}") };
            Words {
                message: text!(
                    "nothing is left of `{written}` when nginx reads it",
                    "等到 nginx 读取时，`{written}` 已经变成空的了"
                ),
                label: match by_shell {
                    true => text!(
                        "without a backslash this is a variable of the shell, which has none of this name",
                        "没有反斜杠，shell 会把它当成自己的变量，而 shell 里没有这个变量"
                    ),
                    false => text!(
                        "with a single `$` this is a variable of Compose, which has none of this name",
                        "只写一个 `$`，Compose 会把它当成自己的变量，而 Compose 里没有这个变量"
                    ),
                },
                about: None,
                help: text!(
                    "write `{guarded}`, and all other variables of nginx here in the same way",
                    "写成 `{guarded}`，这里其他的 nginx 变量也一样"
                ),
            }
        }
        Kind::MergeConflict => Words {
            message: text!("a merge conflict in this file is not resolved", "此文件中有尚未解决的合并冲突"),
            label: text!("a mark of the merge: nginx reads it as a directive", "合并冲突的标记，nginx 会把它当成指令"),
            about: None,
            help: text!(
                "keep one side of each conflict and remove its marks; until then the first side is judged",
                "每处冲突保留一方并删除标记；在此之前按第一方来判断"
            ),
        },
    }
}
