use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Context, Rule, replace, safe, slips};
use crate::catalog::name;
use crate::diagnostic::{Diagnostic, Label};
use crate::model::OccId;
use crate::model::ScopeId;
use crate::model::evidence::Evidence;
use crate::model::refuse::{Refusal, RefusalKind};
use crate::source::{Place, Span};
use crate::syntax::SlipKind;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// nginx refuses to start with the configuration, and no other rule names the reason: a bad value, a
    /// directive in the wrong place, a URI part where none may be, a duplicate location, a map that does
    /// not parse, an upstream with a port, a missing `events`, a directive name that is a near miss of a
    /// known one or known only in other versions.
    ///
    /// ## Why it breaks
    ///
    /// nginx keeps running with the old configuration, or does not start at all. The message says it in
    /// nginx's own terms, with the place, which nginx often omits.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         proxy_pass http://127.0.0.1:3000;
    ///         proxy_http_version 2.0;
    ///         proxy_set_header Upgrade $http_upgrade;
    ///         proxy_set_header Connection "upgrade";
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
    /// Safe where one thing alone can be meant: a `proxy_http_version` of a WebSocket that no nginx takes becomes
    /// `1.1`, and `http//app` or `http://app：3000` the address that it was to be. Elsewhere in words only: wslint
    /// does not guess.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/>
    "rejected-by-nginx" {
        category: Validity,
        severity: Error,
        fix: Sometimes,
        en: "nginx refuses to start with this",
        zh: "nginx 会因此拒绝启动",
        zh_page: [
            "nginx 拒绝用这份配置启动，而其他规则都没有说明原因：值不合法、指令的位置不对、不允许有 URI 的地方写了 URI、location 重复、map 无法解析、upstream 带了端口、缺少 `events`、指令名与已知的指令很像，或者这个指令只存在于其他版本。",
            "nginx 会继续使用旧配置运行，或者根本无法启动。提示信息沿用 nginx 自己的说法，并给出 nginx 常常省略的位置。",
            "只有一种可能时是安全的：把 WebSocket 所用、而任何版本的 nginx 都不接受的 `proxy_http_version` 改成 `1.1`，把 `http//app`、`http://app：3000` 这样的地址改成本来的写法。其他情况只给出文字说明：wslint 不去猜测本来想写什么。",
        ],
        check: check,
    }
}

/// Whether a `proxy_http_version` that no nginx takes is that of a WebSocket: there is but one that it could be.
fn is_of_a_websocket(cx: &Context<'_>, refusal: &Refusal, occ: OccId) -> bool {
    let config = cx.config();
    let by_any = refusal.since.is_none() && refusal.until.is_none();
    let mut of_it = cx.analysis.endpoints.iter().filter(|e| {
        e.evidence >= Evidence::Likely && config.effective(e.scope, name::PROXY_HTTP_VERSION).occ() == Some(occ)
    });
    refusal.kind == RefusalKind::HttpVersion && by_any && of_it.next().is_some()
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    slips::findings(cx, rule, &SlipKind::is_of_value, out);
    // Several lines of a block that all stand in the wrong place are one mistake.
    let mut misplaced: HashMap<(ScopeId, &str), usize> = HashMap::default();
    for refusal in &cx.analysis.refusals {
        let misspelt = refusal.occ.is_some_and(|o| cx.misspellings.stand_in(o));
        let elsewhere = match refusal.kind {
            RefusalKind::WebSocketScheme | RefusalKind::BlockStructure => true,
            RefusalKind::NotAllowedHere | RefusalKind::ArgumentCount | RefusalKind::Duplicate => {
                super::directive_not_allowed::concerns(cx, refusal)
            }
            RefusalKind::UnknownVariable(_) => {
                refusal.occ.is_some_and(|o| config.occ(o).name == crate::catalog::name::PROXY_SET_HEADER)
            }
            _ => false,
        };
        // A misspelt word has its own finding; so has what follows from it.
        if elsewhere || misspelt {
            continue;
        }
        let block = refusal.occ.filter(|_| refusal.kind == RefusalKind::NotAllowedHere && refusal.other.is_none());
        if let Some(occ) = block {
            match misplaced.entry((config.occ(occ).scope, &refusal.text)) {
                Entry::Occupied(first) => {
                    let first: &mut Diagnostic = &mut out[*first.get()];
                    first.labels.push(Label { place: config.head(occ), text: text!("and here", "这里也是") });
                    continue;
                }
                Entry::Vacant(first) => drop(first.insert(out.len())),
            }
        }
        let said = &refusal.text;
        let place = match (refusal.occ, refusal.argument) {
            (Some(occ), Some(argument)) => config.arg_place(occ, argument),
            (Some(occ), None) => config.head(occ),
            (None, _) => Place { file: cx.analysis.files[0], span: Span::at(0) },
        };
        let label = match &refusal.kind {
            RefusalKind::UnknownDirective(Some(meant)) => text!("did you mean `{meant}`?", "是不是想写 `{meant}`？"),
            RefusalKind::UnquotedBrace(_) => {
                text!("without quotes, the `{{` in front of it opens a block", "没有引号时，它前面的 `{{` 会开始一个块")
            }
            RefusalKind::NoEvents => text!("a main configuration needs `events {{}}`", "主配置文件需要 `events {{}}`"),
            _ => text!("nginx stops here", "nginx 在这里报错"),
        };
        let mut found = rule.at(place, label, text!("nginx refuses to start: {said}", "nginx 拒绝启动，报“{said}”"));
        if let Some(other) = refusal.other {
            found.labels.push(Label {
                place: config.head(other),
                text: text!("this is what stands in its way", "与它冲突的是这里"),
            });
        }
        found.why = match (refusal.since, refusal.until) {
            (None, Some(v)) => text!("versions before {v} refuse it.", "{v} 之前的版本会拒绝它。"),
            (Some(v), None) => text!("versions from {v} on refuse it.", "从 {v} 起的版本会拒绝它。"),
            (Some(v), Some(u)) => text!("versions from {v} to {u} refuse it.", "从 {v} 到 {u} 的版本会拒绝它。"),
            (None, None) => text!(
                "a running nginx keeps its old configuration on reload, and a stopped one does not come up.",
                "运行中的 nginx 在重载时会继续使用旧配置，停止的 nginx 则无法启动。"
            ),
        };
        found.help = super::refusal_help::help(cx, refusal);
        if let Some(occ) = refusal.occ.filter(|&o| is_of_a_websocket(cx, refusal, o)) {
            found.help = text!("write `1.1`, with which a WebSocket begins", "改成 `1.1`，WebSocket 从 HTTP/1.1 开始");
            if cx.writable(config.file(occ)) {
                found.fix = Some(safe(found.help.clone(), vec![replace(config, occ, 0, "1.1")]));
            }
        }
        out.push(found);
    }
}
