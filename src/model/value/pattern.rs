//! Regular expressions of locations, maps, `if` and `rewrite`. nginx uses PCRE over bytes
//! (core/ngx_regex.c); what the `fancy-regex` crate does not compile, or does not decide within its
//! limits, stays undecided.

use std::borrow::Cow;
use std::sync::OnceLock;

use fancy_regex::{Match, Regex};

use super::pcre::{Groups, as_read_by_pcre, asks_for_kinds_of_letters, with_loose_ends};
use crate::syntax::template::is_open;

/// A regular expression as it stands in the configuration, compiled when first used.
#[derive(Debug)]
pub struct Pattern {
    text: Vec<u8>,
    caseless: bool,
    compiled: OnceLock<Result<Box<Regex>, Trouble>>,
    /// The same for texts that end in a line feed.
    before_line_feed: OnceLock<Result<Box<Regex>, Trouble>>,
    names: OnceLock<Vec<String>>,
}

/// Why there is no compiled expression.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    /// It is written in a way that means nothing.
    Wrong,
    /// It is not decided here: too large, a placeholder, something that only PCRE knows.
    Undecided,
}

impl From<fancy_regex::Error> for Trouble {
    fn from(error: fancy_regex::Error) -> Trouble {
        let is_wrong = match error {
            fancy_regex::Error::ParseError(..) => true,
            fancy_regex::Error::CompileError(error) => match *error {
                fancy_regex::CompileError::InnerError(error) => error.syntax_error().is_some(),
                _ => false,
            },
            _ => false,
        };
        if is_wrong { Trouble::Wrong } else { Trouble::Undecided }
    }
}

/// What a match captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// By number; the whole match first.
    pub numbered: Vec<Vec<u8>>,
    /// By name.
    pub named: Vec<(String, Vec<u8>)>,
}

/// Steps of backtracking after which a match is undecided.
const BACKTRACK_LIMIT: usize = 100_000;
/// Bytes that a compiled expression may take.
const SIZE_LIMIT: usize = 1 << 20;

impl Pattern {
    /// The expression, without its `~` or `~*`.
    pub fn new(text: &[u8], caseless: bool) -> Pattern {
        Pattern {
            text: text.to_vec(),
            caseless,
            compiled: OnceLock::new(),
            before_line_feed: OnceLock::new(),
            names: OnceLock::new(),
        }
    }

    /// Whether a template's placeholder is a part of it.
    pub fn is_open(&self) -> bool {
        is_open(&self.text)
    }

    /// The expression as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// What stands behind verbs such as `(*UTF8)`, and whether they ask for characters instead of bytes.
    fn body(&self) -> (&[u8], bool) {
        let (mut rest, mut characters) = (&self.text[..], false);
        let verb =
            |text: &[u8]| [&b"(*UTF8)"[..], b"(*UTF)"].into_iter().find(|v| text.starts_with(v)).map(<[u8]>::len);
        while let Some(len) = verb(rest) {
            characters = true;
            rest = &rest[len..];
        }
        (rest, characters)
    }

    fn build(&self, text: Option<&str>) -> Result<Box<Regex>, Trouble> {
        let built = fancy_regex::RegexBuilder::new(text.ok_or(Trouble::Undecided)?)
            .case_insensitive(self.caseless)
            .backtrack_limit(BACKTRACK_LIMIT)
            .delegate_size_limit(SIZE_LIMIT)
            .build()?;
        Ok(Box::new(built))
    }

