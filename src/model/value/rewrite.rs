//! The language of the rewrite module: conditions (http/modules/ngx_http_rewrite_module.c).

use nom::branch::alt;
use nom::character::complete::{char, one_of};
use nom::combinator::{all_consuming, map, opt, value};
use nom::sequence::terminated;
use nom::{IResult, Parser};

use super::eval::{Purpose, Scope};
use super::pattern::Pattern;
use super::request::Value;
use crate::catalog::{Name, name};
use crate::model::config::scope::{Config, OccId};
use crate::syntax::Word;

/// The condition of an `if`.
#[derive(Debug)]
pub enum Condition {
    /// `($variable)`: neither empty nor `0`.
    Truthy {
        /// Without `$`.
        variable: String,
    },
    /// `($variable = value)` or `!=`.
    Equals {
        /// Without `$`.
        variable: String,
        /// Decoded, variables not replaced.
        value: Vec<u8>,
        /// `!=`
        negated: bool,
    },
    /// `($variable ~ regex)`, `~*`, `!~`, `!~*`.
    Matches {
        /// Without `$`.
        variable: String,
        /// The expression.
        pattern: Pattern,
        /// `!~` or `!~*`
        negated: bool,
    },
    /// `(-f path)` and the like.
    File {
        /// With `!`.
        negated: bool,
    },
}

impl Condition {
    /// Reads the decoded arguments of an `if`; `None` is nginx's `invalid condition`.
    pub fn parse(args: &[Vec<u8>]) -> Option<Condition> {
        let mut words: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let first = words.first_mut()?;
        *first = first.strip_prefix(b"(")?;
        if first.is_empty() {
            words.remove(0);
        }
        let last = words.last_mut()?;
        *last = last.strip_suffix(b")")?;
        if last.is_empty() {
            words.pop();
        }
        let (&subject, rest) = words.split_first()?;
        let variable = subject.strip_prefix(b"$").filter(|name| !name.is_empty());
        let variable = variable.map(|name| String::from_utf8_lossy(name).into_owned());
        match (variable, rest) {
            (Some(variable), []) => Some(Condition::Truthy { variable }),
            (Some(variable), [operator, value]) => {
                let (_, (negated, comparison)) = all_consuming(operator_of_if).parse(operator).ok()?;
                Some(match comparison {
                    Comparison::Text => Condition::Equals { variable, value: value.to_vec(), negated },
                    Comparison::Pattern { caseless } => {
                        Condition::Matches { variable, pattern: Pattern::new(value, caseless), negated }
                    }
                })
            }
            (None, [_]) => {
                let (_, negated) = all_consuming(test_of_a_file).parse(subject).ok()?;
                Some(Condition::File { negated })
            }
            _ => None,
        }
    }
}

impl Condition {
    /// Whether it holds for a request, if that is known. What it matches leaves its captures.
    pub fn holds(&self, vars: &mut Scope<'_>) -> Option<bool> {
        match self {
            Condition::Truthy { variable } => {
                let value = vars.variable(variable, Purpose::Condition);
                let holds = value.known().map(|v| !v.is_empty() && v != b"0");
                holds.or_else(|| vars.is_never_empty(variable).then_some(true))
            }
            Condition::Equals { variable, value, negated } => {
                let left = vars.variable(variable, Purpose::Condition);
                let saw_open = vars.saw_open;
                let right = vars.value(value, Purpose::Condition);
                // What a client sends is not known whatever a template makes of the other side.
                vars.saw_open &= saw_open || left != Value::Unknown;
                if right == Value::EMPTY && left == Value::Unknown && vars.is_never_empty(variable) {
                    return Some(*negated);
                }
                Some((left.known()? == right.known()?) != *negated)
            }
            Condition::Matches { variable, pattern, negated } => {
                let subject = vars.variable(variable, Purpose::Condition);
                vars.saw_open |= pattern.is_open() && subject != Value::Unknown;
                vars.tried(pattern, &subject).map(|m| m != *negated)
            }
            // The files of the machine are assumed not to be there, as for `try_files`.
            Condition::File { negated } => Some(*negated),
        }
    }
}

