//! Single directive lines, right and wrong ones for each type of argument and each block that the
//! installed nginx has, put to the real `nginx -t` and to wslint.
//!
//! What nginx accepts, wslint does not refuse; of what nginx refuses, wslint refuses nine of ten; and
//! what it quotes is what nginx says. `WSLINT_LINES=20000 cargo test --test outside lines::` for the long run, with
//! `WSLINT_SEED` for another one; the figures are printed. With `UPDATE_FIXTURES=1` what nginx said is written to
//! `grammar-fixtures/lines.txt`, for the tests that have none.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and says what it did")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::common;
use crate::common::places::{FOLDER, PLACES, configuration, recorded, says};
use crate::real_nginx::{Nginx, VERSION, updating};
use wslint::catalog::{Contexts, Directive, Own, Value, Version, names};

/// What anybody might write anywhere.
const ANYTHING: &[&str] = &[
    "\"\"",
    "x",
    "on",
    "off",
    "ON",
    "yes",
    "true",
    "0",
    "1",
    "2",
    "-1",
    "10",
    "1000",
    "65536",
    "1k",
    "4k",
    "128k",
    "1m",
    "1g",
    "1t",
    "10s",
    "10ms",
    "1h30m",
    "1y",
    "1M",
    "\"5 m\"",
    "1.5",
    "1,5",
    "10%",
    "all",
    "none",
    "default",
    "any",
    "auto",
    "127.0.0.1",
    "127.0.0.1:8080",
    "127.0.0.1:0",
    "127.0.0.1:99999",
    "10.0.0.0/8",
    "10.0.0.0/33",
    "::1",
    "[::1]:80",
    "[::1",
    "unix:/tmp/s",
    "unix:",
    "http://127.0.0.1",
    "https://127.0.0.1:1/x",
    "ws://127.0.0.1",
    "/tmp/x",
    "a=b",
    "=",
    "=404",
    "404",
    "200",
    "99",
    "600",
    "$uri",
    "$remote_addr",
    "$nope",
    "\"${uri\"",
    "\"$\"",
    "~x",
    "\"~*(\"",
    "*.example.com",
    "example.*",
    "*",
    ".",
    "text/html",
    "error",
    "timeout",
    "http_500",
    "1.0",
    "1.1",
    "GET",
    "get",
    "TLSv1.2",
    "TLSv1.4",
    "always",
    "if_not_empty",
    "transparent",
    "consistent",
    "permanent",
    "last",
    "combined",
    "epoch",
    "max",
    "modified",
    "forever",
    "99999999999999999999",
    "4096",
    "512",
    "511",
    "31",
    "32",
    "33",
    "127",
    "128",
    "255",
    "256",
    "2147483647",
    "2147483648",
    "2g",
    "2048m",
    "4294967296",
    "10r/s",
    "$a",
    "syslog:server=127.0.0.1",
];

/// What somebody who knows the type writes: right values, near misses, and values of the neighbour.
fn of_type(row: &Directive) -> Vec<&'static str> {
    match row.value {
        Value::Flag => vec!["on", "off", "On", "1", "yes", "enabled", "of", "true"],
        Value::Number => vec!["1", "16", "512", "0", "1k", "-1", "1.5", "many", "auto"],
        Value::Between(..) => vec!["1", "5", "9", "10", "0", "429", "503", "399", "255", "256", "x"],
        Value::Size | Value::SizeOrVariables => vec!["8k", "16K", "1m", "4096", "1g", "8kb", "8 k", "k", "-1", "64"],
        Value::Offset => vec!["1m", "10M", "1g", "0", "1gb", "10mb", "m", "unlimited"],
        Value::Time => vec!["60s", "1m", "1h 30m", "500ms", "1d", "86400", "1y", "60sec", "1 min", "s", "off"],
        Value::Seconds => vec!["60s", "1h", "1y 2M", "10ms", "1min", "never", "60"],
        Value::Buffers => vec!["8", "16", "4k", "8k", "0", "x", "1g", "-4"],
        Value::One(words) | Value::Each(words) => words.iter().copied().chain(["offf", "none", "onn", "x"]).collect(),
        Value::Any => of_name(row.name).to_vec(),
        Value::By(own) => of_function(own).to_vec(),
    }
}

