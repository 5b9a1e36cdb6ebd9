//! What people see when a WebSocket does not open or does not stay, and what stands behind it.

mod table;

use std::fmt::Write as _;

use crate::i18n::{Lang, StaticText};
use crate::text;

pub use table::SYMPTOMS;

/// Something that people see: a status code, a close code, words in a console.
pub struct Symptom {
    /// What `wslint explain` takes: `400`, `1006`, `60 seconds`.
    pub keys: &'static [&'static str],
    /// What is seen, one line.
    pub title: StaticText,
    /// What it says, and what it does not: two or three sentences.
    pub about: StaticText,
    /// What causes it, the most frequent first.
    pub causes: &'static [SymptomCause],
}

/// One cause.
pub struct SymptomCause {
    /// What is wrong, one clause without full stop.
    pub text: StaticText,
    /// The rule that finds it in the configuration; none where no rule can.
    pub rule: Option<&'static str>,
}

impl Symptom {
    /// All of it as Markdown.
    pub fn page(&self, lang: Lang) -> String {
        let (key, about) = (self.keys[0], self.about.get(lang));
        let head = text!("# {key}: {}", "# {key}：{}", self.title.get(lang));
        let mut out = format!("{}\n\n{about}\n\n", head.get(lang));
        let head = text!("Likely causes, the most frequent first:", "可能的原因，最常见的在前：");
        let _ = writeln!(out, "{}\n", head.get(lang));
        for (i, cause) in self.causes.iter().enumerate() {
            let rule = cause.rule.map(|r| text!(" (`{r}`)", "（`{r}`）")).unwrap_or_default();
            let rule = rule.get(lang);
            let _ = writeln!(out, "{}. {}{rule}", i + 1, cause.text.get(lang));
        }
        let next = text!(
            "`wslint nginx.conf` looks for the causes that have a rule's name behind them; `wslint explain RULE` says more.",
            "`wslint nginx.conf` 会检查标有规则名的原因；`wslint explain 规则名` 有更多说明。"
        );
        let _ = writeln!(out, "\n{}", next.get(lang));
        out
    }
}

/// The symptom that people mean: by one of its keys, whatever the case. A key may stand among other
/// words, as in `close code 1006` or in a whole line from a console; the longest one counts.
pub fn find_symptom(words: &str) -> Option<&'static Symptom> {
    let wanted = plain_words(words);
    let mut best: Option<(usize, &'static Symptom)> = None;
    for symptom in SYMPTOMS {
        for key in symptom.keys {
            // Chinese has no blanks between words.
            let length = if key.is_ascii() {
                let key = plain_words(key);
                let occurs = !key.is_empty() && wanted.windows(key.len()).any(|w| w == key.as_slice());
                occurs.then_some(key.len())
            } else {
                words.contains(key).then(|| key.chars().count() / 2)
            };
            if let Some(length) = length.filter(|l| best.is_none_or(|(known, _)| *l > known)) {
                best = Some((length, symptom));
            }
        }
    }
    // A console says this in front of whatever it knows; alone it says no more than that.
    let nothing_more = || wanted.windows(3).any(|w| w == ["websocket", "connection", "to"]);
    best.map(|(_, symptom)| symptom).or_else(|| nothing_more().then(|| find_symptom("no status")).flatten())
}

