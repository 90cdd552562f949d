//! Any bytes as a file of keys. What is read is JSON Lines by serde_json too, says what its lines say, makes a set, and is
//! written as what is read as the same.
#![no_main]

use doorward::api_keys::ApiKeys;
use doorward::api_keys::file::KeyFile;
use doorward_fuzz::{Tree, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Half of the time behind a good first line, which is seldom found by chance.
    let text = match bytes.split_first() {
        Some((b'0'..=b'z', rest)) => [b"{\"doorward_keys\":1}\n", rest].concat(),
        _ => bytes.to_vec(),
    };
    let Ok(file) = KeyFile::parse(&text) else { return };
    let lines: Vec<&[u8]> = text.strip_suffix(b"\n").expect("a last line ends").split(|b| *b == b'\n').collect();
    assert_eq!(lines.len(), file.records().len() + 1);
    for (line, record) in lines.iter().skip(1).zip(file.records()) {
        let Some(tree) = parse(line) else { continue };
        let tree = tree.expect("a line is JSON");
        let entry = record.entry();
        assert_eq!(tree.get("id").and_then(Tree::text), Some(entry.id()));
        assert_eq!(tree.get("name").map_or(Some(entry.id()), Tree::text), Some(entry.name()));
        assert_eq!(tree.get("expires").is_some(), entry.valid_until().is_some());
        assert_eq!(tree.get("not_before").is_some(), entry.valid_from().is_some());
        let digest = tree.get("digest").and_then(Tree::text).expect("a digest");
        assert_eq!(digest.starts_with("hmac-sha256:"), record.is_peppered());
    }
    match ApiKeys::builder().add_file(&file) {
        Ok(builder) => assert_eq!(builder.build([3; 32]).expect("a set").len(), file.records().len()),
        // It says that it needs a pepper, and there is none.
        Err(error) => assert_eq!((error.line(), error.code()), (Some(1), "key_file_pepper_missing")),
    }
    if let Ok(printed) = file.print() {
        assert_eq!(KeyFile::parse(printed.as_bytes()), Ok(file));
    }
});
