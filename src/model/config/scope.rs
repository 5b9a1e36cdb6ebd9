//! The expanded configuration as a tree of scopes: main, http, server, location, … with the
//! directives of each, wherever the files hold them.

use super::render::{Rendering, Templates};
use crate::catalog::{Contexts, NUMBERS, Name, name};
use crate::source::{FileId, Place, SourceMap, Span};
use crate::syntax::template::is_open;
use crate::syntax::{Ast, DirectiveId, DirectiveRef, Ending, Template, Words, word};
use std::borrow::Cow;

/// The number of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub u32);

/// The number of an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccId(pub u32);

pub(super) const NONE: u32 = u32::MAX;

/// Blocks nested deeper than this are not looked into: nginx reads nested blocks by calling itself,
/// and no configuration comes near it. Every walk outward is bounded by it.
pub const MAX_DEPTH: u8 = 100;

/// What a block is, by its name and by the block around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// Outside any block.
    Main,
    /// `events`
    Events,
    /// `http`
    Http,
    /// `server` in `http`
    Server,
    /// `location`
    Location,
    /// `if` in `server`
    ServerIf,
    /// `if` in `location`
    LocationIf,
    /// `limit_except`
    LimitExcept,
    /// `upstream` in `http`
    Upstream,
    /// `stream`
    Stream,
    /// `server` in `stream`
    StreamServer,
    /// `upstream` in `stream`
    StreamUpstream,
    /// `mail`
    Mail,
    /// `server` in `mail`
    MailServer,
    /// `map`, `geo`, `split_clients`, `types`, `charset_map`: entries, not directives.
    Entries,
    /// A block of a third-party module, of Lua, or one that nginx does not know.
    Foreign,
}

impl ScopeKind {
    /// The bit of [`Contexts`] that a directive in this scope needs.
    pub fn context(self) -> Option<u16> {
        Some(match self {
            ScopeKind::Main => Contexts::MAIN,
            ScopeKind::Events => Contexts::EVENTS,
            ScopeKind::Http => Contexts::HTTP,
            ScopeKind::Server => Contexts::SERVER,
            ScopeKind::Location => Contexts::LOCATION,
            ScopeKind::ServerIf => Contexts::SERVER_IF,
            ScopeKind::LocationIf => Contexts::LOCATION_IF,
            ScopeKind::LimitExcept => Contexts::LIMIT_EXCEPT,
            ScopeKind::Upstream => Contexts::UPSTREAM,
            ScopeKind::Stream => Contexts::STREAM,
            ScopeKind::StreamServer => Contexts::STREAM_SERVER,
            ScopeKind::StreamUpstream => Contexts::STREAM_UPSTREAM,
            ScopeKind::Mail => Contexts::MAIL,
            ScopeKind::MailServer => Contexts::MAIL_SERVER,
            ScopeKind::Entries | ScopeKind::Foreign => return None,
        })
    }

    /// Whether it belongs to `stream` or `mail`.
    pub fn is_outside_http(self) -> bool {
        use ScopeKind as K;
        matches!(self, K::Stream | K::StreamServer | K::StreamUpstream | K::Mail | K::MailServer)
    }

    /// The kind that a context is called by: `main`, `http`, `server`, `location`, `upstream`, `stream`.
    pub fn of_context(name: &str) -> Option<ScopeKind> {
        Some(match name.to_ascii_lowercase().as_str() {
            "main" => ScopeKind::Main,
            "http" => ScopeKind::Http,
            "server" => ScopeKind::Server,
            "location" => ScopeKind::Location,
            "upstream" => ScopeKind::Upstream,
            "stream" => ScopeKind::Stream,
            _ => return None,
        })
    }

