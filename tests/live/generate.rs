//! Random configurations that look like what people write, mistakes included.

use std::fmt::Write as _;

use super::case::Case;
use super::common::Tree;

/// A small generator of random numbers (xorshift64*): repeatable from seed and case, on any machine.
pub(crate) struct Dice {
    state: u64,
    /// The case is spared what nginx refuses at start-up, so that the handshake itself is reached.
    careful: bool,
    /// The case is mostly what people should write, with a mistake here and there.
    good: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64, case: u64) -> Dice {
        let state =
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ case.wrapping_add(1).wrapping_mul(0xd134_2543_de82_ef95) | 1;
        let mut dice = Dice { state, careful: false, good: false };
        for _ in 0..8 {
            dice.next();
        }
        dice.careful = !dice.one_in(5);
        dice.good = dice.careful && dice.one_in(2);
        dice
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these; a careful case takes none that nginx refuses.
    fn pick_legal<'t>(&mut self, legal: &[&'t str], refused: &[&'t str]) -> &'t str {
        let n = if self.careful { legal.len() } else { legal.len() + refused.len() };
        let at = self.below(n);
        legal.get(at).or_else(|| refused.get(at - legal.len())).copied().unwrap_or("")
    }

    /// One of these, a good case mostly one of the first.
    pub(crate) fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        // The lists begin with what is right.
        let n = if self.good && !self.one_in(10) { from.len().div_ceil(4) } else { from.len() };
        from[self.below(n)]
    }
}

const UPGRADE: &[&str] = &[
    "$http_upgrade",
    "$http_upgrade",
    "$http_upgrade",
    "$http_upgrade",
    "\"$http_upgrade\"",
    "${http_upgrade}",
    "websocket",
    "$http_ugrade",
    "http_upgrade",
    "$connection_upgrade",
    "\"\"",
    "$http_connection",
    "\"websocket, $http_upgrade\"",
    "h2",
    "$HTTP_UPGRADE",
    "'$http_upgrade'",
    "$up",
];
const CONNECTION: &[&str] = &[
    "\"upgrade\"",
    "\"upgrade\"",
    "Upgrade",
    "$connection_upgrade",
    "$connection_upgrade",
    "$connection_upgrade",
    "$http_connection",
    "keep-alive",
    "\"\"",
    "close",
    "\"keep-alive, Upgrade\"",
    "ugrade",
    "$http_upgrade",
    "$cu",
    "\"$connection_upgrade\"",
    "upgrade,close",
    "\"upgrade; x\"",
];
const OTHER: &[&str] = &[
    "Host $host",
    "X-Real-IP $remote_addr",
    "X-A 1",
    "Host \"\"",
    "X-Forwarded-For $proxy_add_x_forwarded_for",
    "Host $http_host",
    "Origin \"\"",
];
const NAMES: &[&str] = &["Upgrade", "Upgrade", "Upgrade", "Upgrade", "upgrade", "Upgrad", "Upgrade:", "\"Upgrade\""];
const CONNECTION_NAMES: &[&str] =
    &["Connection", "Connection", "Connection", "Connection", "CONNECTION", "Conection", "Connection:", "Connection_"];

fn version(dice: &mut Dice, out: &mut String) {
    match dice.below(if dice.good { 60 } else { 24 }) {
        1 | 2 if dice.careful => {}
        0 => out.push_str("proxy_http_version 1.0;\n"),
        1 => out.push_str("proxy_http_version 1,1;\n"),
        2 => out.push_str("proxy_http_version 1.1; proxy_http_version 1.1;\n"),
        3 => {}
        4..=6 if !dice.good => {}
        _ => out.push_str("proxy_http_version 1.1;\n"),
    }
}

fn headers(dice: &mut Dice, out: &mut String) {
    let absent = if dice.good { 40 } else { 5 };
    if !dice.one_in(absent) {
        let _ = writeln!(out, "proxy_set_header {} {};", dice.pick(NAMES), dice.pick(UPGRADE));
    }
    if !dice.one_in(absent) {
        let _ = writeln!(out, "proxy_set_header {} {};", dice.pick(CONNECTION_NAMES), dice.pick(CONNECTION));
    }
    for _ in 0..dice.below(3) {
        let _ = writeln!(out, "proxy_set_header {};", dice.pick(OTHER));
    }
    if dice.one_in(12) {
        let _ = writeln!(out, "proxy_set_header {} {};", dice.pick(NAMES), dice.pick(UPGRADE));
    }
    if dice.one_in(12) {
        let _ = writeln!(out, "proxy_set_header {} {};", dice.pick(CONNECTION_NAMES), dice.pick(CONNECTION));
    }
}

