//! A generated configuration, and what is asked of it.

use std::collections::BTreeMap;

use super::common::Tree;

/// The URL of every case that does not say otherwise.
pub(crate) const URL: &str = "ws://example.com:8080/ws";

/// The root of every case that does not say otherwise.
pub(crate) const MAIN: &str = "nginx.conf";

/// One configuration, and what is asked of it.
pub(crate) struct Case {
    /// The files.
    pub(crate) tree: Tree,
    /// Which root is asked for which URL.
    pub(crate) asks: Vec<Ask>,
    /// The ways in which the files, which are templates, are rendered; none where they are none.
    #[allow(dead_code, reason = "who asks wslint alone renders nothing")]
    pub(crate) renderings: Vec<Rendering>,
}

/// A root and a URL.
pub(crate) struct Ask {
    #[allow(dead_code, reason = "who asks about one root knows its name")]
    pub(crate) root: &'static str,
    pub(crate) url: String,
}

/// How templates are rendered: by whom, and with which values.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "who asks wslint alone renders nothing")]
pub(crate) struct Rendering {
    pub(crate) language: Language,
    pub(crate) values: BTreeMap<String, String>,
    /// The files that are templates; the others stay as they are.
    pub(crate) files: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "who asks wslint alone renders nothing")]
pub(crate) enum Language {
    /// `envsubst '$A $B'`, as the image of nginx calls it: what is not listed stays.
    Listed,
    /// `envsubst` alone: what is not set goes, and `${DOLLAR}` is how a `$` is written.
    All,
    /// `{{ name }}`, `{% if name %}`, `{% for x in name %}`, `{# … #}`.
    Jinja,
}

impl Case {
    /// One root and one URL.
    pub(crate) fn plain(tree: Tree, url: String) -> Case {
        Case { tree, asks: vec![Ask { root: MAIN, url }], renderings: Vec::new() }
    }
}
