//! Placeholders within words, known by their shape and by how the file uses them.

use std::cell::OnceCell;

use foldhash::{HashSet, HashSetExt};

use crate::catalog::{Name, builtin_variable, lookup};
use crate::syntax::carrier::Hand;

/// What a file says of the names in its placeholders.
pub(super) struct Names<'b> {
    bytes: &'b [u8],
    /// Every `$name` without braces.
    plain: OnceCell<HashSet<&'b [u8]>>,
    /// Whether `${lower_case}` is a placeholder here.
    braces: OnceCell<bool>,
    /// Every `$name` that stands alone belongs to the shell: nginx's own are written `\$name`.
    pub shell: bool,
    /// Every `$NAME` in capitals is `envsubst`'s: nginx's own are written `${DOLLAR}name`.
    capitals: bool,
    /// Every `${ }` belongs to the text around the configuration, and `$( )` to a shell.
    hand: Hand,
    /// The `$` that belong to nginx all the same: its variables, which nobody escaped.
    unguarded: &'b [usize],
}

/// The longest placeholder in `${ }`.
const LONGEST: usize = 256;

impl<'b> Names<'b> {
    pub(super) fn of(bytes: &'b [u8], shell: bool, hand: Hand, unguarded: &'b [usize]) -> Names<'b> {
        let shell = shell || hand.takes_words();
        Names { bytes, plain: OnceCell::new(), braces: OnceCell::new(), shell, capitals: false, hand, unguarded }
    }

    /// Says whether every `$NAME` in capitals is replaced.
    pub(super) fn with_capitals(self, capitals: bool) -> Names<'b> {
        Names { capitals, ..self }
    }

    /// Whether a variable of this name is written without braces somewhere: the file itself defines it,
    /// or takes it for one of nginx's.
    fn is_plain(&self, name: &[u8]) -> bool {
        let all = self.plain.get_or_init(|| {
            let mut names = HashSet::new();
            for at in memchr::memchr_iter(b'$', self.bytes) {
                let name = &self.bytes[at + 1..at + 1 + variable(&self.bytes[at + 1..])];
                if !name.is_empty() {
                    names.insert(name);
                }
            }
            names
        });
        all.contains(name)
    }

    fn is_nginx_s(&self, name: &[u8]) -> bool {
        builtin_variable(&name.to_ascii_lowercase()).is_some() || self.is_plain(name)
    }

    /// Whether the file writes `${name}` where nginx replaces nothing, or `${a.b}`, which nginx refuses.
    fn braces(&self) -> bool {
        *self.braces.get_or_init(|| {
            memchr::memmem::find_iter(self.bytes, b"${").any(|at| {
                let rest = &self.bytes[at + 2..];
                let name = variable(rest);
                if rest.get(name) != Some(&b'}') {
                    return odd(rest).is_some();
                }
                if name == 0 || self.is_nginx_s(&rest[..name]) {
                    return false;
                }
                let window = &self.bytes[at.saturating_sub(LONGEST)..at];
                let before = window.rsplit(|b| *b == b'\n').next().unwrap_or_default().trim_ascii_start();
                let word = before.split(u8::is_ascii_whitespace).next().unwrap_or_default();
                before.is_empty() || (word.len() < before.len() && FIXED.contains(&word))
            })
        })
    }

    /// The length of the placeholder that begins at an offset.
    pub(super) fn placeholder(&self, at: usize) -> Option<usize> {
        let rest = &self.bytes[at..];
        match rest[0] {
            b'$' if self.unguarded.binary_search(&at).is_ok() => None,
            b'$' if matches!(self.hand, Hand::HclShell | Hand::Mixed) && rest.starts_with(b"$${") => {
                balanced(&rest[1..], b'{', b'}').map(|length| length + 1)
            }
            // The number of the shell's process.
            b'$' if self.hand.is_shell() && rest.get(1) == Some(&b'$') => Some(2),
            b'$' if self.hand != Hand::Plain && rest.get(1) == Some(&b'{') => balanced(rest, b'{', b'}'),
            b'$' if self.hand.is_shell() && rest.get(1) == Some(&b'(') => balanced(rest, b'(', b')'),
            b'$' if rest.get(1) == Some(&b'{') => self.dollar(rest),
            b'$' if self.shell => {
                let name = variable(&rest[1..]);
                let digits = self.hand.is_shell();
                let first = rest.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_' || digits);
                (first && name > 0).then_some(name + 1)
            }
            b'$' if self.capitals => {
                let name = variable(&rest[1..]);
                is_capital(&rest[1..1 + name]).then_some(name + 1)
            }
            b'<' => sample(rest).or_else(|| capital_sample(rest, at.checked_sub(1).map(|before| self.bytes[before]))),
            b'_' if rest.starts_with(b"__") => {
                let name = upper(&rest[2..]);
                let trimmed = rest[2..2 + name].iter().rev().take_while(|b| **b == b'_').count();
                (trimmed >= 2 && name > trimmed).then_some(2 + name)
            }
            b'@' => at_signs(rest),
            b'%' => percent(rest),
            b'#' if rest.starts_with(b"#{") && token(rest).is_some() => token(rest),
            b'#' if rest.starts_with(b"#{") && at > 0 && !self.bytes[at - 1].is_ascii_whitespace() => {
                let name = rest[2..].iter().take_while(|b| b.is_ascii_alphanumeric() || b"_.[]:-".contains(b)).count();
                (rest.get(2 + name) == Some(&b'}') && rest[2].is_ascii_alphabetic()).then_some(name + 3)
            }
            _ => None,
        }
    }

    /// `${NAME}` of envsubst, `${name}` of Terraform, `${X:-d}`, `${a.b}`, `${toString x}`, `${{NAME}}`.
    fn dollar(&self, rest: &[u8]) -> Option<usize> {
        let name = variable(&rest[2..]);
        if rest.get(2 + name) != Some(&b'}') {
            return odd(&rest[2..]).map(|n| n + 2);
        }
        let text = &rest[2..2 + name];
        if name == 0 || text[0].is_ascii_digit() {
            return None;
        }
        let capitals = upper(text) == name && text[0].is_ascii_uppercase() && name > 1;
        let open =
            if capitals { !self.is_plain(text) } else { self.shell || (self.braces() && !self.is_nginx_s(text)) };
        open.then_some(name + 3)
    }
}

