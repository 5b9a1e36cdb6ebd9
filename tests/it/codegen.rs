//! What is generated from the rules: `docs/rules/`, the table in the README. A stale file is written
//! anew, and the test fails once, so that it gets committed.

use std::fmt::Write as _;
use std::path::Path;

use wslint::i18n::Lang;
use wslint::rules::{ALL, Rule};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Writes a file if it is stale; whether it was.
fn refresh(path: &Path, want: &str) -> bool {
    if std::fs::read_to_string(path).is_ok_and(|now| now == want) {
        return false;
    }
    std::fs::create_dir_all(path.parent().expect("below the root")).expect("a folder");
    std::fs::write(path, want).expect("a file that can be written");
    true
}

/// A rule's page in a language, with the way to the other one.
fn page(rule: &Rule, lang: Lang) -> String {
    let (severity, category, fix) = (rule.severity.word(lang), rule.category.word(lang), rule.fix.word(lang));
    let name = rule.name;
    let title = rule.title.get(lang);
    let about = rule.about(lang);
    match lang {
        Lang::En => format!(
            "# {name}\n\n{severity}: {title}.\n\n| category | severity | fix |\n| --- | --- | --- |\n\
             | {category} | {severity} | {fix} |\n\n[中文](../zh-CN/rules/{name}.md)\n\n{about}\n"
        ),
        Lang::Zh => format!(
            "# {name}\n\n{severity}：{title}。\n\n| 类别 | 级别 | 修复 |\n| --- | --- | --- |\n\
             | {category} | {severity} | {fix} |\n\n[English](../../rules/{name}.md)\n\n{about}\n"
        ),
    }
}

fn table(lang: Lang) -> String {
    let mut out = String::from(match lang {
        Lang::En => "| rule | severity | fix | finds |\n| --- | --- | --- | --- |\n",
        Lang::Zh => "| 规则 | 级别 | 修复 | 问题 |\n| --- | --- | --- | --- |\n",
    });
    let folder = pages(lang);
    for rule in ALL {
        let (severity, fix, title) = (rule.severity.word(lang), rule.fix.word(lang), rule.title.get(lang));
        let _ = writeln!(out, "| [`{0}`]({folder}/{0}.md) | {severity} | {fix} | {title} |", rule.name);
    }
    out
}

/// Where the pages of the rules are.
fn pages(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "docs/rules",
        Lang::Zh => "docs/zh-CN/rules",
    }
}

