//! The output of `nginx -T`: the files of a running configuration, one behind the other (core/nginx.c,
//! `ngx_dump_config`).

use std::path::PathBuf;

/// What nginx writes before each file.
const MARK: &[u8] = b"# configuration file ";

/// Whether this text is a dump: before the first mark stands nothing that a configuration would hold, such
/// as the messages of `nginx -t`, log lines, a prompt.
pub fn is_dump(bytes: &[u8]) -> bool {
    let lines = bytes.split(|&b| b == b'\n').take(1_000);
    for line in lines {
        if path_of(line).is_some() {
            return true;
        }
        let line = line.trim_ascii();
        let comment = line.starts_with(b"#") && !line.ends_with(b"nginx -T");
        if comment || matches!(line.last(), Some(b';' | b'{' | b'}')) {
            return false;
        }
    }
    false
}

/// The files of a dump in its order, the main one first. nginx ends each with a line break of its own.
pub fn split_dump(bytes: &[u8]) -> Vec<(PathBuf, Vec<u8>)> {
    let mut out: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        match (path_of(line), out.last_mut()) {
            (Some(path), _) => out.push((path, Vec::new())),
            (None, Some((_, content))) => content.extend_from_slice(line),
            (None, None) => {}
        }
    }
    for (_, content) in &mut out {
        if content.ends_with(b"\n") {
            content.pop();
        }
    }
    out
}

fn path_of(line: &[u8]) -> Option<PathBuf> {
    let path = line.trim_ascii_end().strip_prefix(MARK)?.strip_suffix(b":")?;
    let text = std::str::from_utf8(path).ok()?;
    (!text.is_empty()).then(|| PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_taken_apart() {
        let text = b"nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n\
            # configuration file /etc/nginx/nginx.conf:\nevents {}\n\n# configuration file /etc/nginx/a.conf:\n# no end\n";
        assert!(is_dump(text) && !is_dump(b"events {}\n# configuration file /x:\n"));
        let logged =
            [b"$ sudo nginx -T\n2026/11/20 15:58:28 [warn] 1#1: conflicting server name, ignored\n", &text[..]]
                .concat();
        assert!(is_dump(&logged));
        let files = split_dump(text);
        assert_eq!(files[0], ("/etc/nginx/nginx.conf".into(), b"events {}\n".to_vec()));
        assert_eq!(files[1], ("/etc/nginx/a.conf".into(), b"# no end".to_vec()));
    }
}
