use super::connection::{any_protocol_note, keeps};
use super::slips;
use super::{Context, Rule, replace, safe};
use crate::catalog::{name, near};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label, Severity};
use crate::model::cause::misspelt::{Misspelling, Part};
use crate::model::value::eval::Purpose;
use crate::model::value::request::Request;
use crate::model::way::endpoint::Endpoint;
use crate::model::way::verdict::Verdict;
use crate::model::{OccId, Value};
use crate::syntax::SlipKind;
use crate::syntax::word;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// A near miss of a word that matters: `"ugrade"`, `$http_upgrad`, `$connection_upgarde`,
    /// `Conection`, `Upgrade:`, `proxy_set_haeder`, `proxy_http_verison`, curly or HTML quotes, `1,1`,
    /// `HTTP/1.1`, `\$http_upgrade`, a lost `$`; also a line break that was lost behind a comment, which then
    /// takes settings of the handshake with it, and `$http_upgrade` in an unquoted heredoc or in Compose, which put their
    /// own in its place.
    ///
    /// ## Why it breaks
    ///
    /// nginx forwards names and values as they stand, and `$http_…` with any name behind it exists and
    /// is empty: `nginx -t` says “successful”. The backend looks for the exact words. A misspelt
    /// directive keeps nginx from starting.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location / {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "ugrade";
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx fixed
    /// server {
    ///     listen 8080;
    ///     location / {
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
    /// Safe: the word that was meant replaces the one that stands there.
    ///
    /// ## References
    ///
    /// - RFC 6455 §4.2.1
    "misspelled-websocket-setting" {
        category: Handshake,
        severity: Error,
        fix: Always,
        en: "a word that the handshake depends on is misspelt",
        zh: "与握手有关的关键字拼错了",
        zh_page: [
            "与握手有关的词写得很像，却不对：`\"ugrade\"`、`$http_upgrad`、`$connection_upgarde`、`Conection`、`Upgrade:`、`proxy_set_haeder`、`proxy_http_verison`、弯引号或 HTML 引号、`1,1`、`HTTP/1.1`、`\\$http_upgrade`、漏写的 `$`；还有注释后面丢了换行，与握手有关的设置因此成了注释的一部分；以及分隔符不带引号的 heredoc 或 Compose 中没有转义的 `$http_upgrade`，它会被换成 shell 或 Compose 自己的变量。",
            "nginx 会把请求头的名称和值原样发给后端，而 `$http_…` 后面不管写什么名字，这个变量都存在，只是为空，所以 `nginx -t` 照样显示 “successful”。后端只认准确的拼写。指令名拼错时，nginx 无法启动。",
            "安全：把写错的词换成本来要写的词。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    slips::findings(cx, rule, &SlipKind::is_of_handshake, out);
    let mut broken: Vec<Vec<&Endpoint>> = vec![Vec::new(); cx.misspellings.len()];
    let mut opens = vec![false; cx.misspellings.len()];
    let decided = |e: &&Endpoint| matches!(e.verdict(), Verdict::Broken | Verdict::Upgrades);
    for endpoint in cx.analysis.endpoints.iter().filter(decided) {
        for (i, misspelling) in cx.misspellings.around(config, endpoint.scope) {
            if endpoint.verdict() == Verdict::Upgrades {
                opens[i] = true;
            } else if ["Connection", "Upgrade"]
                .iter()
                .any(|h| misspelling.concerns_header(cx.analysis, endpoint.scope, h))
                || misspelling.concerns_version(cx.analysis, endpoint.scope)
            {
                broken[i].push(endpoint);
            }
        }
    }
    for ((misspelling, broken), opens) in cx.misspellings.iter().zip(broken).zip(opens) {
        let Misspelling { occ, argument, part, written, meant } = misspelling;
        let by_process = misspelling.is_process_number();
        let written_so = config.ast(config.file(*occ)).dollar.as_deref().filter(|_| by_process);
        let as_written = written_so.map(|dollar| meant.replace('$', dollar));
        let shown = as_written.as_deref().unwrap_or(if meant.is_empty() { "\"\"" } else { meant });
        let place = match argument {
            Some(argument) => config.arg_place(*occ, *argument),
            None => config.place(*occ, config.directive(*occ).name().span()),
        };
        let name = meant.trim_start_matches('$');
        let message = match part {
            Part::Upgrade | Part::Connection if by_process => {
                let header = if *part == Part::Upgrade { "Upgrade" } else { "Connection" };
                text!(
                    "`{header}` is sent as a number and `{name}`: the shell writes its process id for `$$`",
                    "`{header}` 的值成了一串数字加 `{name}`：shell 会把 `$$` 换成自己的进程号"
                )
            }
            Part::Connection | Part::MapValue => text!(
                "`Connection` is sent as \"{written}\", which no backend understands",
                "`Connection` 的值是 \"{written}\"，任何后端都不认识"
            ),
            Part::Upgrade => text!(
                "`Upgrade` is sent as `{written}`, which is not `websocket`",
                "`Upgrade` 的值是 `{written}`，而不是 `websocket`"
            ),
            Part::Header => text!("the header `{written}` is not `{shown}`", "`{written}` 不是 `{shown}` 请求头"),
            Part::Directive => text!("nginx knows no directive `{written}`", "nginx 没有 `{written}` 这个指令"),
            Part::Version => text!(
                "`{written}` is no value of `proxy_http_version`",
                "`{written}` 不是 `proxy_http_version` 的合法值"
            ),
            Part::MapKey => text!(
                "the map compares with `{written}`, which is never a client's `Upgrade`",
                "这个 map 比较的是 `{written}`，它不会是客户端的 `Upgrade`"
            ),
            Part::MapSource => text!(
                "the map looks at `{written}`, which is never a client's `Upgrade`",
                "这个 map 的源变量是 `{written}`，它不会是客户端的 `Upgrade`"
            ),
        };
        let label = match look_alike(written, meant) {
            Some(c) => {
                let code = format!("U+{:04X}", c as u32);
                text!(
                    "did you mean `{shown}`? The `{c}` here is {code}, which only looks like it",
                    "是不是想写 `{shown}`？这里的 `{c}` 是 {code}，只是看起来一样"
                )
            }
            None => text!("did you mean `{shown}`?", "是不是想写 `{shown}`？"),
        };
        let mut found = rule.at(place, label, message);
        found.labels = cx.places(&broken);
        // Where the handshake opens in spite of it, nothing is broken by it.
        if broken.is_empty() && opens && !cx.analysis.is_rejected() {
            found.severity = Severity::Warning;
        }
        found.why = match part {
            Part::Directive | Part::Version => text!("nginx refuses to start with it.", "nginx 会因此拒绝启动。"),
            _ => text!(
                "nginx forwards names and values as they stand; the backend looks for the exact words (RFC 6455 §4.2.1). `nginx -t` cannot notice: any value is legal.",
                "nginx 会把请求头的名称和值原样发给后端，后端只认准确的拼写（RFC 6455 §4.2.1）。`nginx -t` 无法察觉：任何值都合法。"
            ),
        };
        found.help = text!("replace it with `{shown}`", "替换为 `{shown}`");
        // Under its right name it would be sent twice.
        let value = config.arg_text(*occ, 1).to_ascii_lowercase();
        let ordinary = matches!(value.as_str(), "" | "close" | "keep-alive");
        let twice = *part == Part::Header && (broken.is_empty() || ordinary);
        let there = twice.then(|| config.header(config.occ(*occ).scope, meant)).flatten();
        if let Some(there) = there.filter(|&o| config.arg(o, 1).is_some_and(|v| !v.is_empty())) {
            found.labels.push(Label {
                place: config.head(there),
                text: text!("`{meant}` is set here", "`{meant}` 已在这里设置"),
            });
            found.help = text!("remove the line", "删除这一行");
            found.fix = cx.writable(config.file(*occ)).then(|| Fix {
                title: text!("remove the line", "删除这一行"),
                applicability: Applicability::Unsafe,
                note: Some(text!("the backend gets no `{written}` any more", "后端不再收到 `{written}`")),
                edits: vec![Edit::Delete(config.place(*occ, config.directive(*occ).span()))],
            });
        } else if cx.writable(config.file(*occ)) {
            let bytes = config.bytes(*occ);
            let old = argument.and_then(|a| config.args(*occ).get(a));
            let quoted = old.map_or_else(|| meant.clone(), |w| word::quote_like(w.kind(), meant));
            // A word in false quotes gets no second pair; a list needs real ones.
            let new = if old.is_some_and(|w| word::decode(bytes, w).contains(&b' '))
                || (meant.contains(' ') && !quoted.starts_with(['"', '\'']))
            {
                format!("\"{meant}\"")
            } else if quoted.is_empty() {
                shown.to_owned()
            } else {
                quoted
            };
            let title = text!("replace it with `{shown}`", "替换为 `{shown}`");
            found.fix = Some(match part {
                Part::MapSource | Part::MapValue => map_fix(cx, misspelling, Edit::Replace(place, new)),
                Part::Header => {
                    let mut edits = vec![Edit::Replace(place, new)];
                    // Under its right name a literal would make every ordinary request ask for an upgrade.
                    if meant == "Upgrade" && sent_always(cx, *occ) {
                        edits.push(replace(config, *occ, 1, "$http_upgrade"));
                    }
                    safe(title, edits)
                }
                _ => safe(title, vec![Edit::Replace(place, new)]),
            });
        }
        out.push(found);
    }
}

/// A letter of another script in a word that is as long as the one that was meant: nobody sees the difference.
fn look_alike(written: &str, meant: &str) -> Option<char> {
    let alike = written.chars().count() == meant.chars().count();
    written.chars().find(|c| c.is_alphabetic() && !c.is_ascii()).filter(|_| alike)
}

/// Whether a header has a value for ordinary requests, too, or will have one once its map is mended.
fn sent_always(cx: &Context<'_>, occ: OccId) -> bool {
    let config = cx.config();
    if config.arg(occ, 1).is_some_and(|v| cx.misspellings.iter().any(|m| m.feeds(cx.analysis, &v))) {
        return true;
    }
    let mut vars = cx.analysis.world.variables_for(config.occ(occ).scope, Request::ordinary());
    config.arg(occ, 1).is_some_and(|v| vars.value(&v, Purpose::Header) != Value::EMPTY)
}

/// A map that never yielded `upgrade` let nothing through. Mended, it lets WebSocket through, and not
/// whatever else its `default` would: `Upgrade: h2c` stays where it was.
fn map_fix(cx: &Context<'_>, misspelling: &Misspelling, word: Edit) -> Fix {
    let config = cx.config();
    let line = misspelling.occ;
    let default = match misspelling.part {
        Part::MapValue => Some(line).filter(|&l| &*config.name_text(l) == b"default"),
        _ => config.occ(line).opens().and_then(|scope| {
            config
                .own(scope)
                .find(|&l| &*config.name_text(l) == b"default" && near::has_token(&config.arg_text(l, 0), "upgrade"))
        }),
    };
    let title = text!("let WebSocket handshakes get `upgrade`", "让 WebSocket 握手得到 `upgrade`");
    // A name that was meant to be `Upgrade` is sent as it stands: `Upgrade:` with a second colon.
    let misnamed = |level| {
        let sends = |o: &OccId| near::header_name(&config.arg_text(*o, 0)) == Some("Upgrade");
        let fed = |o: OccId| config.arg(o, 1).is_some_and(|v| misspelling.feeds(cx.analysis, &v));
        config.own_named(level, name::PROXY_SET_HEADER).filter(sends).any(fed)
    };
    let as_upgrade = cx.analysis.endpoints.iter().any(|e| {
        let level = config.effective_list(e.scope, name::PROXY_SET_HEADER).0;
        misspelling.concerns_header(cx.analysis, e.scope, "Upgrade") || level.is_some_and(misnamed)
    });
    // Whoever else asks for it gets another value, too.
    let map = match misspelling.part {
        Part::MapValue => config.scope(config.occ(line).scope).opened_by,
        _ => Some(line),
    };
    let target = map.map(|m| config.arg_text(m, 1).trim_start_matches('$').to_ascii_lowercase());
    if target.is_some_and(|t| cx.analysis.world.used_beyond_connection().contains(&t)) {
        let note = text!("other lines use its value, too", "还有别的行用到它的值");
        return Fix { title, applicability: Applicability::Unsafe, note: Some(note), edits: vec![word] };
    }
    if as_upgrade {
        // What the map makes of an ordinary request is a header that strict backends refuse.
        let note = text!(
            "its value is also sent as `Upgrade`, with ordinary requests, too",
            "它的值也作为 `Upgrade` 发送，普通请求也不例外"
        );
        return Fix { title, applicability: Applicability::Unsafe, note: Some(note), edits: vec![word] };
    }
    // What is meant for ordinary requests asks for no upgrade, and closes nothing that nginx keeps.
    let mut fed =
        cx.analysis.endpoints.iter().filter(|e| misspelling.concerns_header(cx.analysis, e.scope, "Connection"));
    let ordinary = if fed.any(|e| keeps(cx, e)) { "''" } else { "close" };
    let close = |line| Edit::Replace(config.arg_place(line, 0), ordinary.to_owned());
    if misspelling.part == Part::MapValue && config.name_text(line).is_empty() {
        let title = text!("let ordinary requests get `{ordinary}`", "让普通请求得到 `{ordinary}`");
        return safe(title, vec![close(line)]);
    }
    let Some(default) = default else { return safe(title, vec![word]) };
    let map = config.occ(default).scope;
    let has_line = config.own(map).any(|l| config.name_text(l).eq_ignore_ascii_case(b"websocket"));
    // A second line for it would keep nginx from starting.
    if !has_line && cx.may_have_key(map) {
        return Fix { title, applicability: Applicability::Unsafe, note: Some(any_protocol_note()), edits: vec![word] };
    }
    let mut edits = if misspelling.part == Part::MapValue { Vec::new() } else { vec![word] };
    edits.push(close(default));
    if !has_line {
        let place = config.place(default, config.directive(default).span());
        edits.push(Edit::InsertAfter(place, vec!["websocket upgrade;".into()]));
    }
    safe(title, edits)
}

#[cfg(test)]
mod tests {
    use super::look_alike;

    #[test]
    fn a_letter_that_only_looks_right_is_named() {
        assert_eq!(look_alike("upgr\u{430}de", "upgrade"), Some('\u{430}'));
        assert_eq!(look_alike("“upgrade”", "upgrade"), None);
        assert_eq!(look_alike("ugrade", "upgrade"), None);
    }
}