/// What is asked of lines whose words are read in their own places.
fn of_name(name: &str) -> &'static [&'static str] {
    match name {
        "listen" => &[
            "127.0.0.1:8097",
            "[::1]:8097",
            "8090-8092",
            "8092-8090",
            "unix:@TMP/s",
            "default_server",
            "ssl",
            "http2",
            "bind",
            "reuseport",
            "deferred",
            "proxy_protocol",
            "backlog=10",
            "backlog=0",
            "rcvbuf=8k",
            "sndbuf=x",
            "fastopen=3",
            "fastopen=x",
            "ipv6only=on",
            "ipv6only=o",
            "ipv6only=x",
            "setfib=1",
            "so_keepalive=on",
            "so_keepalive=30m::10",
            "so_keepalive=::",
            "so_keepalive=1:2:x",
            "nonsense",
        ],
        "proxy_pass" => &[
            "http://127.0.0.1:1",
            "http://127.0.0.1:1/x",
            "https://127.0.0.1:1$uri",
            "http://unix:/tmp/s",
            "http://unix:/tmp/s:/x",
            "http://",
            "http://:80",
            "http://127.0.0.1:b",
            "http://127.0.0.1:0",
            "ws://127.0.0.1",
            "127.0.0.1:8097",
        ],
        "proxy_http_version" => &["1.0", "1.1", "2", "1.2", "11"],
        "return" => &["301", "200", "204", "444", "404", "http://x", "text", "$uri", "600", "1000", "99", "/x", "0"],
        "set" => &["$a", "$x_y", "$1", "a", "$uri", "$host", "$http_a", "$args", "\"\""],
        "proxy_set_header" | "proxy_hide_header" => &["Host", "$host", "Upgrade", "\"\"", "$nope", "a:b"],
        "proxy_cache" => &["cache", "off", "nothing", "$uri"],
        "zone" => &["z", "z:1m", "1m", "16k", "32k", "31k", "64k", "x"],
        "auth_request" | "mirror" => &["off", "/x", "on", "$uri"],
        "proxy_method" => &["GET", "$request_method", "$nope"],
        "alias" => &["@TMP", "@TMP/$1", "$document_root", "/x/"],
        _ => &[],
    }
}

