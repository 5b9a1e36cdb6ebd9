//! What has to be written for an endpoint so that its handshake succeeds, and nothing else changes.

use memchr::memmem;

use super::Context;
use super::connection::{connection, literal_note, says_what_the_client_asks};
use crate::catalog::{Name, name, near};
use crate::diagnostic::{Applicability, Edit, Fix, Line};
use crate::i18n::Text;
use crate::model::config::inherit::Found;
use crate::model::way::endpoint::Endpoint;
use crate::model::{Browser, Config, OccId, ScopeId, Value, value::request::Request};
use crate::source::{FileId, Place};
use crate::syntax::Template;
use crate::syntax::template::stands_for_another;
use crate::text;

/// The lines that an endpoint lacks, with all that belongs to them. `None` where they cannot be
/// added: an include that could not be read, a file that must not be changed, headers that no text
/// can repeat.
pub(super) fn complete(cx: &Context<'_>, endpoint: &Endpoint) -> Option<Fix> {
    let mut remedy = Remedy::new(cx, endpoint)?;
    remedy.version()?;
    if remedy.lacks_upgrade || remedy.lacks_connection {
        remedy.repeat_outer_headers()?;
        remedy.upgrade();
        remedy.connection()?;
        remedy.subrequests();
        remedy.ordinary_requests();
    }
    remedy.lines.extend(cache_lines(cx.config(), remedy.level)?);
    remedy.finish()
}

/// A fix that is being put together for an endpoint: what it lacks, and what is done about it so far.
struct Remedy<'c, 'a> {
    cx: &'c Context<'a>,
    endpoint: &'c Endpoint,
    /// Where the new lines belong.
    level: ScopeId,
    /// The file of that level's block.
    file: FileId,
    lacks_upgrade: bool,
    lacks_connection: bool,
    lacks_version: bool,
    /// Handshake headers of an outer level that this level's own headers drop: what somebody chose for
    /// them is kept.
    shadowed: Vec<OccId>,
    edits: Vec<Edit>,
    /// New lines, in one place.
    lines: Vec<Line>,
    /// Why the fix is unsafe, or what would be better.
    note: Option<Text>,
    applicability: Applicability,
}

impl<'c, 'a> Remedy<'c, 'a> {
    fn new(cx: &'c Context<'a>, endpoint: &'c Endpoint) -> Option<Remedy<'c, 'a>> {
        let config = cx.config();
        let level = config.settings_level(endpoint.scope);
        let file = config.file(config.scope(level).opened_by?);
        if config.scope(level).unresolved || !cx.writable(file) || !says_what_the_client_asks(cx) {
            return None;
        }
        if is_half_written(cx, level) {
            return None;
        }
        let sent = cx.sent(endpoint);
        // What a placeholder or a script makes of a line that is there, a second one beside it would spoil.
        let lacks = |header: &str, token: &str| {
            let (tokens, unsure) = sent.tokens(header);
            !unsure && !tokens.iter().any(|t| t == token)
        };
        let (lacks_upgrade, lacks_connection) = (lacks("Upgrade", "websocket"), lacks("Connection", "upgrade"));
        Some(Remedy {
            cx,
            endpoint,
            level,
            file,
            lacks_upgrade,
            lacks_connection,
            lacks_version: sent.http_version.known().is_some_and(|v| v != b"1.1"),
            shadowed: outer_headers(cx, endpoint, lacks_upgrade || lacks_connection),
            edits: Vec::new(),
            lines: Vec::new(),
            note: None,
            applicability: Applicability::Safe,
        })
    }

    /// HTTP/1.1, where the level says another version or none.
    fn version(&mut self) -> Option<()> {
        let config = self.cx.config();
        if !self.lacks_version {
            return Some(());
        }
        match config.effective(self.level, name::PROXY_HTTP_VERSION) {
            Found::At(occ, true) if config.file(occ) == self.file => {
                self.edits.push(Edit::Replace(config.arg_place(occ, 0), "1.1".to_owned()));
            }
            // A second `proxy_http_version` beside an included one is a duplicate.
            Found::At(_, true) | Found::Unknown => return None,
            _ => self.lines.push("proxy_http_version 1.1;".into()),
        }
        if let Some(note) = version_note(self.cx, self.endpoint, self.level) {
            self.applicability = Applicability::Unsafe;
            self.note = Some(note);
        }
        Some(())
    }

