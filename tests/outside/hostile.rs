//! Every command that wslint prints, run in a shell over names that a stranger may give to a file.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// A location that is broken, and one that a URL reaches.
const TEXT: &str = "events {}\nhttp {\n    server {\n        listen 8080;\n        server_name a.example;\n        location /ws {\n            proxy_pass http://127.0.0.1:9000;\n            proxy_http_version 1.1;\n            proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection \"ugrade\";\n        }\n    }\n}\n";

/// What a shell, `tar`, `patch` or a terminal would make something else of.
const NAMES: &[&str] = &[
    "--checkpoint-action=exec=touch PWNED",
    "-rf",
    "-",
    "a b.conf",
    "$(touch PWNED).conf",
    "`touch PWNED`.conf",
    "a'$(touch PWNED)'.conf",
    "a\"; touch PWNED; \".conf",
    "a\ntouch PWNED\n.conf",
    "a;touch PWNED;.conf",
    "a && touch PWNED",
    "| touch PWNED",
    "> PWNED",
    "*.conf",
    "~root",
    "!touch",
    "#touch.conf",
    "a\\$(touch PWNED).conf",
    "${IFS}touch${IFS}PWNED",
    "域名 的.conf",
];

/// What the recorder of a command's words writes between them.
const RECORDER: &str = "#!/bin/sh\nprintf '%s\\036' \"$@\" >> \"$RECORD\"\n";

/// A folder with the file in it, and commands that do nothing but note their words.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(name: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir_all(folder.path().join("work")).unwrap();
        fs::create_dir_all(&bin).unwrap();
        for command in ["wslint", "nginx", "tar", "patch", "curl", "git", "sudo", "cp", "rm"] {
            fs::write(bin.join(command), RECORDER).unwrap();
            fs::set_permissions(bin.join(command), fs::Permissions::from_mode(0o755)).unwrap();
        }
        // What a name would run, it can.
        std::os::unix::fs::symlink("/usr/bin/touch", bin.join("touch")).unwrap();
        fs::write(folder.path().join("work").join(name), TEXT).unwrap();
        Place { folder }
    }

    fn work(&self) -> std::path::PathBuf {
        self.folder.path().join("work")
    }

    fn wslint(&self, args: &[&str]) -> String {
        let out: Output = Command::new(env!("CARGO_BIN_EXE_wslint"))
            .current_dir(self.work())
            .args(args)
            .env("COLUMNS", "1000")
            .output()
            .unwrap();
        String::from_utf8([out.stdout, out.stderr].concat()).unwrap()
    }

    /// The words of everything that a command line runs.
    fn run(&self, command: &str) -> Vec<String> {
        let record = self.folder.path().join("record");
        fs::write(&record, "").unwrap();
        let out = Command::new("/bin/sh")
            .args(["-c", command])
            .current_dir(self.work())
            .env("PATH", self.folder.path().join("bin"))
            .env("RECORD", &record)
            .output()
            .unwrap();
        let words = fs::read_to_string(&record).unwrap();
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!said.contains("yntax error"), "{command}\n{said}");
        words.split_terminator('\u{1e}').map(str::to_owned).collect()
    }
}

/// The commands in a text: fenced for the shell, between backquotes, and behind `Patch:`. A name may hold a
/// backquote itself, so that an inline command ends where its quotes are even.
fn commands(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut fence: Option<String> = None;
    let mut inline: Option<String> = None;
    for line in text.lines() {
        match (&mut fence, line.trim_start()) {
            (None, "```sh") => fence = Some(String::new()),
            (Some(_), "```") => out.extend(fence.take()),
            (Some(block), _) => *block += &format!("{line}\n"),
            (None, bare) => {
                let patch = bare.strip_prefix("Patch: ").or(bare.strip_prefix("补丁："));
                if let Some(command) = patch {
                    out.push(command.to_owned());
                    continue;
                }
                let starts = line.match_indices("`wslint ").next();
                if let (None, Some((at, _))) = (&inline, starts) {
                    inline = Some(line[at + 1..].to_owned());
                } else if let Some(open) = &mut inline {
                    *open += &format!("\n{line}");
                }
                if let Some(end) = inline.as_deref().and_then(end_of_inline) {
                    out.extend(inline.take().map(|open| open[..end].to_owned()));
                }
            }
        }
    }
    assert!(fence.is_none() && inline.is_none(), "a command does not end in {text}");
    out
}

/// Where the backquote stands that ends a command: outside of its own quotes.
fn end_of_inline(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => quoted = !quoted,
            '\\' if !quoted => drop(chars.next()),
            '`' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

#[test]
fn no_printed_command_runs_what_a_name_spells() {
    for name in NAMES {
        let is_it = |word: &String| word == name || *word == format!("./{name}");
        // `-` alone is standard input, and a person writes what the shell needs.
        let given = if name.starts_with('-') { format!("./{name}") } else { (*name).to_owned() };
        let mut told = 0;
        for lang in ["en", "zh-CN"] {
            let place = Place::new(name);
            for (args, names_it) in [
                (vec!["--isolated", "--lang", lang, "--", &given], true),
                (vec!["--isolated", "--lang", lang, "--format", "ticket", "--", &given], true),
                (vec!["trace", "--isolated", "--lang", lang, "ws://a.example:8080/ws", "--", &given], true),
                (vec!["--isolated", "--lang", lang, "--fix", "--", &given], false),
            ] {
                let text = place.wslint(&args);
                let commands = commands(&text);
                let mut arrives = false;
                for command in &commands {
                    let words = place.run(command);
                    arrives |= words.iter().any(is_it);
                    told += 1;
                }
                assert!(!names_it || arrives, "{name:?} {args:?}: the file is in no command of {commands:#?}\n{text}");
                assert!(!has_been_run(&place.work()), "{name:?} was run by one of {commands:#?}");
            }
        }
        assert!(told > 8, "{name:?}: {told} commands");
    }
}

fn has_been_run(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().any(|e| e.unwrap().file_name() == "PWNED")
}
