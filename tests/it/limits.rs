//! Very large and very deep files end cleanly: no crash, no call stack that grows with the input.
#![allow(clippy::unwrap_used, reason = "a test that panics has said what it has to say")]

use std::process::Command;

/// Exit status and report for one file.
fn check(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(folder.path())
        .args(["--isolated", "--format", "concise", "nginx.conf"])
        .output()
        .unwrap();
    (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn a_million_open_blocks_are_one_syntax_error() {
    for block in ["a {", "location / {", "if ($a) {"] {
        let (status, report) = check(&format!("events {{}} http {{ server {{ {}", block.repeat(1_000_000)));
        assert_eq!(status, Some(1), "{block}");
        assert!(report.contains("syntax-error"), "{block}: {report}");
    }
}

#[test]
fn two_hundred_thousand_closed_locations_end() {
    let n = 200_000;
    let (status, _) =
        check(&format!("events {{}} http {{ server {{ {}{} }} }}", "location / {".repeat(n), "}".repeat(n)));
    assert!(matches!(status, Some(0 | 1)));
}

#[test]
fn a_hundred_megabytes_end() {
    let line = "    # a comment of a usual length, as they stand in every configuration\n";
    let mut text = String::from("events {}\nhttp {\n");
    text.push_str(&line.repeat(100_000_000 / line.len()));
    text.push_str("}\n");
    assert_eq!(check(&text).0, Some(0));
}

#[test]
fn bytes_of_any_kind_end() {
    for text in
        ["\u{feff}events {}", "\0\0\0", "{{{{", "}}}}", "\"", "a \\", "events {} http { server { listen \0; } }"]
    {
        let (status, report) = check(text);
        assert!(matches!(status, Some(0 | 1)), "{text:?}: {report}");
    }
}

/// A sparse file of 4 GiB takes no disk, and is refused before anything of it is read.
#[test]
fn four_gigabytes_are_refused_with_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("nginx.conf")).unwrap();
    file.set_len(4 << 30).unwrap();
    // In a process that could not hold it.
    let out = Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", "ulimit -v 1000000; exec \"$0\" --isolated nginx.conf", env!("CARGO_BIN_EXE_wslint")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("nginx.conf") && said.contains("larger than 512 MiB"), "{said}");
    // As an include it is a finding with the same words, and the rest is checked.
    std::fs::rename(folder.path().join("nginx.conf"), folder.path().join("large.conf")).unwrap();
    std::fs::write(folder.path().join("nginx.conf"), "events {}\nhttp {\n    include large.conf;\n}\n").unwrap();
    let out = wslint(folder.path(), &["--format", "json", "nginx.conf"]);
    let report = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(report.contains("past the limits of wslint"), "{report}");
}

fn wslint(folder: &std::path::Path, args: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_wslint")).current_dir(folder).arg("--isolated").args(args).output().unwrap()
}

/// Expressions that would backtrack for ever come to an end: what they match is then unknown.
#[test]
fn expressions_that_backtrack_for_ever_end() {
    let evil = "(a+)+$ ^(([a-z])+.)+[A-Z]([a-z])+$ (?=(a+))a*b\\1 ((a*)*)*b (x+x+)+y";
    let locations: String = evil
        .split(' ')
        .enumerate()
        .map(|(i, e)| format!("location ~ \"/{i}{e}\" {{ proxy_pass http://127.0.0.1:1; }}\n"))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let text =
        format!("events {{}}\nhttp {{\nserver {{\nlisten 80;\n{locations}location / {{ return 200; }}\n}}\n}}\n");
    std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
    for n in 0..5 {
        let url = format!("ws://a/{n}{}!", "aax".repeat(40));
        let out = wslint(folder.path(), &["--url", &url, "nginx.conf"]);
        assert!(matches!(out.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&out.stderr));
    }
}

/// One server with these lines, and these before it.
fn one_server(http: &str, lines: &str) -> String {
    format!("events {{}}\nhttp {{\n{http}server {{\nlisten 8080;\nserver_name example.com;\n{lines}}}\n}}\n")
}