/// The length of what stands between brackets, behind the `$` and with both.
pub(super) fn balanced(rest: &[u8], open: u8, close: u8) -> Option<usize> {
    let mut depth = 0usize;
    for (i, b) in rest.iter().enumerate().skip(1).take(16 * LONGEST) {
        depth += usize::from(*b == open);
        depth -= usize::from(*b == close);
        if depth == 0 {
            return Some(i + 1);
        }
    }
    None
}

/// Directives in which nginx replaces no variables.
const FIXED: [&[u8]; 13] = [
    b"listen",
    b"server_name",
    b"upstream",
    b"server",
    b"user",
    b"worker_processes",
    b"worker_connections",
    b"worker_rlimit_nofile",
    b"client_max_body_size",
    b"resolver",
    b"keepalive",
    b"pid",
    b"include",
];

/// The length of a variable's name.
fn variable(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
}

/// What stands behind `${` and is no variable of nginx: the length up to and with its `}`.
fn odd(rest: &[u8]) -> Option<usize> {
    if !rest.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'{' | b'!')) {
        return None;
    }
    let mut open = 1usize;
    for (i, b) in rest.iter().enumerate().take(LONGEST) {
        match b {
            b'\n' | b';' => return None,
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(i + 1);
        }
    }
    None
}

/// `<container_name>;` in samples that somebody is to fill in.
fn sample(rest: &[u8]) -> Option<usize> {
    let name = rest[1..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ')).count();
    let closed = rest[1 + name..].starts_with(b">;") && rest.get(1).is_some_and(u8::is_ascii_alphabetic);
    (closed && name < 64).then_some(name + 2)
}

/// `<EXTRA_LOCATIONS>`, alone or as a part of an address; `(?<NAME>` begins a group of a pattern.
fn capital_sample(rest: &[u8], before: Option<u8>) -> Option<usize> {
    let name = upper(&rest[1..]);
    let begins = before.is_none_or(|b| b.is_ascii_whitespace() || b"/:.@=".contains(&b));
    let ends = rest.get(2 + name).is_none_or(|b| b.is_ascii_whitespace() || b";/:.".contains(b));
    (name > 1 && begins && ends && rest[1].is_ascii_uppercase() && rest.get(1 + name) == Some(&b'>'))
        .then_some(name + 2)
}

/// `#{Name}#` of Azure's tasks that replace tokens.
fn token(rest: &[u8]) -> Option<usize> {
    let name = rest[2..].iter().take(LONGEST).take_while(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b)).count();
    (name > 0 && rest[2 + name..].starts_with(b"}#")).then_some(name + 4)
}

/// autoconf's `@PORT@`, CMake's `@port@`, `@@port@@`; `user@host@` is no such thing.
fn at_signs(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"@@") {
        let name = variable(&rest[2..]);
        let named = rest.get(2).is_some_and(u8::is_ascii_alphabetic) && name > 1;
        return (named && rest[2 + name..].starts_with(b"@@")).then_some(name + 4);
    }
    let capitals = upper(&rest[1..]);
    if capitals > 1 && rest.get(1 + capitals) == Some(&b'@') {
        return Some(capitals + 2);
    }
    let name = variable(&rest[1..]);
    let behind = rest.get(2 + name).copied().unwrap_or(b';');
    let closed = rest.get(1 + name) == Some(&b'@') && rest[1].is_ascii_alphabetic() && name > 1;
    (closed && (behind.is_ascii_whitespace() || b";:/.\"'".contains(&behind))).then_some(name + 2)
}

