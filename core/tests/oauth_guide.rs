//! The configurations in `docs/oauth.md` are good ones.
#![cfg(feature = "config")]

use doorward::config::Config;
use doorward::policy::Policy;

#[test]
fn every_configuration_of_the_guide_is_good() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/oauth.md");
    let guide = std::fs::read_to_string(path).expect("the guide is in the repository");
    let blocks: Vec<&str> =
        guide.split("```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    assert_eq!(blocks.len(), 7);
    for block in blocks {
        // What a block leaves out stands in another.
        let rest = if block.contains("[anonymous]") { "api_keys = [\"a-key-nobody-guesses\"]\n" } else { "" };
        let config =
            Config::from_toml(&[rest, block].concat()).unwrap_or_else(|why| panic!("{why}:\n{block}"));
        config.gate(Policy::new()).unwrap().build_random().unwrap_or_else(|why| panic!("{why}:\n{block}"));
        let has_issuer = block.contains("[[issuer]]")
            || block.contains("oauth_issuer")
            || block.contains("[introspection]");
        assert_eq!(config.resource().unwrap().is_some(), has_issuer, "{block}");
    }
}
