//! A rule's page in another language than English: the prose is translated, everything else is that of the
//! English page, so that the two cannot disagree about an example or a source.

/// The headings of every page, in both languages.
const HEADINGS: [(&str, &str); 6] = [
    ("## What it finds", "## 检查什么"),
    ("## Why it breaks", "## 为什么会出错"),
    ("## Example", "## 错误示例"),
    ("## Instead", "## 正确写法"),
    ("## The fix and its safety", "## 自动修复与安全性"),
    ("## References", "## 参考资料"),
];

/// The page of a language: `prose` stands for the paragraphs of `page`, one for one. Headings are those of
/// the table; examples and sources stay.
pub(super) fn translated(page: &str, prose: &[&str]) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut prose = prose.iter();
    let mut in_code = false;
    let mut in_paragraph = false;
    for line in page.lines() {
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        let is_prose = !in_code && !is_fence && !line.is_empty() && !line.starts_with("## ") && !line.starts_with("- ");
        if !is_prose {
            let heading = HEADINGS.iter().find(|(en, _)| !in_code && *en == line);
            out.push(heading.map_or(line, |(_, zh)| zh));
        } else if !in_paragraph {
            out.extend(prose.next());
        }
        in_paragraph = is_prose;
    }
    // A paragraph too many is seen at the end of the page, and by the test.
    out.extend(prose);
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::translated;

    #[test]
    fn paragraphs_are_translated_and_nothing_else() {
        let page =
            "## Example\n\nOne\nparagraph.\n\n```nginx\n## Example\nno prose\n```\nAnother.\n\n- <https://nginx.org>";
        let want = "## 错误示例\n\n一。\n\n```nginx\n## Example\nno prose\n```\n二。\n\n- <https://nginx.org>";
        assert_eq!(translated(page, &["一。", "二。"]), want);
        assert_eq!(translated("One.", &["一。", "多余。"]), "一。\n多余。");
    }
}
