//! Why wslint cannot do its job.

use std::io;
use std::path::PathBuf;

use crate::i18n::Text;
use crate::settings::ConfigError;
use crate::source::{PassedOver, io_text};
use crate::text;

/// What keeps an analysis from being made. Each names the file or the words, and what was expected.
#[derive(Debug)]
pub enum Problem {
    /// A file or directory that cannot be read or written.
    Io(PathBuf, io::Error),
    /// A device, FIFO or socket.
    NeitherFileNorFolder(PathBuf),
    /// A main configuration that is no file.
    RootIsNoFile(PathBuf),
    /// A directory without a configuration; the first file that is like one, and why it is none.
    NothingIn(PathBuf, Option<(PathBuf, PassedOver)>),
    /// A document, a manifest or a script in which nothing is nginx.
    NothingCarried(PathBuf),
    /// A dump among other inputs.
    DumpNotAlone,
    /// A dump that is to be fixed in place.
    DumpIsNotWritten,
    /// A `wslint.toml` that cannot be used.
    Settings(ConfigError),
    /// An option, as given, and what was expected.
    Usage(Text),
    /// There is nothing to trace a URL through.
    NothingToTrace,
    /// Not all files could be written.
    Write(Text),
}

impl Problem {
    /// The same in words.
    pub fn text(&self) -> Text {
        match self {
            Problem::Io(path, error) => {
                let (path, why) = (path.display(), io_text(error));
                let (en, zh) = (why.en, why.zh);
                text!("{path}: {en}", "{path}：{zh}")
            }
            Problem::NeitherFileNorFolder(path) => {
                let path = path.display();
                text!("{path}: neither a file nor a directory", "{path}：既不是文件也不是目录")
            }
            Problem::RootIsNoFile(path) => {
                let path = path.display();
                text!(
                    "{path}: expected a main configuration, this is no file",
                    "{path}：这里应当是一个主配置文件，但它不是文件"
                )
            }
            Problem::NothingIn(path, like) => {
                let path = path.display();
                let hint = match like {
                    Some((first, PassedOver::Outside)) => {
                        let first = first.display();
                        text!(
                            " ({first} is a link out of the project, and was not opened)",
                            "（{first} 是指向项目之外的链接，没有打开）"
                        )
                    }
                    Some((first, _)) => {
                        let first = first.display();
                        text!(
                            " ({first} has the name of one and no directive of nginx)",
                            "（{first} 的名字像配置，但里面没有 nginx 指令）"
                        )
                    }
                    None => Text::default(),
                };
                let (en, zh) = (hint.en, hint.zh);
                text!(
                    "{path}: no nginx configuration found in this directory{en}; name the file",
                    "{path}：在这个目录里没有找到 nginx 配置{zh}；请直接给出文件名"
                )
            }
            Problem::NothingCarried(path) => {
                let path = path.display();
                text!(
                    "{path}: nothing in this file is a configuration of nginx that wslint recognises; to check one of its blocks, copy it and pipe it: `wslint - < block.conf`",
                    "{path}：没有在这个文件里认出 nginx 配置；要检查其中的一段，请把它单独存下来再用管道传入：`wslint - < block.conf`"
                )
            }
            Problem::DumpNotAlone => text!(
                "an `nginx -T` dump is a world of its own: give it alone",
                "`nginx -T` 的输出自成一体，请单独给出"
            ),
            Problem::DumpIsNotWritten => text!(
                "an `nginx -T` dump cannot be written back; `--diff` prints the patch for its files",
                "`nginx -T` 的输出无法写回；用 `--diff` 可以得到针对其中各文件的补丁"
            ),
            Problem::Settings(error) => error.text(),
            Problem::Usage(text) | Problem::Write(text) => text.clone(),
            Problem::NothingToTrace => text!("nothing to trace", "没有可以追踪的配置"),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for Problem {}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Problem {
        Problem::Settings(error)
    }
}