fn of_function(own: Own) -> &'static [&'static str] {
    match own {
        Own::Access => &["user:rw", "group:r", "all:r", "user:w", "other:r", "rw"],
        Own::AccessLog => {
            &["@TMP/a.log", "own", "combined", "buffer=8k", "flush=1m", "gzip", "gzip=10", "if=$uri", "nothing"]
        }
        Own::AccessRule => &["all", "10.0.0.0/8", "::/0", "localhost", "10.0.0.256", "unix:"],
        Own::AddHeader => &["X-A", "b", "always", "alway"],
        Own::AddressOrHost => &["10.0.0.0/8", "127.0.0.1", "localhost", "10.0.0.0/40", "unix:"],
        Own::Aio => &["on", "off", "threads", "threads=default", "thread"],
        Own::AuthHttp => &["127.0.0.1:80/a", "http://127.0.0.1", "localhost:0", "/a"],
        Own::Bind => &["127.0.0.1", "127.0.0.1:80", "off", "$server_addr", "transparent", "localhost", "[::1]"],
        Own::CachePath => &[
            "@TMP/p",
            "levels=1:2",
            "levels=3",
            "keys_zone=z:1m",
            "keys_zone=z",
            "inactive=1h",
            "max_size=1g",
            "use_temp_path=off",
            "use_temp_path=no",
            "loader_files=10",
            "loader_files=x",
            "loader_sleep=1s",
            "loader_threshold=x",
            "manager_files=0",
            "manager_sleep=x",
            "manager_threshold=200ms",
            "min_free=1m",
            "min_free=x",
            "purge",
        ],
        Own::CacheValid => &["200", "301", "any", "1h", "99", "all", "forever", "1ms"],
        Own::CharsetMap => &["koi8-r", "utf-8", "UTF-8", "windows-1251"],
        Own::Connections => &["1024", "auto", "1k", "-1"],
        Own::CookieFlags => &["a", "secure", "off", "httponly", "~x", "of"],
        Own::CookieRewrite => &["off", "/a/", "/", "on", "localhost", "~x"],
        Own::CpuAffinity => &["auto", "01", "10", "0102", "all"],
        Own::Directio => &["off", "4m", "1g", "on"],
        Own::DisableSymlinks => &["off", "on", "if_not_owner", "from=/tmp", "owner"],
        Own::ErrorLog => &[
            "@TMP/e.log",
            "warn",
            "error",
            "warning",
            "stderr",
            "debug_http",
            "syslog:server=127.0.0.1,tag=a-b",
            "fatal",
        ],
        Own::ErrorPage => &["404", "502", "=200", "=", "=x", "/x", "299", "499", "600", "@n"],
        Own::EventMethod => &["epoll", "libevent"],
        Own::Expires => &["epoch", "max", "off", "-1", "1h", "@15h", "@25h", "modified", "+24h", "never"],
        Own::GatewayPass => {
            &["127.0.0.1:9000", "unix:/tmp/s", "127.0.0.1", "127.0.0.1:x", "http://127.0.0.1:1", "$uri"]
        }
        Own::GzipDisable => &["msie6", "Mozilla", "\"(\"", "\"[a\""],
        Own::GzipHash | Own::GzipWindow => &["512", "1k", "32k", "64k", "3k", "128k", "256"],
        Own::HashMethod => &["$remote_addr", "consistent", "ketama"],
        Own::HashSize => &["64", "512", "0", "1k", "x"],
        Own::Http2ChunkSize | Own::Http2PrereadSize | Own::Http2RecvBuffer => &["8k", "64k", "0", "16", "4g", "x"],
        Own::Index => &["index.html", "$geo", "/x", "\"\""],
        Own::KeepaliveTimeout => &["75s", "60s", "60", "0", "500ms", "on", "1y"],
        Own::LargeHeaderBuffers => &["4", "8k", "16k", "256", "0"],
        Own::LimitConn => &["conns", "10", "0", "70000", "x"],
        Own::LimitConnZone | Own::LimitReqZone => &[
            "$binary_remote_addr",
            "zone=z:1m",
            "zone=z",
            "zone=z:1k",
            "rate=10r/s",
            "rate=1r/h",
            "rate=5r/m",
            "burst=5",
        ],
        Own::LimitReq => &["zone=reqs", "burst=5", "nodelay", "delay=3", "burst=0", "no_delay", "rate=1r/s"],
        Own::LogFormat => &["f", "'$remote_addr'", "escape=json", "escape=none", "escape=xml", "$nope", "x"],
        Own::MailListen | Own::StreamListen => &[
            "127.0.0.1:8097",
            "8097",
            "localhost",
            "udp",
            "bind",
            "ssl",
            "backlog=10",
            "backlog=0",
            "so_keepalive=on",
            "so_keepalive=x",
            "reuseport",
            "default_server",
            "127.0.0.1:8096",
            "[::1]:8096",
            "http2",
            "rcvbuf=8k",
            "sndbuf=x",
            "fastopen=3",
            "fastopen=x",
            "ipv6only=on",
            "ipv6only=o",
            "ipv6only=x",
            "so_keepalive=30m::10",
            "so_keepalive=1:2:x",
            "deferred",
            "proxy_protocol",
        ],
        Own::MailProtocol => &["imap", "pop3", "smtp", "http", "IMAP"],
        Own::ModernBrowser => &["msie", "gecko", "5.5", "chrome", "unlisted", "1.a"],
        Own::OcspCache => &["off", "shared:o:1m", "shared:o", "builtin", "shared:o:1k"],
        Own::OpenFileCache => &["max=100", "inactive=20s", "off", "max=0", "min_uses=2", "valid=1m", "100"],
        Own::OpenLogFileCache => &["max=100", "inactive=20s", "off", "max=0", "min_uses=2", "valid=1m", "100"],
        Own::Param => &["A", "$uri", "if_not_empty", "if_empty"],
        Own::Path => &["@TMP/t", "1", "2", "3", "0", "9"],
        Own::PoolSize => &["512", "4k", "100", "130", "x"],
        Own::PowerOfTwo => &["16", "32", "0", "17", "x"],
        Own::Priority => &["10", "-5", "+5", "high", "1.5"],
        Own::ProxyRedirect => &["off", "default", "http://a/", "/", "~x", "on", "on off"],
        Own::Random => &["two", "least_conn", "three", "least_time=header"],
        Own::Referers => &["none", "blocked", "server_names", "*.example.com", "~x", "a..b", "**"],
        Own::Resolver => {
            &["127.0.0.1", "127.0.0.1:53", "[::1]", "valid=30s", "valid=x", "ipv6=off", "ipv6=no", "127.0.0.1:x"]
        }
        Own::Rewrite => &["^/a$", "/b", "last", "break", "redirect", "permanent", "final", "301", "\"(\""],
        Own::Root => &["@TMP", "$document_root", "/x/$uri", "html"],
        Own::ServerName => {
            &["example.com", "*.example.com", "example.*", "~^a$", "*a", "a..b", ".", "_", "\"\"", "www.*.com"]
        }
        Own::SessionCache => {
            &["shared:s:1m", "shared:s:1k", "builtin", "builtin:100", "off", "none", "shared:s", "shared"]
        }
        Own::StreamPass => {
            &["127.0.0.1:8097", "u", "127.0.0.1", "http://127.0.0.1:1", "unix:/tmp/s", "$remote_addr", "127.0.0.1:0"]
        }
        Own::SubFilter => &["a", "b", "\"\"", "$uri"],
        Own::ThreadPool => &["p", "threads=4", "max_queue=10", "threads=0", "4"],
        Own::TryFiles => &["$uri", "$uri/", "/x", "=404", "=x", "=1000", "@n"],
        Own::UpstreamServer => &[
            "127.0.0.1:8097",
            "127.0.0.1",
            "weight=2",
            "weight=0",
            "max_fails=1",
            "fail_timeout=10s",
            "fail_timeout=x",
            "backup",
            "down",
            "max_conns=1",
            "weigth=1",
            "http://a",
        ],
        Own::UseridExpires => &["max", "off", "365d", "1y", "never"],
        Own::UseridMark => &["off", "a", "=", "ab", "-"],
        Own::WorkerProcesses => &["auto", "4", "max", "-1"],
    }
}

