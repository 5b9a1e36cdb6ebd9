//! `wslint server`, driven over standard input and output as an editor does it.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(20);

/// A client of the server.
struct Editor {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next: i64,
    /// The diagnostics of each file, as they were pushed last.
    told: BTreeMap<String, Value>,
    /// Everything else that the server said by itself.
    heard: Vec<Value>,
}

impl Editor {
    /// Starts a server that has not been spoken to.
    fn start() -> Editor {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wslint"))
            .args(["server", "--stdio"])
            .env("LC_ALL", "C")
            .env("HOME", "/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut out) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take().unwrap();
        Editor { child, input, messages, next: 0, told: BTreeMap::new(), heard: Vec::new() }
    }

    /// A client that can do all that there is, in a folder.
    fn open(folder: &Path) -> Editor {
        Editor::with(folder, &json!({}), &json!({}))
    }

    /// With other capabilities and parameters than usual.
    fn with(folder: &Path, capabilities: &Value, params: &Value) -> Editor {
        let mut editor = Editor::start();
        let mut all = json!({
            "textDocument": {
                "publishDiagnostics": {
                    "relatedInformation": true, "versionSupport": true, "codeDescriptionSupport": true,
                    "tagSupport": { "valueSet": [1, 2] },
                },
                "codeAction": { "dataSupport": true, "resolveSupport": { "properties": ["edit"] } },
                "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            },
            "workspace": {
                "workspaceEdit": { "documentChanges": true },
                "didChangeWatchedFiles": { "dynamicRegistration": true },
            },
        });
        merge(&mut all, capabilities);
        let mut given = json!({ "processId": null, "rootUri": uri(folder), "capabilities": all });
        merge(&mut given, params);
        let answer = editor.request("initialize", given);
        assert_eq!(answer["serverInfo"]["name"], "wslint");
        editor.notify("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    }

    fn raw(&mut self, bytes: &str) {
        self.input.write_all(bytes.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks without waiting.
    fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    /// Asks and waits; the error, where it is one.
    fn try_request(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.ask(method, params);
        self.answer_to(&json!(id))
    }

    fn answer_to(&mut self, id: &Value) -> Result<Value, Value> {
        let until = Instant::now() + LONG;
        loop {
            let message = self.message(until).expect("an answer");
            if message.get("method").is_none() && message["id"] == *id {
                return message.get("result").cloned().ok_or_else(|| message["error"].clone());
            }
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.try_request(method, params).unwrap()
    }

    /// The next message; requests of the server are answered.
    fn message(&mut self, until: Instant) -> Option<Value> {
        let message = match self.messages.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("the server is gone"),
        };
        if let Some(method) = message["method"].as_str() {
            if method == "textDocument/publishDiagnostics" {
                let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                self.told.insert(uri, message["params"].clone());
            } else {
                self.heard.push(message.clone());
            }
            if message.get("id").is_some() {
                let result = if method == "workspace/configuration" { json!([self.settings()]) } else { Value::Null };
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
            }
        }
        Some(message)
    }

    fn settings(&self) -> Value {
        json!({ "language": "zh-CN" })
    }

    /// Waits until the diagnostics of a file are as wanted.
    fn wait(&mut self, uri: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + LONG;
        loop {
            if let Some(told) = self.told.get(uri).filter(|t| wanted(t)) {
                return told.clone();
            }
            assert!(self.message(until).is_some(), "{what}: {:#?}", self.told.get(uri));
        }
    }

    /// Waits until a file has findings of these rules, in their order.
    fn wait_rules(&mut self, uri: &str, rules: &[&str]) -> Value {
        self.wait(uri, &format!("{rules:?}"), |told| rules_of(told) == rules)
    }

    fn did_open(&mut self, path: &Path, text: &str) -> String {
        let uri = uri(path);
        let item = json!({ "uri": uri, "languageId": "nginx", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
        uri
    }

    fn did_change(&mut self, uri: &str, version: i64, changes: Value) {
        let id = json!({ "uri": uri, "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": id, "contentChanges": changes }));
    }

    fn files_changed(&mut self, changes: &[(&Path, u8)]) {
        let changes: Vec<Value> = changes.iter().map(|(p, kind)| json!({ "uri": uri(p), "type": kind })).collect();
        self.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    }

    fn actions(&mut self, uri: &str, range: &Value, only: Option<&str>) -> Vec<Value> {
        let mut context = json!({ "diagnostics": [] });
        if let Some(only) = only {
            context["only"] = json!([only]);
        }
        let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": context });
        self.request("textDocument/codeAction", params).as_array().unwrap().clone()
    }

    /// Says goodbye; the exit status.
    fn leave(mut self) -> i32 {
        assert_eq!(self.request("shutdown", Value::Null), Value::Null);
        let refused = self.try_request("textDocument/hover", json!({})).unwrap_err();
        assert_eq!(refused["code"], -32600);
        self.notify("exit", Value::Null);
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(out: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if out.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            header => length = header.strip_prefix("Content-Length: ").unwrap().parse().unwrap(),
        }
    }
    let mut body = vec![0; length];
    out.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).unwrap())
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            from.iter().for_each(|(k, v)| merge(into.entry(k.clone()).or_insert(Value::Null), v));
        }
        (into, from) => *into = from.clone(),
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().unwrap())
}

fn rules_of(told: &Value) -> Vec<&str> {
    told["diagnostics"].as_array().unwrap().iter().map(|d| d["code"].as_str().unwrap_or("?")).collect()
}

fn position(line: usize, character: usize) -> Value {
    json!({ "line": line, "character": character })
}

fn at(line: usize, character: usize) -> Value {
    json!({ "start": position(line, character), "end": position(line, character) })
}

/// A folder with these files, canonical.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let held = tempfile::tempdir().unwrap();
    let root = held.path().canonicalize().unwrap();
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    (held, root)
}

/// Makes the edits of a `WorkspaceEdit` in the texts of files, in UTF-16.
fn applied(edit: &Value, texts: &mut BTreeMap<String, String>) {
    for change in edit["documentChanges"].as_array().unwrap() {
        let text = texts.get_mut(change["textDocument"]["uri"].as_str().unwrap()).unwrap();
        for edit in change["edits"].as_array().unwrap().iter().rev() {
            let offset = |p: &Value| offset(text, p["line"].as_u64().unwrap(), p["character"].as_u64().unwrap());
            let (start, end) = (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]));
            text.replace_range(start..end, edit["newText"].as_str().unwrap());
        }
    }
}

