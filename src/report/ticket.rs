//! A ticket for the people who run nginx: what users see, why, the patch, how to apply it, how to
//! verify it, how to roll it back. Markdown.

use std::fmt::Write as _;

use super::item::items;
use super::markdown::inline;
use super::{Report, escaped, shell};
use crate::diagnostic::{Category, Diagnostic, Severity};
use crate::engine::EndpointFact;
use crate::i18n::Text;
use crate::syntax::address::{Address, Target, Use};
use crate::text;

/// What the ticket is made of, beside the findings.
pub struct Ticket<'a> {
    /// The findings.
    pub report: &'a Report<'a>,
    /// The patch; empty where nothing can be changed safely.
    pub diff: &'a [u8],
    /// The files that it changes, as reported.
    pub files: &'a [std::path::PathBuf],
}

/// The name under which the ticket asks people to save the patch.
const PATCH: &str = "websocket.patch";

/// The ticket.
pub fn ticket(ticket: &Ticket<'_>) -> String {
    let report = ticket.report;
    let mut out = Page { text: String::new(), lang: report.lang };
    if report.shown().next().is_none() {
        out.heading(1, &text!("nginx and WebSocket: nothing to change", "nginx 与 WebSocket：无需变更"));
        out.line(&text!(
            "wslint found nothing that keeps WebSocket from opening.",
            "wslint 没有发现妨碍 WebSocket 建立的问题。"
        ));
        return out.text;
    }
    let kinds = Kinds::of(report);
    let broken: Vec<&EndpointFact> = if kinds.handshake { broken(report) } else { Vec::new() };
    out.heading(1, &kinds.title());
    symptoms(&mut out, &kinds, &broken);
    reasons(&mut out, &kinds, report);
    change(&mut out, &kinds, ticket);
    if !ticket.diff.is_empty() {
        steps(&mut out, ticket);
    }
    verify(&mut out, &kinds, &broken);
    if !ticket.diff.is_empty() {
        roll_back(&mut out, ticket);
    }
    out.text
}

/// What the findings are about.
struct Kinds {
    /// The WebSocket does not open.
    handshake: bool,
    /// nginx refuses the configuration.
    refused: bool,
    /// A connection that is idle is closed.
    timeout: bool,
}

impl Kinds {
    fn of(report: &Report<'_>) -> Kinds {
        let is = |of: &dyn Fn(&Diagnostic) -> bool| report.shown().any(of);
        Kinds {
            handshake: is(&|d| d.category == Category::Handshake && d.severity > Severity::Advice),
            refused: is(&|d| d.category == Category::Validity && d.severity == Severity::Error),
            timeout: is(&|d| d.rule == "short-read-timeout"),
        }
    }

    fn title(&self) -> Text {
        match (self.handshake, self.refused, self.timeout) {
            (true, ..) => text!("nginx: let WebSocket connections through", "nginx：放行 WebSocket 连接"),
            (_, true, _) => {
                text!("nginx: a configuration that nginx refuses", "nginx：修复 nginx 拒绝加载的配置")
            }
            (_, _, true) => text!("nginx: keep WebSocket connections open", "nginx：让 WebSocket 连接不断开"),
            _ => text!("nginx: WebSocket connections", "nginx：WebSocket 连接"),
        }
    }
}

/// Endpoints that fail and are reported, each location once.
fn broken<'r>(report: &'r Report<'_>) -> Vec<&'r EndpointFact> {
    let mut out: Vec<&EndpointFact> = report.broken().collect();
    out.dedup_by_key(|e| e.place);
    out
}

struct Page {
    text: String,
    lang: crate::i18n::Lang,
}

impl Page {
    fn heading(&mut self, level: usize, text: &Text) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{} {}\n", "#".repeat(level), text.get(self.lang));
    }

    fn line(&mut self, text: &Text) {
        let _ = writeln!(self.text, "{}", text.get(self.lang));
    }

    /// A fenced block, the fence longer than any in it.
    fn block(&mut self, language: &str, content: &str) {
        let longest = content.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let _ = writeln!(self.text, "{fence}{language}");
        // A patch for a file with CRLF keeps its CR.
        for line in content.split_inclusive('\n') {
            let end = ["\r\n", "\n"].into_iter().find(|e| line.ends_with(e)).unwrap_or_default();
            self.text.push_str(&escaped(&line[..line.len() - end.len()], true));
            self.text.push_str(if end.is_empty() { "\n" } else { end });
        }
        let _ = writeln!(self.text, "{fence}");
    }

    /// A numbered step with the command that it takes.
    fn step(&mut self, number: usize, text: &Text, command: &str) {
        let _ = writeln!(self.text, "{number}. {}\n", text.get(self.lang));
        let _ = writeln!(self.text, "   ```sh\n   {command}\n   ```\n");
    }
}

