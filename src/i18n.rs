//! Messages in English and Simplified Chinese. Half of those who meet this problem read Chinese.

use std::borrow::Cow;

/// A language of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// The language of a locale name such as `zh_CN.UTF-8`.
    pub fn of_locale(locale: &str) -> Lang {
        if locale.to_ascii_lowercase().starts_with("zh") { Lang::Zh } else { Lang::En }
    }

    /// The language that the environment asks for: `LC_ALL`, `LC_MESSAGES`, `LANG`, the first that is set.
    pub fn of_environment(get: impl Fn(&str) -> Option<String>) -> Lang {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|k| get(k).filter(|v| !v.is_empty()))
            .map_or(Lang::En, |v| Lang::of_locale(&v))
    }
}

/// A message in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Text {
    /// English.
    pub en: Cow<'static, str>,
    /// Simplified Chinese.
    pub zh: Cow<'static, str>,
}

impl Text {
    /// The message in a language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }

    /// The message behind a place, which is the same in both languages: `wslint.toml:3`.
    #[must_use]
    pub fn behind(mut self, place: &str) -> Text {
        self.en.to_mut().insert_str(0, &format!("{place}: "));
        self.zh.to_mut().insert_str(0, &format!("{place}："));
        self
    }

    /// The same in both languages: code, names, paths.
    pub fn same(text: impl Into<String>) -> Text {
        let en: Cow<'static, str> = Cow::Owned(text.into());
        Text { zh: en.clone(), en }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::same(text)
    }
}

/// Thousands of findings share most of their words: what has no place to fill in is not copied.
pub fn written(text: std::fmt::Arguments<'_>) -> Cow<'static, str> {
    text.as_str().map_or_else(|| Cow::Owned(text.to_string()), Cow::Borrowed)
}

/// A fixed message in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticText {
    /// English.
    pub en: &'static str,
    /// Simplified Chinese.
    pub zh: &'static str,
}

impl StaticText {
    /// The message in a language.
    pub fn get(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }
}

/// A [`Text`] from two format strings over the same values.
#[macro_export]
macro_rules! text {
    ($en:literal, $zh:literal $(, $($arg:tt)*)?) => {
        $crate::i18n::Text {
            en: $crate::i18n::written(format_args!($en $(, $($arg)*)?)),
            zh: $crate::i18n::written(format_args!($zh $(, $($arg)*)?)),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_the_language() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |k: &str| pairs.iter().find(|(n, _)| *n == k).map(|(_, v)| (*v).to_owned())
        };
        assert_eq!(Lang::of_environment(env(&[("LC_ALL", "C.UTF-8"), ("LANG", "zh_CN")])), Lang::En);
        assert_eq!(Lang::of_environment(env(&[("LC_ALL", ""), ("LANG", "zh_CN.UTF-8")])), Lang::Zh);
        assert_eq!(Lang::of_environment(env(&[])), Lang::En);
        let n = 3;
        assert_eq!(text!("{n} files", "{n} 个文件").get(Lang::Zh), "3 个文件");
    }
}
