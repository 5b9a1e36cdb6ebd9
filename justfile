# Shortcuts; https://just.systems

# Formatting, lints and tests, without installing anything
ready:
    cargo fmt --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test

# Install what the tests need, then run them all
test:
    sh tests/run

# The tests of the edit loop: what is on record, rules and units, without nginx, in a few seconds
quick:
    cargo test --lib --test records --test rules

# What is on record and the rule fixtures, on WebAssembly under node
wasm:
    sh scripts/wasm-check

# The oldest Rust, every set of features, Windows under Wine: `just elsewhere`, `just elsewhere windows`
elsewhere *PARTS:
    sh scripts/elsewhere-check {{ PARTS }}

# Licences, sources and advisories of the dependencies, with `cargo install cargo-deny`
deny:
    cargo deny --all-features check

# Break the code in that many places and see whether the tests without nginx notice: `just mutants 150 7`
mutants SAMPLE="150" SEED="":
    #!/bin/sh
    set -eu
    seed={{ quote(SEED) }}
    command -v cargo-mutants >/dev/null || cargo install --locked cargo-mutants
    python3 scripts/mutants {{ quote(SAMPLE) }} "${seed:-$(date +%s)}"

# Build all that a release publishes for x86-64 Linux, and install each in a bare place
release-check:
    sh scripts/release-build
    sh scripts/release-check

# actionlint, zizmor and shellcheck over workflows, action and scripts
lint-workflows:
    sh scripts/lint-workflows

# Begin a rule: `just new-rule name-that-says-what-is-wrong`
new-rule NAME:
    #!/bin/sh
    set -eu
    name={{ quote(NAME) }}
    case $name in
        '' | -* | *- | *--* | [0-9]* | *[!a-z0-9-]*)
            echo "'$name' is no name: write it like missing-upgrade-header" >&2
            exit 2 ;;
    esac
    module=$(printf %s "$name" | tr - _)
    file=src/rules/$module.rs
    cases=grammar-fixtures/rules/$name
    if [ -e "$file" ] || [ -e "$cases" ]; then
        echo "$name is there already" >&2
        exit 2
    fi

    cat > "$file" <<RUST
    use super::{Context, arrives_here};
    use crate::diagnostic::Diagnostic;
    use crate::text;

    rule! {
        /// ## What it finds
        ///
        /// TODO: the mistake, and in which places it is one.
        ///
        /// ## Why it breaks
        ///
        /// TODO: what nginx does, and what the backend or the browser then sees.
        ///
        /// ## Example
        ///
        /// \`\`\`nginx bad
        /// server {
        ///     listen 8080;
        ///     location /ws {
        ///         proxy_pass http://127.0.0.1:3000;
        ///     }
        /// }
        /// \`\`\`
        ///
        /// ## Instead
        ///
        /// \`\`\`nginx good
        /// server {
        ///     listen 8080;
        ///     location /ws {
        ///         proxy_pass http://127.0.0.1:3000;
        ///         proxy_http_version 1.1;
        ///         proxy_set_header Upgrade \$http_upgrade;
        ///         proxy_set_header Connection "upgrade";
        ///     }
        /// }
        /// \`\`\`
        ///
        /// ## The fix and its safety
        ///
        /// In words only: TODO why. With a fix, the example above is called \`nginx fixed\`, and is
        /// byte for byte what \`--fix\` makes of the bad one.
        ///
        /// ## References
        ///
        /// - TODO: nginx's documentation or source, an RFC.
        "$name" {
            category: Handshake,
            severity: Error,
            fix: None,
            en: "TODO: what is wrong, one line",
            zh: "TODO:一句话说明问题",
            zh_page: [
                "TODO：检查什么。",
                "TODO：为什么会出错。",
                "TODO：自动修复与安全性。",
            ],
            check: check,
        }
    }

    fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
        for endpoint in &cx.analysis.endpoints {
            // TODO: ask the model; add the question there if it cannot answer yet.
            let is_wrong = false;
            if !is_wrong {
                continue;
            }
            let location = cx.location_words(endpoint.location);
            let mut found = RULE.at(
                cx.config().head(endpoint.pass),
                text!("TODO: what this place has to do with it", "TODO:此处的问题"),
                text!("TODO: what is wrong in \`{location}\`", "TODO:\`{location}\` 的问题"),
            );
            found.labels.extend(cx.location_label(endpoint, arrives_here()));
            found.why = text!("TODO: why it breaks.", "TODO:原因。");
            found.help = text!("TODO: what to do", "TODO:做法");
            out.push(found);
        }
    }
    RUST

    for case in bad good; do
        mkdir -p "$cases/$case"
        cat > "$cases/$case/nginx.conf" <<NGINX
    events {}

    http {
        server {
            listen 8080;

            # TODO: the $case case, as small as it can be
            location /ws {
                proxy_pass http://127.0.0.1:3000;
            }
        }
    }
    NGINX
    done

    # The list in src/rules/mod.rs: at its end, until you move it.
    awk -v module="$module" '
        /^mod cached_handshake;/ { print "mod " module ";" }
        /^pub static ALL/ { inside = 1 }
        inside && /^\];/ { print "    &" module "::RULE,"; inside = 0 }
        { print }
    ' src/rules/mod.rs > src/rules/mod.rs.new
    mv src/rules/mod.rs.new src/rules/mod.rs
    cargo fmt

    echo "$file: replace every TODO"
    echo "src/rules/mod.rs: move $module to its place in the list; where two rules could speak, the first does"
    echo "$cases: write both cases, then UPDATE_FIXTURES=1 cargo test --test rules"
