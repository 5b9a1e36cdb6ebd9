use super::{Context, Rule};
use crate::diagnostic::{Diagnostic, Label};
use crate::model::config::lookup::IncludeProblem;
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// A file that includes itself, directly or through others.
    ///
    /// ## Why it breaks
    ///
    /// nginx opens one file within the other until it runs out of them: `Too many open files`, or a crash.
    ///
    /// ## Example
    ///
    /// A file `snippets/a.conf` that holds `include snippets/a.conf;`.
    ///
    /// ## Instead
    ///
    /// Remove the include from the file that is already being read.
    ///
    /// ## The fix and its safety
    ///
    /// In words only.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/ngx_core_module.html#include>
    "include-cycle" {
        category: Validity,
        severity: Error,
        fix: None,
        en: "a file includes itself",
        zh: "文件 include 了自己",
        about_zh: "文件直接或间接地 include 了自己,nginx 会一直打开文件,直到报 `Too many open files` 或崩溃。去掉多余的 include 即可。",
        check: check,
    }
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    for broken in cx.analysis.broken_includes.iter().filter(|b| b.problem == IncludeProblem::Cycle) {
        let path = broken.path.display().to_string();
        let mut found = rule.at(
            config.head(broken.occ),
            text!("`{path}` is already being read", "`{path}` 正在读取中"),
            text!("`{path}` includes itself", "`{path}` include 了自己"),
        );
        for include in config.includes(broken.occ).take(5) {
            found
                .labels
                .push(Label { place: config.head(include), text: text!("included from here", "从这里 include") });
        }
        found.why = text!(
            "nginx opens one file within the other until it runs out of them: `Too many open files`.",
            "nginx 会一层层打开文件,直到报 `Too many open files`。"
        );
        found.help = text!("remove this include", "去掉这个 include");
        out.push(found);
    }
}
