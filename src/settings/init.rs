//! What `wslint init` writes.

use crate::i18n::StaticText;

/// A `wslint.toml` in which every setting stands, commented out, with its default.
pub const TEMPLATE: StaticText = StaticText { en: ENGLISH, zh: CHINESE };

const ENGLISH: &str = r#"# wslint.toml: what this project says about its nginx configurations.
# Every setting with its default; paths are relative to this file and stay inside the project.

# The main configurations that nginx is started with. Without them wslint searches.
# roots = ["deploy/nginx/nginx.conf"]

# What a walk through a directory passes over; `**` is any number of directories.
# exclude = ["vendor/**"]

# The nginx that will run it: "1.28" (all of 1.28.x), "1.22.1", or OpenResty's "1.27.1.1".
# Without it, results hold on every version.
# nginx-version = "1.28"

# Exit 1 from this severity on: "advice", "warning", "error", "never".
# fail-on = "warning"

# Which `Connection` value fixes write: "auto", "map", "literal".
# connection = "auto"

# Findings that are accepted for now; `wslint --write-baseline FILE` records them.
# baseline = ".wslint-baseline.json"

[paths]
# Where absolute includes are read from in this repository.
# "/etc/nginx" = "deploy/nginx"

[websocket]
# Locations that carry WebSocket, and those that do not; `*` at the end is any rest.
# locations = ["/chat", "/live/*"]
# not = ["/static/*"]
# Report `upgrade-not-forwarded` from this evidence on: "none", "likely", "configured", "declared".
# evidence = "none"

[rules]
# A rule's severity: "off", "advice", "warning", "error". `wslint rules` lists them.
# short-read-timeout = "off"
"#;

const CHINESE: &str = r#"# wslint.toml：本项目对 nginx 配置的说明。
# 每项设置都列出了默认值；路径相对于本文件，不能指向项目之外。

# 启动 nginx 时使用的主配置文件。不写则由 wslint 自己寻找。
# roots = ["deploy/nginx/nginx.conf"]

# 遍历目录时跳过什么；`**` 表示任意多层目录。
# exclude = ["vendor/**"]

# 将要运行它的 nginx："1.28"（所有 1.28.x）、"1.22.1"，或者 OpenResty 的 "1.27.1.1"。
# 不写时，结论对所有版本都成立。
# nginx-version = "1.28"

# 从哪一级起退出状态为 1："advice"、"warning"、"error"、"never"。
# fail-on = "warning"

# 修复时 `Connection` 写成什么："auto"、"map"、"literal"。
# connection = "auto"

# 暂时接受的问题；`wslint --write-baseline FILE` 会记录它们。
# baseline = ".wslint-baseline.json"

[paths]
# 绝对路径的 include 在本仓库中从哪里读取。
# "/etc/nginx" = "deploy/nginx"

[websocket]
# 哪些 location 用于 WebSocket，哪些不是；末尾的 `*` 表示任意后续内容。
# locations = ["/chat", "/live/*"]
# not = ["/static/*"]
# 证据达到哪一级才报告 `upgrade-not-forwarded`："none"、"likely"、"configured"、"declared"。
# evidence = "none"

[rules]
# 规则的级别："off"、"advice"、"warning"、"error"。`wslint rules` 会列出所有规则。
# short-read-timeout = "off"
"#;

#[cfg(test)]
mod tests {
    use super::TEMPLATE;

    #[test]
    fn both_languages_hold_the_same_settings() {
        let settings = |text: &str| {
            let lines = text.lines().map(|l| l.trim_start_matches("# ").to_owned());
            lines.filter(|l| l.starts_with('[') || l.contains(" = ")).collect::<Vec<_>>()
        };
        assert_eq!(settings(TEMPLATE.en), settings(TEMPLATE.zh));
        assert_eq!(TEMPLATE.en.lines().count(), TEMPLATE.zh.lines().count());
    }
}
