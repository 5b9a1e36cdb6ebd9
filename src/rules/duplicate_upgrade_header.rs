use foldhash::HashSet;

use super::{Context, Quiet, Rule};
use crate::catalog::name;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Label};
use crate::model::evidence::Evidence;
use crate::model::{OccId, ScopeId};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// Two `Upgrade` lines take effect at one level, in the file or through an include.
    ///
    /// ## Why it breaks
    ///
    /// nginx sends both, and most backends refuse that: node `ws`, Python `websockets`, tornado and uvicorn answer
    /// 400 or 426.
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
    ///         proxy_set_header Upgrade $http_upgrade;
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
    /// Safe where both are equal; otherwise unsafe, because one of the two values has to go.
    ///
    /// ## References
    ///
    /// - RFC 9110 §7.8
    "duplicate-upgrade-header" {
        category: Handshake,
        severity: Warning,
        fix: Sometimes,
        en: "`Upgrade` is sent twice",
        zh: "`Upgrade` 发送了两次",
        zh_page: [
            "同一层有两条 `Upgrade` 同时生效，可能都写在本文件里，也可能来自 include。",
            "nginx 两条都会发送，而大多数后端不接受：node `ws`、Python `websockets`、tornado 和 uvicorn 会返回 400 或 426。",
            "两条的值相同时是安全的；否则不安全，因为必须舍弃其中一个值。",
        ],
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut seen: HashSet<ScopeId> = HashSet::default();
    let mut quiet = Quiet::default();
    for endpoint in cx.analysis.endpoints.iter().filter(|e| e.evidence != Evidence::Excluded) {
        // The alternatives of a template are never sent together.
        let config = config.rendered(endpoint.rendering.as_deref());
        let Some(level) = config
            .effective_list(endpoint.scope, name::PROXY_SET_HEADER)
            .0
            .filter(|l| !seen.contains(l) && !quiet.covers(config, *l))
        else {
            continue;
        };
        seen.insert(level);
        let is_sent = |o: &OccId| config.arg(*o, 1).is_some_and(|v| !v.is_empty());
        let sent: Vec<OccId> =
            config.headers(level, "Upgrade").filter(is_sent).filter(|o| !cx.misspellings.stand_in(*o)).collect();
        // One that came through an include stays, else the first one.
        let included = |o: &&OccId| config.includes(**o).next().is_some();
        let kept = sent.iter().find(included).or(sent.first());
        let gone: Vec<OccId> = sent.iter().copied().filter(|o| Some(o) != kept).collect();
        let (Some(kept), Some(last)) = (kept, gone.last()) else {
            quiet.add(config, level);
            continue;
        };
        let mut found = rule.at(
            config.head(*last),
            text!("a second `Upgrade` at the same level", "同一层的第二个 `Upgrade`"),
            text!("`Upgrade` is sent twice, and most backends refuse that", "`Upgrade` 被发送两次，大多数后端会拒绝"),
        );
        found.labels.push(Label { place: config.head(*kept), text: text!("the first one", "第一个在这里") });
        found.why = text!(
            "nginx sends every `proxy_set_header` of a level; node `ws`, Python `websockets`, tornado and uvicorn answer 400 or 426 to two.",
            "nginx 会发送同一层的每个 `proxy_set_header`；node ws、Python websockets、tornado 和 uvicorn 收到两个时会返回 400 或 426。"
        );
        found.help = text!("keep one of the two", "只保留其中一个");
        let equal = gone.iter().all(|o| config.arg(*o, 1) == config.arg(*kept, 1));
        if gone.iter().all(|o| cx.writable(config.file(*o))) {
            let place = |o: &OccId| config.place(*o, config.directive(*o).span());
            found.fix = Some(Fix {
                title: text!("remove all but one", "只保留一行"),
                applicability: if equal { Applicability::Safe } else { Applicability::Unsafe },
                note: (!equal).then(|| text!("the two have different values", "两者的值不同")),
                edits: gone.iter().map(|o| Edit::Delete(place(o))).collect(),
            });
        }
        out.push(found);
    }
}