#[derive(Clone, Copy)]
enum Comparison {
    Text,
    Pattern { caseless: bool },
}

/// `!`, or nothing.
fn negation(input: &[u8]) -> IResult<&[u8], bool, ()> {
    map(opt(char('!')), |mark| mark.is_some()).parse(input)
}

/// `=` `!=` `~` `~*` `!~` `!~*`
fn operator_of_if(input: &[u8]) -> IResult<&[u8], (bool, Comparison), ()> {
    let text = value(Comparison::Text, char('='));
    let pattern = map((char('~'), opt(char('*'))), |(_, star)| Comparison::Pattern { caseless: star.is_some() });
    (negation, alt((text, pattern))).parse(input)
}

/// `-f` `-d` `-e` `-x`, or with `!`: whether it is negated.
fn test_of_a_file(input: &[u8]) -> IResult<&[u8], bool, ()> {
    terminated(negation, (char('-'), one_of("fdex"))).parse(input)
}

/// What a `return` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// The status.
    pub status: u16,
    /// It sends a body of its own, so that `error_page` does not apply (`ngx_http_script_return_code`,
    /// `ngx_http_send_response`). A redirect is none, nor is an error with an empty text.
    pub direct: bool,
}

impl Return {
    /// Reads the decoded arguments of a `return`; `None` is nginx's `invalid return code`.
    pub fn parse(args: &[Vec<u8>]) -> Option<Return> {
        let first = args.first()?;
        let code = std::str::from_utf8(first).ok().filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()));
        let redirects = |status: u16| matches!(status, 301 | 302 | 303 | 307 | 308);
        let has_text = args.get(1).is_some_and(|text| !text.is_empty());
        match (code.and_then(|c| c.parse::<u16>().ok()), args.len()) {
            (Some(status), _) if status <= 999 => {
                Some(Return { status, direct: !redirects(status) && (has_text || status < 400) })
            }
            (None, 1)
                if first.starts_with(b"http://") || first.starts_with(b"https://") || first.starts_with(b"$scheme") =>
            {
                Some(Return { status: 302, direct: false })
            }
            _ => None,
        }
    }
}

/// What a `rewrite` does with a request that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewriteFlag {
    /// No flag: goes on with the changed URI.
    None,
    /// `last`: seeks a location for the changed URI.
    Last,
    /// `break`: stays with the changed URI.
    Break,
    /// Answers with a redirect of this status.
    Redirect(u16),
}

impl RewriteFlag {
    /// Reads the decoded arguments of a `rewrite`; `None` is nginx's `invalid parameter`.
    pub fn parse(args: &[Vec<u8>]) -> Option<RewriteFlag> {
        let replacement = args.get(1)?;
        let absolute = [&b"http://"[..], b"https://", b"$scheme"].iter().any(|p| replacement.starts_with(p));
        match args.get(2).map(Vec::as_slice) {
            Some(b"permanent") => Some(RewriteFlag::Redirect(301)),
            Some(b"redirect") => Some(RewriteFlag::Redirect(302)),
            Some(b"last" | b"break") | None if absolute => Some(RewriteFlag::Redirect(302)),
            Some(b"last") => Some(RewriteFlag::Last),
            Some(b"break") => Some(RewriteFlag::Break),
            None => Some(RewriteFlag::None),
            Some(_) => None,
        }
    }
}

/// A `rewrite`, read.
#[derive(Debug)]
pub struct Rewrite {
    /// What the URI has to match.
    pub pattern: Pattern,
    /// The new path, decoded, variables not replaced.
    pub path: Vec<u8>,
    /// The new query: what stands behind the first `?` of the line; one that a variable brings is none.
    pub query: Option<Vec<u8>>,
    /// It ends in `?`: the old query is dropped.
    pub drops_query: bool,
    /// What comes then.
    pub flag: RewriteFlag,
}

