//! `--select` and `--ignore`: rules and categories by name.

use crate::catalog::near::nearest;
use crate::diagnostic::Category;
use crate::i18n::Text;
use crate::rules;
use crate::text;

/// Which rules report.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    select: Vec<String>,
    ignore: Vec<String>,
}

/// A name that is neither a rule nor a category.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text().en)]
pub struct SelectionError {
    name: String,
    meant: Option<&'static str>,
}

impl SelectionError {
    /// What is wrong, in both languages.
    pub fn text(&self) -> Text {
        let name = &self.name;
        match self.meant {
            Some(meant) => text!(
                "there is no rule or category `{name}`; did you mean `{meant}`? (`wslint rules` lists them)",
                "没有名为 `{name}` 的规则或类别；是不是想写 `{meant}`？（`wslint rules` 会列出全部）"
            ),
            None => text!(
                "there is no rule or category `{name}` (`wslint rules` lists them)",
                "没有名为 `{name}` 的规则或类别（`wslint rules` 会列出全部）"
            ),
        }
    }
}

impl Selection {
    /// Reads names of rules and categories, and `all`.
    ///
    /// # Errors
    /// The first name that is neither, with the nearest one that is.
    pub fn new(select: &[String], ignore: &[String]) -> Result<Selection, SelectionError> {
        let known: Vec<&'static str> =
            rules::ALL.iter().map(|r| r.name).chain(Category::ALL.map(Category::as_str)).chain(["all"]).collect();
        if let Some(name) = select.iter().chain(ignore).find(|name| !known.contains(&name.as_str())) {
            return Err(SelectionError { name: name.clone(), meant: nearest(name, &known) });
        }
        Ok(Selection { select: select.to_vec(), ignore: ignore.to_vec() })
    }

    /// Whether a rule reports.
    pub fn selects(&self, rule: &str, category: Category) -> bool {
        let named = |list: &[String]| list.iter().any(|n| n == rule || n == category.as_str() || n == "all");
        let selected = if self.select.is_empty() { category != Category::Security } else { named(&self.select) };
        selected && !self.ignore.iter().any(|n| n == rule || n == category.as_str() || n == "all")
    }

    /// Whether the user asked for this very rule.
    pub fn names_rule(&self, rule: &str) -> bool {
        self.select.iter().any(|n| n == rule)
    }

    /// Whether the user asked for this rule by name or group.
    pub fn names(&self, rule: &str, category: Category) -> bool {
        self.select.iter().any(|n| n == rule || n == category.as_str() || n == "all")
    }
}
