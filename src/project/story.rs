//! The way of one URL, as data that reports tell.

use crate::engine::{EndpointFact, endpoint_fact, show_in_place};
use crate::i18n::Text;
use crate::model::analysis::Analysis;
use crate::model::config::inherit::Origin;
use crate::model::trace::Trace;
use crate::model::way::endpoint::server_words;
use crate::model::way::route::{Candidate, Location, Matcher, ServerMatch};
use crate::model::way::verdict::{Outcome, Reason, Verdict};
use crate::model::{OccId, ScopeId, Step, Url, Value};
use crate::rules::words;
use crate::text;

/// What `trace` found, ready to be shown.
#[derive(Clone, Debug)]
pub struct Story {
    /// As given.
    pub url: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why nginx does not start.
    pub rejected_because: Option<Text>,
    /// `listen` and `server_name`.
    pub server: Option<(Vec<String>, Vec<String>)>,
    /// The location, as its arguments stand.
    pub location: Option<String>,
    /// The endpoint that is reached.
    pub endpoint: Option<EndpointFact>,
    /// The way, step by step.
    pub steps: Vec<Text>,
    /// What the backend receives: the line, and where it comes from.
    pub received: Vec<(Text, Text)>,
    /// The URI that the backend is asked for.
    pub upstream_uri: Option<String>,
    /// Why it does not open, or what it hangs on.
    pub reason: Option<Text>,
    /// It ends at an endpoint that does not open: there may be a patch.
    pub mendable: bool,
    /// The command that shows the patch. Whoever asked knows it.
    pub patch: Option<String>,
}

impl Story {
    /// Tells what a trace found.
    pub(super) fn new(analysis: &Analysis<'_>, url: &Url, found: &Trace) -> Story {
        let config = analysis.config();
        let arrival = &found.arrival;
        let endpoint = arrival
            .proxied
            .and_then(|(scope, pass)| analysis.endpoints.iter().find(|e| e.scope == scope && e.pass == pass));
        let location = found.location().and_then(|s| config.scope(s).opened_by);
        let reason = match &arrival.outcome {
            Outcome::Upgrades => None,
            // What the backend refuses is said whole: who mends one line asks again for the next.
            Outcome::Broken(Reason::Refused(first)) => {
                let all = arrival.forwarded.as_ref().map(|sent| sent.refusals().0);
                Some(words::refusals(all.as_deref().unwrap_or(std::slice::from_ref(first))))
            }
            Outcome::Broken(reason) => Some(words::reason(config, reason)),
            Outcome::Unknown(why) => {
                let last = found.location().or(found.server.as_ref().map(|c| c.server)).unwrap_or(config.top());
                Some(words::hangs_on(analysis, last, why).0)
            }
        };
        let about = endpoint.map(|e| config.head(e.pass));
        let reason = reason.map(|mut text| {
            about.iter().for_each(|place| show_in_place(config, *place, &mut text));
            text
        });
        Story {
            url: url.given.clone(),
            verdict: found.verdict,
            rejected_because: found.rejected_because.as_ref().map(|(text, occ)| {
                // What nginx says is quoted: it says it in English only. Of an include it would name the file.
                let unread = text.strip_prefix("include \"").and_then(|t| t.strip_suffix("\" cannot be read"));
                let zh = match unread {
                    Some(path) => format!("没能读取 include 的 `{path}`"),
                    None => format!("报“{text}”"),
                };
                match occ.map(|occ| place(analysis, occ)) {
                    Some(place) => text!("{text} in {place}", "{zh}（{place}）"),
                    None => text!("{text}", "{zh}"),
                }
            }),
            server: found.server.as_ref().map(|c| server_words(&analysis.world, c.server)),
            location: location
                .map(|o| (0..config.args(o).len()).map(|i| config.arg_shown(o, i)).collect::<Vec<_>>().join(" ")),
            endpoint: endpoint.map(|e| endpoint_fact(analysis, e)),
            steps: steps(analysis, found),
            received: received(analysis, found),
            upstream_uri: arrival.upstream_uri.as_ref().and_then(|u| u.display()),
            reason,
            mendable: found.verdict == Verdict::Broken && endpoint.is_some(),
            patch: None,
        }
    }
}

fn place(analysis: &Analysis<'_>, occ: OccId) -> String {
    let config = analysis.config();
    let head = config.head(occ);
    let file = config.sources.get(head.file);
    format!("{}:{}", file.path.display(), file.lines().line_column(head.span.start, &file.bytes).0)
}

fn steps(analysis: &Analysis<'_>, found: &Trace) -> Vec<Text> {
    let config = analysis.config();
    let mut out = Vec::new();
    if let Some(candidate) = &found.server {
        let note = if found.any_port {
            text!("; nobody listens on the URL's port, so any port counts", "；没有 server 监听该端口，因此不限端口")
        } else {
            Text::default()
        };
        out.push(server_step(analysis, candidate, &note));
    }
    out.extend(location_steps(analysis, &found.arrival.locations));
    if let (Some((_, pass)), Some(sent)) = (found.arrival.proxied, &found.arrival.forwarded) {
        let target = config.arg_shown(pass, 0);
        let uri = shown(found.arrival.upstream_uri.as_ref());
        let (method, version) =
            (sent.method.display().unwrap_or_default(), sent.http_version.display().unwrap_or_else(|| "?".to_owned()));
        out.push(Text::same(format!("proxy_pass {target}   → {method} {uri} HTTP/{version}")));
    }
    for hop in &found.arrival.hops {
        let note = text!("; a server of this configuration", "；这是同一配置中的 server");
        out.push(server_step(analysis, &hop.candidate, &note));
        out.extend(location_steps(analysis, &hop.locations));
        if let Some((_, pass)) = hop.proxied {
            let (target, uri) = (config.arg_shown(pass, 0), shown(hop.upstream_uri.as_ref()));
            out.push(Text::same(format!("proxy_pass {target}   → {uri}")));
        }
    }
    out
}

