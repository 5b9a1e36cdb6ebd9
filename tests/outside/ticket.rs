//! The ticket, followed by hand: from 400 to 101 on a real nginx, and back.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::{Backend, Nginx, free_port};

/// The name in the third post that describes the problem.
const HOST: &str = "local.skynet.meili-inc.com";

/// nginx as an operations engineer has it: `nginx -t` and `nginx -s reload` speak of the one that runs.
struct Machine {
    folder: tempfile::TempDir,
    port: u16,
}

impl Machine {
    fn new(backend: &Backend) -> Machine {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let root = folder.path();
        for made in ["bin", "logs"] {
            std::fs::create_dir(root.join(made)).unwrap();
        }
        let text = format!(
            "events {{}}\nhttp {{\naccess_log off;\nserver {{\n    listen 127.0.0.1:{port};\n    server_name {HOST};\n    index static/index.html;\n\n    location / {{\n        proxy_pass http://127.0.0.1:{};\n        root /Users/echizen/repo/skynet;\n    }}\n}}\n}}\n",
            backend.port
        );
        std::fs::write(root.join("nginx.conf"), text).unwrap();
        // The name resolves to this machine.
        std::fs::write(root.join(".curlrc"), format!("resolve = {HOST}:{port}:127.0.0.1\nsilent\n")).unwrap();
        let binary = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"]
            .into_iter()
            .find(|p| Path::new(p).is_file())
            .unwrap_or("nginx");
        let wrapper = format!(
            "#!/bin/sh\nexec {binary} -p '{0}' -c '{0}/nginx.conf' -g 'pid {0}/logs/pid; error_log {0}/logs/error.log; daemon on;' \"$@\"\n",
            root.display()
        );
        let path = root.join("bin/nginx");
        std::fs::write(&path, wrapper).unwrap();
        assert!(Command::new("chmod").arg("+x").arg(&path).status().unwrap().success());
        let machine = Machine { folder, port };
        let started = machine.shell("nginx");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        machine
    }

    /// A command line, typed in the directory of the configuration.
    fn shell(&self, command: &str) -> Output {
        let root = self.folder.path();
        let path = format!("{}:{}", root.join("bin").display(), std::env::var("PATH").unwrap());
        Command::new("sh")
            .args(["-c", command])
            .current_dir(root)
            .env("PATH", path)
            .env("CURL_HOME", root)
            .output()
            .unwrap()
    }

    fn first_line(&self, curl: &str) -> String {
        String::from_utf8_lossy(&self.shell(curl).stdout).lines().next().unwrap_or_default().to_owned()
    }

    /// A reload takes a moment to be felt.
    fn comes_to_answer(&self, curl: &str, wanted: &str) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let said = self.first_line(curl);
            if said.contains(wanted) {
                return;
            }
            assert!(Instant::now() < until, "{curl}\nsays {said}, not {wanted}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.shell("nginx -s stop");
    }
}

/// The fenced blocks of a kind, without their indentation.
fn blocks(markdown: &str, kind: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut open: Option<String> = None;
    for line in markdown.lines() {
        let bare = line.trim_start();
        match (&mut open, bare) {
            (None, _) if bare == format!("```{kind}") => open = Some(String::new()),
            (Some(_), "```") => out.extend(open.take()),
            (Some(text), _) => {
                let line = if line.starts_with("   ") && kind == "sh" { bare } else { line };
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    out
}

#[test]
fn the_ticket_leads_from_400_to_101_and_back() {
    assert!(Nginx::find().is_some(), "no nginx on this machine: apt-get install nginx-light");
    let backend = Backend::start().unwrap();
    for lang in ["en", "zh-CN"] {
        let machine = Machine::new(&backend);
        let root = machine.folder.path();
        let out = Command::new(env!("CARGO_BIN_EXE_wslint"))
            .current_dir(root)
            .args(["--isolated", "--format", "ticket", "--lang", lang, "nginx.conf"])
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(1));
        let ticket = String::from_utf8(out.stdout).unwrap();
        let commands = blocks(&ticket, "sh");
        // Four steps, the handshake through nginx and past it, the way back.
        let [backup, patch, test, reload, through, past, back] = &commands[..] else { panic!("{ticket}") };
        assert!(through.contains(&format!("http://{HOST}:{}/", machine.port)), "{through}");
        machine.comes_to_answer(through, " 400 ");
        std::fs::write(root.join("websocket.patch"), blocks(&ticket, "diff").concat()).unwrap();
        for step in [backup, patch, test, reload] {
            let done = machine.shell(step);
            assert!(done.status.success(), "{step}: {}", String::from_utf8_lossy(&done.stderr));
        }
        machine.comes_to_answer(through, " 101 ");
        assert!(machine.first_line(past).contains(" 101 "));
        assert!(root.join("websocket-backup.tar.gz").exists());
        let done = machine.shell(back);
        assert!(done.status.success(), "{back}: {}", String::from_utf8_lossy(&done.stderr));
        machine.comes_to_answer(through, " 400 ");
    }
}
