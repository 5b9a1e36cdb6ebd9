//! What a comment says to wslint: `# wslint: ignore[rule] reason`, `# wslint: no-websocket reason` and
//! the like.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_until, take_while, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::{map, rest, value};
use nom::multi::separated_list0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

type Read<'t, T> = IResult<&'t str, T, ()>;

/// The words that [`Pragma::read`] knows, as they are written.
pub const WORDS: [&str; 10] = [
    "ignore",
    "ignore-file",
    "websocket",
    "no-websocket",
    "context=main",
    "context=http",
    "context=server",
    "context=location",
    "context=upstream",
    "context=stream",
];

/// A comment that speaks to wslint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pragma<'t> {
    /// `ignore[rule, …] reason`
    Ignore {
        /// `ignore-file`: for the whole file.
        file: bool,
        /// Names of rules and categories; none where the brackets are missing or empty.
        rules: Vec<&'t str>,
        /// Why.
        reason: &'t str,
    },
    /// `websocket` and `no-websocket`: whether a location carries WebSocket.
    WebSocket(bool),
    /// `context=server`: what a fragment is included in, in lower case.
    Context(&'static str),
    /// A word that wslint does not know.
    Unknown(&'t str),
}

impl<'t> Pragma<'t> {
    /// Reads a comment, its `#` included; `None` if it is not for wslint.
    pub fn read(comment: &'t str) -> Option<Pragma<'t>> {
        let (said, _) = address(comment).ok()?;
        pragma(said).ok().map(|(_, pragma)| pragma)
    }
}

/// `# wslint:`
fn address(input: &str) -> Read<'_, ()> {
    let hashes = take_while1(|c| c == '#');
    value((), (hashes, multispace0, tag("wslint:"), multispace0)).parse(input)
}

/// A word, and behind it why, or nothing.
fn pragma(input: &str) -> Read<'_, Pragma<'_>> {
    let (behind, word) = take_while(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '=')).parse(input)?;
    let parsed = match word {
        "ignore" | "ignore-file" => ignore(word == "ignore-file", behind)?,
        "websocket" if is_end(behind) => (behind, Pragma::WebSocket(true)),
        "no-websocket" if is_end(behind) => (behind, Pragma::WebSocket(false)),
        _ => match WORDS.iter().find(|w| w.eq_ignore_ascii_case(word)).and_then(|w| w.strip_prefix("context=")) {
            Some(context) if is_end(behind) => (behind, Pragma::Context(context)),
            _ => map(take_till(char::is_whitespace), Pragma::Unknown).parse(input)?,
        },
    };
    Ok(parsed)
}

/// Whether a word ends here: whatever stands against it, but for the marks that close a clause, belongs
/// to it.
fn is_end(behind: &str) -> bool {
    behind.chars().next().is_none_or(|c| c.is_whitespace() || ",;:.()，；：。（）、".contains(c))
}

/// `[rule, …] reason`
fn ignore(file: bool, input: &str) -> Read<'_, Pragma<'_>> {
    let names = delimited(char('['), take_until("]"), char(']'));
    let (input, names) = alt((names, value("", tag("")))).parse(input)?;
    let (_, rules) = separated_list0(char(','), take_till(|c| c == ',')).parse(names)?;
    let rules = rules.into_iter().map(str::trim).filter(|r| !r.is_empty()).collect();
    let (input, reason) = preceded(multispace0, rest).parse(input)?;
    Ok((input, Pragma::Ignore { file, rules, reason: reason.trim_end() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_for_wslint_are_understood_or_said_to_be_unknown() {
        let ignore = |file, rules: &[&'static str], reason| Pragma::Ignore { file, rules: rules.to_vec(), reason };
        for (comment, want) in [
            ("# an ordinary comment about wslint", None),
            ("# see wslint: ignore[a] b", None),
            ("# wslint: ignore[a] why", Some(ignore(false, &["a"], "why"))),
            ("##wslint:ignore-file[a, b ,] it is so\r", Some(ignore(true, &["a", "b"], "it is so"))),
            ("# wslint: ignore[a]", Some(ignore(false, &["a"], ""))),
            ("# wslint: ignore why", Some(ignore(false, &[], "why"))),
            ("# wslint: ignore[a why", Some(ignore(false, &[], "[a why"))),
            ("# wslint: websocket", Some(Pragma::WebSocket(true))),
            ("# wslint: websocket the chat", Some(Pragma::WebSocket(true))),
            ("# wslint: no-websocket, only assets", Some(Pragma::WebSocket(false))),
            ("# wslint: no-websocket（只有静态文件）", Some(Pragma::WebSocket(false))),
            ("# wslint: context=Server", Some(Pragma::Context("server"))),
            ("# wslint: context=location of the shop", Some(Pragma::Context("location"))),
            ("# wslint: context=sever", Some(Pragma::Unknown("context=sever"))),
            ("# wslint: nowebsocket at all", Some(Pragma::Unknown("nowebsocket"))),
            ("# wslint: websocket! yes", Some(Pragma::Unknown("websocket!"))),
            ("# wslint: ignorefile[a] why", Some(Pragma::Unknown("ignorefile[a]"))),
            ("# wslint: 不是", Some(Pragma::Unknown("不是"))),
            ("# wslint:", Some(Pragma::Unknown(""))),
        ] {
            assert_eq!(Pragma::read(comment), want, "{comment}");
        }
    }
}