/// Hestia's `%ip%`, Home Assistant's `%%port%%`, Python's `%(port)s`; `%D0%B0` is an encoded character.
fn percent(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"%(") {
        let name = variable(&rest[2..]);
        let closed = rest.get(2 + name) == Some(&b')') && rest.get(3 + name).is_some_and(|b| b"sdifr".contains(b));
        return (closed && name > 0).then_some(name + 4);
    }
    let signs = rest.iter().take_while(|b| **b == b'%').count().min(2);
    let name = rest[signs..].iter().take_while(|b| b.is_ascii_alphabetic() || **b == b'_').count();
    let closed = rest[signs + name..].iter().take_while(|b| **b == b'%').count() >= signs;
    (closed && name > 1 && !(name == 2 && rest[signs..signs + 2].iter().all(u8::is_ascii_hexdigit)))
        .then_some(name + 2 * signs)
}

fn upper(bytes: &[u8]) -> usize {
    bytes.iter().take(LONGEST).take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count()
}

/// Whether a directive that nginx knows begins here, behind blanks.
pub(super) fn begins_directive(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    let word = &rest[..variable(rest)];
    let ends = rest.get(word.len()).is_none_or(|b| b.is_ascii_whitespace() || *b == b';');
    ends && !word.is_empty() && lookup(word) != Name::UNKNOWN
}

/// Whether a word is open: it holds a placeholder, or a `$NAME` where nginx replaces no variables.
pub fn stands_for_another(word: &[u8]) -> bool {
    super::is_open(word)
        || memchr::memchr_iter(b'$', word).any(|at| {
            let name = word[at + 1..].strip_prefix(b"{").unwrap_or(&word[at + 1..]);
            is_capital(&name[..variable(name)])
        })
}

/// Whether a word looks as if a script were to replace it: `CWS` as a port, `NGINX_PORT`, `$LIMIT`,
/// `${limit}`, `@port@`, `<fqdn>`. It is asked only of what nginx would refuse.
pub fn is_replaced(word: &[u8]) -> bool {
    if memchr::memmem::find(word, b"${").is_some_and(|at| word[at..].contains(&b'}')) {
        return true;
    }
    let pair = |open: &[u8], close: &[u8]| {
        memchr::memmem::find(word, open).is_some_and(|at| memchr::memmem::find(&word[at..], close).is_some())
    };
    // The shell's `$(hostname)`, Concourse's `((port))`.
    if pair(b"$(", b")") || pair(b"((", b"))") {
        return true;
    }
    // `http://[host]:[port]`: where a port belongs, there is no address in brackets.
    let port = |at: usize| {
        let name = word[at + 2..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
        name > 1 && word[at + 2].is_ascii_alphabetic() && word.get(at + 2 + name) == Some(&b']')
    };
    if (word.starts_with(b"[[") && (word.ends_with(b"]]") || pair(b"[[", b"]]:")))
        || memchr::memmem::find_iter(word, b":[").any(port)
    {
        return true;
    }
    let between = |open: u8, close: u8| {
        memchr::memchr_iter(open, word).any(|at| {
            let rest = &word[at + 1..];
            let name = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
            // `(?<name>` is a group of a pattern.
            let group = at > 0 && matches!(word[at - 1], b'?' | b'P');
            name > 1 && rest.get(name) == Some(&close) && rest[0].is_ascii_alphabetic() && !group
        })
    };
    if between(b'<', b'>') || between(b'@', b'@') || between(b'%', b'%') || between(b'{', b'}') {
        return true;
    }
    let shell = memchr::memchr_iter(b'$', word).any(|at| is_capital(&word[at + 1..at + 1 + variable(&word[at + 1..])]));
    let token = |t: &[u8]| {
        let inner = t.iter().skip(1).rev().skip(1).any(|b| *b == b'_');
        (is_capital(t) && inner) || (t.starts_with(b"__") && t.ends_with(b"__") && t.len() > 4)
    };
    shell || word.split(|b| !b.is_ascii_alphanumeric() && *b != b'_').any(token) || is_named_port(word)
}

/// `app:CWS`, `app:web_port`; in `shared:SSL` a size belongs behind the name of a zone.
fn is_named_port(word: &[u8]) -> bool {
    if word.starts_with(b"shared:") {
        return false;
    }
    let authority = memchr::memmem::find(word, b"://").map_or(word, |at| &word[at + 3..]);
    let authority = authority.split(|b| matches!(b, b'/' | b'?')).next().unwrap_or_default();
    let port = authority.rsplit(|b| *b == b':').next().unwrap_or_default();
    let is_word = variable(port) == port.len() && port.first().is_some_and(u8::is_ascii_alphabetic);
    let named = || port[1..].contains(&b'_');
    is_word && port.len() < authority.len() && (is_capital(port) || named())
}

/// A name in capitals.
pub fn is_capital(name: &[u8]) -> bool {
    name.len() > 1 && name[0].is_ascii_uppercase() && upper(name) == name.len()
}