    /// The expression as the engine here is to read it.
    fn written(&self) -> Option<Cow<'_, str>> {
        let (body, characters) = self.body();
        as_read_by_pcre(letters(body, characters)?)
    }

    fn compiled(&self) -> &Result<Box<Regex>, Trouble> {
        self.compiled.get_or_init(|| {
            // What a template's placeholder stands for, nobody knows here.
            let text = if is_open(&self.text) { None } else { self.written() };
            self.build(text.as_deref())
        })
    }

    /// The expression for a text, and the text as it reads it. To PCRE `$` is also the place before a line
    /// feed at the end, and without `(*UTF8)` a letter is a byte.
    fn reading<'p, 't>(&'p self, value: &'t [u8]) -> Option<(&'p Regex, Cow<'t, str>)> {
        let (body, characters) = self.body();
        if !value.is_ascii() && (self.caseless || asks_for_kinds_of_letters(body)) {
            return None;
        }
        let text = letters(value, characters)?;
        if value.last() != Some(&b'\n') || !body.contains(&b'$') {
            return Some((self.compiled().as_ref().ok()?, text));
        }
        let loose = || self.build(self.written().and_then(|written| with_loose_ends(&written)).as_deref());
        Some((self.before_line_feed.get_or_init(loose).as_ref().ok()?, text))
    }

    /// Whether PCRE refuses it, too: it does not compile here, and holds nothing in which the two
    /// differ.
    pub fn is_surely_invalid(&self) -> bool {
        let Ok(text) = std::str::from_utf8(&self.text) else { return false };
        if Groups::count(text).is_some_and(|g| g.contradict()) {
            return true;
        }
        let common = |c: char| !c.is_ascii_alphanumeric() || "dwsbDWSBnrt".contains(c);
        let plain = !text.contains("(?")
            && !text.contains("(*")
            && !text.contains("[:")
            && as_read_by_pcre(Cow::Borrowed(text)).is_some()
            && text.split('\\').skip(1).all(|rest| rest.chars().next().is_none_or(common));
        plain && !text.is_empty() && matches!(self.compiled(), Err(Trouble::Wrong))
    }

    /// Whether it matches; `None` is undecided.
    pub fn matches(&self, value: &[u8]) -> Option<bool> {
        let (regex, text) = self.reading(value)?;
        regex.is_match(&*text).ok()
    }

    /// The captures of a match; `None` is undecided.
    pub fn captures(&self, value: &[u8]) -> Option<Option<Captured>> {
        let (regex, text) = self.reading(value)?;
        let found = regex.captures(&*text).ok()?;
        let (_, characters) = self.body();
        let bytes = |m: Option<Match<'_>>| match m {
            Some(m) if characters || value.is_ascii() => m.as_str().as_bytes().to_vec(),
            Some(m) => m.as_str().chars().map(|c| c as u8).collect(),
            None => Vec::new(),
        };
        Some(found.map(|c| Captured {
            numbered: (0..c.len()).map(|i| bytes(c.get(i))).collect(),
            named: regex.capture_names().flatten().map(|n| (n.to_owned(), bytes(c.name(n)))).collect(),
        }))
    }

    /// The names of its captures: `(?<name>…)`, `(?P<name>…)`, `(?'name'…)`, found in the text, so
    /// that they are known also where the expression does not compile here.
    pub fn names(&self) -> &[String] {
        self.names.get_or_init(|| self.find_names())
    }

    fn find_names(&self) -> Vec<String> {
        let text = self.text();
        let mut out = Vec::new();
        for (at, _) in text.match_indices("(?") {
            let rest = &text[at + 2..];
            let rest = rest.strip_prefix('P').unwrap_or(rest);
            let (open, close) = match rest.chars().next() {
                Some('<') => ('<', '>'),
                Some('\'') => ('\'', '\''),
                _ => continue,
            };
            let name: String = rest.trim_start_matches(open).chars().take_while(|&c| c != close).collect();
            if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                out.push(name);
            }
        }
        out
    }

    /// How many groups capture; `None` where that takes a whole parser of PCRE.
    pub fn captures_count(&self) -> Option<usize> {
        Groups::count(std::str::from_utf8(&self.text).ok()?).map(|g| g.captures)
    }
}