/// A sequence of numbers that is the same for the same seed (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    fn of<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

/// Rows that can be asked: blocks are whole configurations of their own (`nginx_t`), and these change the
/// machine, or what it prints.
fn is_asked(row: &Directive) -> bool {
    const LEFT_OUT: &[&str] = &[
        "include",
        "load_module",
        "pid",
        "lock_file",
        "daemon",
        "master_process",
        "user",
        "env",
        "ssl_engine",
        "working_directory",
        "google_perftools_profiles",
        "worker_rlimit_nofile",
        "worker_rlimit_core",
        "events",
    ];
    let version = Version(1, 22, 1);
    !row.block && row.exists_in(version) && !LEFT_OUT.contains(&row.name)
}

fn line(random: &mut Random, row: &Directive) -> String {
    let typed = of_type(row);
    let most = if row.arguments.most == u8::MAX { row.arguments.least.max(1) + 2 } else { row.arguments.most };
    let count = row.arguments.least as usize + random.below((most - row.arguments.least) as usize + 1);
    let mut out = row.name.to_owned();
    for _ in 0..count {
        let value = if !typed.is_empty() && random.below(4) > 0 { *random.of(&typed) } else { *random.of(ANYTHING) };
        out.push(' ');
        let blank = value.contains(' ') && !value.starts_with(['"', '\'']);
        out.push_str(&if blank { format!("\"{value}\"") } else { value.to_owned() });
    }
    out + ";"
}