fn symptoms(out: &mut Page, kinds: &Kinds, broken: &[&EndpointFact]) {
    const MOST: usize = 10;
    if !(kinds.handshake || kinds.refused || kinds.timeout) {
        return;
    }
    out.heading(2, &text!("What users see", "现象"));
    if kinds.refused {
        out.line(&text!(
            "nginx does not start with this configuration; one that runs goes on with the configuration that it had, and `nginx -t` says so.",
            "nginx 无法用这份配置启动；已在运行的 nginx 会继续使用原来的配置。`nginx -t` 会报告错误。"
        ));
    }
    if kinds.timeout {
        out.line(&text!(
            "A WebSocket on which nothing was sent for 60 seconds is closed; the browser reports code 1006.",
            "60 秒内没有数据的 WebSocket 会被关闭，浏览器报告 1006。"
        ));
    }
    if !kinds.handshake {
        return;
    }
    out.line(&text!(
        "The browser reports `Error during WebSocket handshake: Unexpected response code: 400` (or 404, 426, 200, depending on the backend). Applications with a fallback become slow instead: they poll.",
        "浏览器报告 `Error during WebSocket handshake: Unexpected response code: 400`（也可能是 404、426、200，取决于后端）。有降级方案的应用则退回轮询，变得很慢。"
    ));
    if broken.is_empty() {
        return;
    }
    out.line(&Text::same(""));
    for endpoint in broken.iter().take(MOST) {
        let _ = writeln!(out.text, "- `{}`", quiet(&address(endpoint, true)));
    }
    if broken.len() > MOST {
        let more = broken.len() - MOST;
        out.line(&text!("- … and {more} more", "- ……另有 {more} 处"));
    }
}

fn reasons(out: &mut Page, kinds: &Kinds, report: &Report<'_>) {
    const MOST: usize = 20;
    out.heading(2, &text!("Why it happens", "原因"));
    if kinds.handshake {
        out.line(&text!(
        "`Upgrade` and `Connection` are hop-by-hop headers: they end at nginx, which passes them on only where its configuration says so. Without them the backend sees an ordinary request, and refuses it.",
        "`Upgrade` 和 `Connection` 是逐跳（hop-by-hop）请求头：它们只在客户端与 nginx 之间有效，配置里不写明就不会转发给后端。后端看不到它们，收到的就只是普通请求，于是拒绝。"
    ));
        out.line(&Text::same(""));
    }
    if kinds.timeout {
        out.line(&text!(
            "`proxy_read_timeout` counts after the 101, too; unless set, it is 60 seconds.",
            "`proxy_read_timeout` 在 101 之后仍然计时；未设置时为 60 秒。"
        ));
        out.line(&Text::same(""));
    }
    for item in items(report).take(MOST) {
        let (path, line, said) = (inline(&item.path), item.range.start.0, inline(&item.message));
        out.line(&text!("- {path}:{line}: {said}", "- {path}:{line}：{said}"));
    }
    let count = report.shown().count();
    if count > MOST {
        let more = count - MOST;
        out.line(&text!("- … and {more} more", "- ……另有 {more} 处"));
    }
}

fn change(out: &mut Page, kinds: &Kinds, ticket: &Ticket<'_>) {
    out.heading(2, &text!("Change", "变更内容"));
    if ticket.diff.is_empty() {
        out.line(&text!(
            "wslint has no safe patch for this; each finding says in words what to do:",
            "wslint 无法给出安全的补丁，每个问题的处理方法如下："
        ));
        out.line(&Text::same(""));
        for item in items(ticket.report) {
            let (path, line, said) = (inline(&item.path), item.range.start.0, inline(&item.help));
            out.line(&text!("- {path}:{line}: {said}", "- {path}:{line}：{said}"));
        }
        return;
    }
    out.line(&text!("Save this patch as `{PATCH}`:", "将此补丁保存为 `{PATCH}`："));
    out.line(&Text::same(""));
    out.block("diff", &String::from_utf8_lossy(ticket.diff));
    if !kinds.handshake {
        return;
    }
    out.heading(2, &text!("What it does not change", "影响范围"));
    out.line(&text!(
        "Ordinary requests reach the same backends with the same request line and the same headers; `Upgrade`, `Connection` and the HTTP version aside. Other files, locations and servers stay as they are.",
        "普通请求仍发往同样的后端，请求行和请求头不变（`Upgrade`、`Connection` 与 HTTP 版本除外）。其他文件、location 和 server 不受影响。"
    ));
}

