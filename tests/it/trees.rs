//! Whole trees: fleets that share a snippet, dumps, fragments in their roots, `wslint.toml`.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SNIPPET: &str = "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection \"upgrade\";\nproxy_set_header Host $host;\n";
const ROOT: &str = "events {}\nhttp {\n    include conf.d/*.conf;\n}\n";

fn put(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn wslint(root: &Path, args: &[&str], input: Option<&str>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wslint"))
        .current_dir(root)
        .args(args)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(text) = input {
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    }
    child.wait_with_output().unwrap()
}

fn json(root: &Path, args: &[&str], input: Option<&str>) -> Value {
    let output = wslint(root, &[&["--format", "json"], args].concat(), input);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn reported(report: &Value) -> Vec<&Value> {
    report["diagnostics"].as_array().unwrap().iter().filter(|d| d["severity"] != "advice").collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// As many virtual hosts as asked for, each with one location that includes the snippet.
fn fleet(root: &Path, count: usize, snippet: &str) {
    put(root, "nginx.conf", ROOT);
    put(root, "snippets/websocket.conf", snippet);
    for n in 0..count {
        let host = format!(
            "server {{\n    listen 80;\n    server_name host{n}.example.com;\n    location /ws {{\n        include snippets/websocket.conf;\n        proxy_pass http://127.0.0.1:{};\n    }}\n}}\n",
            3000 + n % 1000
        );
        put(root, &format!("conf.d/host{n:04}.conf"), &host);
    }
}

#[test]
fn a_fleet_that_shares_a_correct_snippet_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path(), 2_000, SNIPPET);
    for path in [".", "nginx.conf"] {
        let output = wslint(folder.path(), &[path], None);
        assert!(output.status.success() && output.stdout.is_empty(), "{}", stderr(&output));
        assert!(stderr(&output).contains("Nothing to report"), "{}", stderr(&output));
    }
    let report = json(folder.path(), &["."], None);
    assert_eq!(report["endpoints"].as_array().unwrap().len(), 2_000);
}

#[test]
fn one_typo_in_a_shared_snippet_is_one_finding_and_one_edit() {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path(), 2_000, &SNIPPET.replace("\"upgrade\"", "\"ugrade\""));
    let report = json(folder.path(), &["."], None);
    let [found] = reported(&report)[..] else { panic!("{:#?}", reported(&report).len()) };
    assert_eq!(
        (&found["path"], &found["rule"]),
        (&"snippets/websocket.conf".into(), &"misspelled-websocket-setting".into())
    );
    assert_eq!(found["fix"]["edits"].as_array().unwrap().len(), 1);
    let labels = found["labels"].as_array().unwrap();
    assert!(labels.len() > 1 && labels[1]["path"].as_str().unwrap().starts_with("conf.d/"), "{labels:#?}");
    let fixed = wslint(folder.path(), &["--fix", "."], None);
    assert!(fixed.status.success(), "{}", stderr(&fixed));
    assert_eq!(std::fs::read_to_string(folder.path().join("snippets/websocket.conf")).unwrap(), SNIPPET);
}

/// What `nginx -T` prints of these files.
fn dump(files: &[(String, String)]) -> String {
    files.iter().fold(String::new(), |mut out, (path, text)| {
        let _ = write!(out, "# configuration file {path}:\n{text}\n");
        out
    })
}