fn offset(text: &str, line: u64, character: u64) -> usize {
    let start: usize = text.split_inclusive('\n').take(line as usize).map(str::len).sum();
    let mut units = 0;
    for (at, c) in text[start..].char_indices() {
        if units >= character {
            return start + at;
        }
        units += c.len_utf16() as u64;
    }
    text.len()
}

const MAIN: &str = "events {}\nhttp {\n    map $http_upgrade $connection_upgrade {\n        default upgrade;\n        '' close;\n    }\n    include sites/*.conf;\n}\n";
const SITE_A: &str = "server {\n    listen 80;\n    server_name a.example;\n    location /ws {\n        include snippets/ws.conf;\n        proxy_pass http://127.0.0.1:3000;\n    }\n}\n";
const SITE_B: &str = "server {\n    listen 80;\n    server_name b.example;\n    location /ws {\n        include snippets/ws.conf;\n        proxy_pass http://127.0.0.1:3001;\n    }\n}\n";
const GOOD: &str = "# 转发升级 😀\r\nproxy_http_version 1.1;\r\nproxy_set_header Upgrade $http_upgrade;\r\nproxy_set_header Connection /* 😀 */ $connection_upgrade;\r\nproxy_read_timeout 1h;\r\n";

/// The snippet with `"ugrade"`, behind Chinese and emoji, in lines that end in CR LF.
fn snippet() -> String {
    "# 转发升级 😀\r\nproxy_http_version 1.1;\r\nproxy_set_header Upgrade $http_upgrade; proxy_set_header X-Name \"名值😀\"; proxy_set_header Connection \"ugrade\";\r\nproxy_read_timeout 1h;\r\n".to_owned()
}

fn fleet() -> (tempfile::TempDir, PathBuf) {
    folder(&[
        ("nginx.conf", MAIN),
        ("sites/a.conf", SITE_A),
        ("sites/b.conf", SITE_B),
        ("snippets/ws.conf", &snippet()),
    ])
}

#[test]
fn a_typo_in_a_snippet_is_shown_and_mended_in_every_vhost() {
    let (_held, root) = fleet();
    let mut editor = Editor::open(&root);
    let path = root.join("snippets/ws.conf");
    let uri = editor.did_open(&path, &snippet());
    let told = editor.wait(&uri, "the version", |t| t["version"] == 1 && !rules_of(t).is_empty());
    let found = &told["diagnostics"][0];
    assert_eq!(rules_of(&told), ["misspelled-websocket-setting"], "{told:#}");
    // UTF-16 behind two Chinese characters and an emoji.
    let line =
        "proxy_set_header Upgrade $http_upgrade; proxy_set_header X-Name \"名值😀\"; proxy_set_header Connection ";
    let start = line.encode_utf16().count();
    let end = start + "\"ugrade\"".len();
    assert_eq!(found["range"], json!({ "start": position(2, start), "end": position(2, end) }), "{found:#}");
    assert_eq!(found["source"], "wslint");
    assert_eq!(found["severity"], 1);
    assert!(
        found["codeDescription"]["href"].as_str().unwrap().ends_with("/docs/rules/misspelled-websocket-setting.md")
    );
    let related: Vec<&str> = (found["relatedInformation"].as_array().unwrap().iter())
        .map(|r| r["location"]["uri"].as_str().unwrap())
        .collect();
    assert!(related.iter().any(|u| u.ends_with("sites/a.conf")), "{related:?}");

    // The quick fix, resolved, is what `--fix` writes.
    let actions = editor.actions(&uri, &at(2, start + 2), None);
    let mend = actions.iter().find(|a| a["isPreferred"] == true).unwrap();
    assert_eq!(mend["kind"], "quickfix");
    assert!(mend.get("edit").is_none());
    let resolved = editor.request("codeAction/resolve", mend.clone());
    let changes = resolved["edit"]["documentChanges"].as_array().unwrap();
    assert_eq!((changes.len(), &changes[0]["textDocument"]["version"]), (1, &json!(1)));
    let mut texts = BTreeMap::from([(uri.clone(), snippet())]);
    applied(&resolved["edit"], &mut texts);
    let fixed = Command::new(env!("CARGO_BIN_EXE_wslint")).arg("--fix").current_dir(&root).output().unwrap();
    assert!(fixed.status.success(), "{fixed:?}");
    assert_eq!(texts[&uri], std::fs::read_to_string(&path).unwrap());

    // All of the file, and nothing is left.
    let all = editor.actions(&uri, &at(0, 0), Some("source.fixAll"));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["kind"], "source.fixAll.wslint");
    let mut again = BTreeMap::from([(uri.clone(), snippet())]);
    applied(&editor.request("codeAction/resolve", all[0].clone())["edit"], &mut again);
    assert_eq!(again, texts);
    editor.did_change(&uri, 2, json!([{ "text": texts[&uri] }]));
    assert_eq!(editor.wait_rules(&uri, &[])["version"], 2);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn findings_can_be_ignored_here_and_of_a_rule_mended_everywhere() {
    let site = |name: &str| {
        format!(
            "server {{\n    listen 80;\n    server_name {name};\n\n    location /ws {{\n        proxy_pass http://127.0.0.1:3000;\n        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"ugrade\";\n    }}\n}}\n"
        )
    };
    let (_held, root) =
        folder(&[("nginx.conf", MAIN), ("sites/a.conf", &site("a.example")), ("sites/b.conf", &site("b.example"))]);
    let mut editor = Editor::open(&root);
    let a = editor.did_open(&root.join("sites/a.conf"), &site("a.example"));
    let b = uri(&root.join("sites/b.conf"));
    let found = editor.wait(&a, "a finding", |t| !rules_of(t).is_empty());
    editor.wait(&b, "also of a file that is not open", |t| !rules_of(t).is_empty() && t.get("version").is_none());
    let range = &found["diagnostics"][0]["range"];
    let actions = editor.actions(&a, range, Some("quickfix"));
    let titled = |part: &str| actions.iter().find(|a| a["title"].as_str().unwrap().contains(part)).unwrap().clone();
    let everywhere = editor.request("codeAction/resolve", titled("in all files"));
    let mut texts = BTreeMap::from([(a.clone(), site("a.example")), (b.clone(), site("b.example"))]);
    applied(&everywhere["edit"], &mut texts);
    assert!(texts.values().all(|t| !t.contains("ugrade\"") || t.contains("upgrade")), "{texts:?}");
    let versions: Vec<&Value> = (everywhere["edit"]["documentChanges"].as_array().unwrap().iter())
        .map(|c| &c["textDocument"]["version"])
        .collect();
    assert_eq!(versions, [&json!(1), &Value::Null]);

    let ignore = editor.request("codeAction/resolve", titled("Ignore"));
    let mut texts = BTreeMap::from([(a.clone(), site("a.example"))]);
    applied(&ignore["edit"], &mut texts);
    assert!(texts[&a].contains("\n        # wslint: ignore["), "{}", texts[&a]);
    editor.did_change(&a, 2, json!([{ "text": texts[&a] }]));
    editor.wait(&a, "ignored", |t| t["version"] == 2 && t["diagnostics"] == json!([]));
    // What the action was about is no longer there.
    let gone = editor.try_request("codeAction/resolve", titled("Ignore")).unwrap_err();
    assert!(gone["message"].as_str().unwrap().contains("no longer"), "{gone}");
}