    /// The level's own headers stay as they are; inherited ones would be lost to the first own one, so
    /// they are repeated, but for those that are about to be written anew.
    fn repeat_outer_headers(&mut self) -> Option<()> {
        let config = self.cx.config();
        let list = config.effective_list(self.level, name::PROXY_SET_HEADER).0;
        if let Some(outer) = list.filter(|&l| l != self.level) {
            for occ in config.own_named(outer, name::PROXY_SET_HEADER) {
                let replaced = (self.lacks_upgrade && config.is_header(occ, "Upgrade"))
                    || (self.lacks_connection && config.is_header(occ, "Connection"));
                if !replaced {
                    self.lines.push(header_line(config, occ, self.file)?.into());
                }
            }
        }
        Some(())
    }

    /// A handshake header as the outer level has it.
    fn as_outer_has(&self, header: &str) -> Option<Line> {
        let config = self.cx.config();
        let outer = self.shadowed.iter().find(|o| config.is_header(**o, header))?;
        header_line(config, *outer, self.file).map(Line::from)
    }

    fn upgrade(&mut self) {
        if self.lacks_upgrade {
            let usual = || "proxy_set_header Upgrade $http_upgrade;".into();
            self.lines.push(self.as_outer_has("Upgrade").unwrap_or_else(usual));
        }
    }

    /// `Connection`: in the place of an own one that says something else, else as the outer level has
    /// it, else a new line.
    fn connection(&mut self) -> Option<()> {
        let config = self.cx.config();
        if !self.lacks_connection {
            return Some(());
        }
        if let Some(own) = config.header(self.level, "Connection") {
            // `Connection ""` at this level: its value is replaced, a second line would stand beside it.
            let connection = connection(self.cx, &[self.endpoint])?;
            if !self.cx.writable(config.file(own)) || config.args(own).len() != 2 {
                return None;
            }
            self.edits.push(Edit::Replace(config.arg_place(own, 1), connection.value));
            self.edits.extend(connection.map);
            return Some(());
        }
        if let Some(line) = self.as_outer_has("Connection") {
            self.lines.push(line);
            return Some(());
        }
        let connection = connection(self.cx, &[self.endpoint])?;
        self.lines.push(format!("proxy_set_header Connection {};", connection.value).into());
        if connection.value == "\"upgrade\"" && self.note.is_none() {
            self.note = Some(literal_note());
        }
        self.edits.extend(connection.map);
        Some(())
    }

    /// Subrequests must not ask for an upgrade because of what is new here.
    fn subrequests(&mut self) {
        match protect_subrequests(self.cx, self.level) {
            Some(more) => self.edits.extend(more),
            None => {
                self.applicability = Applicability::Unsafe;
                self.note = Some(text!(
                    "an `auth_request` or `mirror` target in there would inherit the headers",
                    "其中的 `auth_request` 或 `mirror` 目标会继承这些请求头"
                ));
            }
        }
    }

    /// What comes from a server of this configuration may ask for an upgrade whatever it is.
    fn ordinary_requests(&mut self) {
        if self.lacks_upgrade && self.cx.is_always_asked() {
            self.applicability = Applicability::Unsafe;
            self.note = Some(text!(
                "another server here sends `Upgrade websocket` with every request, and this one would pass it on",
                "这里的另一个 server 给每个请求都加上 `Upgrade websocket`，改后会一并转发"
            ));
        }
    }

    fn finish(mut self) -> Option<Fix> {
        if !self.lines.is_empty() {
            self.edits.push(Edit::InsertAfter(anchor(self.cx.config(), self.level)?, self.lines));
        }
        if self.edits.is_empty() {
            return None;
        }
        // There may be one for each of tens of thousands of places.
        self.edits.shrink_to_fit();
        let title = text!("add what the handshake needs to this level", "在这一层补上握手所需的指令");
        Some(Fix { title, applicability: self.applicability, note: self.note, edits: self.edits })
    }
}

/// Why it is unsafe to speak HTTP/1.1 to a backend, if it is.
pub(super) fn version_note(cx: &Context<'_>, endpoint: &Endpoint, level: ScopeId) -> Option<Text> {
    if streams_bodies(cx.config(), level) {
        return Some(streaming_note());
    }
    if cx.asks_for_version() && cx.analysis.world.target_matters(endpoint.pass) {
        return Some(text!(
            "the server that it leads to decides by `$server_protocol`",
            "所通向的 server 会按 `$server_protocol` 作判断"
        ));
    }
    let sent = cx.sent(endpoint);
    (sent.values("Host").is_empty() && !sent.uncertain).then(|| {
        text!(
            "no `Host` is sent, and a backend refuses that over HTTP/1.1 alone",
            "没有发送 `Host`，后端只有在 HTTP/1.1 下才会因此拒绝"
        )
    })
}