/// What a level may hold besides.
pub(crate) fn level(dice: &mut Dice, out: &mut String, likely: usize) {
    if dice.one_in(likely) {
        headers(dice, out);
    }
    if dice.one_in(likely) {
        version(dice, out);
    }
    if dice.one_in(30) {
        out.push_str(dice.pick(&[
            "proxy_hide_header Upgrade;\n",
            "proxy_hide_header X;\n",
            "proxy_pass_header Upgrade;\n",
            "proxy_pass_request_headers off;\n",
            "proxy_method POST;\n",
            "proxy_method GET;\n",
            "add_header Upgrade x always;\n",
            "add_header Upgrade x;\n",
            "proxy_read_timeout 1h;\n",
            "proxy_read_timeout never;\n",
            "proxy_buffering off;\n",
            "gzip maybe;\n",
        ]));
    }
}

pub(crate) fn maps(dice: &mut Dice, out: &mut String) {
    if dice.careful {
        // Every variable that the headers may use is defined once, and no map holds a key twice.
        for target in ["$connection_upgrade", "$cu", "$up"] {
            let source = dice.pick(&[
                "$http_upgrade",
                "$http_upgrade",
                "$http_upgrade",
                "$http_upgrade",
                "$http_connection",
                "$http_ugrade",
                "http_upgrade",
                "$uri",
            ]);
            let _ = writeln!(out, "map {source} {target} {{");
            let mut keys: Vec<String> = Vec::new();
            for _ in 0..dice.below(4) {
                let line = dice.pick(MAP_LINES);
                let key = line.split(' ').next().unwrap_or("").to_lowercase();
                if !keys.contains(&key) {
                    let _ = writeln!(out, "    {line}");
                    keys.push(key);
                }
            }
            out.push_str("}\n");
        }
        return;
    }
    for _ in 0..[0, 1, 1, 1, 1, 2][dice.below(6)] {
        let source = dice.pick(&["$http_upgrade", "$http_upgrade", "$http_upgrade", "$http_connection", "$uri", "$cu"]);
        let target = dice.pick(&[
            "$connection_upgrade",
            "$connection_upgrade",
            "$connection_upgrade",
            "$cu",
            "$up",
            "$Connection_Upgrade",
            "$uri",
            "bare",
        ]);
        let _ = writeln!(out, "map {source} {target} {{");
        for _ in 0..1 + dice.below(3) {
            let _ = writeln!(out, "    {}", dice.pick(MAP_LINES));
        }
        out.push_str("}\n");
    }
}

const MAP_LINES: &[&str] = &[
    "default upgrade;",
    "default upgrade;",
    "default upgrade;",
    "default close;",
    "'' close;",
    "'' '';",
    "websocket upgrade;",
    "WebSocket upgrade;",
    "~*websocket upgrade;",
    "~^$ upgrade;",
    "upgrade upgrade;",
    "~*upgrade upgrade;",
    "default ugrade;",
    "~.* $http_connection;",
    "\\default x;",
    "default $http_upgrade;",
    "volatile;",
];