#[test]
fn unsafe_fixes_are_marked_and_never_made_with_the_others() {
    let text = "events {}\nhttp {\n    server {\n        listen 80;\n        location /ws {\n            proxy_pass http://127.0.0.1:3000;\n            proxy_http_version 1.1;\n            proxy_set_header Upgrade websocket;\n            proxy_set_header Connection upgrade;\n        }\n    }\n}\n";
    let (_held, root) = folder(&[("nginx.conf", text)]);
    let none = json!({ "textDocument": { "codeAction": { "resolveSupport": { "properties": [] } } } });
    let mut editor = Editor::with(&root, &none, &json!({ "initializationOptions": { "advice": true } }));
    let uri = editor.did_open(&root.join("nginx.conf"), text);
    editor.wait(&uri, "findings", |t| !rules_of(t).is_empty());
    let all = json!({ "start": position(0, 0), "end": position(99, 0) });
    let (mut unsafe_ones, mut whole) = (0, 0);
    for action in editor.actions(&uri, &all, None) {
        let is_unsafe = action["title"].as_str().unwrap().contains("(unsafe: ");
        unsafe_ones += usize::from(is_unsafe);
        whole += usize::from(action["kind"] == "source.fixAll.wslint");
        assert!(!(is_unsafe && action["isPreferred"] == true), "{action:#}");
        assert!(action["edit"].is_object(), "a client that cannot resolve gets the edit at once");
    }
    assert_eq!((unsafe_ones > 0, whole), (true, 0));
}

#[test]
fn what_clients_can_decides_how_they_are_told() {
    let comment = "# wslint: ignore[misspelled-websocket-setting] nothing here\n";
    let text = format!("{comment}{SITE_A}");
    let (_held, root) = folder(&[("nginx.conf", MAIN), ("sites/a.conf", &text), ("snippets/ws.conf", &snippet())]);
    let plain = json!({
        "textDocument": { "documentSymbol": { "hierarchicalDocumentSymbolSupport": false } },
        "workspace": { "codeLens": { "refreshSupport": true }, "workspaceEdit": { "documentChanges": false } },
    });
    let mut editor = Editor::with(&root, &plain, &json!({ "initializationOptions": { "codeLens": false } }));
    let site = editor.did_open(&root.join("sites/a.conf"), &text);
    // A comment that does nothing is shown faded.
    let told = editor.wait(&site, "the comment", |t| rules_of(t).contains(&"unused-ignore"));
    assert_eq!(told["diagnostics"][0]["tags"], json!([1]), "{told:#}");
    let document = json!({ "textDocument": { "uri": site } });
    let symbols = editor.request("textDocument/documentSymbol", document.clone());
    assert_eq!(symbols[1]["location"]["uri"], json!(site), "{symbols}");
    assert_eq!((&symbols[0]["name"], &symbols[1]["name"]), (&json!("server a.example"), &json!("location /ws")));
    // Edits without versions, for who knows no others.
    let snippet_uri = editor.did_open(&root.join("snippets/ws.conf"), &snippet());
    let all = editor.actions(&snippet_uri, &at(0, 0), Some("source.fixAll.wslint"));
    let mended = editor.request("codeAction/resolve", all[0].clone());
    assert_eq!(mended["edit"]["changes"][&snippet_uri][0]["newText"], "\"upgrade\"", "{mended:#}");
    // What a command gives back is shown by the server where the client does not.
    editor.request("workspace/executeCommand", json!({ "command": "wslint.explain", "arguments": ["unused-ignore"] }));
    assert!(editor.heard.iter().any(|m| m["method"] == "window/showMessage"));
    // Settings that are pushed count from now on, and lenses are asked for again.
    assert_eq!(editor.request("textDocument/codeLens", document.clone()), json!([]));
    let settings = json!({ "settings": { "wslint": { "codeLens": true, "language": "zh-CN" } } });
    editor.notify("workspace/didChangeConfiguration", settings);
    editor.wait(&snippet_uri, "Chinese", |t| {
        t["diagnostics"][0]["message"].as_str().is_some_and(|m| m.contains("的值是"))
    });
    let lenses = editor.request("textDocument/codeLens", document);
    assert!(lenses[1]["command"]["title"].as_str().unwrap().starts_with("✗ WebSocket："), "{lenses}");
    let before = editor.heard.iter().filter(|m| m["method"] == "workspace/codeLens/refresh").count();
    editor.did_change(&snippet_uri, 2, json!([{ "text": GOOD }]));
    editor.wait(&snippet_uri, "mended", |t| t["version"] == 2);
    editor.request("textDocument/codeLens", json!({ "textDocument": { "uri": snippet_uri } }));
    let after = editor.heard.iter().filter(|m| m["method"] == "workspace/codeLens/refresh").count();
    assert!(after > before, "{:?}", editor.heard);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn files_come_change_and_go_on_the_disk() {
    let (_held, root) = fleet();
    let mut editor = Editor::open(&root);
    let site = root.join("sites/a.conf");
    let snippet_path = root.join("snippets/ws.conf");
    let uri_a = editor.did_open(&site, SITE_A);
    let uri_snippet = uri(&snippet_path);
    editor.wait_rules(&uri_snippet, &["misspelled-websocket-setting"]);
    assert!(editor.heard.iter().any(|m| m["method"] == "client/registerCapability"));
    // An include changed on the disk.
    std::fs::write(&snippet_path, GOOD.replace("/* 😀 */ ", "")).unwrap();
    editor.files_changed(&[(&snippet_path, 2)]);
    editor.wait_rules(&uri_snippet, &[]);
    // Gone: the vhosts that include it cannot start.
    std::fs::remove_file(&snippet_path).unwrap();
    editor.files_changed(&[(&snippet_path, 3)]);
    editor.wait(&uri_a, "the include is missing", |t| rules_of(t).contains(&"unresolved-include"));
    // Back under another name, and the vhost follows, unsaved.
    let other = root.join("snippets/other.conf");
    std::fs::write(&other, GOOD.replace("/* 😀 */ ", "")).unwrap();
    editor.files_changed(&[(&other, 1)]);
    editor.did_change(
        &uri_a,
        2,
        json!([{ "range": { "start": position(4, 16), "end": position(4, 32) }, "text": "snippets/other.conf" }]),
    );
    editor.wait(&uri_a, "the new name is followed", |t| t["version"] == 2 && rules_of(t).is_empty());
    // Closed without being saved: the disk counts again.
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri_a } }));
    editor
        .wait(&uri_a, "the disk counts", |t| t.get("version").is_none() && rules_of(t).contains(&"unresolved-include"));
    // A vhost that is gone takes its findings along.
    std::fs::rename(&site, root.join("sites/c.conf")).unwrap();
    editor.files_changed(&[(&site, 3), (&root.join("sites/c.conf"), 1)]);
    editor.wait_rules(&uri_a, &[]);
    let uri_c = uri(&root.join("sites/c.conf"));
    editor.wait(&uri_c, "under its new name", |t| rules_of(t).contains(&"unresolved-include"));
    // A file that only the editor has is one of the vhosts.
    let fresh = root.join("sites/d.conf");
    let uri_d = editor.did_open(&fresh, &SITE_A.replace("snippets/ws.conf", "snippets/none.conf"));
    editor.wait(&uri_d, "unsaved", |t| rules_of(t).contains(&"unresolved-include"));
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri_d } }));
    editor.wait_rules(&uri_d, &[]);
}

