//! What a file is: a root, or a fragment of which context.

use std::path::Path;

use crate::catalog::{Contexts, Name, lookup, name};
use crate::model::ScopeKind;
use crate::syntax::{Ast, DirectiveRef, word};

/// What the directives outside any block say of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// nginx could be started with it: it has `events`, or `http` under the name of a root.
    pub is_root: bool,
    /// The context in which its directives may stand.
    pub context: ScopeKind,
}

/// Contexts in the order in which they are preferred: what a fragment without other hints is.
const ORDER: [(u16, ScopeKind); 9] = [
    (Contexts::HTTP, ScopeKind::Http),
    (Contexts::SERVER, ScopeKind::Server),
    (Contexts::LOCATION, ScopeKind::Location),
    (Contexts::UPSTREAM, ScopeKind::Upstream),
    (Contexts::STREAM, ScopeKind::Stream),
    (Contexts::STREAM_SERVER, ScopeKind::StreamServer),
    (Contexts::MAIN, ScopeKind::Main),
    (Contexts::EVENTS, ScopeKind::Events),
    (Contexts::MAIL, ScopeKind::Mail),
];

/// The names of the directives outside any block.
pub fn top_names<'a>(ast: &'a Ast, bytes: &'a [u8]) -> impl Iterator<Item = Name> + 'a {
    ast.top().map(|d| lookup(&word::decode(bytes, d.name())))
}

/// Guesses from the content and from where the file lies; `named_root` says that it is called `nginx.conf`.
pub fn guess(ast: &Ast, bytes: &[u8], named_root: bool, path: &Path) -> Guess {
    let names: Vec<Name> = top_names(ast, bytes).collect();
    let has = |n: Name| names.contains(&n);
    if named_root && names.is_empty() {
        return Guess { is_root: true, context: ScopeKind::Main };
    }
    if has(name::EVENTS) || has(name::HTTP) || has(name::STREAM) && !has(name::SERVER) || has(name::MAIL) {
        return Guess { is_root: has(name::EVENTS) || (has(name::HTTP) && named_root), context: ScopeKind::Main };
    }
    if let Some(context) = outside_http(ast, bytes, path) {
        return Guess { is_root: false, context };
    }
    // Each directive votes for the contexts that it may stand in; one that is misplaced is outvoted.
    let mut votes = [0usize; ORDER.len()];
    let mut voters = 0;
    for n in names.iter().filter(|n| **n != Name::UNKNOWN && **n != name::INCLUDE) {
        voters += 1;
        for (i, (bit, _)) in ORDER.iter().enumerate() {
            votes[i] += usize::from(n.rows().iter().any(|d| d.contexts.has(*bit)));
        }
    }
    // What an `if` holds says in what it may stand.
    for inner in ast.top().filter(|d| lookup(&word::decode(bytes, d.name())) == name::IF).flat_map(|d| d.children()) {
        let n = lookup(&word::decode(bytes, inner.name()));
        let may = |bit: u16| n.rows().iter().any(|d| d.contexts.has(bit));
        for (i, (bit, _)) in ORDER.iter().enumerate() {
            let allowed = match *bit {
                Contexts::SERVER => may(Contexts::SERVER_IF),
                Contexts::LOCATION => may(Contexts::LOCATION_IF),
                _ => false,
            };
            votes[i] += usize::from(n != Name::UNKNOWN && allowed);
        }
    }
    // Requests leave only from a location.
    if has(name::PROXY_PASS) && !has(name::SERVER) && !has(name::LISTEN) && !has(name::LOCATION) {
        return Guess { is_root: false, context: ScopeKind::Location };
    }
    let best = votes.iter().copied().max().unwrap_or(0);
    let context = if voters == 0 {
        ScopeKind::Http
    } else {
        ORDER.iter().zip(votes).find(|(_, v)| *v == best).map_or(ScopeKind::Http, |((_, k), _)| *k)
    };
    Guess { is_root: false, context }
}

