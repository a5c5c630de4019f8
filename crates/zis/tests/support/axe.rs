//! axe-core, which looks at a page as people do who can't see or use it like others. `cargo xtask test` puts it into `target/axe`.

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/axe/node_modules/axe-core/axe.min.js");

/// The script to be run in a page. Without it the tests print what they skipped; in CI that is a failure.
pub fn script() -> Option<String> {
    let script = std::fs::read_to_string(FILE).ok();
    if script.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{FILE} is missing: `cargo xtask test` installs it");
        println!("skipped: a look of axe-core at a page; `cargo xtask test` installs it");
    }
    script
}