/// The words in lower case, without quotes and punctuation around them; `code=1006` are two.
fn plain_words(words: &str) -> Vec<String> {
    words
        .split(|c: char| c.is_whitespace() || matches!(c, '=' | ','))
        .map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().replace('’', "'"))
        .filter(|w| !w.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn title(words: &str) -> Option<&'static str> {
        find_symptom(words).map(|s| s.title.en)
    }

    #[test]
    fn a_rule_stands_once_in_a_symptom() {
        for symptom in SYMPTOMS {
            let mut seen = BTreeSet::new();
            for cause in symptom.causes {
                let Some(name) = cause.rule else { continue };
                assert!(seen.insert((name, cause.text.en)), "{}: {name} stands twice", symptom.title.en);
            }
            assert!(!symptom.causes.is_empty(), "{}", symptom.title.en);
        }
    }

    #[test]
    fn keys_are_unique_and_find_their_symptom() {
        let mut seen = BTreeSet::new();
        for symptom in SYMPTOMS {
            for key in symptom.keys {
                assert!(seen.insert(key.to_lowercase()), "{key} stands twice");
                assert_eq!(title(key), Some(symptom.title.en), "{key}");
            }
        }
    }

    #[test]
    fn lines_are_taken_as_they_are_pasted() {
        for (line, key) in [
            (
                "WebSocket connection to 'wss://a/' failed: Error during WebSocket handshake: Unexpected response code: 426",
                "426",
            ),
            ("WebSocket connection to 'wss://a/' failed: ", "no status"),
            ("Firefox can’t establish a connection to the server at wss://a.example/ws.", "no status"),
            ("Firefox 无法建立到 wss://a.example/ws 服务器的连接。", "no status"),
            ("The connection to ws://a/ was interrupted while the page was loading.", "no status"),
            ("WebSocket connection to 'wss://a/' failed: The operation couldn’t be completed.", "no status"),
            (
                "2026/11/27 10:00:00 [error] 12#12: *1 upstream prematurely closed connection while reading response header from upstream, client: 10.0.0.1, server: a, request: \"GET /ws HTTP/1.1\", upstream: \"http://127.0.0.1:3000/ws\", host: \"a\"",
                "502",
            ),
            (
                "2026/11/27 10:00:00 [error] 12#12: *1 upstream timed out (110: Connection timed out) while proxying upgraded connection, client: 10.0.0.1",
                "60 seconds",
            ),
            ("nginx: [emerg] unknown directive \"proxy_set_haeder\" in /etc/nginx/nginx.conf:3", "unknown directive"),
        ] {
            assert_eq!(title(line), title(key), "{line}");
            assert!(title(line).is_some(), "{line}");
        }
    }

    #[test]
    fn every_text_is_there_in_both_languages() {
        let chinese = |s: &str| s.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for symptom in SYMPTOMS {
            let causes = symptom.causes.iter().map(|c| &c.text);
            for text in [&symptom.title, &symptom.about].into_iter().chain(causes) {
                assert!(chinese(text.zh), "{}", text.zh);
                assert!(!text.en.is_empty() && !chinese(text.en), "{}", text.en);
            }
            for cause in symptom.causes {
                assert!(!cause.text.en.ends_with('.') && !cause.text.zh.ends_with('。'), "{}", cause.text.en);
            }
        }
    }

    #[test]
    fn people_write_symptoms_in_many_ways() {
        for words in ["1006", " close code 1006 ", "Code 1006", "1006:"] {
            assert_eq!(title(words), title("1006"), "{words}");
        }
        for words in ["error 400", "HTTP 400", "Error during WebSocket handshake: Unexpected response code: 400"] {
            assert_eq!(title(words), title("400"), "{words}");
        }
        for words in ["60s", "60 sec", "60 Seconds", "after 60 s", "every minute"] {
            assert_eq!(title(words), title("60 seconds"), "{words}");
        }
        assert_eq!(title("code 502"), title("502"));
        assert_eq!(title("'Upgrade' header is missing"), title("upgrade header is missing"));
        assert_eq!(title("[emerg] unknown \"connection_upgrade\" variable"), title("unknown variable"));
        assert_eq!(title("net::ERR_SSL_PROTOCOL_ERROR"), title("tls"));
        assert_ne!(title("400"), title("404"));
        assert_eq!(title("101"), title("60 seconds"));
        for words in ["", "  ", "\"\"", "4000", "wrong-upgrade-map"] {
            assert_eq!(title(words), None, "{words}");
        }
    }
}
