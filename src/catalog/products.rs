//! Programs that are made from nginx and number their releases in their own way.

use super::Version;

/// A program made from nginx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// nginx itself, and OpenResty, whose numbers begin with nginx's.
    Nginx,
    /// Alibaba's Tengine (CHANGES.te).
    Tengine,
    /// Angie (src/core/angie.h: `NGINX_VERSION`).
    Angie,
    /// freenginx: its numbers go their own way after 1.25.3, and nobody wrote down which is which.
    Freenginx,
}

impl Product {
    /// The product that a name such as `openresty` stands for.
    pub fn of_name(name: &str) -> Option<Product> {
        Some(match name.to_ascii_lowercase().as_str() {
            "nginx" | "openresty" => Product::Nginx,
            "tengine" => Product::Tengine,
            "angie" => Product::Angie,
            "freenginx" => Product::Freenginx,
            _ => return None,
        })
    }

    /// The nginx that a release is made from; `None` where that is not known.
    pub fn nginx(self, release: Version) -> Option<Version> {
        let table = match self {
            Product::Nginx => return (release.0 <= 1).then_some(release),
            Product::Freenginx => return None,
            Product::Tengine => TENGINE,
            Product::Angie => ANGIE,
        };
        table.iter().rev().find(|(first, _)| release >= *first).map(|(_, nginx)| *nginx)
    }
}

/// The first release with the code of each nginx.
const TENGINE: &[(Version, Version)] = &[
    (Version(2, 0, 0), Version(1, 4, 4)),
    (Version(2, 1, 0), Version(1, 6, 2)),
    (Version(2, 2, 0), Version(1, 8, 1)),
    (Version(2, 3, 0), Version(1, 15, 9)),
    (Version(2, 3, 1), Version(1, 16, 0)),
    (Version(2, 3, 2), Version(1, 17, 3)),
    (Version(2, 3, 3), Version(1, 18, 0)),
    (Version(2, 4, 0), Version(1, 22, 1)),
    (Version(3, 0, 0), Version(1, 24, 0)),
    (Version(3, 2, 0), Version(1, 31, 3)),
];

const ANGIE: &[(Version, Version)] = &[
    (Version(1, 0, 0), Version(1, 23, 2)),
    (Version(1, 1, 0), Version(1, 23, 3)),
    (Version(1, 2, 0), Version(1, 25, 0)),
    (Version(1, 3, 0), Version(1, 25, 2)),
    (Version(1, 4, 0), Version(1, 25, 3)),
    (Version(1, 5, 0), Version(1, 25, 4)),
    (Version(1, 6, 0), Version(1, 27, 0)),
    (Version(1, 7, 0), Version(1, 27, 1)),
    (Version(1, 8, 0), Version(1, 27, 3)),
    (Version(1, 9, 0), Version(1, 27, 4)),
    (Version(1, 10, 0), Version(1, 27, 5)),
    (Version(1, 11, 0), Version(1, 29, 3)),
    (Version(1, 12, 0), Version(1, 31, 2)),
    (Version(1, 13, 0), Version(1, 31, 3)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_the_nginx_that_it_is_made_from() {
        assert_eq!(Product::Tengine.nginx(Version(3, 1, 0)), Some(Version(1, 24, 0)));
        assert_eq!(Product::Angie.nginx(Version(1, 10, 2)), Some(Version(1, 27, 5)));
        assert_eq!(Product::Nginx.nginx(Version(3, 1, 0)), None);
        assert_eq!(Product::Tengine.nginx(Version(1, 5, 2)), None);
    }
}