/// A block of `stream` or `mail`, or the inside of one of its servers: by directives that only fit there,
/// as long as none fits `http` alone; where neither says anything, by its name and its directory.
fn outside_http(ast: &Ast, bytes: &[u8], path: &Path) -> Option<ScopeKind> {
    let name = |d: &DirectiveRef<'_>| lookup(&word::decode(bytes, d.name()));
    let mut votes = Votes::default();
    let (mut blocks, mut inside) = (0, 0);
    for directive in ast.top() {
        match name(&directive) {
            name::SERVER if directive.children().next().is_some() => {
                blocks += 1;
                for child in directive.children() {
                    votes.of_server_line(bytes, child, name(&child));
                }
            }
            name::UPSTREAM => {
                blocks += 1;
                for child in directive.children() {
                    let name = name(&child);
                    let fits = |context: u16| name.rows().iter().any(|d| d.contexts.has(context));
                    votes.http += usize::from(fits(Contexts::UPSTREAM) && !fits(Contexts::STREAM_UPSTREAM));
                }
            }
            own => {
                inside += usize::from(own == name::LISTEN || own == name::PROXY_PASS);
                votes.of_server_line(bytes, directive, own);
            }
        }
    }
    let (stream, mail) = named_for(path);
    let by_name = votes == Votes::default() && blocks > 0;
    let kinds = if votes.http == 0 && (votes.stream > votes.mail || (by_name && stream)) {
        (ScopeKind::Stream, ScopeKind::StreamServer)
    } else if votes.http == 0 && (votes.mail > 0 || (by_name && mail)) {
        (ScopeKind::Mail, ScopeKind::MailServer)
    } else {
        return None;
    };
    Some(if blocks == 0 && inside > 0 { kinds.1 } else { kinds.0 })
}

/// How many lines say `http`, `stream` and `mail`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Votes {
    http: usize,
    stream: usize,
    mail: usize,
}

impl Votes {
    /// A line that stands in a server, or would.
    fn of_server_line(&mut self, bytes: &[u8], line: DirectiveRef<'_>, name: Name) {
        let args: Vec<_> = line.args().iter().map(|w| word::decode(bytes, w)).collect();
        let is = |at: usize, text: &[u8]| args.get(at).is_some_and(|a| a.eq_ignore_ascii_case(text));
        let in_http = Contexts::HTTP | Contexts::SERVER | Contexts::LOCATION;
        match name {
            name::LISTEN => self.stream += usize::from((1..args.len()).any(|i| is(i, b"udp"))),
            // Without a scheme it is no URL. With a variable anything may come.
            name::PROXY_PASS => match args.first() {
                Some(target) if target.contains(&b'$') || target.starts_with(b"{") => {}
                Some(target) if memchr::memmem::find(target, b"//").is_none() => self.stream += 1,
                _ => self.http += 1,
            },
            Name::UNKNOWN => {
                let text = word::decode(bytes, line.name());
                self.stream += usize::from(matches!(&*text, b"js_preread" | b"js_filter"));
            }
            _ => {
                let fits = |contexts: u16| name.rows().iter().any(|d| d.contexts.has(contexts));
                let stream = fits(Contexts::STREAM | Contexts::STREAM_SERVER);
                let mail = fits(Contexts::MAIL | Contexts::MAIL_SERVER);
                match fits(in_http) {
                    true => self.http += usize::from(!stream && !mail),
                    false => {
                        self.stream += usize::from(stream);
                        self.mail += usize::from(mail);
                    }
                }
            }
        }
    }
}

