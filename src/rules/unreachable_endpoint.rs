use super::{Context, Rule, words};
use crate::diagnostic::{Diagnostic, Label};
use crate::i18n::Text;
use crate::model::cause::diagnose::Cause;
use crate::model::way::verdict::Reason;
use crate::model::{Config, OccId};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// The server or the location answers before `proxy_pass` can: `return`, `try_files` without a way to it, a
    /// later content handler, or an `if` whose `proxy_pass` a following `return` overrides.
    ///
    /// ## Why it breaks
    ///
    /// nginx runs `return` and `rewrite` before it passes a request on, and goes on with them behind an `if`. Of
    /// several content handlers in a block the last one wins.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         return 404;
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
    /// In words only.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_rewrite_module.html>
    "unreachable-endpoint" {
        category: Handshake,
        severity: Error,
        fix: None,
        en: "something answers before the request is proxied",
        zh: "请求在转发之前就已经有了响应",
        zh_page: [
            "还没有执行到 `proxy_pass`，server 或 location 就已经返回了响应：`return`、没有转到它的 `try_files`、后面另一条处理请求的指令，或者写有 `proxy_pass` 的 `if` 被后面的 `return` 取代。",
            "nginx 先执行 `return` 和 `rewrite`，然后才转发请求，并且在 `if` 之后继续执行它们。同一个块里有多条处理请求的指令时，最后一条生效。",
            "只给出文字说明。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for (endpoint, cause) in cx.endpoints_with(|c| matches!(c, Cause::Unreachable(_))) {
        let Cause::Unreachable(reason) = cause else { continue };
        let location = cx.location_words(endpoint.location);
        let why = words::reason(config, reason);
        let (en, zh) = (why.en.clone(), why.zh.clone());
        let mut found = rule.at(
            config.head(reason.culprit().unwrap_or(endpoint.pass)),
            match reason.culprit() {
                Some(_) => text!("this comes first", "请求先在这里处理"),
                None => never_reached(),
            },
            text!(
                "no request to `{location}` gets as far as `proxy_pass`: {en}",
                "到 `{location}` 的请求都到不了 `proxy_pass`：{zh}"
            ),
        );
        found.severity = cx.by_evidence(endpoint);
        let label = |text| Label { place: config.head(endpoint.pass), text };
        match reason {
            Reason::TryFiles(line) if [endpoint.scope, endpoint.location].contains(&config.occ(*line).scope) => {
                of_files(config, *line, &location, &mut found);
                found.labels.push(label(text!("reached only for what exists", "只有路径实际存在时才会到这里")));
            }
            Reason::NoSuchPath(line) => {
                of_no_path(config, *line, &mut found);
                found.labels.push(label(never_reached()));
            }
            _ => {
                of_what_answers(&mut found);
                found.labels.extend(reason.culprit().map(|_| label(never_reached())));
            }
        }
        out.push(found);
    }
}

fn of_what_answers(found: &mut Diagnostic) {
    found.why = text!(
        "`return`, `rewrite` and `try_files` run before a request is passed on, also behind an `if`; of several content handlers the last one wins.",
        "`return`、`rewrite` 和 `try_files` 在转发之前执行，在 `if` 之后也是如此；有多条处理请求的指令时，最后一条生效。"
    );
    found.help = text!(
        "give WebSocket a location in which nothing answers before `proxy_pass`; behind an `if`, write `break;` into it",
        "为 WebSocket 单独设一个 location，其中没有先于 `proxy_pass` 返回响应的指令；如果写在 `if` 之后，在 `if` 中写上 `break;`"
    );
}

/// Beside a `try_files`, what is there is passed on, and a handshake's path is not.
fn of_files(config: Config<'_>, line: OccId, location: &str, found: &mut Diagnostic) {
    let words = config.words(line);
    let folders = words.iter().rev().skip(1).any(|word| word.ends_with(b"/"));
    found.message = match folders {
        true => text!(
            "only what exists as a file or a directory gets as far as `proxy_pass` in `{location}`: `try_files` answers everything else",
            "在 `{location}` 中，只有实际存在的文件或目录才会到达 `proxy_pass`，其余请求都由 `try_files` 直接返回响应"
        ),
        false => text!(
            "only what exists as a file gets as far as `proxy_pass` in `{location}`: `try_files` answers everything else",
            "在 `{location}` 中，只有实际存在的文件才会到达 `proxy_pass`，其余请求都由 `try_files` 直接返回响应"
        ),
    };
    found.why = text!(
        "`try_files` runs before a request is passed on. The path of a handshake is no file, so the last argument answers it.",
        "`try_files` 在转发之前执行。握手请求的路径不是文件，因此由最后一个参数返回响应。"
    );
    found.help =
        text!("give WebSocket a location without `try_files`", "为 WebSocket 单独设一个不带 `try_files` 的 location");
}

/// A `location` that begins as no path does; often a regular expression without its `~`.
fn of_no_path(config: Config<'_>, line: OccId, found: &mut Diagnostic) {
    found.primary.text = text!("matches no request", "匹配不到任何请求");
    found.why = text!(
        "nginx compares a `location` with the path of the request, which begins with `/`.",
        "nginx 用请求的路径去匹配 `location`，而路径总是以 `/` 开头。"
    );
    let is_pattern = config.words(line).last().is_some_and(|path| path.iter().any(|b| b"^$*\\(|".contains(b)));
    found.help = match is_pattern {
        true => text!(
            "begin the path with `/`; a regular expression needs `~` in front of it",
            "路径请以 `/` 开头；如果是正则表达式，前面要写 `~`"
        ),
        false => text!("begin the path with `/`", "路径请以 `/` 开头"),
    };
}

fn never_reached() -> Text {
    text!("never reached", "永远到不了这里")
}
