use super::{Context, Rule, safe};
use crate::diagnostic::{Diagnostic, Edit, Label};
use crate::model::OccId;
use crate::model::refuse::{Refusal, RefusalKind};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// A directive that matters for WebSocket and stands where nginx does not allow it, has the wrong
    /// number of arguments, or stands twice where once is allowed.
    ///
    /// ## Why it breaks
    ///
    /// nginx refuses to start. `proxy_set_header` is not allowed in `if` and `limit_except`, `map` only
    /// directly in `http`; a wrong number of arguments is often a forgotten `;` on the line before.
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
    ///         proxy_set_header Connection "upgrade";
    ///         proxy_http_version 1.1;
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
    /// Safe where a line stands in a file twice, word for word: the second one goes. Elsewhere in words only.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_proxy_module.html>
    "directive-not-allowed" {
        category: Validity,
        severity: Error,
        fix: Sometimes,
        en: "a directive stands where nginx does not allow it",
        zh: "指令出现在 nginx 不允许的位置",
        zh_page: [
            "与 WebSocket 有关的指令写在了 nginx 不允许的位置、参数个数不对，或者在只允许出现一次的地方出现了两次。",
            "nginx 会拒绝启动。`proxy_set_header` 不能写在 `if` 和 `limit_except` 里，`map` 只能直接写在 `http` 里；参数个数不对，往往是因为上一行漏了 `;`。",
            "同一行在一个文件里一字不差地出现两次时是安全的：删掉第二个。其他情况只给出文字说明。",
        ],
        check: check,
    }
}

/// Directives that matter here.
const MATTER: &[&str] = &[
    "map",
    "map_hash_bucket_size",
    "map_hash_max_size",
    "location",
    "if",
    "limit_except",
    "upstream",
    "server",
    "set",
    "listen",
    "server_name",
];

/// Whether a refusal is this rule's.
pub(super) fn concerns(cx: &Context<'_>, refusal: &Refusal) -> bool {
    let kind =
        matches!(refusal.kind, RefusalKind::NotAllowedHere | RefusalKind::ArgumentCount | RefusalKind::Duplicate);
    let Some(occ) = refusal.occ.filter(|_| kind) else { return false };
    let name = cx.config().occ(occ).name.as_str();
    name.starts_with("proxy_") || MATTER.contains(&name)
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for refusal in cx.analysis.refusals.iter().filter(|r| concerns(cx, r)) {
        let Some(occ) = refusal.occ.filter(|o| !cx.misspellings.stand_in(*o)) else { continue };
        let name = config.occ(occ).name.as_str();
        let said = &refusal.text;
        let (label, message, help) = match refusal.kind {
            RefusalKind::NotAllowedHere if refusal.other.is_some() => (
                text!("there is no block in which nginx allows both", "没有哪个块能同时容纳这两者"),
                text!(
                    "`{name}` and `{0}` stand in one file, and no block takes both",
                    "`{name}` 和 `{0}` 写在同一个文件里，而没有哪个块能同时容纳它们",
                    refusal.other.map(|o| config.occ(o).name.as_str()).unwrap_or_default()
                ),
                text!("put them into files of their own", "把它们分到不同的文件里"),
            ),
            RefusalKind::NotAllowedHere => (
                text!("nginx stops here", "nginx 在这里报错"),
                match super::refusal_help::block(config.scope(config.occ(occ).scope).kind) {
                    Some(block) => {
                        text!("`{name}` is not allowed in `{block}`", "`{name}` 不能写在 `{block}` 里")
                    }
                    None => text!("`{name}` is not allowed here", "`{name}` 不能写在这里"),
                },
                match name {
                    "proxy_set_header" | "proxy_http_version" => {
                        text!(
                            "move it to the `location`, `server` or `http` around it",
                            "把它移到外层的 `location`、`server` 或 `http`"
                        )
                    }
                    "map" => text!("move it directly into `http`", "把它直接移到 `http` 中"),
                    _ => super::refusal_help::help(cx, refusal),
                },
            ),
            RefusalKind::Duplicate => (
                text!("a second one at the same level", "同一层的第二个"),
                text!("`{name}` stands twice where once is allowed", "`{name}` 只允许出现一次，却出现了两次"),
                text!("keep one of the two", "只保留其中一个"),
            ),
            _ => {
                let help = match unfinished_line(cx, occ) {
                    Some(line) => {
                        text!("a `;` seems to be missing at the end of line {line}", "第 {line} 行末尾似乎漏了 `;`")
                    }
                    None => super::refusal_help::help(cx, refusal),
                };
                (
                    text!("wrong number of arguments", "参数个数不对"),
                    text!("`{name}` has the wrong number of arguments", "`{name}` 的参数个数不对"),
                    help,
                )
            }
        };
        let mut found = rule.at(config.head(occ), label, message);
        if let Some(other) = refusal.other {
            found.labels.push(Label { place: config.head(other), text: text!("the first one", "第一个在这里") });
        }
        found.why = text!("nginx refuses to start: {said}.", "nginx 拒绝启动，报“{said}”。");
        found.help = help;
        if let Some(other) = refusal.other.filter(|&other| is_written_twice(cx, refusal, other, occ)) {
            found.help = text!("remove the second one, which says the same", "删掉内容相同的第二个");
            if cx.writable(config.file(other)) {
                let place = config.place(occ, config.directive(occ).span());
                found.fix = Some(safe(found.help.clone(), vec![Edit::Delete(place)]));
            }
        }
        out.push(found);
    }
}

/// Whether a line stands in a file twice, word for word: nothing changes without the second.
fn is_written_twice(cx: &Context<'_>, refusal: &Refusal, first: OccId, second: OccId) -> bool {
    let config = cx.config();
    let words = |occ: OccId| config.each(occ).map(|word| word.to_vec()).collect::<Vec<_>>();
    let plain = |occ: OccId| !config.is_block(occ) && !config.is_templated(occ);
    refusal.kind == RefusalKind::Duplicate
        && config.file(first) == config.file(second)
        && config.head(first) != config.head(second)
        && plain(first)
        && plain(second)
        && words(first) == words(second)
}

/// The line, from 1, behind whose last word a directive goes on in the next one.
fn unfinished_line(cx: &Context<'_>, occ: OccId) -> Option<usize> {
    let config = cx.config();
    let directive = config.directive(occ);
    let lines = config.sources.get(config.file(occ)).lines();
    let mut before = lines.line(directive.name().span().start);
    for word in directive.args().iter() {
        let line = lines.line(word.span().start);
        if line > before {
            return Some(before + 1);
        }
        before = lines.line(word.span().end.saturating_sub(1));
    }
    None
}