/// What says that an endpoint carries WebSocket, with the precision behind it.
fn evidence() -> String {
    use wslint::catalog::{APPLICATIONS, EXCLUDED, SIGNALS, UPSTREAM_WORDS};
    let mut out = String::from(
        "# What wslint takes for WebSocket\n\nEach endpoint has evidence, the first that applies:\n\n\
         | evidence | from |\n| --- | --- |\n\
         | `declared` | `# wslint: websocket` on the location, `[websocket] locations` in `wslint.toml`, or the location that `--url` reaches |\n\
         | `excluded` | `# wslint: no-websocket`, `[websocket] not`, the target of an `auth_request` or `mirror`, and the paths below |\n\
         | `configured` | somebody tried: an `Upgrade` header, a `Connection` that says upgrade, or a near miss of these |\n\
         | `likely` | the path, the upstream's name or a comment on the location says so: the tables below |\n\
         | `none` | nothing says so; looked at only in a server where no other endpoint opens or has better evidence |\n\n\
         A location with evidence `none` is worth a warning where you name its file. In a directory, or without a path, wslint\n\
         only counts such locations in its last line: most of them carry no WebSocket (6 of 100 in public repositories do).\n\
         `--evidence none` reports them everywhere; a `--url`, a comment or `wslint.toml` settles one.\n\n\
         Somebody who made one location of a server carry WebSocket has chosen: the others of that server are left in peace.\n\n\
         ## Paths\n\nA segment of the path. The sample counts how many public nginx locations with it were WebSocket endpoints;\n\
         where it is empty there were too few to count, and the software's documentation says it.\n\n\
         | segment | sample | whose |\n| --- | --- | --- |\n",
    );
    for s in SIGNALS {
        let _ = writeln!(out, "| `{}` | {} | {} |", s.segment, s.sample, s.of);
    }
    out.push_str("\nApplications that open a WebSocket below the prefix that they are given, where it is the whole path:\n\n| segment | whose |\n| --- | --- |\n");
    for (segment, of) in APPLICATIONS {
        let _ = writeln!(out, "| `{segment}` | {of} |");
    }
    out.push_str(
        "\nSegments that end in `-ws`, `_ws` or `websocket`, or begin with `ws-`, count as well (16 of 19).\n",
    );
    let code = |words: &[&str]| words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
    let _ = write!(
        out,
        "\n## Names of upstreams\n\nA word of the host in `proxy_pass` (14 of 15): {}.\n\n\
         ## Comments\n\nA comment directly above a location, or first in it, that speaks of WebSocket, Socket.IO, SignalR, SockJS or\n\
         Action Cable, and does not deny it (22 of 28).\n\n\
         ## What is weaker than a location that upgrades\n\nWhere a location of the server upgrades already, the name of an upstream says nothing about its other locations, and\n\
         neither does a segment above the path that upgrades: `/livekit/jwt/` beside `/livekit/`.\n\n\
         ## What speaks against it\n\nThe segments {}; files that are static by their ending; regular expressions over such endings (1 of 24 was an\n\
         endpoint); `grpc_pass`, `fastcgi_pass`, `memcached_pass`; an empty `Connection` with `proxy_buffering off` and without an `Upgrade`\n\
         (server-sent events); a comment that says no WebSocket, or server-sent events.\n\n\
         Not taken for WebSocket, because more often it is something else: `/` (51 %), `/stream` and `/live` (about 40 %), `/chat`\n\
         (40 %), `/api` (18 %), `/events` (10 %, server-sent events). Say it with `# wslint: websocket` or in `wslint.toml`.\n",
        code(UPSTREAM_WORDS),
        code(EXCLUDED)
    );
    out
}

/// The JSON schema of `wslint.toml`, for editors, which show its descriptions.
fn settings_schema(lang: Lang) -> String {
    let said = |en: &'static str, zh: &'static str| if lang == Lang::Zh { zh } else { en };
    let rules: serde_json::Map<String, serde_json::Value> = ALL
        .iter()
        .map(|r| (r.name.to_owned(), serde_json::json!({"$ref": "#/$defs/level", "description": r.title.get(lang)})))
        .collect();
    let strings = |text: &str| serde_json::json!({"type": "array", "items": {"type": "string"}, "description": text});
    let schema = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{}/raw/main/{}", env!("CARGO_PKG_REPOSITORY"), settings_schema_at(lang)),
        "title": "wslint.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "roots": strings(said("The main configurations, relative to this file", "主配置文件，相对于本文件")),
            "exclude": strings(said("Patterns of paths that a walk through a directory passes over", "遍历目录时跳过的路径模式")),
            "nginx-version": {"type": "string", "pattern": "^v?[0-9]+(\\.[0-9]+){1,3}$", "description": said("The nginx that will run it", "将要运行它的 nginx")},
            "fail-on": {"enum": ["advice", "warning", "error", "never"], "description": said("Exit 1 from this severity on", "从这一级别起退出状态为 1")},
            "connection": {"enum": ["auto", "map", "literal"], "description": said("Which `Connection` value fixes write", "修复时 `Connection` 写成什么")},
            "baseline": {"type": "string", "description": said("Accepted findings, from --write-baseline", "已接受的问题，由 --write-baseline 写入")},
            "carriers": {"type": "object", "additionalProperties": false, "description": said("Configurations inside other files", "其他文件中的 nginx 配置"), "properties": {
                "read": {"enum": ["none", "all"], "description": said("Whether configurations inside other files are read", "是否读取其他文件中的 nginx 配置")}
            }},
            "paths": {"type": "object", "propertyNames": {"pattern": "^/"}, "additionalProperties": {"type": "string"}, "description": said("Where absolute includes are read from", "绝对路径的 include 从哪里读取")},
            "websocket": {"type": "object", "additionalProperties": false, "description": said("What carries WebSocket", "哪些位置用于 WebSocket"), "properties": {
                "locations": strings(said("Locations that carry WebSocket; * at the end is any rest", "用于 WebSocket 的 location；末尾的 * 表示任意后续内容")),
                "not": strings(said("Locations that do not", "不用于 WebSocket 的 location")),
                "evidence": {"enum": ["none", "likely", "configured", "declared"], "description": said("Report `upgrade-not-forwarded` from this evidence on", "证据达到这一级才报告 `upgrade-not-forwarded`")}
            }},
            "rules": {"type": "object", "additionalProperties": false, "description": said("The severity of each rule", "各条规则的级别"), "properties": rules}
        },
        "$defs": {"level": {"enum": ["off", "advice", "warning", "error"]}}
    });
    serde_json::to_string_pretty(&schema).expect("JSON") + "\n"
}

