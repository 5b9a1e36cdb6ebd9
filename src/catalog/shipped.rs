//! Files that nginx, Debian and certbot install beside a configuration, known by name, so that a
//! repository without them is understood all the same.

/// What a file sets that a repository includes but does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shipped {
    /// Nothing that a WebSocket handshake depends on.
    Harmless,
    /// These directives.
    Text(&'static str),
}

/// Debian's nginx-common ships this as `/etc/nginx/proxy_params`.
const PROXY_PARAMS: &str = "proxy_set_header Host $http_host;\nproxy_set_header X-Real-IP $remote_addr;\n\
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\nproxy_set_header X-Forwarded-Proto $scheme;\n";

/// What is known of an included path, by its last components.
pub fn shipped(path: &str) -> Option<Shipped> {
    let path = path.replace('\\', "/");
    let last = path.rsplit('/').next().unwrap_or(&path);
    let parent = path.rsplit('/').nth(1).unwrap_or("");
    match last {
        // nginx's own conf/ and Debian's nginx-common.
        "mime.types" | "fastcgi_params" | "fastcgi.conf" | "uwsgi_params" | "scgi_params" | "koi-win" | "koi-utf"
        | "win-utf" => Some(Shipped::Harmless),
        "proxy_params" => Some(Shipped::Text(PROXY_PARAMS)),
        // Debian's snippets: `fastcgi_*`, `try_files $fastcgi_script_name =404` and `fastcgi_index`; the certificate of ssl-cert.
        "fastcgi-php.conf" | "snakeoil.conf" if parent == "snippets" => Some(Shipped::Harmless),
        // certbot's TLS settings.
        "options-ssl-nginx.conf" => Some(Shipped::Harmless),
        _ if parent == "modules-enabled" && last.contains('*') => Some(Shipped::Harmless),
        _ => None,
    }
}

/// What images such as NPMplus ship blank in their vhosts, and fill in when they start: `ssl_certificate ;`.
/// What else they fill in is not known.
pub fn is_left_blank(name: &str) -> bool {
    ["ssl_certificate", "ssl_certificate_key", "ssl_trusted_certificate", "ssl_dhparam"].contains(&name)
}
