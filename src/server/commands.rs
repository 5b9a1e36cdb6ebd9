//! Commands: the way of a URL, a rule's page, a new start. Each gives back text.

use serde_json::{Value, json};

use super::desk::{Desk, owner};
use super::uri::path_of;
use super::wire::{Refusal, code};
use crate::i18n::Text;
use crate::model::Url;
use crate::project::Problem;
use crate::report::{Look, trace_human};
use crate::rules;
use crate::symptoms::find_symptom;
use crate::text;

/// Their names, as `executeCommand` has them.
pub(super) const NAMES: [&str; 3] = ["wslint.trace", "wslint.explain", "wslint.restart"];

/// `workspace/executeCommand`
pub(super) fn execute(desk: &mut Desk<'_, '_>, params: &Value) -> Result<Value, Refusal> {
    let argument = |at: usize| params.pointer(&format!("/arguments/{at}")).and_then(Value::as_str);
    let lang = desk.client.lang();
    let failed = |why: Text| Refusal { code: code::INVALID_PARAMS, why: why.get(lang).to_owned() };
    match params.get("command").and_then(Value::as_str) {
        Some("wslint.trace") => {
            let given = argument(0).ok_or_else(|| Refusal::params("a URL"))?;
            let url = Url::parse(given).map_err(|e| failed(e.text()))?;
            let about = argument(1).and_then(path_of);
            trace(desk, &url, about.as_deref()).map(Value::String).map_err(|p| failed(p.text()))
        }
        Some("wslint.explain") => {
            let words = argument(0).ok_or_else(|| Refusal::params("a rule or a symptom"))?;
            let rule = rules::find(words.trim()).map(|rule| rule.page(lang));
            let page = rule.or_else(|| find_symptom(words).map(|symptom| symptom.page(lang)));
            let page = page.ok_or_else(|| {
                failed(text!("there is no rule or symptom `{words}`", "没有叫 `{words}` 的规则或现象"))
            })?;
            Ok(json!(page))
        }
        Some("wslint.restart") => {
            desk.folders.iter_mut().for_each(super::folder::Folder::forget);
            Ok(json!(text!("Everything is read anew.", "已重新读取所有文件。").get(lang)))
        }
        _ => Err(Refusal::params("one of the commands of wslint")),
    }
}

/// The way of a URL through the project of a document, or through the first that there is.
fn trace(desk: &Desk<'_, '_>, url: &Url, about: Option<&std::path::Path>) -> Result<String, Problem> {
    let own = about.and_then(|path| owner(desk.folders, path));
    let folder = own.map(|at| &desk.folders[at]).or(desk.folders.iter().find(|f| f.standing().is_some()));
    let (Some(folder), Some(standing)) = (folder, folder.and_then(|f| f.standing())) else {
        return Err(Problem::NothingToTrace);
    };
    let (_, story) = standing.subject().story(folder.options(), url)?;
    Ok(trace_human(&story, desk.client.lang(), Look { color: false, width: 100, line: usize::MAX, links: false }))
}
