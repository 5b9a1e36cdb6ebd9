//! What the command line says of itself, in Chinese: the English sentences stand at the options, in `args.rs`.

/// English, Chinese.
pub(super) const CHINESE: &[(&str, &str)] = &[
    // What wslint and its commands do.
    (
        "Finds out why a WebSocket does not open behind nginx, proves it, and hands over the patch",
        "找出 WebSocket 在 nginx 后面无法建立连接的原因，拿出证据，并给出补丁",
    ),
    ("Follow one URL through the configuration", "追踪一个 URL 在配置中的走向"),
    ("Make a real handshake and explain the answer", "实际做一次握手，并解释得到的响应"),
    ("What a rule or a symptom means, why, and what to do", "一条规则或一种现象的含义、原因和做法"),
    ("Write a commented wslint.toml", "写入一份带注释的 wslint.toml"),
    ("All rules", "列出所有规则"),
    (
        "A language server for editors, over standard input and output",
        "供编辑器使用的语言服务器，通过标准输入和标准输出通信",
    ),
    ("What many editors add; there is no other way", "许多编辑器会加上这个选项；没有其他方式"),
    ("Completions for a shell", "生成 shell 的补全脚本"),
    // Groups.
    ("Arguments and options", "参数和选项"),
    ("What to check", "检查什么"),
    ("Fixes", "修复"),
    ("Reports", "报告"),
    ("Settings", "设置"),
    // What to check.
    (
        "A main configuration, a fragment, a directory, an `nginx -T` dump, or - for standard input [default: the roots of wslint.toml, else the current directory]",
        "主配置文件、配置片段、目录、`nginx -T` 的输出，或用 - 表示标准输入（默认：wslint.toml 中的主配置文件，否则为当前目录）",
    ),
    ("Check only the endpoint that this URL reaches", "只检查这个 URL 到达的代理位置"),
    (
        "Report `upgrade-not-forwarded` only with this much evidence, or more [default: none]",
        "证据达到这一级才报告 `upgrade-not-forwarded`（默认：none）",
    ),
    ("Also where nothing says WebSocket", "没有任何 WebSocket 的迹象时也报告"),
    ("Where a path, a name or a comment says WebSocket", "路径、名称或注释表明是 WebSocket"),
    ("Where somebody has tried to set it up", "有人已经尝试配置"),
    ("Where --url, a comment or wslint.toml says so", "--url、注释或 wslint.toml 写明"),
    (
        "Rules or categories to check instead of the default set, or `all`",
        "用这些规则或类别代替默认的一组，也可以是 `all`",
    ),
    ("Rules or categories to leave out", "不检查这些规则或类别"),
    ("Show advice, too", "同时显示建议"),
    // Fixes.
    ("Write the safe fixes", "写入安全的修复"),
    ("Write nothing; print the fixes as one unified diff", "不写文件，把修复打印成一份 unified diff"),
    ("With --fix or --diff: unsafe fixes, too", "与 --fix 或 --diff 合用，包括不安全的修复"),
    ("Which `Connection` value fixes write [default: auto]", "修复时 `Connection` 写成什么（默认：auto）"),
    (
        "A map where there is a main configuration to put it in, else the literal",
        "有主配置文件可写时用 map，否则直接写值",
    ),
    ("The same", "同上"),
    ("\"upgrade\"", "直接写 \"upgrade\""),
    // Reports.
    ("The format of the report", "报告的格式"),
    ("For a terminal", "在终端里阅读"),
    ("One line for each finding", "每个问题一行"),
    ("JSON for scripts", "供脚本读取的 JSON"),
    ("SARIF 2.1.0, for code scanning", "SARIF 2.1.0，用于代码扫描"),
    ("Annotations of GitHub Actions", "GitHub Actions 的注解"),
    ("GitLab's code quality report", "GitLab 的代码质量报告"),
    ("JUnit XML", "JUnit 的 XML"),
    ("Checkstyle XML", "Checkstyle 的 XML"),
    ("Reviewdog's rdjson", "Reviewdog 的 rdjson"),
    ("A ticket for those who run nginx, with the patch", "给 nginx 运维人员的工单，附补丁"),
    ("Write the report to this file", "把报告写入文件"),
    (
        "Instead of the findings, count them by rule, and how many of them can be fixed",
        "不列出问题，只统计每条规则有多少问题、其中多少可以修复",
    ),
    (
        "Exit with 1 for findings of this severity or a higher one [default: warning]",
        "从这一级别起退出状态为 1（默认：warning）",
    ),
    ("On anything", "有任何结果"),
    ("On warnings and errors", "有警告或错误"),
    ("On errors", "有错误"),
    ("Never", "从不"),
    ("Report only what is not in this file", "只报告这个文件里没有记录的问题"),
    ("Record today's findings in this file, as accepted", "把现有问题记录到这个文件，视为已接受"),
    ("The language of messages [default: LC_ALL, LC_MESSAGES, LANG]", "消息的语言（默认：LC_ALL、LC_MESSAGES、LANG）"),
    ("English", "英文"),
    ("Simplified Chinese", "简体中文"),
    ("When to use colour", "何时使用颜色"),
    ("On a terminal", "在终端里"),
    ("Always", "总是"),
    ("Findings only", "只输出问题"),
    // nginx.
    (
        "A main configuration to analyse with; findings are still reported only for PATH",
        "分析时使用的主配置文件；仍然只报告 PATH 中的问题",
    ),
    ("The context in which a fragment is included [default: inferred]", "配置片段被 include 到哪一级（默认：推断）"),
    ("Outside any block", "所有块之外"),
    ("In http", "http 中"),
    ("In server", "server 中"),
    ("In location", "location 中"),
    ("In upstream", "upstream 中"),
    ("In stream", "stream 中"),
    (
        "The nginx that will run it, as 1.22.1, 1.29 or OpenResty's 1.27.1.1 [default: the strictest reading]",
        "将要运行它的 nginx，例如 1.22.1、1.29 或 OpenResty 的 1.27.1.1（默认：按最严格的理解）",
    ),
    ("Read an absolute include below FROM from the directory TO", "FROM 下的绝对路径 include，从目录 TO 读取"),
    // Settings.
    ("Use this file instead of the project's wslint.toml", "用这个文件代替项目中的 wslint.toml"),
    (
        "Read no wslint.toml, and look for no main configuration around PATH",
        "不读 wslint.toml，也不在 PATH 周围寻找主配置文件",
    ),
    (
        "Whether configurations inside documents, manifests and scripts are read [default: all]",
        "是否读取文档、清单文件和脚本中的 nginx 配置（默认：all）",
    ),
    ("Only files that are configurations themselves", "只检查本身就是配置的文件"),
    ("Those inside other files, too", "也检查其他文件中的配置"),
    ("Also check what .gitignore leaves out", "也检查 .gitignore 中列出的文件"),
    (
        "The file that standard input stands for: its name in reports, and where its includes are looked for",
        "标准输入代表哪个文件：报告中的名称，也是查找 include 的起点",
    ),
    (
        "How many threads to use; the result is the same [default: one for each core]",
        "同时使用多少个线程，结果不变（默认：每个核一个）",
    ),
    ("Print this help; -h prints the first screen", "打印这份帮助；-h 只打印第一屏"),
    ("Print version", "打印版本"),
    // Of single commands.
    ("As in wss://love.cat/chat", "例如 wss://love.cat/chat"),
    (
        "A main configuration, a fragment, or - for standard input [default: nginx.conf]",
        "主配置文件、配置片段，或用 - 表示标准输入（默认：nginx.conf）",
    ),
    ("A short story", "一步一步地说明"),
    ("JSON", "JSON 格式"),
    ("The `Origin` header to send", "要发送的 `Origin` 请求头"),
    ("One more header to send, as in 'Cookie: a=b'", "再发送一个请求头，例如 'Cookie: a=b'"),
    ("Accept any certificate", "接受任何证书"),
    ("For each step: connecting, TLS, the answer", "每一步的时限：连接、TLS、等待响应"),
    (
        "The rule, as in `error[rule]`, or what is seen: 400, 1006, \"60 seconds\"",
        "规则名（即 `错误[规则名]` 方括号中的部分），或看到的现象：400、1006、\"每分钟断开\"",
    ),
    ("How to print them", "打印格式"),
    ("A table", "表格"),
    ("The shell", "哪一种 shell"),
    // What a value has to be.
    ("expected a number, at least 1", "应为不小于 1 的整数"),
];

/// What is said in `help.rs` and `wrong.rs`, and not at an option.
#[cfg(test)]
pub(super) const OURS: [&str; 4] = [
    "Arguments and options",
    "Print this help; -h prints the first screen",
    "Print version",
    "expected a number, at least 1",
];
