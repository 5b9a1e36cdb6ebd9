use super::connection::any_protocol_note;
use super::{Context, Rule, replace, safe};
use crate::catalog::near;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label};
use crate::model::cause::diagnose::Cause;
use crate::model::value::variable::{Definer, Key, Map};
use crate::model::{Browser, OccId};
use crate::source::Place;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// The map behind `Connection` yields no `upgrade` for a handshake: it has no default, its lines
    /// are swapped, it looks at the wrong variable, it knows `upgrade` on `$http_connection` only as the
    /// whole value (Firefox sends `keep-alive, Upgrade`), or a second map of the same name replaces it.
    ///
    /// ## Why it breaks
    ///
    /// nginx sends what the map yields, and nothing where it yields nothing. Of two maps for one
    /// variable the last one wins, silently.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// map $http_upgrade $connection_upgrade {
    ///     default close;
    ///     '' upgrade;
    /// }
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection $connection_upgrade;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx fixed
    /// map $http_upgrade $connection_upgrade {
    ///     default close;
    ///     '' upgrade;
    ///     websocket upgrade;
    /// }
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 1.1;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection $connection_upgrade;
    ///     }
    /// }
    /// ```
    ///
    /// ## The fix and its safety
    ///
    /// Safe where only `Connection` uses the variable: one line is added or changed, and ordinary
    /// requests get what they got before.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_map_module.html>
    "wrong-upgrade-map" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "the map behind `Connection` yields no `upgrade` for a handshake",
        zh: "握手时，`Connection` 所用的 map 给出的不是 `upgrade`",
        zh_page: [
            "握手时，`Connection` 所用的 map 给出的不是 `upgrade`：没有 default、两行写反、源变量不对、以 `$http_connection` 为源却只匹配整个值（Firefox 发送的是 `keep-alive, Upgrade`），或者后面有同名的 map，覆盖了这一个。",
            "nginx 发送 map 给出的值；map 没有给出值时，什么也不发送。同一个变量有两个 map 时以最后一个为准，nginx 不会提示。",
            "只有 `Connection` 使用这个变量时是安全的：增加或修改一行，普通请求得到的值与以前相同。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (cause, endpoints) in cx.causes(|c| matches!(c, Cause::WrongMap(..))) {
        let Cause::WrongMap(header, occ) = cause else { continue };
        let variable = config.arg_text(occ, 1);
        let name = variable.trim_start_matches('$');
        let Some(map) = cx.analysis.world.definitions.map_of(name) else { continue };
        let got = chosen_value(cx, map);
        let mut found = rule.at(
            config.head(occ),
            match &got {
                Some(value) if !value.is_empty() => {
                    text!("a handshake gets `{value}` here", "握手时这里的值是 `{value}`")
                }
                _ => text!("a handshake gets nothing here", "握手时这里的值为空"),
            },
            text!(
                "the map for `{variable}` yields no `upgrade` for a handshake",
                "握手时，`{variable}` 的 map 给出的不是 `upgrade`"
            ),
        );
        if let Some(other) =
            cx.analysis.world.definitions.of(name).iter().find(|d| d.definer == Definer::Map && d.occ != occ)
        {
            let text = text!(
                "this map of the same name is replaced by the later one, silently",
                "后面有同名的 map，覆盖了这一个，nginx 不会提示"
            );
            found.labels.push(Label { place: config.head(other.occ), text });
        }
        found.labels.push(Label {
            place: config.head(header),
            text: text!("sent as `Connection` here", "在这里作为 `Connection` 发送"),
        });
        found.labels.extend(cx.places(&endpoints));
        found.why = text!(
            "the backend looks for the token `upgrade` in `Connection` (RFC 6455 §4.2.1); browsers ask with `Upgrade: websocket`, and Firefox with `Connection: keep-alive, Upgrade`.",
            "后端要求 `Connection` 中含有 `upgrade`（RFC 6455 §4.2.1）；浏览器发送 `Upgrade: websocket`，Firefox 的 `Connection` 是 `keep-alive, Upgrade`。"
        );
        found.help = text!(
            "let it yield `upgrade` where the client asks for `websocket`",
            "让它在客户端请求 `websocket` 时得到 `upgrade`"
        );
        if cx.writable(config.file(occ)) && only_for_connection(cx, name) {
            found.fix = repair(cx, map);
        }
        out.push(found);
    }
}

fn chosen_value(cx: &Context<'_>, map: &Map) -> Option<String> {
    let scope = cx.config().occ(map.occ).scope;
    let target = cx.config().arg_text(map.occ, 1);
    let mut vars = cx.analysis.world.variables_at(scope, Browser::Firefox);
    vars.variable(target.trim_start_matches('$'), crate::model::value::eval::Purpose::Header).display()
}

/// Whether the variable stands nowhere but in `proxy_set_header Connection`.
fn only_for_connection(cx: &Context<'_>, name: &str) -> bool {
    !cx.analysis.world.used_beyond_connection().contains(&name.to_ascii_lowercase())
}

/// One line more, or one value less wrong; everything else of the map stays.
fn repair(cx: &Context<'_>, map: &Map) -> Option<Fix> {
    let config = cx.config();
    let title = text!("let WebSocket handshakes get `upgrade`", "让 WebSocket 握手得到 `upgrade`");
    let source = String::from_utf8_lossy(&map.source).into_owned();
    let exact = |key: &[u8]| map.entries.iter().find(|e| matches!(&e.key, Key::Exact(k) if **k == *key));
    match near::plain_variable(&source)?.to_ascii_lowercase().as_str() {
        "http_upgrade" => {
            let present = exact(b"websocket").or_else(|| {
                map.entries.iter().find(|e| matches!(&e.key, Key::Regex(p) if p.matches(b"websocket") == Some(true)))
            });
            let edit = match present {
                Some(entry) => Edit::Replace(config.arg_place(entry.occ, 0), "upgrade".to_owned()),
                None => new_line(cx, map, "websocket upgrade;")?,
            };
            Some(safe(title, vec![edit]))
        }
        "http_connection" => match (exact(b"upgrade"), map.entries.len()) {
            // `upgrade` as the whole value is Chrome's; what both browsers ask for is in `Upgrade`.
            (Some(entry), 1 | 2) if map.entries.iter().all(|e| matches!(e.key, Key::Default) || e.occ == entry.occ) => {
                let key = config.place(entry.occ, config.directive(entry.occ).name().span());
                Some(safe(
                    title,
                    vec![replace(config, map.occ, 0, "$http_upgrade"), Edit::Replace(key, "websocket".to_owned())],
                ))
            }
            _ => Some(Fix {
                applicability: Applicability::Unsafe,
                note: Some(any_protocol_note()),
                ..safe(title, vec![new_line(cx, map, "~*upgrade upgrade;")?])
            }),
        },
        _ => None,
    }
}

fn new_line(cx: &Context<'_>, map: &Map, line: &'static str) -> Option<Edit> {
    let config = cx.config();
    let file = config.file(map.occ);
    if config.occ(map.occ).opens().is_none_or(|body| cx.may_have_key(body)) {
        return None;
    }
    let last: Option<OccId> = map.entries.iter().map(|e| e.occ).rfind(|&o| config.file(o) == file);
    Some(match last {
        Some(occ) => Edit::InsertAfter(Place { file, span: config.directive(occ).span() }, vec![line.into()]),
        None => Edit::StartOfBlock(Place { file, span: config.directive(map.occ).body()? }, vec![line.into()]),
    })
}