    /// The scope that a block of this name opens within `self`.
    pub(super) fn open(self, block: Name) -> ScopeKind {
        use ScopeKind as K;
        match (self, block) {
            (_, name::MAP | name::GEO | name::SPLIT_CLIENTS | name::TYPES | name::CHARSET_MAP) => K::Entries,
            (K::Main, name::HTTP) => K::Http,
            (K::Main, name::EVENTS) => K::Events,
            (K::Main, name::STREAM) => K::Stream,
            (K::Main, name::MAIL) => K::Mail,
            (K::Stream, name::SERVER) => K::StreamServer,
            (K::Stream, name::UPSTREAM) => K::StreamUpstream,
            (K::Mail, name::SERVER) => K::MailServer,
            (K::Foreign | K::Entries | K::StreamServer | K::StreamUpstream | K::MailServer | K::Events, _) => {
                K::Foreign
            }
            // What stands in the wrong place is still what it is: the place is reported elsewhere.
            (_, name::SERVER) => K::Server,
            (_, name::UPSTREAM) => K::Upstream,
            (_, name::LOCATION) => K::Location,
            (K::Server, name::IF) => K::ServerIf,
            (_, name::IF) => K::LocationIf,
            (_, name::LIMIT_EXCEPT) => K::LimitExcept,
            _ => K::Foreign,
        }
    }
}

/// One directive in one of its contexts. A file that is included twice has two occurrences of each.
/// There may be millions: 20 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Occ {
    /// The scope it stands in.
    pub scope: ScopeId,
    /// Its name, if the catalogue knows it.
    pub name: Name,
    /// Whether it opens a scope.
    pub(super) block: bool,
    /// The scope that it opens, or, of a simple directive, its node.
    pub(super) link: u32,
    /// The includes through which it came, as an index into the chains; 0 is none.
    pub(super) chain: u32,
    pub(super) next: u32,
}

impl Occ {
    /// The scope that it opens, if it is a block.
    pub fn opens(&self) -> Option<ScopeId> {
        self.block.then_some(ScopeId(self.link))
    }
}

/// A block of the expanded configuration.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// The block around it.
    pub parent: Option<ScopeId>,
    /// The directive that opens it; none for the outermost.
    pub opened_by: Option<OccId>,
    pub(super) simple: (u32, u32),
    pub(super) blocks: (u32, u32),
    /// Which of the interesting directives stand in it.
    pub(super) mask: u64,
    /// The node of the directive that opens it, and how far its own lines stand behind the nodes that
    /// they share.
    pub(super) node: u32,
    pub(super) shift: u32,
    /// How many blocks are around it.
    pub(super) depth: u8,
    /// It belongs to `stream` or `mail`: another set of variables.
    pub outside_http: bool,
    /// An include of its own could not be read.
    pub unresolved: bool,
    /// An include of its own or of an outer scope could not be read.
    pub unresolved_around: bool,
    /// Tags of a template stand between its directives: each of them may be there or not.
    pub optional: bool,
    /// The first block with the same bytes between its braces and the same modifier, in the same kind of
    /// block: what is wrong with a line of this one by itself is wrong with a line of that one.
    pub repeats: Option<ScopeId>,
}

impl Scope {
    /// It is nested too deeply to be looked into.
    pub fn is_too_deep(&self) -> bool {
        self.depth > MAX_DEPTH
    }

    /// The line behind the last one of a block, where its lines stand one behind the other: none of them opens a
    /// block or brings a file.
    pub(super) fn end_of_lines(&self) -> Option<OccId> {
        let together = self.blocks.0 == NONE && self.simple.1 != NONE && self.mask & interest(name::INCLUDE) == 0;
        together.then(|| OccId(self.simple.1 + 1))
    }

    /// A tag of a template decides what is there.
    pub fn decided_elsewhere(&mut self) {
        self.optional = true;
        self.hide();
    }

    /// Something in this block could not be read.
    pub fn hide(&mut self) {
        self.unresolved = true;
        self.unresolved_around = true;
    }
}

/// One step of an include chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) include: OccId,
    pub(super) parent: u32,
    /// The file that is read through it.
    pub(super) file: FileId,
}

/// Scopes and occurrences of one root.
#[derive(Debug, Default)]
pub(in crate::model) struct Tree {
    pub(super) occs: Vec<Occ>,
    pub(super) scopes: Vec<Scope>,
    pub(super) chains: Vec<Chain>,
    pub(super) templates: Templates,
}

impl Tree {
    pub(super) fn scope_mut(&mut self, scope: ScopeId) -> &mut Scope {
        &mut self.scopes[scope.0 as usize]
    }
}