/// Bytes as letters: UTF-8 where characters are asked for, else each byte a letter of Latin-1.
fn letters(bytes: &[u8], characters: bool) -> Option<Cow<'_, str>> {
    match std::str::from_utf8(bytes) {
        Ok(text) if characters || text.is_ascii() => Some(Cow::Borrowed(text)),
        _ if characters => None,
        _ => Some(bytes.iter().map(|&b| char::from(b)).collect::<String>().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_captures_are_found() {
        assert_eq!(Pattern::new(b"^/(?<a>x)(?P<b>y)(?'c'z)(?:n)(?<=q)", false).names(), ["a", "b", "c"]);
    }

    #[test]
    fn what_pcre_refuses_is_refused() {
        let ranges = [r"[\w-z]", r"[.-\d]"];
        let endless = [r"(?<=/*)ws", r"(?<!a(b+))c", r"(?<=[a-z]+)c"];
        let nothing = ["^*/ws", "^+a", "a$*", r"\b*a", "^{2}a", "a{2}{3}", "(?:a|*b)", "a|+b"];
        let names = ["(?<1a>x)", "(?<a-b>x)", "(?<>x)"];
        let all = ["^/(a)\\2$", "(?z)^/abc$", "^/(?<who>a)(?<who>b)", "(?'a'x)(?'a'y)", "a{3,1}", "(", r"\.(", r"\d("];
        for text in all.into_iter().chain(endless).chain(ranges).chain(nothing).chain(names) {
            assert!(Pattern::new(text.as_bytes(), false).is_surely_invalid(), "{text}");
        }
        for text in [
            "^/(a)\\1$",
            "(?i)^/abc$",
            "(?|(?<a>x)|(?<a>y))",
            "[{3,1}]",
            "[(]\\(",
            "(?<!x)y",
            "(?#z)",
            "\\Q(\\E",
            "(?'c'z)",
            "(^)*a",
            "(?=a)*b",
            r"\x{41}+b",
            r"\p{L}*",
            "a*?b+?c*+d{2}?",
            "a{,2}*",
            "[*]*",
            r"(?<=a\*|[+])b",
            "(?<a_1>x)",
            "^{a}$",
            r"^/\w{32}$",
            r"^/[\w.-]{1,253}\D{200}$",
            "^/([^/]{1,2000}/[a-z0-9]{9000})",
        ] {
            assert!(!Pattern::new(text.as_bytes(), false).is_surely_invalid(), "{text}");
        }
    }

    #[test]
    fn classes_and_escapes_mean_what_pcre_takes_them_for() {
        for (text, value, matches) in [
            (r"^/w\hs$", "/w s", Some(true)),
            (r"^/[\h]s$", "/ s", Some(true)),
            (r"^/\Hs$", "/as", Some(true)),
            (r"^/\Hs$", "/ s", Some(false)),
            (r"a\<b\>c", "a<b>c", Some(true)),
            ("^[[a]b", "[b", Some(true)),
            ("^[^[]b", "ab", Some(true)),
            ("^[]a]b", "]b", Some(true)),
            ("^[^]a]b", "]b", Some(false)),
            ("^[a&&b]$", "&", Some(true)),
            ("^[a~~b]$", "a", Some(true)),
            ("^[[:digit:][]$", "[", Some(true)),
            (r"^[\[]$", "[", Some(true)),
            ("^w{,2}s$", "ws", None),
            (r"^/\w{32}$", "/0123456789abcdef0123456789abcdef", Some(true)),
            (r"^/[\w-]{1,63}\.\d{2,300}$", "/a-b_c.42", Some(true)),
            (r"^/\W\D\S$", "/-ab", Some(true)),
            (r"^[^\w]$", "a", Some(false)),
            (r"^[-\w]$", "-", Some(true)),
            (r"^[\w.-]$", "-", Some(true)),
            (r"^[\w-]$", "-", Some(true)),
            (r"^[a-c\d]$", "7", Some(true)),
            (r"^[^\d\s]$", "x", Some(true)),
        ] {
            assert_eq!(Pattern::new(text.as_bytes(), false).matches(value.as_bytes()), matches, "{text} {value}");
        }
    }

    #[test]
    fn groups_that_capture_are_counted() {
        for (text, captures) in [
            (r"^(.+\.php)(/.+)$", Some(2)),
            (r"\(\)(a)", Some(1)),
            ("(?<a>x)(?'b'y)(?P<c>z)(d)", Some(4)),
            ("(?<=a)>(b)", Some(1)),
            ("(?<!a)>(b)", Some(1)),
            ("(?:a)(?=b)(?>c)(*ACCEPT)", Some(0)),
            ("(?i:(a))", Some(1)),
            ("(?x)(a) # (b)", None),
            ("(?|(a)|(b))", None),
            ("[(](a)", Some(1)),
            ("[](](a)", Some(1)),
            ("[^](](a)", Some(1)),
            (r"[\](](a)", Some(1)),
            ("[[:alpha:](](a)", None),
            ("[(a)", None),
            ("a{3,3}(b)", Some(1)),
        ] {
            assert_eq!(Pattern::new(text.as_bytes(), false).captures_count(), captures, "{text}");
        }
        for text in ["a{3,3}", "a{1,3}", "a{3,}", r"(a)\12"] {
            assert!(!Pattern::new(text.as_bytes(), false).is_surely_invalid(), "{text}");
        }
    }

    #[test]
    fn a_backtracking_bomb_is_undecided() {
        assert_eq!(Pattern::new(b"(a|aa)+(?=b)$", false).matches(&[b'a'; 60]), None);
        assert_eq!(Pattern::new(b"(", false).matches(b"x"), None);
        assert_eq!(Pattern::new(b"^/WS$", true).matches(b"/ws"), Some(true));
    }

    #[test]
    fn an_end_is_also_before_a_final_line_feed() {
        for (pattern, text, matches) in [
            ("^/ws$", "/ws\n", true),
            ("^/ws$", "/ws\n\n", false),
            ("^/w[s$]$", "/w$\n", true),
            (r"^/ws\$", "/ws\n", false),
            (r"^/ws\z", "/ws\n", false),
            ("(?i)^/WS$", "/ws", true),
        ] {
            assert_eq!(Pattern::new(pattern.as_bytes(), false).matches(text.as_bytes()), Some(matches), "{pattern}");
        }
        assert_eq!(Pattern::new(b"(?i)^/WS$", false).matches(b"/ws\n"), None);
    }

    #[test]
    fn letters_are_bytes_unless_characters_are_asked_for() {
        for (pattern, matches) in [
            ("^/.$", Some(false)),
            ("^/..$", Some(true)),
            ("(*UTF8)^/.$", Some(true)),
            (r"^/\w+$", None),
            ("^/[[:alpha:]]", None),
            ("(?i)^/x", None),
        ] {
            assert_eq!(Pattern::new(pattern.as_bytes(), false).matches("/é".as_bytes()), matches, "{pattern}");
        }
        let captured = Pattern::new(b"^/(.)", false).captures("/é".as_bytes()).flatten();
        assert_eq!(captured.map(|c| c.numbered), Some(vec![b"/\xc3".to_vec(), b"\xc3".to_vec()]));
        let captured = Pattern::new(b"(*UTF8)^/(.)", false).captures("/é".as_bytes()).flatten();
        assert_eq!(captured.map(|c| c.numbered), Some(vec!["/é".into(), "é".into()]));
        assert_eq!(Pattern::new(b"(*UTF8)^/.", false).matches(b"/\xff"), None);
        assert!(!Pattern::new(b"(*UTF8)^/ws", false).is_surely_invalid());
    }
}
