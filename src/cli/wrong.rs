//! What is wrong with a command line, in Chinese: clap says it in English only.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::help::said;
use crate::i18n::Lang;

/// The complaint, and where the options are listed.
pub(super) fn in_chinese(error: &clap::Error) -> String {
    let one = |kind: ContextKind| error.get(kind).map(shown).filter(|text| !text.is_empty());
    let given = one(ContextKind::InvalidArg).unwrap_or_default();
    let value = one(ContextKind::InvalidValue);
    let meant = |kind: ContextKind| one(kind).map(|m| format!("，是不是想写 `{m}`？")).unwrap_or_default();
    let said = match (error.kind(), value) {
        (ErrorKind::UnknownArgument, _) if !given.starts_with('-') => format!("多余的参数 `{given}`。"),
        (ErrorKind::UnknownArgument, _) => {
            let meant = meant(ContextKind::SuggestedArg);
            format!("没有 `{given}` 选项{}", if meant.is_empty() { "。" } else { &meant })
        }
        (ErrorKind::InvalidSubcommand, _) => {
            let name = one(ContextKind::InvalidSubcommand).unwrap_or_default();
            let meant = meant(ContextKind::SuggestedSubcommand);
            format!("没有 `{name}` 命令{}", if meant.is_empty() { "。" } else { &meant })
        }
        (ErrorKind::InvalidValue, Some(value)) => {
            let allowed = one(ContextKind::ValidValue).unwrap_or_default();
            let meant = meant(ContextKind::SuggestedValue);
            format!(
                "`{given}` 不能是 `{value}`{meant}可以是：{allowed}。",
                meant = if meant.is_empty() { "，".to_owned() } else { meant }
            )
        }
        (ErrorKind::InvalidValue | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues, None) => {
            format!("`{given}` 后面缺少值。")
        }
        (ErrorKind::ValueValidation, Some(value)) => {
            let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            let why = Some(said(&why, Lang::Zh)).filter(|zh| *zh != why).map(|zh| format!("：{zh}"));
            format!("`{given}` 不能是 `{value}`{}。", why.unwrap_or_default())
        }
        (ErrorKind::MissingRequiredArgument, _) => format!("缺少 {given}。"),
        (ErrorKind::ArgumentConflict, _) => match one(ContextKind::PriorArg) {
            Some(other) if other != given => format!("`{given}` 不能与 `{other}` 同时使用。"),
            _ => format!("`{given}` 只能出现一次。"),
        },
        (ErrorKind::InvalidUtf8, _) => "有一个参数不是合法的 UTF-8。".to_owned(),
        _ => "无法理解这条命令。".to_owned(),
    };
    format!("wslint: {said}\n全部选项见 `wslint --help`。\n")
}

/// What clap tells about an error, as it was typed.
fn shown(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(many) => many.join("、"),
        ContextValue::StyledStrs(many) => many.iter().map(ToString::to_string).collect::<Vec<_>>().join("、"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::in_chinese;

    #[test]
    fn each_kind_of_mistake_is_named() {
        let said = |words: &str| {
            let words = std::iter::once("wslint").chain(words.split(' '));
            let error = super::super::Cli::command().try_get_matches_from(words).expect_err("a mistake");
            in_chinese(&error).lines().next().unwrap_or_default().to_owned()
        };
        for (words, want) in [
            ("--fixx", "wslint: 没有 `--fixx` 选项，是不是想写 `--fix`？"),
            ("--zzz", "wslint: 没有 `--zzz` 选项。"),
            (
                "--connection mapp",
                "wslint: `--connection <MODE>` 不能是 `mapp`，是不是想写 `map`？可以是：auto、map、literal。",
            ),
            ("--jobs 0", "wslint: `--jobs <N>` 不能是 `0`：应为不小于 1 的整数。"),
            ("--root", "wslint: `--root <FILE>` 后面缺少值。"),
            ("explain", "wslint: 缺少 <RULE>...。"),
            ("init extra", "wslint: 多余的参数 `extra`。"),
            ("--fix --diff", "wslint: `--fix` 不能与 `--diff` 同时使用。"),
        ] {
            assert_eq!(said(words), want);
        }
    }
}