/// Directives that the model asks for by name at every endpoint. A bit for each says in one look
/// whether a scope has any.
const INTERESTING: [Name; 61] = [
    name::INCLUDE,
    name::PROXY_PASS,
    name::PROXY_SET_HEADER,
    name::PROXY_HTTP_VERSION,
    name::PROXY_HIDE_HEADER,
    name::PROXY_PASS_HEADER,
    name::PROXY_METHOD,
    name::PROXY_PASS_REQUEST_HEADERS,
    name::PROXY_READ_TIMEOUT,
    name::PROXY_SEND_TIMEOUT,
    name::PROXY_BUFFER_SIZE,
    name::PROXY_CACHE,
    name::PROXY_CACHE_BYPASS,
    name::PROXY_NO_CACHE,
    name::PROXY_REQUEST_BUFFERING,
    name::ADD_HEADER,
    name::ADD_HEADER_INHERIT,
    name::SSI,
    name::SSI_TYPES,
    name::LIMIT_RATE,
    name::AUTH_REQUEST,
    name::MIRROR,
    name::SATISFY,
    name::ALLOW,
    name::DENY,
    name::INTERNAL,
    name::TRY_FILES,
    name::ERROR_PAGE,
    name::RESOLVER,
    name::SET,
    name::IF,
    name::RETURN,
    name::REWRITE,
    name::BREAK,
    name::LISTEN,
    name::SERVER_NAME,
    name::HTTP2,
    name::SSL,
    name::MERGE_SLASHES,
    name::AUTH_REQUEST_SET,
    name::KEEPALIVE,
    name::SSL_CERTIFICATE,
    name::GRPC_PASS,
    name::RECURSIVE_ERROR_PAGES,
    name::PROXY_CONNECT_TIMEOUT,
    name::PROXY_TIMEOUT,
    name::PROXY_BIND,
    name::PROXY_PROTOCOL,
    name::PROXY_SSL,
    name::PROXY_SSL_SERVER_NAME,
    name::SSL_PREREAD,
    name::SSL_REJECT_HANDSHAKE,
    name::PROXY_INTERCEPT_ERRORS,
    name::PROXY_BUFFERING,
    name::AUTH_BASIC,
    name::IGNORE_INVALID_HEADERS,
    name::SET_REAL_IP_FROM,
    name::SSL_PROTOCOLS,
    name::SSL_VERIFY_CLIENT,
    name::UNDERSCORES_IN_HEADERS,
    name::VALID_REFERERS,
];

/// The bit of a name, if it has one.
pub(super) fn interest(name: Name) -> u64 {
    static BITS: [u64; NUMBERS] = {
        let mut bits = [0; NUMBERS];
        let mut i = 0;
        while i < INTERESTING.len() {
            bits[INTERESTING[i].0 as usize] = 1 << i;
            i += 1;
        }
        bits
    };
    BITS.get(name.0 as usize).copied().unwrap_or(0)
}

/// An expanded configuration with the files behind it.
#[derive(Clone, Copy, Debug)]
pub struct Config<'a> {
    /// The files.
    pub sources: &'a SourceMap,
    pub(in crate::model) asts: &'a [Ast],
    pub(in crate::model) tree: &'a Tree,
    /// The rendering that is looked at; without one, the lines of all alternatives are there.
    pub(in crate::model) rendering: Option<&'a Rendering>,
}