fn shown(uri: Option<&Value>) -> String {
    uri.and_then(Value::display).unwrap_or_else(|| "…".to_owned())
}

fn server_step(analysis: &Analysis<'_>, candidate: &Candidate, note: &Text) -> Text {
    let config = analysis.config();
    let listen = candidate.listen.occ.map_or_else(
        || "listen *:80".to_owned(),
        |o| {
            format!(
                "listen {}   {}",
                (0..config.args(o).len()).map(|i| config.arg_shown(o, i)).collect::<Vec<_>>().join(" "),
                place(analysis, o)
            )
        },
    );
    let by = match &candidate.by {
        ServerMatch::Name(name) => text!("server_name {name} matches", "与 server_name {name} 匹配"),
        ServerMatch::Regex(name) => text!("server_name ~{name} matches", "与 server_name ~{name} 匹配"),
        ServerMatch::Default => {
            text!("no server_name matches: the default server", "没有匹配的 server_name，使用默认 server")
        }
        ServerMatch::Undecided => text!("a server_name could not be decided", "有无法判定的 server_name"),
    };
    let (by_en, by_zh, note_en, note_zh) = (by.en, by.zh, &note.en, &note.zh);
    text!("{listen}   {by_en}{note_en}", "{listen}   {by_zh}{note_zh}")
}

fn location_steps(analysis: &Analysis<'_>, locations: &[(ScopeId, Step)]) -> Vec<Text> {
    let config = analysis.config();
    let mut out = Vec::new();
    for (scope, step) in locations {
        let Some(location) = config.scope(*scope).opened_by.and_then(|o| Location::read(config, o)) else { continue };
        let how = match (&location.matcher, step) {
            (_, Step::Redirected(by)) => {
                let by = config.occ(*by).name.as_str();
                text!("reached through `{by}`", "经 `{by}` 到达")
            }
            (Matcher::Exact(_), _) => text!("exact match", "精确匹配"),
            (Matcher::Prefix(_, true), _) => {
                text!("longest prefix; `^~` keeps regular expressions out", "最长前缀；`^~` 跳过正则")
            }
            (Matcher::Prefix(..), _) => {
                text!("longest prefix; no regular expression, no exact match", "最长前缀；没有匹配的正则和精确匹配")
            }
            (Matcher::Regex(_), _) => text!("first regular expression that matches", "第一个匹配的正则"),
            (Matcher::Named(_), _) => text!("by name", "按名称"),
        };
        let words = (0..config.args(location.occ).len())
            .map(|i| config.arg_shown(location.occ, i))
            .collect::<Vec<_>>()
            .join(" ");
        let at = place(analysis, location.occ);
        let (en, zh) = (how.en, how.zh);
        out.push(text!("location {words}   {at}   {en}", "location {words}   {at}   {zh}"));
    }
    out
}

fn received(analysis: &Analysis<'_>, found: &Trace) -> Vec<(Text, Text)> {
    let config = analysis.config();
    let Some(sent) = &found.arrival.forwarded else { return Vec::new() };
    let from = |origin: Origin, name: &str| match origin {
        Origin::Own(occ) | Origin::Inherited(occ) => Text::same(place(analysis, occ)),
        Origin::Default if name == "version" => text!("nginx's default", "nginx 的默认值"),
        Origin::Default if name.starts_with("Sec-") => text!("the client", "客户端"),
        Origin::Default => text!("nginx's default", "nginx 的默认值"),
        Origin::Absent | Origin::Unknown => text!("an include that could not be read", "无法读取的 include"),
    };
    let mut out = Vec::new();
    let version = sent.http_version.display().unwrap_or_else(|| "?".to_owned());
    out.push((Text::same(format!("HTTP/{version}")), from(sent.http_version_origin, "version")));
    for header in &sent.headers {
        let mut value = header.value.display().unwrap_or_else(|| "…".to_owned());
        if header.name == "Sec-WebSocket-Key" {
            "…".clone_into(&mut value);
        } else if value == "$proxy_host"
            && let Some((_, pass)) = found.arrival.proxied
        {
            let url = config.arg_shown(pass, 0);
            let host = url.split_once("://").map_or("", |(_, r)| r).split('/').next().unwrap_or("");
            value = format!("{host} ($proxy_host)");
        }
        out.push((Text::same(format!("{}: {value}", header.name)), from(header.origin, &header.name)));
    }
    for name in ["Upgrade", "Connection"] {
        if sent.values(name).is_empty() {
            out.push((
                text!("no {name}", "没有 {name}"),
                text!("hop-by-hop: nginx never passes it on by itself", "逐跳（hop-by-hop）请求头：nginx 不会自动转发"),
            ));
        }
    }
    out
}