/// Why a fix that adds HTTP/1.1 beside `proxy_request_buffering off` is unsafe.
fn streaming_note() -> Text {
    text!(
        "with `proxy_request_buffering off`, HTTP/1.1 sends request bodies in chunks, which a backend may not expect",
        "在 `proxy_request_buffering off` 下，HTTP/1.1 会以分块方式发送请求体，后端可能不接受"
    )
}

/// Whether request bodies are passed on while they arrive.
fn streams_bodies(config: Config<'_>, level: ScopeId) -> bool {
    config.flag(level, name::PROXY_REQUEST_BUFFERING) == Some(false)
}

/// Whether a line of a level that nginx does not take, or sends elsewhere, was to be what a fix would write:
/// `proxy_version 1.1;`, `proxy set header Upgrade $http_upgrade;`, `proxy_set_header "upgrade" Connection;`. Beside it,
/// once it is put right, what was written would stand twice. Or a block whose name nginx does not take hides a location
/// around or beside it, which may be the one for WebSocket.
pub(super) fn is_half_written(cx: &Context<'_>, level: ScopeId) -> bool {
    let config = cx.config();
    let refused = |occ| cx.analysis.refusals.iter().any(|r| r.occ == Some(occ) && r.argument.is_none());
    let speaks = |occ| {
        let text = config.bytes(occ)[config.head(occ).span.range()].to_ascii_lowercase();
        ["upgrade", "connection", "http_version", "proxy_version", "websocket"]
            .iter()
            .any(|w| memmem::find(&text, w.as_bytes()).is_some())
    };
    // `"upgrade" Connection`: the value stands where the name belongs.
    let names_a_header = |occ| {
        let (name, value) = (config.arg_text(occ, 0).to_ascii_lowercase(), config.arg_text(occ, 1));
        let is_value = name.starts_with('$') || matches!(name.as_str(), "upgrade" | "websocket");
        is_value
            && !value.eq_ignore_ascii_case(&name)
            && ["Upgrade", "Connection"].iter().any(|h| value.eq_ignore_ascii_case(h))
    };
    let hides = |occ: OccId| {
        let (words, scope) = (config.occ(occ), config.occ(occ).scope);
        words.name == Name::UNKNOWN
            && words.opens().is_some()
            && config.each(occ).any(|w| matches!(&*w, b"location" | b"server"))
            && config.outward(level).any(|s| s == scope)
    };
    if cx.analysis.refusals.iter().filter_map(|r| r.occ).any(hides) {
        return true;
    }
    config.own(level).any(|occ| match config.occ(occ).name {
        Name::UNKNOWN => speaks(occ),
        name::PROXY_SET_HEADER => names_a_header(occ) || (refused(occ) && speaks(occ)),
        _ => refused(occ) && speaks(occ),
    })
}