#[test]
fn settings_are_read_again_and_a_broken_file_says_so() {
    let (_held, root) = fleet();
    let mut editor = Editor::open(&root);
    let snippet_uri = uri(&root.join("snippets/ws.conf"));
    editor.wait_rules(&snippet_uri, &["misspelled-websocket-setting"]);
    let toml = root.join("wslint.toml");
    std::fs::write(&toml, "[rules]\nmisspelled-websocket-setting = \"off\"\n").unwrap();
    editor.files_changed(&[(&toml, 1)]);
    editor.wait_rules(&snippet_uri, &[]);
    std::fs::write(&toml, "[rules\n").unwrap();
    editor.files_changed(&[(&toml, 2)]);
    let told = editor.wait(&uri(&toml), "what is wrong", |t| t["diagnostics"].as_array().unwrap().len() == 1);
    assert!(told["diagnostics"][0]["message"].as_str().unwrap().contains("wslint.toml"), "{told}");
    std::fs::remove_file(&toml).unwrap();
    editor.files_changed(&[(&toml, 3)]);
    editor.wait(&uri(&toml), "nothing is wrong", |t| t["diagnostics"] == json!([]));
    editor.wait_rules(&snippet_uri, &["misspelled-websocket-setting"]);
}

#[test]
fn a_client_that_watches_nothing_hears_of_the_disk_all_the_same() {
    let (_held, root) = fleet();
    let blind = json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": false } } });
    let mut editor = Editor::with(&root, &blind, &json!({}));
    let snippet_path = root.join("snippets/ws.conf");
    editor.wait_rules(&uri(&snippet_path), &["misspelled-websocket-setting"]);
    std::fs::write(&snippet_path, GOOD.replace("/* 😀 */ ", "")).unwrap();
    editor.wait_rules(&uri(&snippet_path), &[]);
}

