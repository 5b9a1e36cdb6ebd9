use super::{Context, Rule};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::model::config::lookup::IncludeProblem;
use crate::model::evidence::Evidence;
use crate::model::way::verdict::{Outcome, Why};
use crate::source::{FileId, is_glob};
use crate::text;

rule! {
    /// ## What it finds
    ///
    /// An include that cannot be read, and what it leaves unknown. It is advice, and a warning where an
    /// endpoint that carries WebSocket depends on it.
    ///
    /// ## Why it breaks
    ///
    /// What the file sets is part of the configuration. wslint does not guess: everything that the file
    /// could set is `unknown`, and nothing else.
    ///
    /// ## Example
    ///
    /// ```nginx bad
    /// server {
    ///     listen 8080;
    ///     location /ws {
    ///         include snippets/websocket.conf;
    ///         proxy_pass http://127.0.0.1:3000;
    ///     }
    /// }
    /// ```
    ///
    /// ## Instead
    ///
    /// Give wslint the file: run it where the file is, name the root with `--root`, or say with
    /// `--map-path` where an absolute path lies.
    ///
    /// ## The fix and its safety
    ///
    /// In words only.
    ///
    /// ## References
    ///
    /// - <https://nginx.org/en/docs/ngx_core_module.html#include>
    "unresolved-include" {
        category: Validity,
        severity: Advice,
        fix: None,
        en: "an include cannot be read",
        zh: "include 的文件无法读取",
        zh_page: [
            "有无法读取的 include，以及因此无法判断的内容。这是建议；如果用于 WebSocket 的代理位置取决于它，就是警告。",
            "被 include 的文件也是配置的一部分。wslint 不会猜测：这个文件可能设置的一切都算 `unknown`，其余不受影响。",
            "让 wslint 能读到这个文件：在它所在的机器上运行，用 `--root` 指定主配置，或者用 `--map-path` 说明绝对路径对应哪个目录。",
            "只给出文字说明。",
        ],
        check: check,
    }
}

/// So many places of one include are shown.
const MOST_LABELS: usize = 4;

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let rule: &Rule = &RULE;
    let config = cx.config();
    let mut told: Vec<(FileId, String, usize)> = Vec::new();
    for broken in cx.analysis.broken_includes.iter().filter(|b| b.problem != IncludeProblem::Cycle) {
        let path = broken.path.display().to_string();
        let given = config.arg_shown(broken.occ, 0);
        // The same file that is missing in several places is one file to find.
        let here = config.file(broken.occ);
        if let Some((_, _, first)) = told.iter().find(|(file, name, _)| *file == here && *name == given) {
            let label = Label { place: config.head(broken.occ), text: text!("and here", "这里也是") };
            let first: &mut Diagnostic = &mut out[*first];
            if first.labels.len() < MOST_LABELS {
                first.labels.push(label);
            }
            continue;
        }
        let label = match broken.problem {
            IncludeProblem::Missing => text!("there is no such file: `{path}`", "没有这个文件：`{path}`"),
            IncludeProblem::Outside => {
                text!("outside the project: wslint does not read it", "在项目之外，wslint 不会读取")
            }
            IncludeProblem::Directory => {
                text!("this is a directory; nginx refuses to start with it", "这是一个目录，nginx 会因此拒绝启动")
            }
            IncludeProblem::Unreadable => text!("`{path}` cannot be read", "`{path}` 无法读取"),
            IncludeProblem::TooLarge | IncludeProblem::Cycle => {
                text!("past the limits of wslint", "超出 wslint 的限制")
            }
        };
        let mut found = rule.at(
            config.head(broken.occ),
            label,
            text!("the include `{given}` cannot be read", "无法读取 include 的 `{given}`"),
        );
        let scope = config.occ(broken.occ).scope;
        let hangs = cx.analysis.endpoints.iter().find(|e| {
            e.evidence > Evidence::None
                && e.outcome == Outcome::Unknown(Why::Include)
                && config.outward(e.scope).any(|s| s == scope)
        });
        if let Some(endpoint) = hangs {
            found.severity = Severity::Warning;
            found.labels.extend(cx.location_label(
                endpoint,
                text!("whether WebSocket opens here depends on it", "WebSocket 能否建立连接取决于它"),
            ));
        }
        // Where nothing else was seen, nothing was checked; a pattern may well stand for no file at all.
        if cx.analysis.endpoints.is_empty() && !cx.options.bare_is_advice && !is_glob(given.as_bytes()) {
            found.severity = Severity::Warning;
        }
        if broken.problem == IncludeProblem::Directory {
            found.severity = Severity::Error;
        }
        found.why = text!(
            "what the file sets is part of the configuration; everything that it could set is unknown.",
            "该文件也是配置的一部分，它可能设置的一切都是未知的。"
        );
        found.help = text!(
            "run wslint where the file is, or say with `--root` or `--map-path` where to look",
            "在文件所在处运行 wslint，或用 `--root`、`--map-path` 指明位置"
        );
        told.push((here, given, out.len()));
        out.push(found);
    }
}

/// Whether both say of one and the same location that it hangs on them.
pub(super) fn is_told_with(first: &Diagnostic, next: &Diagnostic) -> bool {
    let same = first.rule == RULE.name && next.rule == RULE.name && first.severity == next.severity;
    same && first.primary.place.file == next.primary.place.file
        && next.labels.iter().any(|label| first.labels.contains(label))
}

/// One finding with a label for each file.
pub(super) fn told_together(first: &Diagnostic, others: &[&Diagnostic]) -> Diagnostic {
    let mut found = first.clone();
    let (more, all) = (others.len(), others.len() + 1);
    let en = first.message.en.strip_suffix(" cannot be read").unwrap_or(&first.message.en);
    let zh = &first.message.zh;
    found.message = text!("{en} and {more} more cannot be read", "{zh} 等 {all} 个文件");
    for label in others.iter().flat_map(|other| std::iter::once(&other.primary).chain(&other.labels)) {
        if !found.labels.contains(label) {
            found.labels.push(label.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Text;
    use crate::source::{FileId, Place, Span};

    #[test]
    fn only_what_hangs_on_one_location_is_told_together() {
        let place = |file, at| Place { file: FileId(file), span: Span::at(at) };
        let label = |at| Label { place: place(0, at), text: Text::default() };
        let finding = |file, location| {
            let mut found = RULE.at(place(file, 1), Text::default(), Text::default());
            found.labels.push(label(location));
            found
        };
        let first = finding(0, 7);
        assert!(is_told_with(&first, &finding(0, 7)));
        assert!(!is_told_with(&first, &finding(0, 8)));
        assert!(!is_told_with(&first, &finding(1, 7)));
        let mut graver = finding(0, 7);
        graver.severity = Severity::Error;
        assert_ne!(first.severity, graver.severity);
        assert!(!is_told_with(&first, &graver));
    }
}