#[test]
fn a_dump_gives_the_findings_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = vec![("nginx.conf".to_owned(), ROOT.to_owned())];
    for n in 0..300 {
        let headers = match n % 4 {
            0 => SNIPPET.to_owned(),
            1 => SNIPPET.replace("$http_upgrade", "$http_upgrad"),
            2 => SNIPPET.replace("proxy_http_version 1.1;\n", ""),
            _ => String::new(),
        };
        let text = format!(
            "server {{\nlisten 80;\nserver_name h{n};\nlocation /ws {{\nproxy_pass http://127.0.0.1:3000;\n{headers}}}\n}}\n"
        );
        files.push((format!("conf.d/h{n:03}.conf"), text));
    }
    for (name, text) in &files {
        put(folder.path(), name, text);
    }
    let absolute: Vec<(String, String)> = files.iter().map(|(n, t)| (format!("/etc/nginx/{n}"), t.clone())).collect();
    let text = dump(&absolute);
    let brief = |report: &Value, prefix: &str| -> Vec<(String, String, u64, u64)> {
        let of = |d: &Value| {
            let path = d["path"].as_str().unwrap();
            (
                path.strip_prefix(prefix).unwrap_or(path).to_owned(),
                d["rule"].to_string(),
                d["start"]["offset"].as_u64().unwrap(),
                d["end"]["offset"].as_u64().unwrap(),
            )
        };
        report["diagnostics"].as_array().unwrap().iter().map(of).collect()
    };
    let from_files = json(folder.path(), &["nginx.conf"], None);
    let elsewhere = tempfile::tempdir().unwrap();
    let from_dump = json(elsewhere.path(), &["-"], Some(&text));
    assert_eq!(from_dump["endpoints"].as_array().unwrap().len(), 300);
    assert_eq!(brief(&from_files, ""), brief(&from_dump, "/etc/nginx/"));
    assert_eq!(from_dump["files"][0]["kind"], "dump");
    // With the messages of `nginx -t` before it, and from a file.
    put(
        elsewhere.path(),
        "dump.txt",
        &format!("nginx: configuration file /etc/nginx/nginx.conf test is successful\n{text}"),
    );
    assert_eq!(brief(&json(elsewhere.path(), &["dump.txt"], None), "/etc/nginx/"), brief(&from_files, ""));
    // The diff carries the paths of the machine, and applies to its files.
    let diff = wslint(elsewhere.path(), &["--diff", "-"], Some(&text)).stdout;
    put(folder.path(), "patch.diff", &String::from_utf8(diff).unwrap());
    std::fs::create_dir_all(folder.path().join("etc")).unwrap();
    let machine = tempfile::tempdir().unwrap();
    for (name, text) in &files {
        put(machine.path(), &format!("etc/nginx/{name}"), text);
    }
    let applied = Command::new("git")
        .args(["apply", folder.path().join("patch.diff").to_str().unwrap()])
        .current_dir(machine.path())
        .env("GIT_DIR", "/nonexistent")
        .output()
        .unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    assert_eq!(reported(&json(&machine.path().join("etc/nginx"), &["--isolated", "nginx.conf"], None)).len(), 0);
    let refused = wslint(elsewhere.path(), &["--fix", "-"], Some(&text));
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--diff"), "{}", stderr(&refused));
}

#[test]
fn a_fragment_is_analysed_in_the_root_that_reaches_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    put(
        root,
        "nginx/nginx.conf",
        "events {}\nhttp {\n    map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n    proxy_http_version 1.1;\n    include conf.d/*.conf;\n}\n",
    );
    let vhost = "server {\n    listen 80;\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection $connection_upgrade;\n    }\n}\n";
    put(root, "nginx/conf.d/app.conf", vhost);
    put(
        root,
        "nginx/conf.d/other.conf",
        "server {\n    listen 81;\n    location /ws { proxy_pass http://127.0.0.1:3000; }\n}\n",
    );
    // In its root, the version comes from `http`; what is wrong in another file is not asked about.
    let report = json(root, &["nginx/conf.d/app.conf"], None);
    assert_eq!(reported(&report).len(), 0, "{report:#}");
    assert_eq!(report["endpoints"].as_array().unwrap().len(), 1);
    assert_eq!(report["endpoints"][0]["verdict"], "upgrades");
    // Alone, nothing sets it.
    let alone = json(root, &["--isolated", "nginx/conf.d/app.conf"], None);
    assert_eq!(reported(&alone)[0]["rule"], "missing-proxy-http-version");
    // From standard input, under its name.
    let typed = json(root, &["--stdin-filename", "nginx/conf.d/app.conf", "-"], Some(vhost));
    assert_eq!(reported(&typed).len(), 0, "{typed:#}");
}

#[test]
fn what_stands_in_sites_available_is_read_as_if_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(
        root,
        "nginx.conf",
        "events {}\nhttp {\n    proxy_http_version 1.1;\n    include /etc/nginx/sites-enabled/*;\n}\n",
    );
    put(
        root,
        "sites-available/app",
        "server {\n    location /ws {\n        proxy_pass http://127.0.0.1:1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection upgrade;\n    }\n}\n",
    );
    std::fs::create_dir(root.join("sites-enabled")).unwrap();
    let report = json(root, &["."], None);
    assert_eq!(reported(&report).len(), 0, "{report:#}");
}