impl<'a> Config<'a> {
    /// An occurrence.
    pub fn occ(self, id: OccId) -> &'a Occ {
        &self.tree.occs[id.0 as usize]
    }

    /// A scope.
    pub fn scope(self, id: ScopeId) -> &'a Scope {
        &self.tree.scopes[id.0 as usize]
    }

    /// The outermost scope.
    pub fn top(self) -> ScopeId {
        ScopeId(0)
    }

    /// All scopes, outer ones before inner ones.
    pub fn scopes(self) -> impl ExactSizeIterator<Item = (ScopeId, &'a Scope)> {
        self.tree.scopes.iter().enumerate().map(|(i, s)| (ScopeId(i as u32), s))
    }

    /// All occurrences in the order in which nginx meets them.
    pub fn occs(self) -> impl Iterator<Item = (OccId, &'a Occ)> {
        let all = self.tree.occs.iter().enumerate().map(|(i, o)| (OccId(i as u32), o));
        all.filter(move |(id, _)| self.shows(*id))
    }

    /// Whether an occurrence is there in the rendering that is looked at.
    #[inline]
    pub fn shows(self, id: OccId) -> bool {
        self.rendering.is_none_or(|r| r.shows(self.tree.templates.of(id)))
    }

    /// The tree of a file.
    pub fn ast(self, file: FileId) -> &'a Ast {
        &self.asts[file.0 as usize]
    }

    /// The file that holds an occurrence.
    pub fn file(self, id: OccId) -> FileId {
        self.tree.chains[self.occ(id).chain as usize].file
    }

    /// The directive behind an occurrence.
    pub fn directive(self, id: OccId) -> DirectiveRef<'a> {
        let (ast, occ) = (self.ast(self.file(id)), self.occ(id));
        if let Some(inner) = occ.opens() {
            return ast.get(DirectiveId::new(self.scope(inner).node, 0));
        }
        let Scope { shift, opened_by, .. } = *self.scope(occ.scope);
        // What an include brings stands where it stands.
        let own = shift != 0 && opened_by.is_some_and(|o| self.occ(o).chain == occ.chain);
        ast.get(DirectiveId::new(occ.link, if own { shift } else { 0 }))
    }

    /// The bytes of the file that holds an occurrence.
    pub fn bytes(self, id: OccId) -> &'a [u8] {
        let file = self.file(id);
        self.ast(file).text(&self.sources.get(file).bytes)
    }

    /// The bytes of the file that holds an occurrence, as they stand.
    pub fn raw(self, id: OccId) -> &'a [u8] {
        &self.sources.get(self.file(id)).bytes
    }

    /// An argument as it stands in the file, for people: placeholders of a template included.
    pub fn arg_shown(self, id: OccId, index: usize) -> String {
        let word = self.args(id).get(index).map(|w| word::decode(self.raw(id), w)).unwrap_or_default();
        String::from_utf8_lossy(&word).into_owned()
    }

    /// The first line of a place as it stands in its file, shortened.
    pub fn line_at(self, place: Place) -> String {
        let bytes = &self.sources.get(place.file).bytes[place.span.range()];
        let line = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).find(|l| !l.is_empty()).unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        match text.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.into_owned(),
        }
    }

    /// Whether tags of a template decide, at a scope or around it, what becomes of requests there: a
    /// `return`, a handler, a header that is hidden may be there or not.
    pub fn is_optional(self, scope: ScopeId) -> bool {
        const DECIDING: [&str; 12] = [
            "return",
            "rewrite",
            "if",
            "set",
            "break",
            "deny",
            "internal",
            "proxy_hide_header",
            "proxy_pass_header",
            "add_header",
            "limit_except",
            "proxy_pass_request_headers",
        ];
        self.outward(scope).filter(|&s| self.scope(s).optional).any(|s| {
            let inner = !matches!(self.scope(s).kind, ScopeKind::Server | ScopeKind::Http | ScopeKind::Main);
            let decides = |o: OccId| DECIDING.contains(&self.occ(o).name.as_str());
            inner || self.own(s).chain(self.blocks(s)).any(decides)
        })
    }

    /// Whether a placeholder of a template stands in the name or an argument.
    pub fn is_templated(self, id: OccId) -> bool {
        let directive = self.directive(id);
        let bytes = self.bytes(id);
        let head = directive.head();
        self.ast(self.file(id)).template != Template::No && is_open(&bytes[head.range()])
    }

    /// The directive's name as written and decoded.
    pub fn name_text(self, id: OccId) -> Cow<'a, [u8]> {
        word::decode(self.bytes(id), self.directive(id).name())
    }

    /// The arguments, as words.
    pub fn args(self, id: OccId) -> Words<'a> {
        self.directive(id).args()
    }

    /// An argument, decoded.
    pub fn arg(self, id: OccId, index: usize) -> Option<Cow<'a, [u8]>> {
        let word = self.args(id).get(index)?;
        Some(word::decode(self.bytes(id), word))
    }

    /// An argument as text, for messages; bytes that are no UTF-8 become U+FFFD.
    pub fn arg_text(self, id: OccId, index: usize) -> String {
        self.arg(id, index).map(|v| String::from_utf8_lossy(&v).into_owned()).unwrap_or_default()
    }

    /// Name and arguments, the part that a label underlines.
    pub fn head(self, id: OccId) -> Place {
        Place { file: self.file(id), span: self.directive(id).head() }
    }

    /// The place of one argument, its quotes included; of the name where there is no such argument.
    pub fn arg_place(self, id: OccId, index: usize) -> Place {
        let directive = self.directive(id);
        let span = directive.args().get(index).map_or(directive.name().span(), |w| w.span());
        Place { file: self.file(id), span }
    }

    /// A range within the file that holds an occurrence.
    pub fn place(self, id: OccId, span: Span) -> Place {
        Place { file: self.file(id), span }
    }

    /// Whether the directive opens a block.
    pub fn is_block(self, id: OccId) -> bool {
        matches!(self.directive(id).ending(), Ending::Block | Ending::Lua)
    }

    /// The directives without a block of a scope, in order.
    pub fn own(self, scope: ScopeId) -> Own<'a> {
        Own { tree: self.tree, next: self.scope(scope).simple.0, rendering: self.rendering }
    }

    /// The blocks of a scope, in order.
    pub fn blocks(self, scope: ScopeId) -> Own<'a> {
        Own { tree: self.tree, next: self.scope(scope).blocks.0, rendering: self.rendering }
    }

    /// Whether a scope has a directive of this name. Those that the model asks for at every endpoint have a bit;
    /// for others its lines are looked at.
    pub fn has(self, scope: ScopeId, name: Name) -> bool {
        let bit = interest(name);
        if bit == 0 {
            return self.shows_any(scope, name);
        }
        self.scope(scope).mask & bit != 0 && (self.rendering.is_none() || self.shows_any(scope, name))
    }

    #[cold]
    fn shows_any(self, scope: ScopeId, name: Name) -> bool {
        self.own(scope).chain(self.blocks(scope)).any(|o| self.occ(o).name == name)
    }

    /// The directives of one name in a scope, in order.
    pub fn own_named(self, scope: ScopeId, wanted: Name) -> impl Iterator<Item = OccId> + 'a {
        let bit = interest(wanted);
        let present = bit == 0 || self.scope(scope).mask & bit != 0;
        let start = if present { self.scope(scope).simple.0 } else { NONE };
        Own { tree: self.tree, next: start, rendering: self.rendering }.filter(move |&o| self.occ(o).name == wanted)
    }

    /// The scope and the scopes around it, from the inside out.
    pub fn outward(self, scope: ScopeId) -> impl Iterator<Item = ScopeId> + 'a {
        std::iter::successors(Some(scope), move |&s| self.scope(s).parent)
    }

    /// The innermost enclosing scope of a kind, the scope itself included.
    pub fn enclosing(self, scope: ScopeId, kind: ScopeKind) -> Option<ScopeId> {
        self.outward(scope).find(|&s| self.scope(s).kind == kind)
    }

    /// The includes through which an occurrence came, from the innermost out.
    pub fn includes(self, id: OccId) -> impl Iterator<Item = OccId> + 'a {
        let tree = self.tree;
        std::iter::successors(Some(self.occ(id).chain), move |&c| Some(tree.chains[c as usize].parent))
            .take_while(|&c| c != 0)
            .map(move |c| tree.chains[c as usize].include)
    }

    /// Where an occurrence is seen from a block that stands in `file`: its own place, or the
    /// include in that file through which it came.
    pub fn seen_from(self, id: OccId, file: FileId) -> OccId {
        if self.file(id) == file {
            return id;
        }
        self.includes(id).find(|&i| self.file(i) == file).unwrap_or(id)
    }
}

/// Occurrences of one scope, in order.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    tree: &'a Tree,
    next: u32,
    rendering: Option<&'a Rendering>,
}

impl Own<'_> {
    /// This occurrence, or the next one that a template shows.
    #[cold]
    fn rendered(&mut self, mut id: OccId, rendering: &Rendering) -> Option<OccId> {
        while !rendering.shows(self.tree.templates.of(id)) {
            if self.next == NONE {
                return None;
            }
            id = OccId(self.next);
            self.next = self.tree.occs[self.next as usize].next;
        }
        Some(id)
    }
}

impl Iterator for Own<'_> {
    type Item = OccId;

    #[inline]
    fn next(&mut self) -> Option<OccId> {
        if self.next == NONE {
            return None;
        }
        let id = OccId(self.next);
        self.next = self.tree.occs[self.next as usize].next;
        match self.rendering {
            None => Some(id),
            Some(rendering) => self.rendered(id, rendering),
        }
    }
}