fn settings_schema_at(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "docs/json-schema/wslint.v1.json",
        Lang::Zh => "docs/zh-CN/json-schema/wslint.v1.json",
    }
}

/// Every setting, as `wslint init` writes it.
fn configuration(lang: Lang) -> String {
    let settings = wslint::settings::TEMPLATE.get(lang);
    match lang {
        Lang::En => format!(
            "# `wslint.toml`\n\n[中文](zh-CN/configuration.md)\n\n\
             wslint looks for it from the current directory upward, to the project's root (the directory with `.git`). `wslint init`\n\
             writes this one; options on the command line win over it. [A schema](json-schema/wslint.v1.json) describes it for editors.\n\n\
             ```toml\n{settings}```\n\nPaths in it stay inside the project: a repository under review cannot make wslint read or show a file of the machine that\n\
             it runs on. An unknown key is an error that names the nearest one.\n\n\
             ## Comments in configurations\n\n```nginx\n\
             # wslint: ignore[rule-name] reason          on the directive's line or the line before\n\
             # wslint: ignore-file[rule-name] reason     before the first directive\n\
             # wslint: websocket reason                  in or before a location\n\
             # wslint: no-websocket reason               in or before a location, server or http\n\
             # wslint: context=server                    in the first comment of a fragment\n```\n\n\
             In a document, `<!-- wslint: ignore rule-name reason -->` above a fence is about that fence\n\
             ([carriers](carriers.md)).\n\n\
             An ignore needs its reason, the others may have one. An ignore that suppresses nothing is reported, and so is a word that\n\
             wslint does not know, with the one that was meant.\n"
        ),
        Lang::Zh => format!(
            "# `wslint.toml`\n\n[English](../configuration.md)\n\n\
             wslint 从当前目录向上寻找这个文件，直到项目的根目录（含有 `.git` 的目录）。`wslint init` 写入的就是下面这一份；\
             命令行选项优先于它。[这份 schema](json-schema/wslint.v1.json) 供编辑器使用。\n\n\
             ```toml\n{settings}```\n\n其中的路径不能指向项目之外：被审查的仓库无法让 wslint 读取或显示所在机器上的文件。\
             遇到不认识的键时报错，并给出最接近的名称。\n\n\
             ## 配置文件里的注释\n\n```nginx\n\
             # wslint: ignore[rule-name] 理由          写在指令所在行或前一行\n\
             # wslint: ignore-file[rule-name] 理由     写在第一条指令之前\n\
             # wslint: websocket 理由                  写在 location 里或它前面\n\
             # wslint: no-websocket 理由               写在 location、server 或 http 里或它们前面\n\
             # wslint: context=server                  写在配置片段的第一条注释里\n```\n\n\
             在文档里，代码块上方的 `<!-- wslint: ignore rule-name 理由 -->` 针对该代码块（[carriers](carriers.md)）。\n\n\
             ignore 必须写明理由，其余的可以不写。没有忽略任何问题的 ignore 会被报告；wslint 不认识的词也会被报告，并给出可能想写的词。\n"
        ),
    }
}