/// Lines that are right or wrong only together.
fn together() -> Vec<(&'static str, String)> {
    let buffers = [
        "proxy_buffers 1 8k;",
        "proxy_buffers 2 8k;",
        "proxy_buffers 2 8k; proxy_busy_buffers_size 8k;",
        "proxy_buffers 3 8k; proxy_busy_buffers_size 8k;",
        "proxy_buffers 3 8k; proxy_busy_buffers_size 7k;",
        "proxy_buffers 3 8k; proxy_busy_buffers_size 16k;",
        "proxy_buffers 3 8k; proxy_busy_buffers_size 16385;",
        "proxy_buffers 4 8k; proxy_buffer_size 16k;",
        "proxy_buffers 4 8k; proxy_buffer_size 16k; proxy_busy_buffers_size 15k;",
        "proxy_buffers 4 8k; proxy_buffer_size 16k; proxy_busy_buffers_size 16k;",
        "proxy_buffers 4 8k; proxy_temp_file_write_size 8k;",
        "proxy_buffers 4 8k; proxy_temp_file_write_size 8191;",
        "proxy_buffers 4 8k; proxy_max_temp_file_size 0;",
        "proxy_buffers 4 8k; proxy_max_temp_file_size 8k;",
        "proxy_buffers 4 8k; proxy_max_temp_file_size 8191;",
    ];
    let hosts = [
        "a", "*.a", "a.*", "*a", "a*", "*.", "*", ".a", ".ab", ".", "..a", "*.a.*", "a..b", ".*", ".a.*", "*..a", "**",
        "~a", "~*(", "''", "default",
    ];
    let mut out: Vec<_> = buffers.iter().map(|line| ("location", (*line).to_owned())).collect();
    out.extend(hosts.iter().map(|host| ("http", format!("map $host $a {{ hostnames; {host} b; }}"))));
    out.extend(hosts.iter().map(|host| ("http", format!("map $host $a {{ {host} b; {host} c; }}"))));
    out.extend(hosts.iter().map(|host| ("server", format!("valid_referers none {host};"))));
    let addresses =
        ["default", "10.0.0.1", "10.0.0.0/8", "10.0.0.0/33", "10.0.0.1/8", "::/0", "::1/129", "a", "ranges", "proxy"];
    out.extend(addresses.iter().map(|key| ("http", format!("geo $a {{ {key} b; }}"))));
    let parts = ["1%", "100%", "101%", "0%", "0.01%", "0.001%", "*", "1", "x%", "50.5%", ".5%", "99.99%"];
    out.extend(parts.iter().map(|part| ("http", format!("split_clients $uri $a {{ {part} b; * c; }}"))));
    out.extend(parts.iter().map(|part| ("http", format!("split_clients $uri $a {{ 50% b; {part} c; }}"))));
    out
}

/// What only the machine decides: files, names that resolve, users.
fn is_the_machines(said: &str) -> bool {
    const SIGNS: &[&str] = &[
        "host not found",
        "open()",
        "failed (",
        "getpwnam",
        "getgrnam",
        "SSL_CTX",
        "BIO_",
        "PEM_",
        "bind()",
        "no port in upstream",
        "unknown directive",
        "[crit]",
        "[alert]",
        "unsupported on this platform",
        "exit status",
    ];
    SIGNS.iter().any(|s| said.contains(s))
}

