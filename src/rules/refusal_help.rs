//! What to do about a refusal, in words: for each usual cause its own, from what the catalogue knows of the
//! directive.

use super::Context;
use crate::catalog::{Contexts, Directive, Value};
use crate::i18n::Text;
use crate::model::ScopeKind;
use crate::model::refuse::{Refusal, RefusalKind as Kind};
use crate::text;

/// Names of contexts, as a person calls them.
const PLACES: &[(u16, &str)] = &[
    (Contexts::MAIN, "main"),
    (Contexts::EVENTS, "events"),
    (Contexts::HTTP, "http"),
    (Contexts::SERVER, "server"),
    (Contexts::LOCATION, "location"),
    (Contexts::SERVER_IF, "if in server"),
    (Contexts::LOCATION_IF, "if in location"),
    (Contexts::LIMIT_EXCEPT, "limit_except"),
    (Contexts::UPSTREAM, "upstream"),
    (Contexts::STREAM, "stream"),
    (Contexts::STREAM_SERVER, "server in stream"),
    (Contexts::STREAM_UPSTREAM, "upstream in stream"),
    (Contexts::MAIL, "mail"),
    (Contexts::MAIL_SERVER, "server in mail"),
];

/// The block of a context, by the word that opens it; none where there is no block.
pub(super) fn block(kind: ScopeKind) -> Option<&'static str> {
    let bit = kind.context().filter(|bit| *bit != Contexts::MAIN)?;
    let name = PLACES.iter().find(|(b, _)| *b == bit)?.1;
    Some(name.split_once(" in ").map_or(name, |(inner, _)| inner))
}

/// What a person would do.
pub(super) fn help(cx: &Context<'_>, refusal: &Refusal) -> Text {
    let config = cx.config();
    let Some(occ) = refusal.occ else {
        return text!(
            "add `events {{}}`; if this file is a fragment, say so with `--context http`",
            "补上 `events {{}}`；如果这个文件只是片段，请用 `--context http` 说明"
        );
    };
    let directive = config.occ(occ).name;
    let row = row_of(cx, refusal);
    match &refusal.kind {
        Kind::UnknownDirective(Some(meant)) => text!("write `{meant}`", "改为 `{meant}`"),
        Kind::UnknownDirective(None) if directive.as_str().is_empty() => strange_word(&config.name_text(occ)),
        Kind::UnknownDirective(None) => {
            text!("use a version of nginx that has it, or delete the line", "改用支持它的 nginx 版本，或删除这一行")
        }
        Kind::UnquotedBrace(pattern) => {
            text!("put the pattern in quotes: `\"{pattern}\"`", "给正则表达式加上引号：`\"{pattern}\"`")
        }
        Kind::NotAllowedHere => {
            let all = directive.rows().iter().fold(0, |all, d| all | d.contexts.0);
            let places = PLACES.iter().filter(|(bit, _)| all & bit != 0).map(|(_, name)| place(name));
            let (en, zh): (Vec<String>, Vec<String>) = places.unzip();
            let (en, zh) = (en.join(", "), zh.join("、"));
            text!("nginx allows it in {en}", "nginx 允许它出现在：{zh}")
        }
        Kind::ArgumentCount => count(directive.rows()),
        Kind::Duplicate => text!("keep one of the two", "只保留其中一个"),
        Kind::UnknownVariable(name) => text!(
            "define `${name}` with `map` or `set`, or correct its name",
            "用 `map` 或 `set` 定义 `${name}`，或更正它的名字"
        ),
        _ => of_words(refusal)
            .or_else(|| row.and_then(|row| of_type(row.value)))
            .unwrap_or_else(|| reference(directive.as_str())),
    }
}

/// A context in a sentence, in both languages: `if` in `server`.
fn place(name: &str) -> (String, String) {
    match name.split_once(" in ") {
        Some((inner, outer)) => (format!("`{inner}` in `{outer}`"), format!("`{outer}` 里的 `{inner}`")),
        None => (format!("`{name}`"), format!("`{name}`")),
    }
}

fn reference(name: &str) -> Text {
    match name {
        "" => text!("correct it, or delete the line", "更正它，或删除这一行"),
        _ => text!("https://nginx.org/r/{name} says what it takes", "它接受的值见 https://nginx.org/r/{name}"),
    }
}

