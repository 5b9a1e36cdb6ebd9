//! Between the addresses of editors and paths.

use std::path::{Path, PathBuf};

/// The path of a `file:` URI, absolute and without `..`; other documents are none of ours.
pub(super) fn path_of(uri: &str) -> Option<PathBuf> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = rest.strip_prefix("//")?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let slash = rest.find('/')?;
    let (host, path) = rest.split_at(slash);
    let bytes = decoded(path);
    let path = match cfg!(windows) {
        true => windows_path(host, &bytes)?,
        false => unix_path(bytes)?,
    };
    Some(crate::source::normalise(&path)).filter(|p| p.has_root())
}

#[cfg(unix)]
fn unix_path(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn unix_path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// `/c:/x` is `c:/x`, and a host is a share.
fn windows_path(host: &str, bytes: &[u8]) -> Option<PathBuf> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(match text.as_bytes() {
        [b'/', letter, b':', ..] if letter.is_ascii_alphabetic() => PathBuf::from(&text[1..]),
        _ if host.is_empty() || host == "localhost" => PathBuf::from(text),
        _ => PathBuf::from(format!("//{host}{text}")),
    })
}

fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|d| std::str::from_utf8(d).ok());
        let code = digits.filter(|_| byte == b'%').and_then(|d| u8::from_str_radix(d, 16).ok());
        out.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    out
}

/// The URI of an absolute path.
pub(super) fn uri_of(path: &Path) -> String {
    let mut out = String::from("file://");
    let text = if cfg!(windows) { path.to_string_lossy().replace('\\', "/").into_bytes() } else { bytes_of(path) };
    if !text.starts_with(b"/") {
        out.push('/');
    }
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn paths_and_addresses_go_both_ways() {
        for (path, uri) in [
            ("/etc/nginx/nginx.conf", "file:///etc/nginx/nginx.conf"),
            ("/a b/域名 #1?.conf", "file:///a%20b/%E5%9F%9F%E5%90%8D%20%231%3F.conf"),
            ("/100%/x", "file:///100%25/x"),
        ] {
            assert_eq!(uri_of(Path::new(path)), uri);
            assert_eq!(path_of(uri).unwrap(), Path::new(path));
        }
        assert_eq!(path_of("FILE://localhost/a/./b%2fc/../d").unwrap(), Path::new("/a/b/d"));
        assert_eq!(path_of("file:///a%zz").unwrap(), Path::new("/a%zz"));
        for no in ["untitled:Untitled-1", "file:", "file://", "file://host", "", "git:/x"] {
            assert_eq!(path_of(no), None, "{no}");
        }
    }

    #[test]
    fn drives_and_shares_of_windows() {
        assert_eq!(windows_path("", b"/c:/x/y").unwrap(), Path::new("c:/x/y"));
        assert_eq!(windows_path("host", b"/share/x").unwrap(), Path::new("//host/share/x"));
    }
}
