//! Include patterns, exactly as glob(3) with flags 0 in the C locale reads them, because
//! that is what nginx calls (`ngx_open_glob`, core/ngx_files.c).

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::FileSystem;

/// Whether nginx treats an include argument as a pattern (`strpbrk(name, "*?[")`, core/ngx_conf_file.c).
pub fn is_glob(pattern: &[u8]) -> bool {
    pattern.iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// Whether one path component matches one pattern component (fnmatch(3) with `FNM_PERIOD`).
pub fn glob_match(pattern: &[u8], name: &[u8]) -> bool {
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') && !pattern.starts_with(b"\\.") {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    // The last `*` seen, and where in the name it was tried; on a mismatch it takes one byte more.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = if p < pattern.len() { one(&pattern[p..], name.get(n).copied()) } else { None };
        match step {
            Some(Step::Star) => {
                p += 1;
                star = Some((p, n));
            }
            Some(Step::Matched(width)) => {
                p += width;
                n += 1;
            }
            None if p == pattern.len() && n == name.len() => return true,
            None => match star {
                Some((after, tried)) if tried < name.len() => {
                    star = Some((after, tried + 1));
                    p = after;
                    n = tried + 1;
                }
                _ => return false,
            },
        }
    }
}

enum Step {
    Star,
    Matched(usize),
}

/// Matches the first element of `pattern` against one byte.
fn one(pattern: &[u8], byte: Option<u8>) -> Option<Step> {
    match (pattern[0], byte) {
        (b'*', _) => Some(Step::Star),
        (_, None) => None,
        (b'?', Some(_)) => Some(Step::Matched(1)),
        (b'[', Some(b)) => match bracket(pattern, b) {
            Some((true, width)) => Some(Step::Matched(width)),
            Some((false, _)) => None,
            None => (b == b'[').then_some(Step::Matched(1)),
        },
        (b'\\', Some(b)) if pattern.len() > 1 => (pattern[1] == b).then_some(Step::Matched(2)),
        (c, Some(b)) => (c == b).then_some(Step::Matched(1)),
    }
}

/// A bracket expression: whether it holds `b`, and its width. `None` if it is never closed,
/// in which case `[` stands for itself.
fn bracket(pattern: &[u8], b: u8) -> Option<(bool, usize)> {
    let mut i = 1;
    let negated = matches!(pattern.get(i), Some(b'!' | b'^'));
    if negated {
        i += 1;
    }
    let mut found = false;
    let mut first = true;
    loop {
        let c = *pattern.get(i)?;
        if c == b']' && !first {
            return Some((found != negated, i + 1));
        }
        first = false;
        if c == b'[' && pattern.get(i + 1) == Some(&b':') {
            let end = pattern[i + 2..].windows(2).position(|w| w == b":]").map(|e| i + 2 + e);
            if let Some(end) = end {
                found |= class(&pattern[i + 2..end], b)?;
                i = end + 2;
                continue;
            }
        }
        // A class of equals begins no range.
        if let [b'[', b'=', same, b'=', b']', ..] = pattern[i..] {
            found |= same == b;
            i += 5;
            continue;
        }
        let (low, next) = element(pattern, i)?;
        i = next;
        if pattern.get(i) == Some(&b'-') && pattern.get(i + 1).is_some_and(|&c| c != b']') {
            let (high, next) = element(pattern, i + 1)?;
            i = next;
            found |= low <= b && b <= high;
        } else {
            found |= low == b;
        }
    }
}

/// One character of a bracket expression, its escape removed.
fn element(pattern: &[u8], i: usize) -> Option<(u8, usize)> {
    match *pattern.get(i)? {
        b'\\' => Some((*pattern.get(i + 1)?, i + 2)),
        b'[' if pattern.get(i + 1) == Some(&b'.') => match pattern[i + 2..] {
            [c, b'.', b']', ..] => Some((c, i + 5)),
            _ => None,
        },
        c => Some((c, i + 1)),
    }
}

fn class(name: &[u8], b: u8) -> Option<bool> {
    Some(match name {
        b"alnum" => b.is_ascii_alphanumeric(),
        b"alpha" => b.is_ascii_alphabetic(),
        b"blank" => b == b' ' || b == b'\t',
        b"cntrl" => b.is_ascii_control(),
        b"digit" => b.is_ascii_digit(),
        b"graph" => b.is_ascii_graphic(),
        b"lower" => b.is_ascii_lowercase(),
        b"print" => b.is_ascii_graphic() || b == b' ',
        b"punct" => b.is_ascii_punctuation(),
        b"space" => b.is_ascii_whitespace() || b == 0x0b,
        b"upper" => b.is_ascii_uppercase(),
        b"xdigit" => b.is_ascii_hexdigit(),
        _ => return None,
    })
}

/// The existing paths that match, sorted by byte; the pattern is absolute or relative to the
/// current directory of `fs`. `*` does not match `/`, and `**` is `*`.
///
/// # Errors
/// Never for a directory that cannot be read: glob(3) passes over it, and so does nginx.
pub fn expand_glob(fs: &dyn FileSystem, pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    let mut parts = pattern.components().peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let bytes = part.as_os_str().as_encoded_bytes();
        let mut next = Vec::new();
        for base in found {
            if !matches!(part, std::path::Component::Normal(_)) || !is_glob(bytes) {
                let path = base.join(unescape(part.as_os_str()));
                if !last || fs.kind(&path).is_ok() {
                    next.push(path);
                }
                continue;
            }
            let folder = if base.as_os_str().is_empty() { Path::new(".") } else { base.as_path() };
            let Ok(mut names) = fs.list_dir(folder) else {
                continue;
            };
            names.sort_by(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
            for name in names.iter().filter(|n| glob_match(bytes, n.as_encoded_bytes())) {
                next.push(base.join(name));
            }
        }
        found = next;
    }
    if pattern.as_os_str().as_encoded_bytes().ends_with(b"/") {
        found.retain(|p| matches!(fs.kind(p), Ok(super::FileKind::Directory)));
    }
    found.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    Ok(found)
}

/// glob(3) removes backslashes also from components without wildcards.
fn unescape(part: &std::ffi::OsStr) -> OsString {
    match part.to_str() {
        Some(text) if text.contains('\\') => {
            let mut out = String::new();
            let mut chars = text.chars();
            while let Some(c) = chars.next() {
                out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
            }
            out.into()
        }
        _ => part.to_owned(),
    }
}
