//! Files that may hold configurations of nginx inside them: documents, manifests, scripts.

use std::path::Path;

use super::sniff::stem_of;

/// How a file that is no configuration holds some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Fences of Markdown and MDX.
    Markdown,
    /// Code blocks of reStructuredText.
    Rst,
    /// Listings of AsciiDoc.
    AsciiDoc,
    /// Block scalars of YAML.
    Yaml,
    /// Heredocs of shells and Dockerfiles.
    Script,
    /// Indented strings of Nix.
    Nix,
    /// Heredocs of Terraform and HCL.
    Hcl,
}

/// What every block that matters holds one of: a file without them is passed over after one scan.
const SIGNS: [&[u8]; 2] = [b"proxy_", b"http_upgrade"];

impl Carrier {
    /// What the name of a file says. Ends that templates add are looked through.
    pub fn named(path: &Path) -> Option<Carrier> {
        let full = path.file_name().and_then(|n| n.to_str())?;
        let lower = full.to_ascii_lowercase();
        let behind = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
        let docker = ["dockerfile", "containerfile"].iter().any(|d| {
            lower.strip_prefix(d).is_some_and(behind) || lower.strip_suffix(d).is_some_and(|rest| rest.ends_with('.'))
        });
        if docker {
            return Some(Carrier::Script);
        }
        // Elastic Beanstalk reads these as YAML, whatever their end says.
        if lower.ends_with(".config") && path.parent().is_some_and(|p| p.ends_with(".ebextensions")) {
            return Some(Carrier::Yaml);
        }
        Some(match stem_of(&lower).rsplit_once('.')?.1 {
            "md" | "mdx" | "markdown" | "mkd" | "mdown" | "qmd" | "rmd" => Carrier::Markdown,
            "rst" | "rest" => Carrier::Rst,
            "adoc" | "asciidoc" | "asc" => Carrier::AsciiDoc,
            "yaml" | "yml" => Carrier::Yaml,
            "sh" | "bash" | "zsh" | "ksh" => Carrier::Script,
            "nix" => Carrier::Nix,
            "tf" | "hcl" | "tofu" | "nomad" => Carrier::Hcl,
            _ => return None,
        })
    }

    /// What the first bytes say of a file whose name says nothing.
    pub fn by_head(head: &[u8]) -> Option<Carrier> {
        let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
        if head.starts_with(b"#cloud-config") {
            return Some(Carrier::Yaml);
        }
        let shell = head.starts_with(b"#!") && line.trim_ascii_end().ends_with(b"sh");
        let mut said = head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).take(100);
        let first = said.find(|line| !line.is_empty() && !line.starts_with(b"#")).unwrap_or_default();
        let is_docker = [&b"FROM "[..], b"ARG "].iter().any(|word| first.starts_with(word));
        // A template that a shell renders need not say so: `cat <<EOF` comes first.
        let writes = [&b"cat "[..], b"tee "].iter().any(|word| first.starts_with(word));
        let is_heredoc = writes && memchr::memmem::find(first, b"<<").is_some();
        (shell || is_docker || is_heredoc).then_some(Carrier::Script)
    }

    /// Whether a file is a page or a program, in which nobody looks for configurations: by its name, or by how it
    /// begins.
    pub fn is_foreign(path: &Path, head: &[u8]) -> bool {
        const ENDS: [&str; 24] = [
            "html", "htm", "xhtml", "xml", "svg", "css", "json", "js", "mjs", "cjs", "jsx", "ts", "tsx", "py", "rb",
            "pl", "php", "go", "rs", "java", "kt", "swift", "cs", "lua",
        ];
        let lower = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_ascii_lowercase();
        let named = stem_of(&lower).rsplit_once('.').is_some_and(|(_, end)| ENDS.contains(&end));
        let begin = head.trim_ascii_start();
        let begins = |word: &[u8]| begin.get(..word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word));
        named || head.starts_with(b"#!") || begins(b"<!doctype") || begins(b"<html") || begins(b"<?xml")
    }

    /// Whether it is read by people and by no nginx.
    pub fn is_document(self) -> bool {
        matches!(self, Carrier::Markdown | Carrier::Rst | Carrier::AsciiDoc)
    }

    /// Whether the bytes of a file may hold what wslint looks for: a scan, and no parsing.
    pub fn may_hold(bytes: &[u8]) -> bool {
        SIGNS.iter().any(|sign| memchr::memmem::find(bytes, sign).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_programs_are_known_by_name_or_beginning() {
        for (name, head) in [
            ("index.html", ""),
            ("page.html.j2", ""),
            ("app.py", "import os"),
            ("page", "\n<!DOCTYPE html>"),
            ("tool", "#!/usr/bin/env python3\n"),
            ("feed", "<?xml version=\"1.0\"?>"),
        ] {
            assert!(Carrier::is_foreign(Path::new(name), head.as_bytes()), "{name}");
        }
        for (name, head) in [("nginx.conf", "events {}"), ("html", "server {"), ("site.conf.template", "<% if a %>")] {
            assert!(!Carrier::is_foreign(Path::new(name), head.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_say_what_a_file_may_carry() {
        for (name, want) in [
            ("README.md", Some(Carrier::Markdown)),
            ("a/web.yaml", Some(Carrier::Yaml)),
            ("a/web.yml.j2", Some(Carrier::Yaml)),
            ("Dockerfile", Some(Carrier::Script)),
            ("Dockerfile.prod", Some(Carrier::Script)),
            ("web.Dockerfile", Some(Carrier::Script)),
            ("install.sh", Some(Carrier::Script)),
            ("main.tf", Some(Carrier::Hcl)),
            ("nginx.conf", None),
            ("Dockerfile-nginx", Some(Carrier::Script)),
            (".ebextensions/proxy.config", Some(Carrier::Yaml)),
            ("a/proxy.config", None),
            ("Dockerfiles", None),
            ("app.py", None),
        ] {
            assert_eq!(Carrier::named(Path::new(name)), want, "{name}");
        }
        assert_eq!(Carrier::by_head(b"#!/usr/bin/env bash\n"), Some(Carrier::Script));
        assert_eq!(Carrier::by_head(b"# syntax=docker/dockerfile:1\n\nFROM nginx\n"), Some(Carrier::Script));
        assert_eq!(Carrier::by_head(b"#cloud-config\n"), Some(Carrier::Yaml));
        assert_eq!(Carrier::by_head(b"ARG V=1\nFROM nginx:$V\n"), Some(Carrier::Script));
        assert_eq!(Carrier::by_head(b"FROMAGE\n"), None);
        assert_eq!(Carrier::by_head(b"# site\ncat <<EOF\nserver {\n"), Some(Carrier::Script));
        assert_eq!(Carrier::by_head(b"cat > /etc/nginx/nginx.conf <<-'X'\n"), Some(Carrier::Script));
        assert_eq!(Carrier::by_head(b"category <<x\n"), None);
        assert_eq!(Carrier::by_head(b"server {\n# cat <<EOF\n"), None);
        assert!(
            Carrier::is_foreign(Path::new("page"), b"<html lang=en>") && !Carrier::is_foreign(Path::new("x"), b"<")
        );
        assert!([Carrier::Markdown, Carrier::Rst, Carrier::AsciiDoc].into_iter().all(Carrier::is_document));
        assert!(![Carrier::Yaml, Carrier::Script, Carrier::Hcl].into_iter().any(Carrier::is_document));
        assert!(Carrier::may_hold(b"a proxy_pass b") && !Carrier::may_hold(b"nothing of it"));
        assert_eq!(Carrier::by_head(b"#!/usr/bin/env python3\n"), None);
    }
}