fn rewrites(dice: &mut Dice, out: &mut String) {
    if !dice.one_in(if dice.good { 25 } else { 5 }) {
        return;
    }
    out.push_str(dice.pick_legal(
        &[
            "set $cu upgrade;\n",
            "set $up $http_upgrade;\n",
            "set $connection_upgrade close;\n",
            "if ($http_upgrade) { set $cu upgrade; }\n",
            "if ($http_upgrade != \"websocket\") { return 426; }\n",
            "if ($http_upgrade = websocket) { set $cu upgrade; set $up websocket; }\n",
            "if ($request_method = POST) { return 405; }\n",
            "if ($http_connection ~* upgrade) { set $cu $http_connection; }\n",
            "if ($uri ~ ^/(?<up>w.)) { set $cu upgrade; }\n",
            "return 404;\n",
            "break;\n",
            "rewrite ^/ws$ /ws/x break;\n",
            "rewrite ^/nothing$ /x last;\n",
            "rewrite ^/ws$ /other last;\n",
            "rewrite ^/ws(.*)$ /x$1 redirect;\n",
            "if ($host = example.com) { set $cu \"keep-alive, upgrade\"; }\n",
            "if ($scheme = https) { return 301 http://x/; }\n",
            "if ($args) { return 403; }\n",
            "if (-f /nonexistent) { return 403; }\n",
            "if ($http_upgrade == x) { return 403; }\n",
            "if ($http_upgrade) { return 418; }\n",
            "error_page 418 = @named;\n",
            "if ($arg_x) { set $cu upgrade; }\n",
            "set $a $http_upgrade; if ($a ~ ^web(.*)$) { set $up web$1; }\n",
        ],
        &[
            "if ($http_upgrade == x) { return 403; }\n",
            "return abc;\n",
            "rewrite ^/ws$ /x sideways;\n",
            "set cu upgrade;\n",
            "set $uri x;\n",
        ],
    ));
}

pub(crate) fn pass(dice: &mut Dice, out: &mut String) {
    out.push_str(match dice.below(30) {
        0 if !dice.careful => "proxy_pass http://127.0.0.1:9000/;\n",
        1 => "proxy_pass http://be;\n",
        2 if !dice.careful => "proxy_pass http://be/x/;\n",
        3 => "set $b 127.0.0.1:9000; proxy_pass http://$b;\n",
        2 | 4 | 5 if dice.careful => "proxy_pass http://127.0.0.1:9000;\n",
        4 => "proxy_pass ws://127.0.0.1:9000;\n",
        5 => "proxy_pass http://be:8080;\n",
        6 => "proxy_pass http://127.0.0.1:9000; empty_gif;\n",
        7 => "try_files $uri =404; proxy_pass http://127.0.0.1:9000;\n",
        8 => "set $b be; proxy_pass http://$b/fixed;\n",
        9 => "proxy_pass HTTP://127.0.0.1:9000;\n",
        _ => "proxy_pass http://127.0.0.1:9000;\n",
    });
}

pub(crate) fn location(dice: &mut Dice, out: &mut String, header: &str, depth: usize, files: &mut Tree) {
    let _ = writeln!(out, "location {header} {{");
    rewrites(dice, out);
    level(dice, out, if dice.good { 1 } else { 2 });
    if dice.one_in(8) {
        let name = format!("inc{}.conf", files.len());
        let mut text = String::new();
        level(dice, &mut text, 1);
        files.insert(name.clone(), text.into_bytes());
        let _ = writeln!(out, "include {name};");
    }
    if !dice.one_in(12) {
        pass(dice, out);
    }
    rewrites(dice, out);
    if dice.one_in(10) {
        let inner = dice.pick(&[
            "if ($http_upgrade) { proxy_pass http://127.0.0.1:9000; }\n",
            "if ($http_upgrade) { proxy_pass http://127.0.0.1:9000; break; }\n",
            "limit_except POST { deny all; }\n",
            "limit_except GET { deny all; }\n",
            "if ($http_upgrade) { proxy_set_header X 1; }\n",
            "if ($http_upgrade) { add_header X 1; }\n",
            "limit_except POST { proxy_pass http://127.0.0.1:9000; }\n",
            "deny all;\n",
            "allow 127.0.0.1; deny all;\n",
            "internal;\n",
        ]);
        out.push_str(inner);
    }
    if depth > 0 && dice.one_in(6) {
        let all = ["/ws", "= /ws", "~ ^/ws", "/ws/x", "/", "^~ /ws"];
        let dice_careful = dice.careful;
        let fits = |h: &&&str| {
            !dice_careful
                || header.starts_with('/')
                    && (h.starts_with('~') || h.trim_start_matches(['=', '^', '~', ' ']).starts_with(header))
        };
        let legal: Vec<&str> = all.iter().filter(fits).copied().collect();
        if legal.is_empty() {
            out.push_str("}\n");
            return;
        }
        let inner = dice.pick(&legal);
        location(dice, out, inner, depth - 1, files);
    }
    out.push_str("}\n");
}

