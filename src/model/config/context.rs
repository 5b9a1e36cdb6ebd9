//! What a file is: a root, or a fragment of which context.

use crate::catalog::{Contexts, Name, lookup, name};
use crate::model::ScopeKind;
use crate::syntax::{Ast, word};

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

/// Guesses from the content; `named_root` says that the file is called `nginx.conf`.
pub fn guess(ast: &Ast, bytes: &[u8], named_root: bool) -> Guess {
    let names: Vec<Name> = ast.top().map(|d| lookup(&word::decode(bytes, d.name()))).collect();
    let has = |n: Name| names.contains(&n);
    if named_root && names.is_empty() {
        return Guess { is_root: true, context: ScopeKind::Main };
    }
    if has(name::EVENTS) || has(name::HTTP) || has(name::STREAM) && !has(name::SERVER) || has(name::MAIL) {
        return Guess { is_root: has(name::EVENTS) || (has(name::HTTP) && named_root), context: ScopeKind::Main };
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
        ] {
            let got = guess(&crate::syntax::parse(text.as_bytes()), text.as_bytes(), false);
            assert_eq!((got.is_root, got.context), (root, context), "{text}");
        }
    }
}