#[test]
fn wslint_toml_says_what_counts() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "deploy/main.conf", "events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n");
    put(
        root,
        "deploy/conf.d/app.conf",
        "server {\n    listen 80;\n    location /chat { proxy_pass http://127.0.0.1:1; }\n    location / { proxy_pass http://127.0.0.1:2; }\n}\n",
    );
    put(root, "vendor/bad.conf", "server { location /ws { proxy_pass http://127.0.0.1:1; } }\n");
    put(
        root,
        "wslint.toml",
        "roots = [\"deploy/main.conf\"]\nexclude = [\"vendor/**\"]\n[paths]\n\"/etc/nginx\" = \"deploy\"\n[websocket]\nlocations = [\"/chat\"]\n",
    );
    let report = json(root, &[], None);
    let [found] = reported(&report)[..] else { panic!("{report:#}") };
    assert_eq!((&found["rule"], &found["severity"]), (&"upgrade-not-forwarded".into(), &"error".into()));
    assert_eq!(report["endpoints"][0]["evidence"], "declared");
    let walked = wslint(root, &["."], None);
    assert!(stderr(&walked).contains("skipped 1 excluded file (vendor/bad.conf)"), "{}", stderr(&walked));
    // A rule that is off, or no longer an error.
    put(root, "wslint.toml", "roots = [\"deploy/main.conf\"]\n[rules]\nupgrade-not-forwarded = \"off\"\n");
    assert_eq!(wslint(root, &[], None).status.code(), Some(0));
    put(root, "wslint.toml", "fail-on = \"errr\"\n");
    let refused = wslint(root, &[], None);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("wslint.toml:1: `fail-on` is \"errr\""), "{}", stderr(&refused));
    assert_eq!(
        wslint(root, &["--isolated", "deploy/main.conf"], None).status.code(),
        Some(1),
        "not the project's file"
    );
}

#[test]
fn a_baseline_accepts_what_is_there_also_on_other_lines() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let text = "events {}\nhttp {\n    server {\n        location /ws { proxy_pass http://127.0.0.1:1; }\n    }\n}\n";
    put(root, "nginx.conf", text);
    assert_eq!(wslint(root, &["nginx.conf", "--write-baseline", "known.json"], None).status.code(), Some(0));
    put(root, "nginx.conf", &format!("# a line above\n\n{text}"));
    let known = json(root, &["nginx.conf", "--baseline", "known.json"], None);
    assert_eq!((reported(&known).len(), &known["summary"]["baselined"]), (0, &1.into()));
    put(
        root,
        "nginx.conf",
        &text.replace("    }\n}", "        location /ws2 { proxy_pass http://127.0.0.1:1; }\n    }\n}"),
    );
    assert_eq!(
        wslint(root, &["nginx.conf", "--baseline", "known.json"], None).status.code(),
        Some(0),
        "/ws2 is no evidence"
    );
    put(
        root,
        "nginx.conf",
        &text.replace("    }\n}", "        location /cable { proxy_pass http://127.0.0.1:1; }\n    }\n}"),
    );
    let new = json(root, &["nginx.conf", "--baseline", "known.json"], None);
    assert_eq!(reported(&new).len(), 1);
    put(root, "known.json", "[]");
    let refused = wslint(root, &["nginx.conf", "--baseline", "known.json"], None);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("known.json: this is no baseline"), "{}", stderr(&refused));
}

#[test]
fn init_writes_a_file_that_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "nginx.conf", "events {}\nhttp {}\n");
    assert!(wslint(folder.path(), &["init"], None).status.success());
    assert_eq!(wslint(folder.path(), &["nginx.conf"], None).status.code(), Some(0));
    let again = wslint(folder.path(), &["init"], None);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("is there already"));
}

#[test]
fn templates_are_read_as_far_as_that_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let location = |inner: &str| {
        format!(
            "server {{\n    listen {{{{ port }}}};\n    location {{{{ path }}}}/ws {{\n        proxy_pass http://127.0.0.1:__PORT__;\n{inner}    }}\n}}\n"
        )
    };
    for (name, inner, verdict) in [
        ("full.conf.j2", SNIPPET.to_owned(), "upgrades"),
        ("typo.conf.j2", SNIPPET.replace("\"upgrade\"", "\"ugrade\""), "broken"),
        ("maybe.conf.j2", format!("{{% if ws %}}\n{SNIPPET}{{% endif %}}\n"), "unknown"),
        ("value.conf.j2", SNIPPET.replace("\"upgrade\"", "{{ connection }}"), "unknown"),
    ] {
        put(root, name, &location(&inner));
        let report = json(root, &["--isolated", name], None);
        assert_eq!(report["endpoints"][0]["verdict"], verdict, "{name}: {report:#}");
        assert!(reported(&report).iter().all(|d| d["rule"] == "misspelled-websocket-setting"), "{name}: {report:#}");
    }
    // A placeholder beside it is no reason to leave a typo alone; control flow is.
    let diff = String::from_utf8(wslint(root, &["--isolated", "--diff", "typo.conf.j2"], None).stdout).unwrap();
    assert!(diff.contains("+proxy_set_header Connection \"upgrade\";"), "{diff}");
    put(
        root,
        "typo.conf.j2",
        &location(&format!("{{% if ws %}}\n{}{{% endif %}}\n", SNIPPET.replace("\"upgrade\"", "\"ugrade\""))),
    );
    assert!(wslint(root, &["--isolated", "--diff", "typo.conf.j2"], None).stdout.is_empty());
    // A mistake that no template explains is still one.
    put(root, "broken.conf", "server {\n    listen ${PORT};\n");
    assert_eq!(reported(&json(root, &["--isolated", "broken.conf"], None))[0]["rule"], "syntax-error");
}

