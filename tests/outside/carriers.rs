//! A Dockerfile, read before and after by the parser that editors use for it: `dockerfile-ast`, which `tests/run`
//! installs below `target/consumers`. Readers that are Rust are asked in `tests/it/embedded.rs`.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Prints what the instructions are, and the bodies of their heredocs.
const READER: &str = r#"
const { DockerfileParser } = require("dockerfile-ast");
const text = require("fs").readFileSync(process.argv[1], "utf8");
const lines = text.split(/\r?\n/);
const bodies = instruction => (instruction.getHeredocs ? instruction.getHeredocs() : []).map(heredoc => {
    const end = heredoc.getDelimiterRange();
    if (!end) throw new Error(heredoc.getName() + " is never closed");
    return lines.slice(heredoc.getStartRange().start.line + 1, end.start.line);
});
const read = DockerfileParser.parse(text).getInstructions().map(i => [i.getKeyword(), bodies(i)]);
console.log(JSON.stringify(read));
"#;

/// The instructions of a Dockerfile with their heredocs, line by line.
fn read(file: &Path) -> Vec<(String, Vec<Vec<String>>)> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/consumers/node_modules");
    let parser = modules.join("dockerfile-ast");
    assert!(parser.exists(), "{} is missing: `sh tests/run` installs it", parser.display());
    let out = Command::new("node").args(["-e", READER]).arg(file).env("NODE_PATH", modules).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let value: Value = serde_json::from_slice(&out.stdout).unwrap();
    serde_json::from_value(value).unwrap()
}

const LOCATION: &str = "server {\n    listen 80;\n    location /ws {\n        proxy_pass http://app:3000;\n        proxy_set_header Host $host;\n    }\n}\n";
const ADDED: [&str; 3] = [
    "        proxy_http_version 1.1;",
    "        proxy_set_header Upgrade $http_upgrade;",
    "        proxy_set_header Connection \"upgrade\";",
];

#[test]
fn a_dockerfile_is_read_as_before_but_for_the_edit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Dockerfile");
    for (name, before, after, indent, escaped, ending) in [
        ("COPY", "COPY <<'EOF' /etc/nginx/conf.d/a.conf\n", "EOF\n", "", false, "\n"),
        ("COPY", "COPY <<\"EOF\" /etc/nginx/conf.d/a.conf\n", "EOF\n", "", false, "\r\n"),
        ("COPY", "COPY --chown=1:1 <<EOF /etc/nginx/conf.d/a.conf\n", "EOF\n", "", true, "\n"),
        ("COPY", "COPY <<-EOF /etc/nginx/conf.d/a.conf\n", "\tEOF\n", "\t", true, "\n"),
        ("RUN", "RUN cat <<'E' > /etc/nginx/conf.d/a.conf\n", "E\n", "", false, "\n"),
        ("RUN", "RUN set -e; cat >/etc/nginx/conf.d/a.conf <<-E\n", "E\n", "\t", true, "\n"),
    ] {
        let written = |line: &str| {
            let line = if escaped { line.replace('$', "\\$") } else { line.to_owned() };
            if line.is_empty() { line } else { format!("{indent}{line}") }
        };
        let body: Vec<String> = LOCATION.lines().map(written).collect();
        let text = format!("FROM nginx\n{before}{}\n{after}RUN nginx -v\n", body.join("\n")).replace('\n', ending);
        std::fs::write(&file, &text).unwrap();
        let first = read(&file);
        assert_eq!(first[1], (name.to_owned(), vec![body.clone()]), "{text}");
        let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
            .current_dir(folder.path())
            .args(["--isolated", "--fix", "Dockerfile"])
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(0), "{text}\n{}", String::from_utf8_lossy(&out.stdout));
        let mut wanted = first;
        wanted[1].1[0].splice(5..5, ADDED.map(written));
        assert_eq!(read(&file), wanted, "{text}");
    }
}
