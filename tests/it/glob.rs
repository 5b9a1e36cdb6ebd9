//! The include matcher against the C library's own glob(3), which is what nginx calls.

#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use wslint::source::{OsFs, expand_glob, normalise};

/// What the C library says, the authority for this file.
#[allow(unsafe_code, reason = "glob(3) itself is the specification")]
fn libc_glob(pattern: &Path) -> Vec<PathBuf> {
    let text = std::ffi::CString::new(pattern.as_os_str().as_bytes()).unwrap();
    // SAFETY: a zeroed glob_t is what glob(3) asks for, the pattern is a valid C string,
    // and the paths are copied before globfree.
    unsafe {
        let mut result: libc::glob_t = std::mem::zeroed();
        let mut found = Vec::new();
        if libc::glob(text.as_ptr(), 0, None, &mut result) == 0 {
            for i in 0..result.gl_pathc {
                let path = std::ffi::CStr::from_ptr(*result.gl_pathv.add(i));
                found.push(PathBuf::from(OsString::from_vec(path.to_bytes().to_vec())));
            }
        }
        libc::globfree(&mut result);
        found
    }
}

#[test]
fn patterns_mean_what_glob_3_means() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "a.conf",
        "b.conf",
        ".hid",
        "B.conf",
        "[x].conf",
        "{a,b}.conf",
        "a-b",
        "]",
        "a\\b",
        "d/x.conf",
        "d/e/y.conf",
        "d/.z",
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"lat\xfcn.conf")), "").unwrap();
    // What each class of characters holds: a file for each character, but for those that no name has.
    for byte in (1..=0xffu8).filter(|b| !b"./".contains(b)) {
        std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(&[b'd', b'/', b'~', byte])), "").unwrap();
    }
    let classes = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit"
        .split(' ')
        .map(|c| format!("d/~[[:{c}:]]"));
    let patterns = [
        "*.conf",
        "*",
        ".*",
        "?.conf",
        "[ab].conf",
        "[!a].conf",
        "[^a]*",
        "[a-c]*",
        "[[]x].conf",
        "[[:upper:]]*",
        "[]]",
        "[]a]*",
        "{a,b}.c*",
        "**/*.conf",
        "d/*",
        "d/.*",
        "*/e/*",
        "[a",
        "[x].conf",
        "a[-]b",
        "a\\*",
        "\\a.conf*",
        "*\\.conf",
        "a*b*c*",
        "nothing*",
        "d*/[e]/y.conf",
        "*.con[f]",
        "[z-a]*",
        "[[:digit:]]*",
        "*/",
        "lat?n.conf",
        "[!]]*",
        "[!b-d]*",
        "[a-]-b",
        "a[--.]b",
        r"a[\-]b",
        r"a[\\]b",
        r"[\]]",
        r"[a-\c].conf",
        "[[.a.]].conf",
        "[[=a=]-c].conf",
        "[[=a]].conf",
        "[[=ab=]].conf",
        "[a-[=c=]].conf",
        "[[.a.]-[.c.]].conf",
        "[[.a]].conf",
        "[[.ab.]].conf",
        "[[:nothing:]]*",
        "[[:alpha:]-b].conf",
        "*.co*f",
        "*a*n*",
        "?",
        "??",
        r"\[x\].conf",
        r"a\\b",
        "*/x.conf",
        r"\.h*",
        "[.]hid",
    ];
    for pattern in patterns.map(str::to_owned).into_iter().chain(classes) {
        let full = folder.path().join(&pattern);
        let ours = expand_glob(&OsFs, &full).unwrap();
        let theirs: Vec<PathBuf> = libc_glob(&full)
            .into_iter()
            .filter(|p| !p.as_os_str().as_bytes().ends_with(b"/.") && !p.as_os_str().as_bytes().ends_with(b"/.."))
            .map(|p| normalise(&p))
            .collect();
        assert_eq!(ours, theirs, "{pattern}");
    }
}