fn row_of(cx: &Context<'_>, refusal: &Refusal) -> Option<&'static Directive> {
    let config = cx.config();
    let occ = config.occ(refusal.occ?);
    let context = config.scope(occ.scope).kind.context()?;
    occ.name.rows().iter().find(|d| d.contexts.has(context)).or(occ.name.rows().first())
}

fn count(rows: &[Directive]) -> Text {
    let least = rows.iter().map(|d| d.arguments.least).min().unwrap_or(0);
    let most = rows.iter().map(|d| d.arguments.most).max().unwrap_or(0);
    match (least, most) {
        (0, 0) => text!("it takes no arguments", "它不带参数"),
        (1, 1) => text!("it takes 1 argument", "它带 1 个参数"),
        (n, u8::MAX) => text!("it takes at least {n}", "它至少带 {n} 个参数"),
        (n, m) if n == m => text!("it takes {n} arguments", "它带 {n} 个参数"),
        (n, m) => text!("it takes {n} to {m} arguments", "它带 {n} 到 {m} 个参数"),
    }
}

/// A right value of the type.
fn of_type(value: Value) -> Option<Text> {
    Some(match value {
        Value::Flag => text!("write `on` or `off`", "写 `on` 或 `off`"),
        Value::Number => text!("write a whole number", "写一个整数"),
        Value::Between(least, most) => {
            text!("write a number from {least} to {most}", "写 {least} 到 {most} 之间的整数")
        }
        Value::Size | Value::SizeOrVariables => {
            text!("write a size such as `8k` or `1m`", "写一个大小，例如 `8k` 或 `1m`")
        }
        Value::Offset => text!("write a size such as `10m` or `1g`", "写一个大小，例如 `10m` 或 `1g`"),
        Value::Time => text!("write a time such as `60s` or `1h`", "写一个时间，例如 `60s` 或 `1h`"),
        Value::Seconds => text!("write a time such as `60s` or `30d`", "写一个时间，例如 `60s` 或 `30d`"),
        Value::Buffers => text!("write a number and a size: `8 16k`", "写数量和大小：`8 16k`"),
        Value::One(words) | Value::Each(words) => {
            let words: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
            let (en, zh) = (words.join(", "), words.join("、"));
            text!("nginx knows {en}", "nginx 认识的值：{zh}")
        }
        Value::Any | Value::By(_) => return None,
    })
}

/// A part of what nginx says, and what to do about it.
const WORDS: &[(&str, &str, &str)] = &[
    ("cannot have URI part", "delete what stands behind the host and port", "删除主机和端口之后的部分"),
    ("invalid URL prefix", "begin with `http://` or `https://`", "以 `http://` 或 `https://` 开头"),
    ("duplicate location", "merge the two, or delete one of them", "把两个合并，或删除其中一个"),
    ("duplicate listen", "keep one of the two", "只保留其中一个"),
    ("a duplicate default server", "keep `default_server` in one of the two", "只在其中一个保留 `default_server`"),
    ("duplicate upstream", "rename one of the two", "给其中一个改名"),
    ("may not have port", "delete the port: the `upstream` has its own", "删除端口：`upstream` 里已经写了端口"),
    ("host not found", "correct the host: no resolver can know this name", "更正主机名：任何解析器都不会认识它"),
    ("no port in", "add the port: `host:port`", "补上端口：`host:port`"),
    ("invalid port", "write a port from 1 to 65535", "写 1 到 65535 之间的端口"),
    ("invalid IPv6 address", "correct the address between the brackets", "更正方括号中的地址"),
    (
        "no \"ssl_certificate_key\"",
        "add the `ssl_certificate_key` of that certificate",
        "补上该证书的 `ssl_certificate_key`",
    ),
    (
        "no \"ssl_certificate\"",
        "add `ssl_certificate` and `ssl_certificate_key` to the server",
        "在该 server 中补上 `ssl_certificate` 和 `ssl_certificate_key`",
    ),
    (
        "zero size shared memory zone",
        "define the zone with its size in `http`, or correct its name",
        "在 `http` 中定义该区域及其大小，或更正名字",
    ),
    ("zone \"", "define the zone with its size, or correct its name", "定义该区域及其大小，或更正名字"),
    ("is too small", "give it at least `32k`", "至少给 `32k`"),
    ("unknown log format", "define it with `log_format` above this line", "在这一行之前用 `log_format` 定义它"),
    ("pcre2_compile() failed", "correct the regular expression", "更正正则表达式"),
    (
        "invalid condition",
        "write a variable, or a variable, an operator and a value: `if ($a = b)`",
        "写一个变量，或变量、运算符和值：`if ($a = b)`",
    ),
    (
        "in condition",
        "the operators are `=`, `!=`, `~`, `~*`, `!~`, `!~*`",
        "运算符有 `=`、`!=`、`~`、`~*`、`!~`、`!~*`",
    ),
    ("invalid return code", "write a number, or a URL alone", "写一个数字，或只写一个 URL"),
    ("closing bracket", "close the name with `}`", "用 `}` 结束变量名"),
    ("variable name", "a variable's name begins with `$`", "变量名以 `$` 开头"),
    ("no servers are inside upstream", "add a `server` line", "补上一行 `server`"),
    ("no servers in upstream", "leave one `server` without `backup`", "至少留一个不带 `backup` 的 `server`"),
    ("specified too late", "move it to the beginning of the file", "移到文件开头"),
    ("conflicting parameter", "delete one of the two lines", "删除其中一行"),
    ("duplicate default map parameter", "keep one `default`", "只保留一个 `default`"),
    ("number of the map parameters", "a map's line is a key and a value", "map 的每一行是一个键和一个值"),
    ("number of the geo parameters", "a line of `geo` is a network and a value", "geo 的每一行是一个网络和一个值"),
    (
        "invalid network",
        "write an address with the length of its prefix: `10.0.0.0/8`",
        "写地址和前缀长度：`10.0.0.0/8`",
    ),
    ("invalid location modifier", "the modifiers are `=`, `^~`, `~`, `~*`", "修饰符有 `=`、`^~`、`~`、`~*`"),
    (
        "is outside location",
        "begin it with the path of the outer location, or move it out",
        "以外层 location 的路径开头，或移到外面",
    ),
    ("cannot be inside", "move it out of that location", "移到那个 location 之外"),
    ("can be on the server level only", "move it directly into the server", "直接移到 server 中"),
];

fn of_words(refusal: &Refusal) -> Option<Text> {
    let (_, en, zh) = WORDS.iter().find(|(part, _, _)| refusal.text.contains(part))?;
    Some(text!("{en}", "{zh}"))
}

/// What stands where a directive's name should, and is none.
fn strange_word(word: &[u8]) -> Text {
    let word = String::from_utf8_lossy(word);
    let begins = |marks: &[&str]| marks.iter().any(|m| word.starts_with(m));
    if begins(&["//", "/*", "<!--", "--", "*/", "rem", "REM"]) && !begins(&["---"]) {
        text!("in nginx a comment begins with `#`", "nginx 的注释以 `#` 开头")
    } else if begins(&["...", "…", "。。。"]) {
        text!("dots stand for text that was left out: delete the line", "省略号表示省去的内容：删除这一行")
    } else if matches!(&*word, "else" | "elseif" | "elsif" | "elif") {
        text!(
            "nginx has no `{word}`: write a second `if`, or a `map`",
            "nginx 没有 `{word}`：另写一个 `if`，或用 `map`"
        )
    } else if begins(&["---", "```", "~~~", "***", "- "]) {
        text!("this is Markdown: delete the line", "这是 Markdown 标记：删除这一行")
    } else if begins(&["<http", "</", "<"]) {
        text!("delete the angle brackets", "删除尖括号")
    } else if begins(&["\u{feff}"]) {
        text!("delete the byte order mark in front of it", "删除前面的字节顺序标记（BOM）")
    } else if word.bytes().next().is_some_and(|b| b.is_ascii_digit()) {
        text!("delete the line's number, if it was copied with one", "如果连同行号一起复制，请删除行号")
    } else if word.contains('：') {
        text!("`：` is a full-width colon: write `:`", "`：` 是全角冒号：改为 `:`")
    } else {
        text!("delete it, or write the directive that was meant", "删除它，或写成想用的指令")
    }
}