#[test]
fn what_a_script_could_change_is_unknown_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let set = "proxy_http_version 1.1; proxy_set_header Upgrade $u; proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:1;";
    let text = format!(
        "events {{}}\nhttp {{\n    server {{\n        set $u '';\n        location /a {{ access_by_lua_file x.lua; {set} }}\n        location /b {{ {set} }}\n        location /c {{ access_by_lua_file x.lua; proxy_pass http://127.0.0.1:1; }}\n        location /d {{ js_set $v main.v; proxy_set_header Upgrade $v; proxy_pass http://127.0.0.1:1; proxy_http_version 1.1; proxy_set_header Connection upgrade; }}\n    }}\n}}\n"
    );
    put(folder.path(), "nginx.conf", &text);
    let report = json(folder.path(), &["nginx.conf"], None);
    let verdicts: Vec<&str> =
        report["endpoints"].as_array().unwrap().iter().map(|e| e["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["unknown", "broken", "broken", "unknown"]);
}

/// What a tag decides is not known: the other arm may do anything else.
#[test]
fn what_a_template_decides_is_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let trio = format!("proxy_pass http://127.0.0.1:1;\n{SNIPPET}");
    let location = |inner: &str| format!("server {{\n listen 80;\n location /ws {{\n{inner}\n{trio}\n }}\n}}\n");
    let cases = [
        location("{% if maint %}\nreturn 503;\n{% endif %}"),
        location("# {% if maint %}\nreturn 503;\n# {% endif %}"),
        location("{{ if .X }}return 404;{{ end }}"),
        location("<% if x %>return 404;<% end %>"),
        location("{% if x %} proxy_hide_header Upgrade; {% endif %}"),
        location("${EXTRA}"),
        location("__EXTRA__"),
        location("{{ extra }}"),
        format!("server {{\n{{% if x %}} return 301 https://$host; {{% endif %}}\nlocation /ws {{\n{trio}}}\n}}\n"),
    ];
    for text in cases {
        put(root, "x.conf", &text);
        let report = json(root, &["--isolated", "x.conf"], None);
        assert_eq!(report["endpoints"][0]["verdict"], "unknown", "{text}{report:#}");
        assert_eq!(reported(&report).len(), 0, "{text}{report:#}");
        assert!(wslint(root, &["--isolated", "--diff", "x.conf"], None).stdout.is_empty(), "{text}");
    }
}

#[test]
fn other_directories_than_the_project_s_root_give_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    put(root, "wslint.toml", "exclude = [\"vendor/**\"]\n");
    put(root, "vendor/bad.conf", "server { location /ws { proxy_pass http://127.0.0.1:1; } }\n");
    put(root, "nginx/nginx.conf", "events {}\nhttp {\n    include conf.d/*.conf;\n}\n");
    put(
        root,
        "nginx/conf.d/a.conf",
        "server {\n    listen 81;\n    location /ws {\n        include snippets/pass.inc;\n    }\n}\n",
    );
    put(root, "nginx/snippets/pass.inc", "proxy_pass http://127.0.0.1:1;\n");
    // The vhost given alone is told of its own location, although the cause lies in the snippet.
    let report = json(root, &["nginx/conf.d/a.conf"], None);
    assert_eq!(
        (reported(&report).len(), &reported(&report)[0]["path"]),
        (1, &"nginx/conf.d/a.conf".into()),
        "{report:#}"
    );
    // A diff that leaves the directory carries the paths of the project.
    let diff = wslint(&root.join("nginx/conf.d"), &["--diff", "../snippets/pass.inc"], None);
    let text = String::from_utf8(diff.stdout).unwrap();
    assert!(text.contains("--- a/nginx/conf.d/a.conf\n") && !text.contains(".."), "{text}");
    // A baseline and the patterns of `exclude` mean the same files from everywhere.
    assert!(wslint(root, &["--write-baseline", "known.json", "."], None).status.success());
    for (from, baseline) in [(root.to_owned(), "known.json"), (root.join("nginx"), "../known.json")] {
        let out = wslint(
            &from,
            &["--baseline", baseline, "--format", "concise", if baseline.starts_with("..") { ".." } else { "." }],
            None,
        );
        assert_eq!((out.status.code(), out.stdout.len()), (Some(0), 0), "{}", String::from_utf8_lossy(&out.stdout));
    }
}

