//! The README's table of settings is the code's. `DOORWARD_WRITE=1` writes it anew.
#![cfg(feature = "config")]

use doorward::config::SETTINGS;
use std::fmt::Write as _;
use std::path::Path;

const BEGIN: &str = "<!-- settings: made from doorward::config::SETTINGS, checked by a test -->\n";
const END: &str = "<!-- /settings -->";

#[test]
fn the_readme_tells_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();

    let mut table = String::from("\n| setting | default | what it does |\n|---|---|---|\n");
    for setting in SETTINGS {
        let default = match setting.default {
            "" => String::new(),
            value => format!("`{value}`"),
        };
        let list = if setting.list { " (list)" } else { "" };
        writeln!(table, "| `{}` | {default} | {}{list} |", setting.name, setting.about).unwrap();
    }
    table.push('\n');

    if std::env::var_os("DOORWARD_WRITE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, table, "write it anew with DOORWARD_WRITE=1");
    }
}

#[test]
fn the_example_file_names_settings_and_nothing_else() {
    let example = include_str!("../../.env.example");
    let named: Vec<&str> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect();
    let settings: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    let missing: Vec<_> = settings.iter().filter(|name| !named.contains(name)).collect();
    let unknown: Vec<_> = named.iter().filter(|name| !settings.contains(name)).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing {missing:?}, unknown {unknown:?}");
}