impl Rewrite {
    /// Reads the decoded arguments of a `rewrite` (`ngx_http_rewrite`); `None` where nginx refuses them.
    pub fn parse(args: &[Vec<u8>]) -> Option<Rewrite> {
        let (pattern, replacement) = (args.first()?, args.get(1)?);
        let flag = RewriteFlag::parse(args)?;
        let kept = replacement.strip_suffix(b"?");
        let text = kept.unwrap_or(replacement);
        let (path, query) = match memchr::memchr(b'?', text) {
            Some(at) => (text[..at].to_vec(), Some(text[at + 1..].to_vec())),
            None => (text.to_vec(), None),
        };
        Some(Rewrite { pattern: Pattern::new(pattern, false), path, query, drops_query: kept.is_some(), flag })
    }
}

/// The regular expressions in the arguments of a `location`, `server_name`, `rewrite` or `if`.
pub fn patterns_of(config: Config<'_>, id: OccId, directive: Name) -> Vec<Pattern> {
    // Hardly any location or name is an expression.
    let tilde = |word: Word| config.bytes(id)[word.inner(config.bytes(id)).range()].starts_with(b"~");
    if matches!(directive, name::LOCATION | name::SERVER_NAME) && !config.args(id).iter().any(tilde) {
        return Vec::new();
    }
    let args = config.words(id);
    match directive {
        name::REWRITE => args.first().map(|a| Pattern::new(a, false)).into_iter().collect(),
        name::SERVER_NAME => args.iter().filter(|a| a.starts_with(b"~")).map(|a| Pattern::new(&a[1..], true)).collect(),
        name::LOCATION => match args.as_slice() {
            [one] => one
                .strip_prefix(b"~")
                .map(|r| Pattern::new(r.strip_prefix(b"*").unwrap_or(r), r.starts_with(b"*")))
                .into_iter()
                .collect(),
            [modifier, text] if modifier.starts_with(b"~") => vec![Pattern::new(text, modifier == b"~*")],
            _ => Vec::new(),
        },
        name::IF => match Condition::parse(&args) {
            Some(Condition::Matches { pattern, .. }) => vec![pattern],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Vec<Vec<u8>> {
        text.split(' ').map(|w| w.as_bytes().to_vec()).collect()
    }

    #[test]
    fn conditions_are_those_of_nginx() {
        assert!(matches!(Condition::parse(&args("($http_upgrade)")), Some(Condition::Truthy { .. })));
        assert!(matches!(Condition::parse(&args("( $a = b )")), Some(Condition::Equals { negated: false, .. })));
        assert!(matches!(Condition::parse(&args("($a !~* ^x)")), Some(Condition::Matches { negated: true, .. })));
        assert!(matches!(Condition::parse(&args("(!-f $request_filename)")), Some(Condition::File { negated: true })));
        assert!(Condition::parse(&args("($a == b)")).is_none());
        assert!(Condition::parse(&args("($a ! b)")).is_none());
        assert!(Condition::parse(&args("($ = b)")).is_none());
        assert!(Condition::parse(&args("(-z /x)")).is_none());
        assert!(Condition::parse(&args("(-f)")).is_none());
        assert!(Condition::parse(&args("$a")).is_none());
        assert!(Condition::parse(&args("($a = b c)")).is_none());
    }

    #[test]
    fn answers_are_those_of_nginx() {
        assert_eq!(Return::parse(&args("404")), Some(Return { status: 404, direct: false }));
        assert_eq!(Return::parse(&args("301 https://x")), Some(Return { status: 301, direct: false }));
        assert_eq!(Return::parse(&args("https://x")), Some(Return { status: 302, direct: false }));
        assert_eq!(Return::parse(&args("404 gone")), Some(Return { status: 404, direct: true }));
        assert_eq!(Return::parse(&args("404 ")), Some(Return { status: 404, direct: false }));
        assert_eq!(Return::parse(&args("204")), Some(Return { status: 204, direct: true }));
        assert_eq!(Return::parse(&args("abc")), None);
        assert_eq!(RewriteFlag::parse(&args("^ https://x permanent")), Some(RewriteFlag::Redirect(301)));
        assert_eq!(RewriteFlag::parse(&args("^/a /b break")), Some(RewriteFlag::Break));
        let both = Rewrite::parse(&args("^/ws /b?y=1? last")).map(|r| (r.path, r.query, r.drops_query));
        assert_eq!(both, Some((b"/b".to_vec(), Some(b"y=1".to_vec()), true)));
    }
}