/// `/ws` and `^~ /ws` are one location to nginx.
fn same_prefix(a: &str, b: &str) -> bool {
    a.trim_start_matches("^~ ") == b.trim_start_matches("^~ ")
}

/// One case: levels, includes, maps, shadowing, typos, duplicates.
pub(crate) fn case(seed: u64, case: u64) -> Case {
    Case::plain(tree(seed, case), super::case::URL.to_owned())
}

/// The files of one case.
fn tree(seed: u64, case: u64) -> Tree {
    let mut dice = Dice::new(seed, case);
    let mut files = Tree::new();
    let mut http = String::new();
    if dice.one_in(20) {
        http.push_str("map_hash_bucket_size 64;\n");
    }
    maps(&mut dice, &mut http);
    level(&mut dice, &mut http, 6);
    http.push_str("upstream be { server 127.0.0.1:9000; }\n");
    let mut server = String::from("server {\nlisten 127.0.0.1:8080;\n");
    if dice.one_in(6) {
        let _ =
            writeln!(server, "server_name {};", dice.pick(&["example.com", "other.example", "*.com", "~^exa", "_"]));
    }
    level(&mut dice, &mut server, 4);
    if dice.one_in(3) {
        rewrites(&mut dice, &mut server);
    }
    let headers = [
        "/ws", "/ws", "/ws", "/", "= /ws", "~ ^/ws", "~* /WS$", "^~ /ws", "/ws/", "@named", "/other", "~ \\.js$", "/w",
        "=/ws",
    ];
    let mut used: Vec<&str> = Vec::new();
    for _ in 0..1 + dice.below(4) {
        let header = dice.pick(&headers);
        if used.iter().any(|u| u.replace(' ', "") == header.replace(' ', "") || same_prefix(u, header))
            && (dice.careful || !dice.one_in(6))
        {
            continue;
        }
        used.push(header);
        location(&mut dice, &mut server, header, 2, &mut files);
    }
    server.push_str("}\n");
    if dice.one_in(8) {
        server.push_str("server { listen 127.0.0.1:8080; server_name other.example; location / { proxy_pass http://127.0.0.1:9000; } }\n");
    }
    if dice.one_in(6) {
        files.insert("conf.d/site.conf".to_owned(), server.into_bytes());
        http.push_str(dice.pick(&["include conf.d/*.conf;\n", "include conf.d/site.conf;\n"]));
    } else {
        http.push_str(&server);
    }
    if !dice.careful && dice.one_in(10) {
        maps(&mut dice, &mut http);
    }
    let events = if !dice.careful && dice.one_in(60) { "" } else { "events { worker_connections 64; }\n" };
    files.insert("nginx.conf".to_owned(), format!("{events}http {{\naccess_log off;\n{http}}}\n").into_bytes());
    files
}

/// Leaves out lines and blocks as long as the case still shows what it showed.
pub(crate) fn smaller(tree: &Tree, still: &dyn Fn(&Tree) -> bool) -> Tree {
    let mut best = tree.clone();
    let mut tries = 300;
    loop {
        let mut progress = false;
        for name in best.keys().cloned().collect::<Vec<_>>() {
            let mut at = 0;
            loop {
                let text = String::from_utf8_lossy(&best[&name]).into_owned();
                let lines: Vec<&str> = text.lines().collect();
                if at >= lines.len() || tries == 0 {
                    break;
                }
                // A line that opens a block goes with the block.
                let mut depth = 0i64;
                let mut end = at;
                for (i, line) in lines.iter().enumerate().skip(at) {
                    depth += line.matches('{').count() as i64 - line.matches('}').count() as i64;
                    end = i + 1;
                    if depth <= 0 {
                        break;
                    }
                }
                let mut fewer = best.clone();
                let kept: Vec<&str> = lines[..at].iter().chain(&lines[end..]).copied().collect();
                fewer.insert(name.clone(), (kept.join("\n") + "\n").into_bytes());
                tries -= 1;
                // Without `listen` the case would be about something else.
                if depth == 0 && !lines[at].starts_with("listen") && still(&fewer) {
                    best = fewer;
                    progress = true;
                } else {
                    at += 1;
                }
            }
        }
        if !progress || tries == 0 {
            return best;
        }
    }
}