/// Shapes whose cost might grow with the square of their size, or double with each line, end within ten
/// seconds and two gigabytes of address space.
#[test]
fn no_shape_hangs_or_fills_the_memory() {
    const WS: &str =
        "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";
    const PASS: &str = "proxy_pass http://127.0.0.1:9000;";
    let lines = |n: usize, line: &dyn Fn(usize) -> String| (0..n).map(line).collect::<String>();
    let maps = |volatile: &str| {
        lines(60, &|i| format!("map $a{i} $a{} {{ {volatile} default \"$a{i}$a{i}\"; }}\n", i + 1))
            + "map $http_upgrade $a0 { default upgrade; }\n"
    };
    let with = WS.replace("\"upgrade\"", "$a60");
    let sets = lines(60, &|i| format!("set $a{} \"$a{i}$a{i}\";\n", i + 1));
    let shapes = [
        ("maps", one_server(&maps(""), &format!("location /ws {{ {with} {PASS} }}\n"))),
        ("volatile maps", one_server(&maps("volatile;"), &format!("location /ws {{ {with} {PASS} }}\n"))),
        ("sets", one_server("", &format!("location /ws {{ set $a0 upgrade;\n{sets}{with} {PASS} }}\n"))),
        (
            "ifs",
            one_server(
                "",
                &format!(
                    "location /ws {{ {}{WS} {PASS} }}\n",
                    lines(1_000, &|i| format!("if ($arg_a{i}) {{ set $x {i}; }}\n"))
                ),
            ),
        ),
        (
            "rewrites",
            one_server(
                "",
                &(lines(500, &|i| format!("rewrite ^/old{i}(.*)$ /new{i}$1 last;\n"))
                    + &lines(300, &|i| format!("location = /p{i} {{ {WS} {PASS} }}\n"))),
            ),
        ),
        (
            "sets of each other",
            one_server(
                "",
                &format!(
                    "location / {{ {}{} {PASS} }}\n",
                    "set $a1 $a2;\nset $a2 $a1;\n".repeat(20),
                    WS.replace("\"upgrade\"", "$a1").replace("Upgrade", "Upgrad")
                ),
            ),
        ),
        (
            "maps of each other",
            one_server(
                &lines(30, &|i| format!("map $arg_x $b{i} {{ {} }}\n", lines(30, &|j| format!("{j} $b{j};\n")))),
                &format!("location /ws {{ {} {PASS} }}\n", WS.replace("\"upgrade\"", "$b0")),
            ),
        ),
        (
            "headers",
            one_server(
                "",
                &(lines(1_500, &|i| format!("proxy_set_header X-{i} {i};\n"))
                    + &lines(1_500, &|i| format!("location /p{i} {{ {PASS} }}\n"))),
            ),
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in shapes {
        std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
        for format in ["concise", "json"] {
            let out = Command::new("sh")
                .current_dir(folder.path())
                .args(["-c", "ulimit -v 2000000; exec timeout 10 \"$0\" --isolated --format \"$1\" nginx.conf"])
                .args([env!("CARGO_BIN_EXE_wslint"), format])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&out.stderr).into_owned();
            assert!(matches!(out.status.code(), Some(0 | 1)), "{name}: {:?} {said}", out.status);
        }
    }
}

/// A file that somebody writes anew all the time is read as it is at some moment, or not at all.
#[test]
fn a_file_that_shrinks_while_it_is_read_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nginx.conf");
    let server = "server { listen 80; location /ws { proxy_pass http://127.0.0.1:1; } }\n";
    let text = format!("events {{}}\nhttp {{\n{}}}\n", server.repeat(20_000));
    std::fs::write(&path, &text).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
                file.set_len(100).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
        });
        for _ in 0..20 {
            let out = wslint(folder.path(), &["--format", "concise", "nginx.conf"]);
            assert!(matches!(out.status.code(), Some(0..=2)), "{:?}", out.status);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// Peak memory of a run in kB, looked at when it stops at its full pipe: then everything is worked out,
/// and the rest of the report is written piece by piece.
#[cfg(target_os = "linux")]
fn memory(folder: &std::path::Path, args: &[&str]) -> usize {
    use std::io::Read as _;
    let mut run = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(folder)
        .arg("--isolated")
        .args(args)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = run.stdout.take().unwrap();
    let mut rest = Vec::new();
    // Its first bytes have come, and there is more than a pipe takes.
    out.read_exact(&mut [0; 100]).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap();
    out.read_to_end(&mut rest).unwrap();
    assert!(rest.len() > 200_000, "the report is not longer than a pipe");
    assert_eq!(run.wait().unwrap().code(), Some(1));
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect("a peak");
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Servers of four locations without a line for WebSocket: two findings each.
#[cfg(target_os = "linux")]
fn bare_servers(count: usize) -> String {
    let location = |path: &str, i: usize| {
        format!(
            "        # location {path} of host {i}\n        location {path} {{\n            \
             proxy_set_header Host $host;\n            proxy_pass http://127.0.0.1:{};\n        }}\n",
            9000 + i % 100
        )
    };
    let server = |i: usize| {
        let locations = ["/", "/api", "/ws", "/socket.io/"].map(|path| location(path, i)).concat();
        format!(
            "    server {{\n        listen 127.0.0.1:8080;\n        \
             server_name host{i}.example.com;\n{locations}    }}\n"
        )
    };
    format!("events {{}}\nhttp {{\n{}}}\n", (0..count).map(server).collect::<String>())
}

/// The size of the program itself aside, memory is at most eight times the input.
#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_findings_more_take_no_more_than_eight_times_their_input() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (bare_servers(5_000), bare_servers(10_000));
    std::fs::write(folder.path().join("one.conf"), &one).unwrap();
    std::fs::write(folder.path().join("two.conf"), &two).unwrap();
    // What the allocator rounds up differs from machine to machine.
    let most = (8 * (two.len() - one.len()) + 2_000_000) / 1024;
    for args in [&["--diff"][..], &["--format", "human"], &["--format", "json"], &["--format", "sarif"]] {
        // On a machine that is busy, threads hold more at the same time: what counts is the least of three.
        let grown = (0..3).map(|_| {
            let [one, two] = ["one.conf", "two.conf"].map(|file| memory(folder.path(), &[args, &[file]].concat()));
            println!("{args:?}: from {one} kB to {two} kB, at most {most} kB more");
            two.saturating_sub(one)
        });
        let least = grown.into_iter().find(|grown| *grown <= most);
        assert!(least.is_some(), "{args:?}: more than {most} kB, three times");
    }
}
