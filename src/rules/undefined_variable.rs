use std::collections::HashSet;

use super::{Context, Rule, connection, safe};
use crate::catalog::name;
use crate::catalog::near;
use crate::diagnostic::{Diagnostic, Label};
use crate::model::refuse::RefusalKind;
use crate::model::way::endpoint::Endpoint;
use crate::source::Place;
use crate::syntax::word;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// `$connection_upgrade`, or another variable of a header, that nothing defines.
    ///
    /// ## Why it breaks
    ///
    /// nginx refuses to start: `unknown "connection_upgrade" variable`, without file and line. The
    /// variable is not built in; it comes from a `map` that the recipe put into `http`.
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
    ///         proxy_set_header Connection $connection_upgrade;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// ```nginx fixed
    /// map $http_upgrade $connection_upgrade {
    ///     default   close;
    ///     websocket upgrade;
    /// }
    ///
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
    /// Safe: nginx does not run with the configuration as it is.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/http/ngx_http_map_module.html>
    "undefined-variable" {
        category: Handshake,
        severity: Error,
        fix: Sometimes,
        en: "a header uses a variable that nothing defines",
        zh: "请求头的值引用了没有定义的变量",
        zh_page: [
            "请求头的值引用了 `$connection_upgrade` 或者其他没有定义的变量。",
            "nginx 会拒绝启动：`unknown \"connection_upgrade\" variable`，而且不给出文件和行号。这个变量不是内置的，它来自教程里写在 `http` 中的 `map`。",
            "安全：这份配置现在根本无法启动 nginx。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut seen: HashSet<String> = HashSet::new();
    for refusal in &cx.analysis.refusals {
        let (RefusalKind::UnknownVariable(variable), Some(occ)) = (&refusal.kind, refusal.occ) else { continue };
        let misspelt = cx.misspellings.stand_in(occ);
        if config.occ(occ).name != name::PROXY_SET_HEADER || misspelt {
            continue;
        }
        // One root cause: further uses of the same variable are labels.
        if !seen.insert(variable.to_ascii_lowercase()) {
            if let Some(first) = out.iter_mut().rev().find(|d| d.rule == rule.name && d.labels.len() < 3) {
                first
                    .labels
                    .push(Label { place: config.head(occ), text: text!("used here, too", "这里也用到了") });
            }
            continue;
        }
        let argument = refusal.argument.unwrap_or(1);
        let span =
            config.args(occ).get(argument).and_then(|w| word::variable_span(config.bytes(occ), w, variable.as_bytes()));
        let place = span.map_or(config.arg_place(occ, argument), |span| Place { file: config.file(occ), span });
        let mut found = rule.at(
            place,
            text!("no `map`, `set` or module defines it", "没有 `map`、`set` 或模块定义它"),
            text!(
                "`${variable}` is defined nowhere, and nginx refuses to start",
                "`${variable}` 没有定义，nginx 拒绝启动"
            ),
        );
        found.why = text!(
            "nginx stops with `unknown \"{variable}\" variable` and names neither file nor line; the variable is not built in.",
            "nginx 会报 `unknown \"{variable}\" variable` 并退出，且不给出文件和行号；这个变量不是内置的。"
        );
        found.help = text!("define it with a `map` in `http`", "在 `http` 中用 `map` 定义它");
        let is_connection = config.is_header(occ, "Connection") && variable.to_ascii_lowercase() == variable.as_str();
        if is_connection && near::plain_variable(&config.arg_text(occ, 1)) == Some(variable.as_str()) {
            let level = config.occ(occ).scope;
            let endpoints: Vec<&Endpoint> = cx
                .analysis
                .endpoints
                .iter()
                .filter(|e| config.effective_list(e.scope, name::PROXY_SET_HEADER).0 == Some(level))
                .collect();
            let ordinary =
                endpoints.first().map_or_else(|| "close".to_owned(), |e| connection::unset_connection(cx, e));
            found.fix = connection::map_place(cx).map(|place| {
                safe(text!("add the map", "补上 map"), vec![connection::map_edit(place, variable, &ordinary)])
            });
        }
        out.push(found);
    }
}
