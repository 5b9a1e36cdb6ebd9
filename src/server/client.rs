//! Who is at the other end: what the client can do, and what its user asked for.

use serde_json::Value;

use crate::i18n::Lang;
use crate::source::Encoding;

/// What the client said of itself.
pub(super) struct Client {
    /// What it counts columns in.
    pub encoding: Encoding,
    /// It asks for the diagnostics of open documents; pushed ones would stand beside them.
    pub pulls: bool,
    /// It shows the other places of a finding.
    pub shows_related: bool,
    /// It knows the tags of diagnostics.
    pub knows_tags: bool,
    /// It makes a link of a rule's name.
    pub links_codes: bool,
    /// It asks for the edits of an action when somebody has chosen it.
    pub resolves_actions: bool,
    /// It takes edits together with the versions that they are for.
    pub versioned_edits: bool,
    /// It shows blocks within blocks.
    pub nested_symbols: bool,
    /// It watches files for us.
    pub watches: bool,
    /// It can be asked for its settings.
    pub configures: bool,
    /// It asks again for diagnostics, and for lenses, when it is told to.
    pub refreshes_diagnostics: bool,
    /// As above, for lenses.
    pub refreshes_lenses: bool,
    /// It shows what commands give back by itself.
    pub shows_results: bool,
    /// The language of its locale.
    locale: Lang,
    /// What its user asked for.
    pub wishes: Wishes,
}

/// The settings of the section `wslint`, and of `initializationOptions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// The language of messages, where it is not that of the locale.
    pub lang: Option<Lang>,
    /// As `--nginx-version`, over that of `wslint.toml`.
    pub nginx_version: Option<String>,
    /// Advice is shown, too.
    pub advice: bool,
    /// Lenses are shown.
    pub lenses: bool,
}

impl Default for Wishes {
    fn default() -> Wishes {
        Wishes { lang: None, nginx_version: None, advice: false, lenses: true }
    }
}

impl Wishes {
    /// What a section says; what it does not say is as by default.
    pub fn read(section: &Value) -> Wishes {
        let text = |name: &str| section.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
        let flag = |name: &str, default| section.get(name).and_then(Value::as_bool).unwrap_or(default);
        let default = Wishes::default();
        Wishes {
            lang: text("language").filter(|l| *l != "auto").map(Lang::of_locale),
            nginx_version: text("nginxVersion").map(str::to_owned),
            advice: flag("advice", default.advice),
            lenses: flag("codeLens", default.lenses),
        }
    }
}

impl Client {
    /// Reads the parameters of `initialize`. Without a locale, that of the environment counts.
    pub fn new(params: &Value, environment: Lang) -> Client {
        let at = |path: &str| params.pointer(&format!("/capabilities/{path}"));
        let can = |path: &str| at(path).and_then(Value::as_bool).unwrap_or(false);
        let list = |path: &str| at(path).and_then(Value::as_array).cloned().unwrap_or_default();
        let offered = list("general/positionEncodings");
        let known = |name: &Value| match name.as_str()? {
            "utf-8" => Some(Encoding::Utf8),
            "utf-16" => Some(Encoding::Utf16),
            "utf-32" => Some(Encoding::Utf32),
            _ => None,
        };
        let resolved = list("textDocument/codeAction/resolveSupport/properties");
        let options = params.get("initializationOptions").cloned().unwrap_or_default();
        Client {
            // Who says nothing counts UTF-16 (LSP 3.17, "Position").
            encoding: offered.iter().find_map(known).unwrap_or(Encoding::Utf16),
            pulls: at("textDocument/diagnostic").is_some_and(Value::is_object),
            shows_related: can("textDocument/publishDiagnostics/relatedInformation")
                || can("textDocument/diagnostic/relatedInformation"),
            knows_tags: at("textDocument/publishDiagnostics/tagSupport").is_some(),
            links_codes: can("textDocument/publishDiagnostics/codeDescriptionSupport")
                || can("textDocument/diagnostic/codeDescriptionSupport"),
            resolves_actions: can("textDocument/codeAction/dataSupport") && resolved.iter().any(|p| p == "edit"),
            versioned_edits: can("workspace/workspaceEdit/documentChanges"),
            nested_symbols: can("textDocument/documentSymbol/hierarchicalDocumentSymbolSupport"),
            watches: can("workspace/didChangeWatchedFiles/dynamicRegistration"),
            configures: can("workspace/configuration"),
            refreshes_diagnostics: can("workspace/diagnostics/refreshSupport"),
            refreshes_lenses: can("workspace/codeLens/refreshSupport"),
            shows_results: options.get("showsResults").and_then(Value::as_bool).unwrap_or(false),
            locale: params.get("locale").and_then(Value::as_str).map_or(environment, Lang::of_locale),
            wishes: Wishes::read(&options),
        }
    }

    /// The language of messages.
    pub fn lang(&self) -> Lang {
        self.wishes.lang.unwrap_or(self.locale)
    }

    /// The name of the encoding.
    pub fn encoding_name(&self) -> &'static str {
        match self.encoding {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf32 => "utf-32",
        }
    }
}
