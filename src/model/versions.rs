//! The nginx versions that a question is about.

use nom::Parser;
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, digit1};
use nom::combinator::{map_res, opt};
use nom::multi::separated_list1;
use nom::sequence::terminated;

use crate::catalog::{LANDMARKS, Product, Version};
use crate::i18n::Text;
use crate::text;

/// A text that names no nginx version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text().en)]
pub enum VersionError {
    /// It is no version at all.
    NoVersion(String),
    /// No nginx has this number.
    NoNginx(String),
    /// A product that wslint does not know.
    NoProduct(String),
    /// A release of which nobody knows from which nginx it is made.
    NotTranslated(String),
}

impl VersionError {
    /// What is wrong, in both languages.
    pub fn text(&self) -> Text {
        match self {
            VersionError::NoVersion(text) => text!(
                "`{text}` is no nginx version; expected one like `1.28.3`, `1.29`, OpenResty's `1.27.1.1`, or what `nginx -v` prints",
                "`{text}` 不是 nginx 版本；应写成 `1.28.3`、`1.29`、OpenResty 的 `1.27.1.1`，或 `nginx -v` 输出的形式"
            ),
            VersionError::NoNginx(text) => text!(
                "no nginx has the number `{text}`; if it is that of Tengine or Angie, write `Tengine/{text}` or `Angie/{text}`",
                "没有编号为 `{text}` 的 nginx；如果是 Tengine 或 Angie 的版本，请写成 `Tengine/{text}` 或 `Angie/{text}`"
            ),
            VersionError::NoProduct(name) => text!(
                "wslint does not know `{name}`; give the nginx version that it is made from",
                "wslint 不认识 `{name}`；请给出它所基于的 nginx 版本"
            ),
            VersionError::NotTranslated(text) => text!(
                "it is not known which nginx `{text}` is made from; give that version instead",
                "不清楚 `{text}` 基于哪个 nginx 版本；请直接给出那个版本"
            ),
        }
    }
}

/// The nginx versions that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    low: Version,
    high: Version,
}

impl Versions {
    /// Every version that wslint knows.
    pub const ALL: Versions = Versions { low: Version(0, 0, 0), high: Version(u16::MAX, 0, 0) };

    /// Reads `1.22.1`, `1.29` (all of it), OpenResty's `1.27.1.1`, what `nginx -v` prints (`nginx/1.22.1`,
    /// `Tengine/3.1.0`), and what package managers do (`1.22.1-9+deb12u1`).
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Versions, VersionError> {
        let given = text.trim();
        let bare = given.split_once(" version: ").map_or(given, |(_, rest)| rest).trim();
        let (product, rest) = named(bare).map_or((None, bare), |(name, rest)| (Some(name), rest));
        let product = match product {
            None => Product::Nginx,
            Some(name) => Product::of_name(name).ok_or_else(|| VersionError::NoProduct(name.to_owned()))?,
        };
        let parts = numbers(rest).ok_or_else(|| VersionError::NoVersion(given.to_owned()))?;
        let versions = match parts.as_slice() {
            [a, b] => Versions { low: Version(*a, *b, 0), high: Version(*a, *b, u16::MAX) },
            [a, b, c] | [a, b, c, _] => Versions { low: Version(*a, *b, *c), high: Version(*a, *b, *c) },
            _ => return Err(VersionError::NoVersion(given.to_owned())),
        };
        let nginx = product.nginx(versions.low).ok_or_else(|| match product {
            Product::Nginx => VersionError::NoNginx(given.to_owned()),
            _ => VersionError::NotTranslated(given.to_owned()),
        })?;
        match product {
            Product::Nginx => Ok(versions),
            _ => Ok(Versions { low: nginx, high: nginx }),
        }
    }

    /// Versions that stand for the whole range: nothing that matters changes between two of them.
    pub fn points(self) -> Vec<Version> {
        let mut points: Vec<Version> =
            LANDMARKS.iter().copied().filter(|v| (self.low..=self.high).contains(v)).collect();
        if self != Versions::ALL && !points.contains(&self.low) {
            points.insert(0, self.low);
        }
        points
    }
}

/// A product's name in front of a `/`, and what stands behind it.
fn named(text: &str) -> Option<(&str, &str)> {
    let name = take_while1::<_, &str, ()>(|c: char| c.is_ascii_alphabetic() || c == '-');
    let (rest, name) = terminated(name, char('/')).parse(text).ok()?;
    Some((name, rest))
}

/// The numbers of a version, its epoch and whatever a distribution adds left out.
fn numbers(text: &str) -> Option<Vec<u16>> {
    let number = || map_res(digit1::<&str, ()>, str::parse::<u16>);
    let (text, _) = opt(terminated(number(), char(':'))).parse(text).ok()?;
    let text = text.strip_prefix('v').unwrap_or(text);
    let (rest, parts) = separated_list1(char('.'), number()).parse(text).ok()?;
    let ends = rest.chars().next().is_none_or(|c| matches!(c, '-' | '+' | '~' | ' '));
    ends.then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_they_are_printed() {
        let exact = |a, b, c| Ok(Versions { low: Version(a, b, c), high: Version(a, b, c) });
        for text in [
            "1.22.1",
            "v1.22.1",
            "nginx/1.22.1",
            "nginx version: nginx/1.22.1",
            "1.22.1-9+deb12u1",
            "1:1.22.1-14.el9",
            "1.22.1-r0",
            "nginx/1.22.1 (Ubuntu)",
            "Tengine/2.4.0",
        ] {
            assert_eq!(Versions::parse(text), exact(1, 22, 1), "{text}");
        }
        assert_eq!(Versions::parse("openresty/1.27.1.1"), exact(1, 27, 1));
        assert_eq!(Versions::parse("Angie/1.10.2"), exact(1, 27, 5));
        assert_eq!(Versions::parse("1.29"), Ok(Versions { low: Version(1, 29, 0), high: Version(1, 29, u16::MAX) }));
        for text in ["", "1", "1.x", "1.22.1x", "3.1.0", "freenginx/1.27.2", "caddy/2.7.6", "latest"] {
            assert!(Versions::parse(text).is_err(), "{text}");
        }
    }
}
