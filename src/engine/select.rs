//! `--select` and `--ignore`: rules and categories by name.

use crate::diagnostic::Category;
use crate::rules;

/// Which rules report.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    select: Vec<String>,
    ignore: Vec<String>,
}

impl Selection {
    /// Reads names of rules and categories, and `all`.
    ///
    /// # Errors
    /// The first name that is neither, with the nearest one that is.
    pub fn new(select: &[String], ignore: &[String]) -> Result<Selection, String> {
        for name in select.iter().chain(ignore) {
            let categories = ["handshake", "lifetime", "security", "validity", "all"];
            if rules::find(name).is_none() && !categories.contains(&name.as_str()) {
                let known: Vec<&str> = rules::ALL.iter().map(|r| r.name).chain(categories).collect();
                let hint = crate::catalog::near::nearest(name, &known)
                    .map(|n| format!("; did you mean `{n}`?"))
                    .unwrap_or_default();
                return Err(format!("there is no rule or category `{name}`{hint} (`wslint rules` lists them)"));
            }
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