#[test]
fn lenses_hovers_links_and_symbols() {
    let (_held, root) = fleet();
    let mut editor = Editor::open(&root);
    let site = editor.did_open(&root.join("sites/a.conf"), SITE_A);
    let snippet_uri = editor.did_open(&root.join("snippets/ws.conf"), &snippet());
    let about =
        |uri: &str, line, character| json!({ "textDocument": { "uri": uri }, "position": position(line, character) });
    let lenses = editor.request("textDocument/codeLens", json!({ "textDocument": { "uri": site } }));
    let titles: Vec<&str> =
        lenses.as_array().unwrap().iter().map(|l| l["command"]["title"].as_str().unwrap()).collect();
    assert_eq!(titles[0], "WebSocket  ✗ 1", "{titles:?}");
    assert!(titles[1].starts_with("✗ WebSocket: "), "{titles:?}");
    assert_eq!(lenses[1]["range"]["start"], position(3, 4));
    assert_eq!(lenses[1]["command"]["arguments"][0], "a.example/ws");

    let hover = |editor: &mut Editor, uri: &str, line, character| {
        let found = editor.request("textDocument/hover", about(uri, line, character));
        found["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    let text = hover(&mut editor, &site, 5, 10);
    assert!(text.contains("ngx_http_proxy_module.html#proxy_pass"), "{text}");
    assert!(text.contains("| `Connection` | `ugrade`") && text.contains("ws.conf:3"), "{text}");
    let text = hover(&mut editor, &snippet_uri, 2, 28);
    assert!(text.contains("`$http_upgrade`") && text.contains("`websocket`"), "{text}");
    let column =
        "proxy_set_header Upgrade $http_upgrade; proxy_set_header X-Name \"名值😀\"; proxy_set_header Connection "
            .encode_utf16()
            .count();
    let text = hover(&mut editor, &snippet_uri, 2, column + 1);
    assert!(text.contains("misspelled-websocket-setting") && text.contains("## Why it breaks"), "{text}");

    let main = editor.did_open(&root.join("nginx.conf"), MAIN);
    let leads = |editor: &mut Editor, uri: &str, line, character| {
        let goals = editor.request("textDocument/definition", about(uri, line, character));
        goals
            .as_array()
            .unwrap()
            .iter()
            .map(|g| (g["uri"].as_str().unwrap().to_owned(), g["range"]["start"]["line"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(leads(&mut editor, &site, 4, 20), [(snippet_uri.clone(), 0)]);
    assert_eq!(leads(&mut editor, &main, 6, 15), [(site.clone(), 0), (uri(&root.join("sites/b.conf")), 0)]);
    let links = editor.request("textDocument/documentLink", json!({ "textDocument": { "uri": site } }));
    assert_eq!(links[0]["target"], snippet_uri);
    let symbols = editor.request("textDocument/documentSymbol", json!({ "textDocument": { "uri": site } }));
    assert_eq!(symbols[0]["name"], "server a.example");
    assert_eq!(symbols[0]["children"][0]["name"], "location /ws");

    let text = editor
        .request("workspace/executeCommand", json!({ "command": "wslint.trace", "arguments": ["ws://b.example/ws"] }));
    assert!(text.as_str().unwrap().contains("sites/b.conf:4"), "{text}");
    let text = editor.request(
        "workspace/executeCommand",
        json!({ "command": "wslint.explain", "arguments": ["misspelled-websocket-setting"] }),
    );
    assert!(text.as_str().unwrap().starts_with("# misspelled-websocket-setting"), "{text}");
    editor.request("workspace/executeCommand", json!({ "command": "wslint.restart", "arguments": [] }));
    let refused = editor.try_request("workspace/executeCommand", json!({ "command": "rm" })).unwrap_err();
    assert_eq!(refused["code"], -32602);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn definitions_of_variables_upstreams_and_named_locations() {
    let text = "events {}\nhttp {\n    map $http_upgrade $up { default upgrade; }\n    upstream app { server 127.0.0.1:3000; }\n    server {\n        listen 80;\n        error_page 404 @back;\n        location /ws {\n            proxy_http_version 1.1;\n            proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection $up;\n            proxy_pass http://app;\n        }\n        location @back { proxy_pass http://app; }\n        set $backend app;\n        location /set { proxy_pass http://$backend; }\n    }\n}\n";
    let (_held, root) = folder(&[("nginx.conf", text)]);
    let mut editor = Editor::open(&root);
    let uri = editor.did_open(&root.join("nginx.conf"), text);
    for (line, character, goal) in [(10, 42, 2), (11, 30, 3), (6, 25, 13), (15, 44, 14)] {
        let params = json!({ "textDocument": { "uri": uri }, "position": position(line, character) });
        let goals = editor.request("textDocument/definition", params);
        assert_eq!(goals[0]["range"]["start"]["line"], goal, "{line}: {goals}");
    }
}

#[test]
fn every_position_encoding_and_language() {
    let (_held, root) = fleet();
    let line =
        "proxy_set_header Upgrade $http_upgrade; proxy_set_header X-Name \"名值😀\"; proxy_set_header Connection ";
    let widths = [("utf-8", line.len()), ("utf-16", line.encode_utf16().count()), ("utf-32", line.chars().count())];
    for (encoding, width) in widths {
        let wants = json!({ "general": { "positionEncodings": [encoding] } });
        let mut editor = Editor::with(&root, &wants, &json!({ "locale": "zh-cn" }));
        let uri = editor.did_open(&root.join("snippets/ws.conf"), &snippet());
        let told = editor.wait(&uri, "a finding", |t| t["version"] == 1 && !rules_of(t).is_empty());
        let found = &told["diagnostics"][0];
        assert_eq!(found["range"]["start"], position(2, width), "{encoding}");
        assert!(found["message"].as_str().unwrap().contains("的值是"), "{found}");
        // A keystroke behind the emoji goes to the same place.
        let range = json!({ "start": position(2, width + 1), "end": position(2, width + 7) });
        editor.did_change(&uri, 2, json!([{ "range": range, "text": "upgrade" }]));
        editor.wait(&uri, "mended", |t| t["version"] == 2 && !rules_of(t).contains(&"misspelled-websocket-setting"));
    }
}

#[test]
fn who_pulls_is_not_pushed_to() {
    let (_held, root) = fleet();
    let pulls = json!({
        "textDocument": { "diagnostic": { "dynamicRegistration": true, "relatedInformation": true } },
        "workspace": { "diagnostics": { "refreshSupport": true }, "configuration": true },
    });
    let mut editor = Editor::with(&root, &pulls, &json!({}));
    let snippet_uri = uri(&root.join("snippets/ws.conf"));
    editor.wait_rules(&snippet_uri, &["misspelled-websocket-setting"]);
    editor.did_open(&root.join("snippets/ws.conf"), &snippet());
    // What was pushed while it was closed goes; it is asked for from now on.
    editor.wait_rules(&snippet_uri, &[]);
    let params = json!({ "textDocument": { "uri": snippet_uri } });
    let report = editor.request("textDocument/diagnostic", params.clone());
    assert_eq!(
        (&report["kind"], &report["items"][0]["code"]),
        (&json!("full"), &json!("misspelled-websocket-setting"))
    );
    // The settings of the client were asked for, and say Chinese.
    let until = Instant::now() + LONG;
    loop {
        let report = editor.request("textDocument/diagnostic", params.clone());
        if report["items"][0]["message"].as_str().unwrap().contains("的值是") {
            let mut again = params.clone();
            again["previousResultId"] = report["resultId"].clone();
            assert_eq!(editor.request("textDocument/diagnostic", again)["kind"], "unchanged");
            break;
        }
        assert!(Instant::now() < until, "{report}");
    }
    assert!(editor.heard.iter().any(|m| m["method"] == "workspace/configuration"));
}

#[test]
fn many_folders_and_files_in_none() {
    let (_one, first) = fleet();
    let (_two, second) = fleet();
    let mut editor = Editor::open(&first);
    let uri_second = uri(&second.join("snippets/ws.conf"));
    editor.wait_rules(&uri(&first.join("snippets/ws.conf")), &["misspelled-websocket-setting"]);
    let event = |added: Vec<&Path>, removed: Vec<&Path>| {
        let list = |l: Vec<&Path>| l.into_iter().map(|p| json!({ "uri": uri(p), "name": "x" })).collect::<Vec<_>>();
        json!({ "event": { "added": list(added), "removed": list(removed) } })
    };
    editor.notify("workspace/didChangeWorkspaceFolders", event(vec![&second], vec![]));
    editor.wait_rules(&uri_second, &["misspelled-websocket-setting"]);
    editor.notify("workspace/didChangeWorkspaceFolders", event(vec![], vec![&second]));
    editor.wait_rules(&uri_second, &[]);
    // Open in no folder: the roots around it are found all the same.
    editor.did_open(&second.join("snippets/ws.conf"), &snippet());
    editor.wait_rules(&uri_second, &["misspelled-websocket-setting"]);
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri_second } }));
    editor.wait_rules(&uri_second, &[]);
}

/// A page with two examples: only the second one is broken.
fn page(upgrade: &str) -> String {
    format!(
        "# 反向代理 😀\n\nFirst:\n\n```nginx\nupstream app {{ server 127.0.0.1:3000; }}\n```\n\n> Then:\n\n```nginx\nserver {{\n    listen 80;\n    location /socket.io/ {{\n        proxy_pass http://127.0.0.1:3000;\n        proxy_http_version 1.1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection \"{upgrade}\";\n    }}\n}}\n```\n\nThat is all.\n"
    )
}

#[test]
fn configurations_inside_other_files_are_shown_and_mended_there() {
    let (_held, root) = folder(&[("nginx.conf", MAIN), ("README.md", &page("ugrade")), ("notes.md", "# Notes\n")]);
    let mut editor = Editor::open(&root);
    let readme = root.join("README.md");
    let unopened = uri(&readme);
    editor.wait_rules(&unopened, &["misspelled-websocket-setting"]);
    let uri = editor.did_open(&readme, &page("ugrade"));
    let told = editor.wait(&uri, "of the version", |t| t["version"] == 1 && !rules_of(t).is_empty());
    let found = &told["diagnostics"][0];
    assert_eq!(found["range"], json!({ "start": position(17, 36), "end": position(17, 44) }), "{found:#}");
    // As the command says it: a warning, as of all pages.
    assert_eq!(found["severity"], 2);
    // A page that holds none is no configuration, and no problem.
    let notes = editor.did_open(&root.join("notes.md"), "# Notes\n\nproxy_pass\n");
    // What is above the block moves it.
    let range = json!({ "start": position(1, 0), "end": position(1, 0) });
    editor.did_change(&uri, 2, json!([{ "range": range, "text": "一行\n" }]));
    let told = editor.wait(&uri, "moved", |t| t["version"] == 2 && !rules_of(t).is_empty());
    assert_eq!(told["diagnostics"][0]["range"]["start"], position(18, 36));
    assert!(editor.told.get(&notes).is_none_or(|t| t["diagnostics"] == json!([])), "{:?}", editor.told.get(&notes));

    // The edit lands inside the block, and is what `--fix` writes.
    let text = page("ugrade").replacen('\n', "\n一行\n", 1);
    std::fs::write(&readme, &text).unwrap();
    let actions = editor.actions(&uri, &at(18, 40), Some("quickfix"));
    assert!(actions.iter().all(|a| !a["title"].as_str().unwrap().contains("Ignore")), "{actions:#?}");
    let mend = editor.request("codeAction/resolve", actions[0].clone());
    assert_eq!(mend["edit"]["documentChanges"][0]["textDocument"], json!({ "uri": uri, "version": 2 }));
    let mut texts = BTreeMap::from([(uri.clone(), text.clone())]);
    applied(&mend["edit"], &mut texts);
    assert_eq!(texts[&uri], text.replace("ugrade", "upgrade"));
    let fixed = Command::new(env!("CARGO_BIN_EXE_wslint")).arg("--fix").current_dir(&root).output().unwrap();
    assert!(fixed.status.success(), "{fixed:?}");
    assert_eq!(texts[&uri], std::fs::read_to_string(&readme).unwrap());

    // Hover, lens and outline are of the block that they stand in.
    let about = json!({ "textDocument": { "uri": uri }, "position": position(15, 12) });
    let hover = editor.request("textDocument/hover", about);
    assert!(hover["contents"]["value"].as_str().unwrap().contains("#proxy_pass"), "{hover}");
    let document = json!({ "textDocument": { "uri": uri } });
    let symbols = editor.request("textDocument/documentSymbol", document.clone());
    let names: Vec<&str> = symbols.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["upstream app", "server"]);
    let lenses = editor.request("textDocument/codeLens", document);
    assert_eq!(lenses[1]["range"]["start"], position(14, 4), "{lenses}");

    // Mended, taken out, and put in again, without being saved.
    editor.did_change(&uri, 3, json!([{ "text": texts[&uri] }]));
    editor.wait(&uri, "mended", |t| t["version"] == 3 && rules_of(t).is_empty());
    editor.did_change(&uri, 4, json!([{ "text": "# Nothing\n" }]));
    editor.did_change(&uri, 5, json!([{ "text": page("ugrade") }]));
    editor.wait(&uri, "there again", |t| t["version"] == 5 && !rules_of(t).is_empty());
    // The project turns it off.
    let toml = root.join("wslint.toml");
    std::fs::write(&toml, "[carriers]\nread = \"none\"\n").unwrap();
    editor.files_changed(&[(&toml, 1)]);
    editor.wait_rules(&uri, &[]);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn a_page_that_a_configuration_includes_is_told_once_with_all_that_is_said_of_it() {
    // `conf.d` holds a page, too: nginx reads it as it stands, and wslint the configurations in it.
    let main = MAIN.replace("sites/*.conf", "conf.d/*");
    let manifest = "kind: ConfigMap\ndata:\n  a.conf: \"server {\\n  listen 80;\\n  location /ws {\\n    proxy_pass http://a:1;\\n    proxy_http_version 1.1;\\n    proxy_set_header Upgrade $http_upgrade;\\n    proxy_set_header Connection \\\"ugrade\\\";\\n  }\\n}\\n\"\n";
    let (_held, root) =
        folder(&[("nginx.conf", &main), ("conf.d/README.md", &page("ugrade")), ("conf.d/flow.yaml", manifest)]);
    let said = |file: &str| {
        let out = Command::new(env!("CARGO_BIN_EXE_wslint")).args(["--format", "json"]).current_dir(&root).output();
        let report: Value = serde_json::from_slice(&out.unwrap().stdout).unwrap();
        let all = report["diagnostics"].as_array().unwrap().iter();
        let here = all.filter(|d| d["path"] == file && d["severity"] != "advice");
        here.map(|d| format!("{} {}", d["rule"], d["start"]["line"])).collect::<Vec<_>>()
    };
    let told = |t: &Value| {
        let all = t["diagnostics"].as_array().unwrap().iter();
        all.map(|d| format!("{} {}", d["code"], d["range"]["start"]["line"].as_u64().unwrap() + 1)).collect::<Vec<_>>()
    };
    let mut editor = Editor::open(&root);
    for (file, finding) in [
        ("conf.d/README.md", "\"misspelled-websocket-setting\" 18"),
        ("conf.d/flow.yaml", "\"misspelled-websocket-setting\" 3"),
    ] {
        let wanted = said(file);
        assert!(wanted.iter().any(|w| w.starts_with("\"syntax-error\"")), "{file} is read as it stands: {wanted:?}");
        assert_eq!(wanted.iter().filter(|w| *w == finding).count(), 1, "{file}: one cause, one finding: {wanted:?}");
        let path = root.join(file);
        editor.wait(&uri(&path), "what the command says", |t| told(t) == wanted);
        // Open it is the same, whether it is pushed or asked for.
        let text = std::fs::read_to_string(&path).unwrap();
        let open = editor.did_open(&path, &text);
        editor.wait(&open, "of the version", |t| t["version"] == 1 && told(t) == wanted);
        let report = editor.request("textDocument/diagnostic", json!({ "textDocument": { "uri": open } }));
        assert_eq!(told(&json!({ "diagnostics": report["items"] })), wanted, "{file}");
    }
    // It is mended in the block, and what stands around it stays.
    let readme = uri(&root.join("conf.d/README.md"));
    let all = editor.actions(&readme, &at(0, 0), Some("source.fixAll"));
    let mut texts = BTreeMap::from([(readme.clone(), page("ugrade"))]);
    applied(&editor.request("codeAction/resolve", all[0].clone())["edit"], &mut texts);
    assert_eq!(texts[&readme], page("upgrade"));
    // Mended, only what nginx makes of the page is left; no longer included, nothing.
    editor.did_change(&readme, 2, json!([{ "text": page("upgrade") }]));
    editor.wait(&readme, "mended", |t| t["version"] == 2 && !rules_of(t).contains(&"misspelled-websocket-setting"));
    std::fs::write(root.join("nginx.conf"), MAIN).unwrap();
    editor.files_changed(&[(&root.join("nginx.conf"), 2)]);
    editor.wait_rules(&readme, &[]);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn one_fix_edits_several_files_and_is_one_edit() {
    // The location asks for a map that the main file has to define.
    let main = "events {}\nhttp {\n    include sites/*.conf;\n}\n";
    let site = "server {\n    listen 80;\n    location /ws {\n        proxy_pass http://127.0.0.1:3000;\n    }\n    location / {\n        proxy_pass http://127.0.0.1:3000;\n    }\n}\n";
    let (_held, root) = folder(&[("nginx.conf", main), ("sites/a.conf", site)]);
    let mut editor = Editor::open(&root);
    let a = editor.did_open(&root.join("sites/a.conf"), site);
    let found = editor.wait_rules(&a, &["upgrade-not-forwarded"]);
    let actions = editor.actions(&a, &found["diagnostics"][0]["range"], Some("quickfix"));
    let mend = actions.iter().find(|a| a["isPreferred"] == true).unwrap();
    let edit = editor.request("codeAction/resolve", mend.clone())["edit"].clone();
    let main_uri = uri(&root.join("nginx.conf"));
    let files: BTreeMap<&str, &Value> = (edit["documentChanges"].as_array().unwrap().iter())
        .map(|c| (c["textDocument"]["uri"].as_str().unwrap(), &c["textDocument"]["version"]))
        .collect();
    // Open files with their versions, others with none.
    assert_eq!(files, BTreeMap::from([(a.as_str(), &json!(1)), (main_uri.as_str(), &Value::Null)]));
    let mut texts = BTreeMap::from([(a.clone(), site.to_owned()), (main_uri.clone(), main.to_owned())]);
    applied(&edit, &mut texts);
    let fixed = Command::new(env!("CARGO_BIN_EXE_wslint")).arg("--fix").current_dir(&root).output().unwrap();
    assert!(fixed.status.success(), "{fixed:?}");
    let on_disk = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    assert_eq!((&texts[&a], &texts[&main_uri]), (&on_disk("sites/a.conf"), &on_disk("nginx.conf")));
}

#[test]
fn a_snippet_is_judged_in_every_root_that_includes_it() {
    let snippet = "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;\n";
    let root_with = |map: &str| {
        format!(
            "events {{}}\nhttp {{\n{map}    server {{\n        listen 80;\n        location /ws {{\n            include ../ws.conf;\n            proxy_pass http://127.0.0.1:3000;\n        }}\n    }}\n}}\n"
        )
    };
    let map = "    map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n";
    let (_held, root) = folder(&[
        ("one/nginx.conf", &root_with(map)),
        ("two/nginx.conf", &root_with("")),
        ("ws.conf", snippet),
        (".git/HEAD", ""),
    ]);
    let mut editor = Editor::open(&root);
    let opened = editor.did_open(&root.join("ws.conf"), snippet);
    // Good in the one, refused in the other.
    editor.wait(&opened, "a finding", |t| t["version"] == 1 && rules_of(t) == ["undefined-variable"]);
    let lens = |editor: &mut Editor, which: &str| {
        let file = json!({ "textDocument": { "uri": uri(&root.join(which)) } });
        let lenses = editor.request("textDocument/codeLens", file);
        let all = lenses.as_array().unwrap().iter().map(|l| l["command"]["title"].as_str().unwrap().to_owned());
        all.collect::<Vec<_>>()
    };
    assert_eq!(lens(&mut editor, "one/nginx.conf"), ["WebSocket  ✓ 1", "✓ WebSocket opens"]);
    assert_eq!(lens(&mut editor, "two/nginx.conf")[0], "WebSocket  ✗ 1");
    // One keystroke in the snippet, and both say something else; no file but the snippet is open.
    editor.did_change(&opened, 2, json!([{ "text": snippet.replace("$connection_upgrade", "upgrade") }]));
    editor.wait(&opened, "mended", |t| t["version"] == 2 && rules_of(t).is_empty());
    assert_eq!(lens(&mut editor, "two/nginx.conf"), ["WebSocket  ✓ 1", "✓ WebSocket opens"]);
}

#[test]
fn who_types_fast_is_told_once_and_of_the_last_version() {
    let (_held, root) = fleet();
    let mut editor = Editor::open(&root);
    let doc = editor.did_open(&root.join("snippets/ws.conf"), &snippet());
    editor.wait(&doc, "the first version", |t| t["version"] == 1 && !rules_of(t).is_empty());
    const LAST: i64 = 200;
    let change = |version: i64| {
        let text = format!("# {version}\n{}", snippet());
        let document = json!({ "uri": doc, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": params }).to_string()
    };
    let frames = (2..=LAST).map(change).map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    editor.raw(&frames.collect::<String>());
    let (mut told, until) = (Vec::new(), Instant::now() + LONG);
    while told.last() != Some(&LAST) {
        let message = editor.message(until).expect("the last version");
        if message["params"]["uri"] == json!(doc) {
            told.push(message["params"]["version"].as_i64().unwrap());
        }
    }
    // Nobody waits for all of them; how many come in between is a matter of the machine.
    assert!(told.len() < 40 && told.is_sorted(), "{told:?}");
}

#[test]
fn who_pulls_hears_when_a_change_elsewhere_concerns_an_open_file() {
    let (_held, root) = fleet();
    let pulls = json!({
        "textDocument": { "diagnostic": { "dynamicRegistration": true } },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    });
    let mut editor = Editor::start();
    let answer = editor.request("initialize", json!({ "rootUri": uri(&root), "capabilities": pulls }));
    let provider = &answer["capabilities"]["diagnosticProvider"];
    assert_eq!(
        provider,
        &json!({ "identifier": "wslint", "interFileDependencies": true, "workspaceDiagnostics": false })
    );
    editor.notify("initialized", json!({}));
    let site = editor.did_open(&root.join("sites/a.conf"), SITE_A);
    let snippet_uri = editor.did_open(&root.join("snippets/ws.conf"), &snippet());
    let pull = |editor: &mut Editor| {
        let report = editor.request("textDocument/diagnostic", json!({ "textDocument": { "uri": site } }));
        let items = report["items"].as_array().unwrap().iter();
        items.map(|d| d["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(pull(&mut editor), [""; 0]);
    let refreshed =
        |editor: &Editor| editor.heard.iter().filter(|m| m["method"] == "workspace/diagnostic/refresh").count();
    // Checked, and told that there is something to ask for.
    let until = Instant::now() + LONG;
    while refreshed(&editor) == 0 {
        editor.message(until).expect("a refresh");
    }
    let before = refreshed(&editor);
    // The snippet is taken away: what is wrong now stands in the vhost.
    let gone = root.join("snippets/ws.conf");
    std::fs::remove_file(&gone).unwrap();
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": snippet_uri } }));
    editor.files_changed(&[(&gone, 3)]);
    let until = Instant::now() + LONG;
    while refreshed(&editor) == before {
        editor.message(until).expect("another refresh");
    }
    assert!(pull(&mut editor).contains(&"unresolved-include".to_owned()));
}

#[test]
fn a_restart_reads_what_nobody_told_of() {
    let (_held, root) = fleet();
    let mut editor = Editor::open(&root);
    let path = root.join("snippets/ws.conf");
    let doc = uri(&path);
    editor.wait_rules(&doc, &["misspelled-websocket-setting"]);
    // Changed behind the back of a client that promised to watch.
    std::fs::write(&path, GOOD.replace("/* 😀 */ ", "")).unwrap();
    editor.request("workspace/executeCommand", json!({ "command": "wslint.restart", "arguments": [] }));
    editor.wait_rules(&doc, &[]);
}

#[test]
fn nonsense_is_answered_and_ends_nothing() {
    let mut editor = Editor::start();
    assert_eq!(editor.try_request("textDocument/hover", json!({})).unwrap_err()["code"], -32002);
    editor.raw("Content-Length: 5\r\n\r\n{\"x\":");
    assert_eq!(editor.answer_to(&Value::Null).unwrap_err()["code"], -32700);
    editor.raw("GET / HTTP/1.1\r\n\r\n");
    editor.answer_to(&Value::Null).unwrap_err();
    drop(editor);

    let (_held, root) = fleet();
    let mut editor = Editor::open(&root);
    let doc = uri(&root.join("sites/a.conf"));
    let file = json!({ "textDocument": { "uri": doc } });
    let values = [json!(null), json!([]), json!(7), json!("x"), json!({}), json!({ "textDocument": 7 }), file];
    let methods = [
        "textDocument/hover",
        "textDocument/definition",
        "textDocument/codeAction",
        "codeAction/resolve",
        "textDocument/codeLens",
        "textDocument/documentLink",
        "textDocument/documentSymbol",
        "textDocument/diagnostic",
        "workspace/executeCommand",
        "initialize",
        "no/such",
    ];
    for params in &values {
        for method in methods {
            let _ = editor.try_request(method, params.clone());
        }
        for method in ["didOpen", "didChange", "didClose", "didSave"] {
            editor.notify(&format!("textDocument/{method}"), params.clone());
        }
        for method in ["didChangeWatchedFiles", "didChangeConfiguration", "didChangeWorkspaceFolders"] {
            editor.notify(&format!("workspace/{method}"), params.clone());
        }
        editor.notify("$/cancelRequest", params.clone());
    }
    // Positions far outside, changes of what is not open, versions that go backwards.
    let far =
        json!({ "textDocument": { "uri": doc }, "position": { "line": 4_000_000_000_u64, "character": u64::MAX } });
    let _ = editor.try_request("textDocument/hover", far);
    editor.did_change(&doc, 9, json!([{ "text": "x" }]));
    editor.did_open(&root.join("sites/a.conf"), SITE_A);
    let back = json!([{ "range": { "start": position(999, 9), "end": position(0, 3) }, "text": "}{\u{0}\"'" }]);
    editor.did_change(&doc, -5, back);
    editor.did_change(&doc, 6, json!([{ "text": SITE_A }]));
    editor.wait(&doc, "as before", |t| t["version"] == 6);
    // Cancelled before its turn: all is sent at once, and the last ones are not worked out any more.
    let hover = json!({ "textDocument": { "uri": doc }, "position": position(5, 10) });
    let ids: Vec<String> = (0..150).map(|n| format!("hover {n}")).collect();
    let asks =
        ids.iter().map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/hover", "params": hover }));
    let cancels = ids.iter().map(|id| json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": id } }));
    let frames = asks.chain(cancels).map(|m| m.to_string());
    let frames: String = frames.map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len())).collect();
    editor.raw(&frames);
    let errors: Vec<Value> = ids.iter().filter_map(|id| editor.answer_to(&json!(id)).err()).collect();
    assert!(!errors.is_empty() && errors.iter().all(|e| e["code"] == -32800), "{errors:?}");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn the_input_that_ends_ends_the_server() {
    let (_held, root) = fleet();
    let mut editor = Editor::open(&root);
    editor.wait_rules(&uri(&root.join("snippets/ws.conf")), &["misspelled-websocket-setting"]);
    let Editor { child, .. } = &mut editor;
    child.stdin.take();
    let input = std::mem::replace(
        &mut editor.input,
        Command::new("true").stdin(Stdio::piped()).spawn().unwrap().stdin.unwrap(),
    );
    drop(input);
    assert_eq!(editor.child.wait().unwrap().code(), Some(1));
}
