//! The guides in `docs/`: their configurations are good ones, and the whole configuration is whole.
#![cfg(feature = "config")]

use doorward::config::{Config, SETTINGS};
use std::path::{Path, PathBuf};

fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let markdown = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let mut paths: Vec<PathBuf> = markdown.chain([root.join("README.md")]).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The fenced blocks of a page, in order: what they are in, and their text.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            blocks.push((language, text.join("\n")));
        }
    }
    blocks
}

/// The variables that a page has exported; what a command gives is as long as a secret, and no other's.
fn exported(line: &str, number: usize) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
    let value = if value.starts_with("$(") { format!("{number:064x}") } else { value.to_owned() };
    Some((name.to_owned(), value))
}

#[test]
fn every_configuration_in_the_docs_is_good() {
    let mut read = 0;
    for (path, page) in pages() {
        let mut vars = Vec::new();
        for (language, text) in blocks(&page) {
            match language {
                "sh" => vars.extend(text.lines().zip(vars.len()..).filter_map(|(line, n)| exported(line, n))),
                "toml" if path.ends_with("README.md") && text.contains("[dependencies]") => {}
                "toml" => {
                    let config = Config::from_toml_and_vars(&text, vars.iter().cloned());
                    config.unwrap_or_else(|error| panic!("{}: {error}:\n{text}", path.display()));
                    read += 1;
                }
                _ => {}
            }
        }
    }
    assert!(read >= 3, "{read}");
}

#[test]
fn the_whole_configuration_is_whole() {
    let (_, page) = pages().into_iter().find(|(path, _)| path.ends_with("configuration.md")).unwrap();
    let missing: Vec<_> = SETTINGS
        .iter()
        .map(|setting| setting.name)
        .filter(|name| {
            let toml = format!("{} = ", name.to_ascii_lowercase());
            let tells = |line: &str| line.starts_with(&toml) || line.starts_with(&format!("export {name}="));
            !page.lines().any(tells) && *name != "JWT_PUBLIC_KEY"
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