/// Where `patch` has to run: at the root for a machine's own paths.
fn folder(ticket: &Ticket<'_>) -> &'static str {
    if ticket.files.iter().all(|f| f.is_absolute()) { "/" } else { "." }
}

fn steps(out: &mut Page, ticket: &Ticket<'_>) {
    let folder = folder(ticket);
    let files: Vec<String> = ticket.files.iter().map(|f| shell::path(f)).collect();
    out.heading(2, &text!("Steps", "操作步骤"));
    if folder == "." {
        out.line(&text!(
            "The paths are relative to the directory in which wslint ran; run these commands there.",
            "补丁中的路径相对于运行 wslint 时所在的目录，请在该目录下执行以下命令。"
        ));
        out.line(&Text::same(""));
    }
    let backup = format!("tar -czf websocket-backup.tar.gz -- {}", files.join(" "));
    out.step(1, &text!("Keep a copy of what is there.", "备份现有文件。"), &backup);
    let apply = format!("patch -p1 --no-backup-if-mismatch --follow-symlinks -d {folder} < {PATCH}");
    out.step(2, &text!("Apply the patch.", "打补丁。"), &apply);
    out.step(3, &text!("Let nginx test the configuration.", "让 nginx 检查配置。"), "nginx -t");
    out.step(
        4,
        &text!(
            "Reload; connections that are open stay with the old workers until they end.",
            "重新加载；已建立的连接会留在旧的 worker 中直到结束。"
        ),
        "nginx -s reload",
    );
}

fn verify(out: &mut Page, kinds: &Kinds, broken: &[&EndpointFact]) {
    out.heading(2, &text!("Verify", "验证"));
    if kinds.refused {
        out.line(&text!("nginx accepts the configuration:", "nginx 接受这份配置："));
        out.line(&Text::same(""));
        out.block("sh", "nginx -t\n");
        out.line(&Text::same(""));
    }
    if kinds.timeout {
        out.line(&text!(
            "Leave the page open and idle for more than a minute: the connection stays.",
            "保持页面打开并空闲一分钟以上，连接不应断开。"
        ));
    }
    if !kinds.handshake {
        return;
    }
    let Some(endpoint) = broken.first() else {
        out.line(&text!("Open the page again; the console stays silent.", "重新打开页面，控制台不再报错。"));
        return;
    };
    out.line(&text!(
        "Through nginx; the first line of the answer has to be `HTTP/1.1 101 Switching Protocols`:",
        "经过 nginx 访问，响应的第一行应当是 `HTTP/1.1 101 Switching Protocols`："
    ));
    out.line(&Text::same(""));
    out.block("sh", &curl(&address(endpoint, false)));
    if let Some(backend) = backend(endpoint) {
        out.line(&Text::same(""));
        out.line(&text!(
            "Past nginx, on the same machine; if this is no 101 either, the application refuses, and not nginx:",
            "在同一台机器上绕过 nginx 直接访问后端；如果这里也不是 101，则是应用拒绝，而不是 nginx："
        ));
        out.line(&Text::same(""));
        out.block("sh", &curl(&backend));
    }
}

fn roll_back(out: &mut Page, ticket: &Ticket<'_>) {
    out.heading(2, &text!("Roll back", "回滚"));
    // The copy of the first step: `patch -R` would leave `.orig` files where nginx includes everything.
    let command = format!("tar -xzf websocket-backup.tar.gz -C {}\nnginx -t && nginx -s reload", folder(ticket));
    out.block("sh", &command);
}

/// A handshake as a browser makes it; HTTP/1.1, because HTTP/2 has no `Upgrade`.
fn curl(url: &str) -> String {
    format!(
        "curl --http1.1 -i -N --max-time 5 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' {}",
        shell::word(url)
    )
}

/// The address at which clients reach an endpoint, as far as its server says it.
fn address(endpoint: &EndpointFact, websocket: bool) -> String {
    let listen = endpoint.words().server.listen.first().map_or("80", String::as_str);
    let tls = endpoint.words().server.listen.iter().any(|l| l.split_whitespace().any(|w| w == "ssl"));
    let bound = Address::parse(listen.split_whitespace().next().unwrap_or("80"), Use::Listen).ok();
    let port = bound.and_then(|b| b.ports).map(|(first, _)| first);
    let named = |n: &&String| !n.is_empty() && *n != "_" && !n.starts_with(['~', '*', '.']) && !n.ends_with('*');
    let host = endpoint.words().server.names.iter().find(named).map_or("localhost", String::as_str);
    let scheme = match (websocket, tls) {
        (true, true) => "wss",
        (true, false) => "ws",
        (false, true) => "https",
        (false, false) => "http",
    };
    let usual = if tls { 443 } else { 80 };
    let port = port.filter(|p| *p != usual).map(|p| format!(":{p}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{}", path(endpoint))
}

/// A path that reaches the location; of a regular expression only the start is known.
fn path(endpoint: &EndpointFact) -> String {
    let words: Vec<&str> = endpoint.words().location.split_whitespace().collect();
    match words.as_slice() {
        [path] | ["=" | "^~", path] if path.starts_with('/') => (*path).to_owned(),
        _ => "/".to_owned(),
    }
}

/// The backend's own address, where `proxy_pass` names one.
fn backend(endpoint: &EndpointFact) -> Option<String> {
    let url = &*endpoint.words().proxy_pass;
    let target = Target::of(url.as_bytes());
    let host = target.host()?;
    // A name without a dot is that of an upstream, unless it has a port.
    let is_host = target.port().is_some() || host.contains(['.', '[']) || host == "localhost";
    if url.contains('$') || !is_host || !target.is_http() {
        return None;
    }
    Some(if target.uri().is_empty() { format!("{url}{}", path(endpoint)) } else { url.to_owned() })
}

/// Text within backticks.
fn quiet(text: &str) -> String {
    escaped(text, false).replace('`', "'")
}
