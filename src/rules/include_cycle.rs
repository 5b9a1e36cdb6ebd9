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
        zh_page: [
            "某个文件直接或者通过其他文件 include 了自己。",
            "nginx 会一层套一层地打开文件，直到文件描述符用尽：报 `Too many open files`，或者直接崩溃。",
            "文件 `snippets/a.conf` 里写着 `include snippets/a.conf;`。",
            "从已经在读取的那个文件里去掉这条 include。",
            "只给出文字说明。",
        ],
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
            "nginx 会一层层打开文件，直到报 `Too many open files`。"
        );
        found.help = text!("remove this include", "去掉这个 include");
        out.push(found);
    }
}
