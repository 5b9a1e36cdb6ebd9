//! The last lines of a report for people.

use foldhash::HashSet;

use super::Report;
use crate::diagnostic::Severity;
use crate::engine::EndpointFact;
use crate::i18n::Text;
use crate::model::evidence::Evidence;
use crate::model::way::verdict::Verdict;
use crate::source::Place;
use crate::text;

/// What a report recommends.
#[derive(Clone, Debug)]
pub struct Next {
    /// The whole command; none where it is that of this run with one option more.
    pub command: Option<String>,
    /// That option.
    pub option: &'static str,
}

/// The last lines: what was seen, and what to type next.
pub fn summary(report: &Report<'_>, next: &Next) -> Text {
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    let mut out = if errors + warnings == 0 { nothing(report) } else { found(report, errors, warnings, next) };
    undecided(report, &mut out);
    let bare = report.checked.bare.len();
    if bare > 0 && !report.advice {
        let locations = plural(bare, "location");
        let them = if bare == 1 { "it" } else { "them" };
        add(
            &mut out,
            text!(
                " {locations} without any sign of WebSocket skipped: `--evidence none` shows {them}; a `--url`, a comment `# wslint: websocket` or `wslint.toml` settles one.",
                "另有 {bare} 个 location 没有任何 WebSocket 的迹象，未作检查：用 `--evidence none` 查看；用 `--url`、注释 `# wslint: websocket` 或 `wslint.toml` 可以逐个说明。"
            ),
        );
    }
    out
}

/// What is open, and what decides it; includes that were not read where nothing else was seen.
fn undecided(report: &Report<'_>, out: &mut Text) {
    const SHOWN: usize = 3;
    let at = |place: Place| {
        let file = report.sources.get(place.file);
        format!("{}:{}", file.path.display(), file.lines().line(place.span.start) + 1)
    };
    let mut seen = HashSet::default();
    let open: Vec<_> = report.checked.endpoints.iter().filter_map(|e| Some((e, e.undecided.as_ref()?))).collect();
    for (endpoint, why) in open.iter().filter(|(_, w)| seen.insert((w.text.en.clone(), w.place))).take(SHOWN) {
        let (location, place) = (&why.location, at(why.place.unwrap_or(endpoint.place)));
        let (en, zh) = (&why.text.en, &why.text.zh);
        add(
            out,
            text!(
                " Whether WebSocket opens at `location {location}` is undecided: {en} ({place}).",
                "无法判断 `location {location}` 上能否建立 WebSocket 连接：{zh}（{place}）。"
            ),
        );
    }
    let unread = &report.checked.unread;
    if !unread.is_empty() {
        let shown = unread
            .iter()
            .take(SHOWN)
            .map(|(place, path)| (format!("`{path}` ({})", at(*place)), format!("`{path}`（{}）", at(*place))));
        let (en, zh): (Vec<String>, Vec<String>) = shown.unzip();
        let (more, more_zh) = if unread.len() > SHOWN { (", …", "等") } else { ("", "") };
        let (en, zh) = (en.join(", "), zh.join("、"));
        add(
            out,
            text!(" Not read, and so not looked at: {en}{more}.", "以下文件没有读到，因此没有检查：{zh}{more_zh}。"),
        );
    }
}

fn add(text: &mut Text, more: Text) {
    text.en.to_mut().push_str(&more.en);
    text.zh.to_mut().push_str(&more.zh);
}

