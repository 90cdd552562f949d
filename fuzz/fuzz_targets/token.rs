//! Any bytes as a token. Nothing panics, and nothing is accepted that the reference does not find signed.
#![no_main]

use doorward_fuzz::{BY_BOTH, BY_SECRET, decode, parse, tag, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|token: &[u8]| {
    for verifier in [&*BY_SECRET, &*BY_BOTH] {
        let Ok(claims) = verify(verifier, token) else { continue };
        let parts: Vec<_> = token.split(|byte| *byte == b'.').collect();
        let [header, payload, signature] = parts.as_slice() else { panic!("accepted {} parts", parts.len()) };
        let header =
            parse(&decode(header).expect("header")).expect("a header's numbers").expect("a JSON header");
        let payload = decode(payload).expect("payload");
        assert_eq!(claims.payload().as_bytes(), payload);
        match header.get("alg").and_then(|alg| alg.text()) {
            Some("HS256") => {
                let signed = &token[..token.len() - signature.len() - 1];
                assert_eq!(decode(signature).expect("signature"), tag(signed));
            }
            // Only the seeds' own signatures can hold: nobody here has the private key.
            Some("RS256") => assert_eq!(signature.len(), 342),
            other => panic!("accepted {other:?}"),
        }
        assert!(header.get("crit").is_none() && header.get("b64").is_none());
    }
});
