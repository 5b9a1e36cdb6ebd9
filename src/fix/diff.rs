//! A unified diff that `git apply` and `patch -p1` accept, over bytes.

use std::fmt::Write as _;
use std::path::Path;

use super::patched::Patched;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// One line of a hunk.
enum Line<'a> {
    Same(&'a [u8]),
    Gone(&'a [u8]),
    Come(Vec<u8>),
}

/// The diff of one file; empty where nothing changed.
pub fn unified(path: &Path, patched: &Patched) -> Vec<u8> {
    let old = patched.old();
    let lines: Vec<&[u8]> = old.split_inclusive(|&b| b == b'\n').collect();
    let mut starts = vec![0];
    for line in &lines {
        starts.push(starts[starts.len() - 1] + line.len());
    }
    // Old line ranges with the new text that stands there, widened to whole lines.
    let mut regions: Vec<(usize, usize, Vec<u8>)> = Vec::new();
    for change in patched.changes() {
        // What stands behind a last line without an end goes on in it.
        let open = lines.last().is_some_and(|line| !line.ends_with(b"\n"));
        let most = lines.len() - usize::from(open);
        let first = starts.partition_point(|&s| s <= change.start).saturating_sub(1).min(most);
        let last = if change.end > starts[first] || change.start > starts[first] {
            starts.partition_point(|&s| s < change.end.max(change.start)).min(lines.len()).max(first)
        } else {
            first
        };
        let touches = |(_, end, _): &&mut (usize, usize, Vec<u8>)| *end > first;
        if let Some((_, end, text)) = regions.last_mut().filter(touches) {
            // The previous region ends in the line where this one begins: its tail is taken back.
            let tail = starts[*end] - change.start;
            text.truncate(text.len() - tail);
            text.extend_from_slice(&change.new);
            let last = last.max(*end);
            text.extend_from_slice(&old[change.end..starts[last]]);
            *end = whole(text, last, &lines);
            continue;
        }
        let mut text = old[starts[first]..change.start].to_vec();
        text.extend_from_slice(&change.new);
        text.extend_from_slice(&old[change.end..starts[last].max(change.end)]);
        let last = whole(&mut text, last, &lines);
        regions.push((first, last, text));
    }
    let mut hunks: Vec<(usize, Vec<Line<'_>>)> = Vec::new();
    let mut shown = 0;
    for (first, last, text) in &regions {
        let new: Vec<&[u8]> = text.split_inclusive(|&b| b == b'\n').collect();
        let changed = similar::capture_diff_slices(similar::Algorithm::Myers, &lines[*first..*last], &new);
        if !changed.iter().any(|op| op.tag() != similar::DiffTag::Equal) {
            continue;
        }
        let near = !hunks.is_empty() && *first <= shown + 2 * CONTEXT;
        if near {
            if let Some((_, hunk)) = hunks.last_mut() {
                hunk.extend(lines[shown..*first].iter().map(|l| Line::Same(l)));
            }
        } else {
            if let Some((_, hunk)) = hunks.last_mut() {
                hunk.extend(lines[shown..(shown + CONTEXT).min(lines.len())].iter().map(|l| Line::Same(l)));
            }
            let from = first.saturating_sub(CONTEXT);
            hunks.push((from, lines[from..*first].iter().map(|l| Line::Same(l)).collect()));
        }
        let Some((_, hunk)) = hunks.last_mut() else { continue };
        for op in changed {
            let (tag, a, b) = op.as_tag_tuple();
            match tag {
                similar::DiffTag::Equal => {
                    hunk.extend(lines[first + a.start..first + a.end].iter().map(|l| Line::Same(l)))
                }
                _ => {
                    hunk.extend(lines[first + a.start..first + a.end].iter().map(|l| Line::Gone(l)));
                    hunk.extend(new[b].iter().map(|l| Line::Come(l.to_vec())));
                }
            }
        }
        shown = *last;
    }
    if let Some((_, hunk)) = hunks.last_mut() {
        hunk.extend(lines[shown..(shown + CONTEXT).min(lines.len())].iter().map(|l| Line::Same(l)));
    }
    hunks.iter_mut().for_each(trim);
    render(path, &hunks)
}

/// Where new text ends within a line, the old line that goes on there is part of it; behind which line it ends.
fn whole(text: &mut Vec<u8>, last: usize, lines: &[&[u8]]) -> usize {
    match lines.get(last).filter(|_| !text.is_empty() && !text.ends_with(b"\n")) {
        Some(rest) => {
            text.extend_from_slice(rest);
            last + 1
        }
        None => last,
    }
}

/// As much context in front as behind: what stands less behind is taken for the end of the file by `patch`,
/// which then wants to find it there.
fn trim((from, lines): &mut (usize, Vec<Line<'_>>)) {
    let same = |l: &&Line<'_>| matches!(l, Line::Same(_));
    let extra = lines.iter().take_while(same).count().saturating_sub(CONTEXT);
    lines.drain(..extra);
    *from += extra;
    let extra = lines.iter().rev().take_while(same).count().saturating_sub(CONTEXT);
    lines.truncate(lines.len() - extra);
}

fn render(path: &Path, hunks: &[(usize, Vec<Line<'_>>)]) -> Vec<u8> {
    let mut out = Vec::new();
    if hunks.is_empty() {
        return out;
    }
    out.extend(format!("--- {}\n+++ {}\n", header("a", path), header("b", path)).into_bytes());
    let mut shift = 0isize;
    for (from, lines) in hunks {
        let gone = lines.iter().filter(|l| !matches!(l, Line::Come(_))).count();
        let come = lines.iter().filter(|l| !matches!(l, Line::Gone(_))).count();
        let range = |start: usize, count: usize| {
            let start = if count == 0 { start } else { start + 1 };
            if count == 1 { start.to_string() } else { format!("{start},{count}") }
        };
        let new_start = from.saturating_add_signed(shift);
        out.extend(format!("@@ -{} +{} @@\n", range(*from, gone), range(new_start, come)).into_bytes());
        shift += come as isize - gone as isize;
        for line in lines {
            let (mark, text) = match line {
                Line::Same(t) => (b' ', *t),
                Line::Gone(t) => (b'-', *t),
                Line::Come(t) => (b'+', t.as_slice()),
            };
            out.push(mark);
            out.extend_from_slice(text);
            if !text.ends_with(b"\n") {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

/// The name with `/` between its folders, as patches have it on every system.
fn slashes(name: &[u8], separator: char) -> Vec<u8> {
    name.iter().map(|&b| if char::from(b) == separator { b'/' } else { b }).collect()
}

/// `a/path`, quoted as git quotes it where the name has bytes that a header cannot hold.
fn header(side: &str, path: &Path) -> String {
    let bytes = slashes(path.as_os_str().as_encoded_bytes(), std::path::MAIN_SEPARATOR);
    let bytes = bytes.strip_prefix(b"/").unwrap_or(&bytes);
    let plain = bytes.iter().all(|b| *b >= b' ' && *b < 0x7f && *b != b'"' && *b != b'\\');
    if plain {
        let text = String::from_utf8_lossy(bytes);
        // A name with a space ends at a tab, or `patch` would cut it.
        let tab = if text.contains(' ') { "\t" } else { "" };
        return format!("{side}/{text}{tab}");
    }
    let mut quoted = format!("\"{side}/");
    for &b in bytes {
        match b {
            b'"' => quoted.push_str("\\\""),
            b'\\' => quoted.push_str("\\\\"),
            b'\n' => quoted.push_str("\\n"),
            b'\t' => quoted.push_str("\\t"),
            b' '..0x7f => quoted.push(b as char),
            _ => {
                let _ = write!(quoted, "\\{b:03o}");
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::lower::ByteEdit;
    use super::super::patched::Patched;
    use super::{header, slashes, unified};

    /// What becomes of twenty numbered lines where these are replaced.
    fn replaced(lines: &[usize]) -> String {
        let old: String = (1..=20).map(|n| format!("{n:02}\n")).collect();
        let mut patched = Patched::new(old.into_bytes());
        let edit = |n: &usize| ByteEdit { start: 3 * (n - 1), end: 3 * n - 1, text: b"x".to_vec() };
        patched.apply(&lines.iter().map(edit).collect::<Vec<_>>());
        String::from_utf8(unified(Path::new("a.conf"), &patched)).unwrap()
    }

    /// As `diff -u` has them.
    #[test]
    fn changes_that_are_near_share_a_hunk() {
        let hunks = |lines: &[usize]| {
            let diff = replaced(lines);
            diff.lines().filter(|l| l.starts_with("@@")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(hunks(&[]), [""; 0]);
        assert_eq!(hunks(&[10]), ["@@ -7,7 +7,7 @@"]);
        assert_eq!(hunks(&[1]), ["@@ -1,4 +1,4 @@"]);
        assert_eq!(hunks(&[20]), ["@@ -17,4 +17,4 @@"]);
        assert_eq!(hunks(&[2, 9]), ["@@ -1,12 +1,12 @@"]);
        assert_eq!(hunks(&[2, 10]), ["@@ -1,5 +1,5 @@", "@@ -7,7 +7,7 @@"]);
        let whole = "--- a/a.conf\n+++ b/a.conf\n@@ -1,5 +1,5 @@\n 01\n-02\n+x\n 03\n 04\n 05\n";
        assert_eq!(replaced(&[2]), whole);
    }

    #[test]
    fn lines_come_and_go_and_a_last_one_may_have_no_end() {
        let diff = |old: &str, start: usize, end: usize, text: &str| {
            let mut patched = Patched::new(old.as_bytes().to_vec());
            patched.apply(&[ByteEdit { start, end, text: text.as_bytes().to_vec() }]);
            let diff = String::from_utf8(unified(Path::new("a"), &patched)).unwrap();
            diff.split_once("+++ b/a\n").map(|(_, hunks)| hunks.to_owned()).unwrap_or_default()
        };
        assert_eq!(diff("", 0, 0, "a\n"), "@@ -0,0 +1 @@\n+a\n");
        assert_eq!(diff("a\n", 0, 2, ""), "@@ -1 +0,0 @@\n-a\n");
        assert_eq!(diff("a\n", 2, 2, "b\n"), "@@ -1 +1,2 @@\n a\n+b\n");
        assert_eq!(diff("a\nb\n", 2, 2, "c\n"), "@@ -1,2 +1,3 @@\n a\n+c\n b\n");
        assert_eq!(diff("a\nb\n", 0, 2, ""), "@@ -1,2 +1 @@\n-a\n b\n");
        assert_eq!(diff("a\n", 0, 1, "a"), "");
        let end = "\\ No newline at end of file\n";
        assert_eq!(diff("a", 1, 1, "b"), format!("@@ -1 +1 @@\n-a\n{end}+ab\n{end}"));
        assert_eq!(diff("a", 1, 1, "\nb"), format!("@@ -1 +1,2 @@\n-a\n{end}+a\n+b\n{end}"));
        assert_eq!(diff("a\n", 1, 1, ";"), "@@ -1 +1 @@\n-a\n+a;\n");
    }

    /// What git writes and `patch` reads.
    #[test]
    fn a_name_that_no_header_can_hold_is_quoted() {
        let name = |path: &str| header("a", Path::new(path));
        assert_eq!(name("/etc/nginx.conf"), "a/etc/nginx.conf");
        assert_eq!(name("my site.conf"), "a/my site.conf\t");
        assert_eq!(name("a\"b\tc\nd~"), "\"a/a\\\"b\\tc\\nd~\"");
        assert_eq!(name("\u{e9}\u{1}\u{7f}"), "\"a/\\303\\251\\001\\177\"");
    }

    #[test]
    fn a_patch_from_windows_names_files_as_git_does() {
        assert_eq!(slashes(br"conf.d\a.conf", '\\'), b"conf.d/a.conf");
        assert_eq!(slashes(br"conf.d/odd\name.conf", '/'), br"conf.d/odd\name.conf");
    }
}