/// What people see, from the same source as `wslint explain 400`.
fn symptoms(lang: Lang) -> String {
    use wslint::symptoms::SYMPTOMS;
    let mut out = String::from(match lang {
        Lang::En => {
            "# What people see\n\n[中文](zh-CN/symptoms.md)\n\n`wslint explain 400` prints the same in a terminal. One and the same cause \
             shows as 400, 404, 426, 505 or 200,\ndepending on the backend.\n"
        }
        Lang::Zh => {
            "# 常见现象\n\n[English](../symptoms.md)\n\n`wslint explain 400` 在终端里打印同样的内容。同一个原因，\
             后端不同，表现就可能是 400、404、426、505 或 200。\n"
        }
    });
    for symptom in SYMPTOMS {
        let page = symptom.page(lang);
        let page = page.rsplit_once("\n\n").map_or(page.as_str(), |(before, _)| before);
        let _ = write!(out, "\n#{page}\n");
    }
    out
}

/// The man page, from the command line itself.
fn man() -> String {
    let mut page = Vec::new();
    clap_mangen::Man::new(wslint::cli::command()).render(&mut page).expect("a page in memory");
    let text = String::from_utf8(page).expect("UTF-8");
    text.replace(env!("CARGO_PKG_VERSION"), "").replace(".TH wslint 1  \"wslint \"", ".TH wslint 1")
}

#[test]
fn the_generated_documentation_is_fresh() {
    let mut stale = Vec::new();
    for lang in [Lang::En, Lang::Zh] {
        for rule in ALL {
            let path = root().join(format!("{}/{}.md", pages(lang), rule.name));
            if refresh(&path, &page(rule, lang)) {
                stale.push(path);
            }
        }
    }
    for (name, want) in [
        ("docs/evidence.md", evidence()),
        ("docs/configuration.md", configuration(Lang::En)),
        ("docs/zh-CN/configuration.md", configuration(Lang::Zh)),
        (settings_schema_at(Lang::En), settings_schema(Lang::En)),
        (settings_schema_at(Lang::Zh), settings_schema(Lang::Zh)),
        ("docs/symptoms.md", symptoms(Lang::En)),
        ("docs/zh-CN/symptoms.md", symptoms(Lang::Zh)),
        ("docs/wslint.1", man()),
    ] {
        if refresh(&root().join(name), &want) {
            stale.push(root().join(name));
        }
    }
    for (name, lang) in [("README.md", Lang::En), ("README.zh-CN.md", Lang::Zh)] {
        let readme = root().join(name);
        let text = std::fs::read_to_string(&readme).expect(name);
        let (start, end) = ("<!-- rules:start -->\n", "<!-- rules:end -->");
        let from = text.find(start).expect("the marker rules:start") + start.len();
        let to = text.find(end).expect("the marker rules:end");
        if refresh(&readme, &format!("{}{}{}", &text[..from], table(lang), &text[to..])) {
            stale.push(readme);
        }
    }
    assert!(stale.is_empty(), "these were stale and are written anew, commit them: {stale:?}");
}

#[test]
fn every_page_in_docs_rules_is_a_rule() {
    for folder in [Lang::En, Lang::Zh].map(pages) {
        for entry in std::fs::read_dir(root().join(folder)).expect(folder) {
            let name = entry.expect("an entry").file_name().to_string_lossy().trim_end_matches(".md").to_owned();
            assert!(wslint::rules::find(&name).is_some(), "{folder}/{name}.md belongs to no rule");
        }
    }
}