/// A snippet that two roots include is mended in both or in none, also when one of them is named.
#[test]
fn who_names_one_root_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    let main = "events {}\nhttp {\n    server {\n        listen 8080;\n        include snip/site.conf;\n    }\n}\n";
    put(root, "nginx.conf", main);
    put(root, "edge.conf", main);
    put(root, "other.conf", &main.replace("snip/site.conf", "snip/other.conf"));
    put(root, "snip/site.conf", "location /ws {\n    proxy_pass http://127.0.0.1:3000;\n}\n");
    put(root, "snip/other.conf", "location /ws {\n    proxy_pass http://127.0.0.1:3000;\n}\n");
    // What is said is about the root that was named.
    let report = json(root, &["nginx.conf"], None);
    let paths: Vec<&Value> = reported(&report).iter().map(|d| &d["path"]).collect();
    assert_eq!(paths, ["snip/site.conf"]);
    // The map that the snippet then needs is written for both, or the other would not start.
    assert_eq!(wslint(root, &["--fix", "nginx.conf"], None).status.code(), Some(0));
    let text = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    assert!(text("snip/site.conf").contains("$connection_upgrade"));
    assert!(text("nginx.conf").contains("map $http_upgrade"));
    assert!(text("edge.conf").contains("map $http_upgrade"));
    assert_eq!(text("other.conf"), main.replace("snip/site.conf", "snip/other.conf"));
    // `--isolated` asks about nobody else.
    put(root, "snip/site.conf", "location /ws {\n    proxy_pass http://127.0.0.1:3000;\n}\n");
    put(root, "nginx.conf", main);
    put(root, "edge.conf", main);
    assert_eq!(wslint(root, &["--isolated", "--fix", "nginx.conf"], None).status.code(), Some(0));
    assert_eq!(text("edge.conf"), main);
}

/// What is right for the root that was named, and would make another one fail.
#[test]
fn a_fix_that_another_root_cannot_bear_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    let main = |lines: &str| {
        format!(
            "events {{}}\nhttp {{\n    server {{\n        listen 8080;\n        location /ws {{\n            \
             proxy_pass http://127.0.0.1:3000;\n            proxy_set_header Upgrade $http_upgrade;\n            \
             proxy_set_header Connection \"upgrade\";\n            {lines}\n            include snip/ws.conf;\n        }}\n    }}\n}}\n"
        )
    };
    put(root, "nginx.conf", &main(""));
    put(root, "edge.conf", &main("proxy_request_buffering off;"));
    let snippet = "proxy_http_version 1.0;\n";
    put(root, "snip/ws.conf", snippet);
    // Bodies would come in chunks there: unsafe.
    wslint(root, &["--fix", "nginx.conf"], None);
    assert_eq!(std::fs::read_to_string(root.join("snip/ws.conf")).unwrap(), snippet);
    std::fs::remove_file(root.join("edge.conf")).unwrap();
    wslint(root, &["--fix", "nginx.conf"], None);
    assert_eq!(std::fs::read_to_string(root.join("snip/ws.conf")).unwrap(), "proxy_http_version 1.1;\n");
}

/// What an image copies to its `/`: a template in a directory of its own includes what lies beside that directory.
#[test]
fn a_template_of_a_machine_includes_what_the_machine_has() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    put(root, "rootfs/etc/nginx/includes/proxy_params.conf", SNIPPET);
    let template = |path: &str| {
        format!(
            "server {{\n  listen {{{{ .port }}}};\n  include {path};\n  location /ws {{\n    proxy_pass http://a:1;\n  }}\n}}\n"
        )
    };
    let opens = || {
        let report = json(root, &["--isolated", "."], None);
        assert_eq!(reported(&report).len(), usize::from(report["endpoints"][0]["verdict"] != "upgrades"), "{report}");
        report["endpoints"][0]["verdict"].as_str().unwrap().to_owned()
    };
    put(root, "rootfs/etc/nginx/templates/ingress.gtpl", &template("/etc/nginx/includes/proxy_params.conf"));
    assert_eq!(opens(), "upgrades");
    put(root, "rootfs/etc/nginx/templates/ingress.gtpl", &template("/etc/nginx/includes/none.conf"));
    assert_eq!(opens(), "unknown");
}