/// The handshake headers of an outer level that this level's own headers drop, if they are right.
fn outer_headers(cx: &Context<'_>, endpoint: &Endpoint, wanted: bool) -> Vec<OccId> {
    let config = cx.config();
    if !wanted {
        return Vec::new();
    }
    for level in config.shadowed_header_levels(endpoint.scope) {
        let found: Vec<OccId> =
            config.own_named(level, name::PROXY_SET_HEADER).filter(|&o| opens(cx, endpoint, o)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Whether a header has the value that a handshake needs, and is no `Upgrade` that ordinary requests
/// would then send, too.
fn opens(cx: &Context<'_>, endpoint: &Endpoint, occ: OccId) -> bool {
    let config = cx.config();
    let header = config.arg_text(occ, 0).to_ascii_lowercase();
    let token = match header.as_str() {
        "upgrade" => "websocket",
        "connection" => "upgrade",
        _ => return false,
    };
    let Some(value) = config.arg(occ, 1) else { return false };
    let world = &cx.analysis.world;
    let mut handshake = world.variables_at(endpoint.scope, Browser::Firefox);
    let mut ordinary = world.variables_for(endpoint.scope, Request::ordinary());
    let purpose = crate::model::value::eval::Purpose::Header;
    let right = handshake.value(&value, purpose).display().is_some_and(|v| near::has_token(&v, token));
    right && (header == "connection" || ordinary.value(&value, purpose) == Value::EMPTY)
}

/// A `proxy_set_header` as it stands, on one line, to be repeated in a file.
pub(super) fn header_line(config: Config<'_>, occ: OccId, into: FileId) -> Option<String> {
    let words = written(config, occ, into).filter(|w| w.len() == 2 && !w.iter().any(|w| w.contains('\n')))?;
    Some(format!("proxy_set_header {};", words.join(" ")))
}

/// The arguments of a directive as they stand, quotes included, to be repeated in a file; `None` where they are no text,
/// or would be something else there: what a template writes, nobody replaces in another file.
fn written(config: Config<'_>, occ: OccId, into: FileId) -> Option<Vec<&str>> {
    let bytes = config.raw(occ);
    let plain = |file: FileId| config.ast(file).template == Template::No && config.ast(file).dollar.is_none();
    let from = config.file(occ);
    let both = plain(from) && plain(into);
    let differs = |word: &[u8]| stands_for_another(word) || (!both && word.contains(&b'$'));
    if from != into && config.each(occ).any(|word| differs(&word)) {
        return None;
    }
    config.args(occ).iter().map(|w| std::str::from_utf8(&bytes[w.span().range()]).ok()).collect()
}

/// The line behind which new ones belong: the level's last own `proxy_set_header`, else its
/// `proxy_pass`, else the include that holds them; all as seen from the file of the block.
pub(super) fn anchor(config: Config<'_>, level: ScopeId) -> Option<Place> {
    let block = config.scope(level).opened_by?;
    let file = config.file(block);
    let direct = |wanted| {
        config.own_named(level, wanted).filter(|&o| config.file(o) == file && in_block(config, o, block)).last()
    };
    let found = direct(name::PROXY_SET_HEADER).or_else(|| direct(name::PROXY_PASS)).or_else(|| {
        let any = config
            .own_named(level, name::PROXY_PASS)
            .last()
            .or_else(|| config.own_named(level, name::PROXY_SET_HEADER).last())?;
        Some(config.seen_from(any, file)).filter(|&o| config.file(o) == file && in_block(config, o, block))
    });
    match found {
        Some(occ) => Some(Place { file, span: config.directive(occ).span() }),
        None => config.directive(block).children().last().map(|d| Place { file, span: d.span() }),
    }
}

fn in_block(config: Config<'_>, occ: OccId, block: OccId) -> bool {
    let body = config.directive(block).span();
    let at = config.directive(occ).span();
    body.start <= at.start && at.end <= body.end
}

/// A cache must neither answer a handshake nor keep its answer.
pub(super) fn cache_lines(config: Config<'_>, level: ScopeId) -> Option<Vec<Line>> {
    // The name of a zone, or `off`.
    let on = config.value(level, name::PROXY_CACHE).is_some_and(|zone| &*zone != b"off");
    let mut lines = Vec::new();
    if !on {
        return Some(lines);
    }
    let into = config.file(config.scope(level).opened_by?);
    for directive in [name::PROXY_CACHE_BYPASS, name::PROXY_NO_CACHE] {
        let list = config.effective_list(level, directive).0;
        let mut has = false;
        for occ in list.into_iter().flat_map(|l| config.own_named(l, directive)) {
            has |= config.each(occ).any(|v| v.eq_ignore_ascii_case(b"$http_upgrade"));
            if list != Some(level) {
                lines.push(format!("{} {};", directive.as_str(), written(config, occ, into)?.join(" ")).into());
            }
        }
        if has {
            lines.retain(|l| !l.starts_with(directive.as_str()));
        } else {
            lines.push(format!("{} $http_upgrade;", directive.as_str()).into());
        }
    }
    Some(lines)
}

/// Subrequest targets within a level that would inherit its new headers get their present ones as
/// their own. `None` where a target is not known.
fn protect_subrequests(cx: &Context<'_>, level: ScopeId) -> Option<Vec<Edit>> {
    let config = cx.config();
    let mut edits = Vec::new();
    let (targets, all_known) = cx.subrequest_targets();
    let inside = |s: ScopeId| s != level && config.outward(s).any(|o| o == level);
    let has_inner = config.blocks(level).any(|o| config.occ(o).name == name::LOCATION);
    if has_inner && !all_known {
        return None;
    }
    for &target in targets.iter().filter(|&&t| inside(t)) {
        let inherits = config.effective_list(target, name::PROXY_SET_HEADER).0.is_none_or(|l| l == level || !inside(l));
        if !inherits || !config.has(target, name::PROXY_PASS) {
            continue;
        }
        let present = config.effective_list(target, name::PROXY_SET_HEADER).0;
        let mut lines: Vec<Line> = Vec::new();
        for occ in present.into_iter().flat_map(|l| config.own_named(l, name::PROXY_SET_HEADER)) {
            lines.push(header_line(config, occ, config.file(config.scope(target).opened_by?))?.into());
        }
        if lines.is_empty() {
            // Any header of its own keeps the outer ones out; this one says what nginx sends anyway.
            lines.push("proxy_set_header Host $proxy_host;".into());
        }
        edits.push(Edit::InsertAfter(anchor(config, target)?, lines));
    }
    Some(edits)
}