#[test]
fn single_lines_are_judged_as_nginx_judges_them() {
    let number = |name: &str, or: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(or);
    let (count, seed) = (number("WSLINT_LINES", 1_200), number("WSLINT_SEED", 20_261_127));
    let nginx = Nginx::find().unwrap();
    if !nginx.exact {
        println!("nginx is not {VERSION}: what it refuses is not recorded");
        return;
    }
    let module = |name: &str| Path::new(&format!("/usr/lib/nginx/modules/ngx_{name}_module.so")).exists();
    let has = |context: u16| match context {
        Contexts::STREAM | Contexts::STREAM_SERVER | Contexts::STREAM_UPSTREAM => module("stream"),
        Contexts::MAIL | Contexts::MAIL_SERVER => module("mail"),
        _ => true,
    };
    let rows: Vec<(&Directive, &str, &str)> = names()
        .flat_map(|n| n.rows())
        .filter(|row| is_asked(row))
        .flat_map(|row| {
            PLACES
                .iter()
                .filter(|(c, ..)| row.contexts.has(*c) && has(*c))
                .map(move |(_, block, place)| (row, *block, *place))
        })
        .collect();
    let mut random = Random(seed | 1);
    let (mut accepted, mut wrong, mut found, mut machine) = (0, 0, 0, 0);
    let (mut refused_by_mistake, mut misquoted) = (Vec::new(), Vec::new());
    let mut missed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut record = BTreeSet::new();
    // The ends of each range come first.
    let mut asked: Vec<(&str, &str, &str, String)> = Vec::new();
    for (row, block, place) in &rows {
        if let Value::Between(least, most) = row.value {
            asked.extend(
                [least - 1, least, most, most + 1].map(|n| (row.name, *block, *place, format!("{} {n};", row.name))),
            );
        }
    }
    for (block, line) in together() {
        let (_, _, place) = PLACES.iter().find(|(_, name, _)| *name == block).unwrap();
        asked.push(("", block, place, line));
    }
    for n in 0..count as usize {
        let (row, block, place) = rows[(n + seed as usize) % rows.len()];
        asked.push((row.name, block, place, line(&mut random, row)));
    }
    for (name, block, place, line) in asked {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        let line = line.replace("@TMP", &path.display().to_string());
        let text = configuration(place, name, &line, &path.display().to_string());
        std::fs::write(path.join("nginx.conf"), &text).unwrap();
        let real = nginx.test(&path);
        let ours = common::refusals(&common::single(&text), VERSION);
        let line = line.replace(&path.display().to_string(), FOLDER);
        let ours: Vec<String> = ours.into_iter().map(|t| t.replace(&path.display().to_string(), FOLDER)).collect();
        match real {
            Ok(()) => {
                accepted += 1;
                record.insert(format!("{block}\t{line}\t"));
                if !ours.is_empty() {
                    refused_by_mistake.push(format!("{line}  [{}] wslint: {ours:?}", block));
                }
            }
            Err(said) if is_the_machines(&said) => machine += 1,
            Err(said) => {
                wrong += 1;
                found += u64::from(!ours.is_empty());
                if ours.is_empty() {
                    missed.entry(name).or_default().push(format!("{line}  [{}] {said}", block));
                } else if ours.iter().any(|o| says(&said, o)) {
                    record.insert(format!("{block}\t{line}\t{said}"));
                } else {
                    misquoted.push(format!("{line}  nginx: {said}  wslint: {ours:?}"));
                }
            }
        }
    }
    for line in missed.values().flatten().chain(&misquoted) {
        println!("{line}");
    }
    println!(
        "{count} lines, seed {seed}: {accepted} accepted, of which {} refused here; {wrong} refused, of which {found} \
         here ({:.1} %), {} with other words; {machine} for the machine to decide",
        refused_by_mistake.len(),
        100.0 * found as f64 / (wrong.max(1)) as f64,
        misquoted.len()
    );
    assert!(refused_by_mistake.is_empty(), "nginx accepts:\n{}", refused_by_mistake.join("\n"));
    assert!(found * 10 >= wrong * 9, "{found} of {wrong} wrong lines are refused");
    assert!(misquoted.is_empty(), "nginx says it otherwise:\n{}", misquoted.join("\n"));
    if updating() {
        std::fs::write(recorded(), record.into_iter().collect::<Vec<_>>().join("\n") + "\n").unwrap();
    }
}

/// One line in twenty of those on record is put to nginx again, others with another `WSLINT_SEED`.
#[test]
fn lines_on_record_are_what_nginx_says() {
    let nginx = Nginx::find().unwrap();
    if !nginx.exact {
        println!("nginx is not {VERSION}: what it refuses is not recorded");
        return;
    }
    let seed: usize = std::env::var("WSLINT_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(7);
    let record = std::fs::read_to_string(recorded()).unwrap();
    let mut asked = 0;
    for entry in record.lines().skip(seed % 20).step_by(20) {
        let [block, line, said] = entry.split('\t').collect::<Vec<_>>()[..] else { panic!("{entry}") };
        let (_, _, place) = PLACES.iter().find(|(_, name, _)| *name == block).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().display().to_string();
        let name = line.split([' ', ';']).next().unwrap();
        let text = configuration(place, name, &line.replace(FOLDER, &path), &path);
        std::fs::write(folder.path().join("nginx.conf"), text).unwrap();
        match nginx.test(Path::new(&path)) {
            Err(real) if real.contains("_module.so") => continue,
            real => assert_eq!(real.err().unwrap_or_default(), said, "{block}: {line}"),
        }
        asked += 1;
    }
    assert!(asked > 50, "{asked} lines");
}