/// Whether the file or a directory around it is called after `stream` or `mail`.
fn named_for(path: &Path) -> (bool, bool) {
    let (mut stream, mut mail) = (false, false);
    let words = path.iter().rev().take(2).filter_map(|part| part.to_str()).flat_map(|part| part.split(['.', '-', '_']));
    for word in words {
        let is = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(word));
        stream |= is(&["stream", "streams", "tcp", "udp"]);
        mail |= is(&["mail", "imap", "smtp", "pop3"]);
    }
    (stream, mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_directives() {
        for (text, root, context) in [
            ("events {} http {}", true, ScopeKind::Main),
            ("http {}", false, ScopeKind::Main),
            ("server { listen 80; }", false, ScopeKind::Http),
            ("upstream a {} server {}", false, ScopeKind::Http),
            ("map $a $b {}", false, ScopeKind::Http),
            ("location / {}", false, ScopeKind::Server),
            ("listen 80; location / {}", false, ScopeKind::Server),
            ("proxy_set_header A b;", false, ScopeKind::Http),
            ("proxy_set_header A b; proxy_pass http://x;", false, ScopeKind::Location),
            ("if ($a) { add_header A b; }", false, ScopeKind::Location),
            ("if ($a) { return 404; }", false, ScopeKind::Server),
            ("", false, ScopeKind::Http),
            ("server { listen 53 udp; proxy_pass dns; }", false, ScopeKind::Stream),
            ("server { listen 5432; proxy_pass 10.0.0.1:5432; proxy_timeout 1h; }", false, ScopeKind::Stream),
            ("listen 443; ssl_preread on; proxy_pass $name;", false, ScopeKind::StreamServer),
            ("server { listen 80; proxy_pass http://a; }", false, ScopeKind::Http),
            ("server { listen 25; protocol smtp; }", false, ScopeKind::Mail),
            ("upstream a { server b:1; }", false, ScopeKind::Http),
            ("events {}", true, ScopeKind::Main),
            ("stream {}", false, ScopeKind::Main),
            ("mail {}", false, ScopeKind::Main),
            ("location / {} proxy_pass http://x;", false, ScopeKind::Location),
            ("include a.conf;", false, ScopeKind::Http),
            ("own on; other off;", false, ScopeKind::Http),
            ("location / {} own on; other on; more on;", false, ScopeKind::Server),
            ("worker_connections 64;", false, ScopeKind::Events),
            ("server 127.0.0.1:80; keepalive 8;", false, ScopeKind::Upstream),
            ("if ($a) { own on; } add_header A b;", false, ScopeKind::Server),
            ("if ($a) { set $b c; }", false, ScopeKind::Server),
            ("server { listen 80; proxy_timeout 1h; add_header A b; }", false, ScopeKind::Http),
            ("server { listen 53; js_preread a.b; }", false, ScopeKind::Stream),
            ("server { listen 53; js_other a.b; }", false, ScopeKind::Http),
            ("listen 53 udp;", false, ScopeKind::StreamServer),
            ("listen 53 reuseport UDP;", false, ScopeKind::StreamServer),
            ("server { proxy_pass $name; }", false, ScopeKind::Http),
            ("proxy_pass a:1; proxy_timeout 1h;", false, ScopeKind::StreamServer),
            ("ssl_preread on;", false, ScopeKind::Stream),
            ("protocol smtp; listen 25;", false, ScopeKind::MailServer),
            ("upstream a { server b:1; keepalive 8; } server { listen 1; proxy_pass a; }", false, ScopeKind::Http),
        ] {
            let got = guess(&crate::syntax::parse(text.as_bytes()), text.as_bytes(), false, Path::new("a.conf"));
            assert_eq!((got.is_root, got.context), (root, context), "{text}");
        }
        let text = b"upstream a { server b:1; }";
        for (path, context) in [
            ("stream.d/a.conf", ScopeKind::Stream),
            ("conf.d/tcp.conf", ScopeKind::Stream),
            ("conf.d/downstream.conf", ScopeKind::Http),
            ("conf.d/my-streams_a.conf", ScopeKind::Stream),
            ("stream/conf.d/a.conf", ScopeKind::Http),
            ("mail.d/a.conf", ScopeKind::Mail),
            ("conf.d/imap.conf", ScopeKind::Mail),
        ] {
            assert_eq!(guess(&crate::syntax::parse(text), text, false, Path::new(path)).context, context, "{path}");
        }
        let named = |text: &[u8]| {
            let got = guess(&crate::syntax::parse(text), text, true, Path::new("nginx.conf"));
            (got.is_root, got.context)
        };
        assert_eq!(named(b""), (true, ScopeKind::Main));
        assert_eq!(named(b"http {}"), (true, ScopeKind::Main));
        assert_eq!(named(b"stream {}"), (false, ScopeKind::Main));
        assert_eq!(named(b"server { listen 80; }"), (false, ScopeKind::Http));
    }
}
