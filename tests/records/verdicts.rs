//! What becomes of the URL of each case, and why.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use wslint::diagnostic::{Category, Severity};

use crate::common::{self, told};
use crate::said::{self, VERSION};
use crate::{OURS, cases, check, compare, updating, url_of};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, case) in cases("verdicts") {
        trials.push(Trial::test(format!("verdict::{name}"), move || verdict(&case)));
    }
    for (kind, holds) in
        [("accepted", accepted as fn(&Path) -> Result<(), Failed>), ("rejected", rejected), ("platform", platform)]
    {
        for (name, case) in cases(&format!("nginx/{kind}")) {
            trials.push(Trial::test(format!("refusal::{kind}::{name}"), move || holds(&case)));
        }
    }
    trials
}

fn verdict(case: &Path) -> Result<(), Failed> {
    let (path, today) = (case.join("verdict"), said::verdicts(&common::read_tree(case, &OURS), &url_of(case)));
    if updating() {
        std::fs::write(&path, &today)?;
    }
    compare(&std::fs::read_to_string(&path).unwrap_or_default(), &today)
}

fn accepted(case: &Path) -> Result<(), Failed> {
    let tree = common::read_tree(case, &OURS);
    let said = told(&tree, &url_of(case), Some(VERSION));
    check(!said.starts_with("rejected"), || format!("nginx accepts it; wslint: {said}"))?;
    let found = common::findings(&tree, &common::options(Some(VERSION), None));
    let invalid = found.iter().find(|d| d.category == Category::Validity && d.severity == Severity::Error);
    check(invalid.is_none(), || format!("nginx accepts it; wslint: {invalid:?}"))
}

fn rejected(case: &Path) -> Result<(), Failed> {
    let error = std::fs::read_to_string(case.join("error.txt")).unwrap_or_default();
    check(error.starts_with('['), || "error.txt says nothing".to_owned())?;
    let said = told(&common::read_tree(case, &OURS), &url_of(case), Some(VERSION));
    check(said.starts_with("rejected"), || format!("nginx says {error}wslint: {said}"))
}

fn platform(case: &Path) -> Result<(), Failed> {
    let said = told(&common::read_tree(case, &OURS), &url_of(case), Some(VERSION));
    check(!said.starts_with("rejected"), || format!("nginx on another system starts with it; wslint: {said}"))
}
