//! What `wslint init` writes.

/// A `wslint.toml` in which every setting stands, commented out, with its default.
pub const TEMPLATE: &str = r#"# wslint.toml: what this project says about its nginx configurations.
# Every setting with its default; paths are relative to this file and stay inside the project.

# The main configurations that nginx is started with. Without them wslint searches.
# roots = ["deploy/nginx/nginx.conf"]

# What a walk through a directory passes over; `**` is any number of directories.
# exclude = ["vendor/**"]

# The nginx that will run it: "1.28" (all of 1.28.x), "1.22.1", or OpenResty's "1.27.1.1".
# Without it, results hold on every version.
# nginx-version = "1.28"

# Exit 1 from this severity on: "advice", "warning", "error", "never".
# fail-on = "warning"

# Which `Connection` value fixes write: "auto", "map", "literal".
# connection = "auto"

# Findings that are accepted for now; `wslint --write-baseline FILE` records them.
# baseline = ".wslint-baseline.json"

[paths]
# Where absolute includes are read from in this repository.
# "/etc/nginx" = "deploy/nginx"

[websocket]
# Locations that carry WebSocket, and those that do not; `*` at the end is any rest.
# locations = ["/chat", "/live/*"]
# not = ["/static/*"]
# Report `upgrade-not-forwarded` from this evidence on: "none", "likely", "configured", "declared".
# evidence = "none"

[carriers]
# Whether configurations inside documents, manifests and scripts are read: "all" or "none".
# read = "all"

[rules]
# A rule's severity: "off", "advice", "warning", "error". `wslint rules` lists them.
# short-read-timeout = "off"
"#;