fn plural(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// Of a clean run: what was looked at, and what became of it. What is nothing is left out.
fn nothing(report: &Report<'_>) -> Text {
    let endpoints = &report.checked.endpoints;
    let count = |wanted: &dyn Fn(&EndpointFact) -> bool| endpoints.iter().filter(|e| wanted(e)).count();
    let opens = count(&|e| e.verdict == Verdict::Upgrades);
    let likely = |verdict: Verdict| count(&|e| e.verdict == verdict && e.evidence >= Evidence::Likely);
    let (undecided, refused, broken) = (likely(Verdict::Unknown), likely(Verdict::Rejected), likely(Verdict::Broken));
    let rest = endpoints.len() - opens - undecided - refused - broken;
    let (files, all) = (report.checked.files.len(), endpoints.len());
    let (f, e) = (plural(files, "file"), plural(all, "endpoint"));
    let mut parts = Vec::new();
    if opens > 0 {
        let verb = if opens == 1 { "upgrades" } else { "upgrade" };
        parts.push((format!("{opens} {verb}"), format!("{opens} 处可以升级")));
    }
    if undecided > 0 {
        let verb = if undecided == 1 { "is" } else { "are" };
        parts.push((format!("{undecided} {verb} undecided"), format!("{undecided} 处无法判断")));
    }
    // What is found there is not said: somebody takes it as it is, or it may be put together otherwise than it stands.
    if broken > 0 {
        let verb = if broken == 1 { "fails" } else { "fail" };
        parts.push((format!("{broken} {verb}"), format!("{broken} 处握手失败")));
    }
    if refused > 0 {
        let verb = if refused == 1 { "is" } else { "are" };
        let en = format!("{refused} {verb} in what nginx refuses as it stands");
        parts.push((en, format!("{refused} 处所在的配置按现在的写法会被 nginx 拒绝")));
    }
    if rest > 0 {
        let verb = if rest == 1 { "has" } else { "have" };
        parts.push((format!("{rest} {verb} no sign of WebSocket"), format!("{rest} 处没有 WebSocket 的迹象")));
    }
    let (en, zh): (Vec<String>, Vec<String>) = parts.into_iter().unzip();
    let colon = |list: String, mark: &str| if list.is_empty() { list } else { format!("{mark}{list}") };
    let (en, zh) = (colon(en.join(", "), ": "), colon(zh.join("，"), "："));
    let mut out = match all {
        0 => text!("{f}, no endpoints. Nothing to report.", "{files} 个文件，没有 `proxy_pass`。没有发现问题。"),
        _ if broken + refused > 0 => {
            text!(
                "{f}, {e}{en}. Nothing else to report.",
                "{files} 个文件，{all} 处 `proxy_pass`{zh}。没有发现其他问题。"
            )
        }
        _ => text!("{f}, {e}{en}. Nothing to report.", "{files} 个文件，{all} 处 `proxy_pass`{zh}。没有发现问题。"),
    };
    let advice = report.count(Severity::Advice);
    if advice > 0 {
        let pieces = if advice == 1 { "1 piece of advice".to_owned() } else { format!("{advice} pieces of advice") };
        add(&mut out, text!(" {pieces} with `-v`.", "另有 {advice} 条建议，用 `-v` 查看。"));
    }
    out
}

/// Of a run with findings: how many, and how to mend them.
fn found(report: &Report<'_>, errors: usize, warnings: usize, next: &Next) -> Text {
    let broken = report.broken().count();
    let (files, endpoints) = (report.checked.files.len(), report.checked.endpoints.len());
    let mut en = Vec::new();
    let mut zh = Vec::new();
    if errors > 0 {
        en.push(plural(errors, "error"));
        zh.push(format!("{errors} 个错误"));
    }
    if warnings > 0 {
        en.push(plural(warnings, "warning"));
        zh.push(format!("{warnings} 个警告"));
    }
    let (en, zh) = (en.join(" and "), zh.join("、"));
    let (f, e) = (plural(files.max(1), "file"), plural(endpoints, "endpoint"));
    let files = files.max(1);
    let mut out = match endpoints {
        // What is nothing is left out, and so is a number that says the same twice.
        _ if broken == 0 => text!("{en} in {f}.", "{files} 个文件中有 {zh}。"),
        1 => text!("{en} in {f}, 1 endpoint broken.", "{files} 个文件中有 {zh}，1 处 `proxy_pass` 握手失败。"),
        n if n == broken => text!(
            "{en} in {f}, all {n} endpoints broken.",
            "{files} 个文件中有 {zh}，{n} 处 `proxy_pass` 全部握手失败。"
        ),
        _ => text!(
            "{en} in {f}, {broken} of {e} broken.",
            "{files} 个文件中有 {zh}，{endpoints} 处 `proxy_pass` 中有 {broken} 处握手失败。"
        ),
    };
    let fixable = report.fixable();
    if fixable > 0 {
        let (it, which) = match (fixable == errors + warnings, fixable) {
            (true, 1) => ("it".to_owned(), "修复它".to_owned()),
            (true, _) => ("them".to_owned(), "全部修复".to_owned()),
            (false, n) => (format!("{n} of them"), format!("修复其中 {n} 个")),
        };
        let option = next.option;
        let (en, zh) = match &next.command {
            Some(command) => (format!("`{command}`"), format!("`{command}` ")),
            None => (format!("the same command and `{option}`"), format!("同样的命令加上 `{option}` ")),
        };
        add(
            &mut out,
            match option {
                "--fix" => text!(
                    " Fix {it} with {en}, or see the patch with `--diff`.",
                    "用 {zh}{which}，或用 `--diff` 查看补丁。"
                ),
                _ => text!(" See the patch for {it} with {en}.", "用 {zh}查看补丁，即可{which}。"),
            },
        );
    }
    out
}
