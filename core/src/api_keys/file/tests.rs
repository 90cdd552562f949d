use super::*;
use crate::Now;
use crate::api_keys::{ApiKeyError, ApiKeyRefusal, ApiKeys};
use crate::rate::Quota;
use alloc::format;
use alloc::string::ToString as _;
use core::time::Duration;
use proptest::prelude::*;

const NOW: Now = Now::new(1_800_000_000.0, 0);
const HEADER: &str = "{\"doorward_keys\":1}\n";
const HEX: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
const PEPPER: &[u8] = b"0123456789abcdef0123456789abcdef";

fn mint(number: u32) -> NewKey {
    let mut secret = [0xa5; 20];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    KeyFormat::default().mint("live", "Zy9Xw8Vu7Ts6", &secret).unwrap()
}

fn problem(lines: &str) -> (Option<usize>, KeyFileProblem) {
    let error = KeyFile::parse(lines.as_bytes()).unwrap_err();
    assert!(!error.to_string().ends_with('.') && !error.to_string().contains("2bb8"), "{error}");
    (error.line(), error.problem())
}

/// What a key's line with these members beside id and digest is refused for.
fn member(members: &str) -> KeyFileProblem {
    let (line, problem) =
        problem(&format!("{HEADER}{{\"id\":\"a\",\"digest\":\"sha256:{HEX}\",{members}}}\n"));
    assert_eq!(line, Some(2), "{members}");
    problem
}

#[test]
fn every_member_is_read() {
    let line = format!(
        "{{\"id\":\"a\",\"name\":\"ci\",\"digest\":\"sha256:{HEX}\",\"public\":\"dw_live_Zy9Xw8Vu7Ts6\",\
         \"roles\":[\"user\",\"b\\u00e9\"],\"scopes\":[\"read\"],\"quota\":{{\"max\":7,\"window\":\"1m 30s\"}},\
         \"not_before\":\"2026-01-01T00:00:00Z\",\"expires\":\"2027-01-01T00:00:00.5Z\",\
         \"created\":\"2025-12-31T23:59:59Z\",\"disabled\":true,\"metadata\":{{\"owner\":\"anna\"}}}}\n"
    );
    let text = format!("{{\"doorward_keys\":1,\"count\":1}}\n{line}");
    let file = KeyFile::parse(text.as_bytes()).unwrap();
    let [record] = file.records() else { panic!("{file:?}") };
    let entry = ApiKey::new("a").named("ci").role("user").role("bé").scope("read").meta("owner", "anna");
    let quota = Quota::per(7, Duration::from_secs(90)).unwrap();
    let entry = entry.quota(quota).not_before(1_767_225_600.0).expires(1_798_761_600.5).disabled(true);
    assert_eq!(*record.entry(), entry);
    assert_eq!((record.public(), record.created()), (Some("dw_live_Zy9Xw8Vu7Ts6"), Some(1_767_225_599.0)));
    assert!(!record.is_peppered());
    // The same members come out, written in the one way.
    assert_eq!(file.print().unwrap(), text.replace("b\\u00e9", "bé").replace("00.5Z", "00.500000000Z"));
}

#[test]
fn an_empty_file_is_refused_and_an_empty_list_is_not() {
    for text in ["", "\n", " \n\n", "\r\n"] {
        assert_eq!(problem(text), (None, KeyFileProblem::Empty), "{text:?}");
    }
    assert_eq!(KeyFile::parse(HEADER.as_bytes()), Ok(KeyFile::new()));
    assert_eq!(KeyFile::new().print().unwrap(), "{\"doorward_keys\":1,\"count\":0}\n");
}

#[test]
fn a_file_that_is_not_whole_is_refused() {
    let mut file = KeyFile::new();
    for number in 0..3 {
        let entry = ApiKey::new(number.to_string());
        file.push(KeyRecord::of_key(&mint(number), entry, None, 1.0)).unwrap();
    }
    let text = file.print().unwrap();
    assert_eq!(KeyFile::parse(text.as_bytes()), Ok(file));
    for end in 0..text.len() {
        assert!(KeyFile::parse(&text.as_bytes()[..end]).is_err(), "{end}");
    }
    let cut = text.trim_end().rsplit_once('\n').unwrap().0;
    assert_eq!(problem(&format!("{cut}\n")), (Some(1), KeyFileProblem::CountWrong));
    assert_eq!(problem(text.trim_end()), (Some(4), KeyFileProblem::Unfinished));
}

#[test]
fn headers_are_told_from_other_files() {
    for header in [
        "[]",
        "x",
        "null",
        "# keys",
        "{}",
        "{\"id\":\"a\"}",
        "{\"doorward_keys\":\"1\"}",
        "{\"doorward_keys\":1.0}",
        "{\"doorward_keys\":-1}",
        "{\"doorward_keys\":1,\"doorward_keys\":1}",
        "{\"doorward_keys\":1,\"keys\":1}",
        "{\"doorward_keys\":1,\"count\":-1}",
        "{\"doorward_keys\":1,\"pepper\":\"0123\"}",
        "{\"doorward_keys\":1,\"pepper\":\"+123456789abcdef\"}",
        "\u{feff}{\"doorward_keys\":1}",
    ] {
        assert_eq!(problem(&format!("{header}\n")), (Some(1), KeyFileProblem::HeaderInvalid), "{header}");
    }
    assert_eq!(problem("{\"doorward_keys\":2}\n"), (Some(1), KeyFileProblem::VersionUnknown));
}

#[test]
fn bad_lines_are_named_and_not_quoted() {
    use KeyFileProblem as P;
    for (name, values) in [
        ("name", &["1", "null", "[]"][..]),
        ("public", &["1", "\"dw_live\"", "\"dw_Live_Zy9Xw8Vu7Ts6\"", "\"dw_live_Zy9Xw8Vu7Ts\""]),
        ("roles", &["\"user\"", "[1]", "[\"\"]", "{}", "null"]),
        ("scopes", &["\"read\"", "[null]"]),
        (
            "quota",
            &["1", "{}", "{\"max\":1}", "{\"max\":0,\"window\":\"1s\"}", "{\"max\":-1,\"window\":\"1s\"}"],
        ),
        ("quota", &["{\"max\":1,\"window\":1}", "{\"max\":1,\"window\":\"1s\",\"burst\":2}"]),
        ("not_before", &["1", "\"tomorrow\"", "\"2027-01-01\"", "\"2027-01-01T00:00:00+01:00\""]),
        ("expires", &["\"\"", "\"2027-13-01T00:00:00Z\"", "\"1969-12-31T23:59:59Z\"", "null"]),
        ("created", &["true"]),
        ("disabled", &["\"true\"", "1", "null"]),
        ("metadata", &["[]", "{\"a\":1}", "{\"a\":{}}"]),
    ] {
        for value in values {
            assert_eq!(member(&format!("\"{name}\":{value}")), P::MemberInvalid(name), "{name} {value}");
        }
    }
    // A whole key is in no place of the file.
    let whole = mint(1).expose().to_string();
    assert_eq!(member(&format!("\"public\":\"{whole}\"")), P::MemberInvalid("public"));
    for members in [format!("\"name\":\"{whole}\""), "\"name\":\"\"".into(), "\"name\":\"a\\u0000\"".into()] {
        assert!(matches!(
            member(&members),
            P::Entry(ApiKeyError::IdIsKey { .. } | ApiKeyError::IdInvalid { .. })
        ));
    }
    for unknown in ["\"expirse\":1", "\"Id\":\"b\"", "\"key\":\"x\""] {
        assert_eq!(member(unknown), P::MemberUnknown, "{unknown}");
    }
    for not in ["\"id\":\"b\"", "\"i\\u0064\":\"b\"", "", "\"metadata\":{\"a\":\"1\",\"a\":\"2\"}"] {
        assert_eq!(member(not), P::NotJson, "{not}");
    }
    let times = "\"not_before\":\"2027-01-01T00:00:00Z\",\"expires\":\"2027-01-01T00:00:00Z\"";
    assert!(matches!(member(times), P::Entry(ApiKeyError::NeverValid { .. })));
    assert_eq!(member(&format!("\"name\":\"{}\"", "x".repeat(MAX_LINE))), P::LineTooLong);

    let one = |line: &str| problem(&format!("{HEADER}{line}\n"));
    assert_eq!(one("{\"id\":\"a\"}"), (Some(2), P::MemberMissing("digest")));
    assert_eq!(one(&format!("{{\"digest\":\"sha256:{HEX}\"}}")), (Some(2), P::MemberMissing("id")));
    for digest in [HEX.into(), format!("sha1:{HEX}"), format!("sha256:{}", &HEX[1..]), "sha256:".into()] {
        let line = format!("{{\"id\":\"a\",\"digest\":\"{digest}\"}}");
        assert_eq!(one(&line), (Some(2), P::MemberInvalid("digest")), "{digest}");
    }
    for line in ["", " ", "x", "[]", "{\"id\":\"a\"} x", "{\"id\":\"a\"", "// none"] {
        assert_eq!(one(line), (Some(2), P::NotJson), "{line}");
    }
    let line = |id: &str, hex: &str| format!("{{\"id\":\"{id}\",\"digest\":\"sha256:{hex}\"}}\n");
    let other = HEX.replace("2bb8", "3bb8");
    let twice =
        format!("{HEADER}{}{}{}", line("a", HEX), line("b", &other), line("a", &HEX.replace('2', "4")));
    assert_eq!(problem(&twice), (Some(4), P::IdRepeated { first: 2 }));
    let twice = format!("{HEADER}{}{}", line("a", HEX), line("b", &HEX.to_uppercase()));
    assert_eq!(problem(&twice), (Some(3), P::DigestRepeated { first: 2 }));
    let mut broken = format!("{HEADER}{}", line("a", HEX)).into_bytes();
    broken[30] = 0xff;
    assert_eq!(KeyFile::parse(&broken).unwrap_err().problem(), P::NotJson);
}

#[test]
fn peppered_files_say_so_and_want_their_own_pepper() {
    let (pepper, other) = (Pepper::new(PEPPER).unwrap(), Pepper::new(&[7; 32]).unwrap());
    let mut file = KeyFile::new();
    file.push(KeyRecord::of_key(&mint(1), ApiKey::new("old"), None, 1.0)).unwrap();
    let unnamed = file.push(KeyRecord::of_key(&mint(2), ApiKey::new("b"), Some(&pepper), 1.0)).unwrap_err();
    assert_eq!((unnamed.line(), unnamed.problem()), (Some(3), KeyFileProblem::PepperUnnamed));
    assert_eq!(file.records().len(), 1);
    let builder = || ApiKeys::builder().pepper(pepper.clone());
    let finds = |builder: ApiKeysBuilder, file: &KeyFile, number| {
        let keys = builder.add_file(file).unwrap().build([3; 32]).unwrap();
        keys.find(mint(number).expose().as_bytes(), NOW).map(|entry| entry.id().to_string())
    };
    // A file without a pepper is read into a set with one, and given one for good.
    assert_eq!(finds(builder(), &file, 1), Ok("old".into()));
    file.pepper(&pepper).unwrap();
    file.push(KeyRecord::of_key(&mint(2), ApiKey::new("new"), Some(&pepper), 1.0)).unwrap();
    let file = KeyFile::parse(file.print().unwrap().as_bytes()).unwrap();
    assert!(file.records().iter().all(KeyRecord::is_peppered));
    assert_eq!(
        (finds(builder(), &file, 1), finds(builder(), &file, 2)),
        (Ok("old".into()), Ok("new".into()))
    );
    assert_eq!(finds(builder(), &file, 3), Err(ApiKeyRefusal::Unknown));

    let missing = ApiKeys::builder().add_file(&file).unwrap_err();
    assert_eq!((missing.line(), missing.problem()), (Some(1), KeyFileProblem::PepperMissing));
    let wrong = ApiKeys::builder().pepper(other.clone()).add_file(&file).unwrap_err();
    assert_eq!(wrong.problem(), KeyFileProblem::PepperWrong);
    assert_eq!(file.clone().pepper(&other), Err(wrong));
    let digest = KeyDigest::of(b"x");
    let unpeppered = ApiKeys::builder().add_peppered(digest, ApiKey::new("a")).build([3; 32]);
    assert_eq!(unpeppered.unwrap_err(), ApiKeyError::PepperMissing { at: 0 });
}

#[test]
fn keys_of_the_sets_own_format_are_strong() {
    let mut file = KeyFile::new();
    file.push(KeyRecord::of_key(&mint(1), ApiKey::new("a"), None, 1.0)).unwrap();
    let strict = ApiKeys::builder().add_file(&file).unwrap().build([3; 32]).unwrap();
    assert!(!strict.accepts_legacy() && strict.iter().all(ApiKey::is_strong));
    let acme = ApiKeys::builder().format(KeyFormat::new("acme").unwrap());
    let loose = acme.add_file(&file).unwrap().build([3; 32]).unwrap();
    assert!(loose.accepts_legacy() && loose.find(mint(1).expose().as_bytes(), NOW).is_ok());
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let refused = |entry| {
        let mut file = KeyFile::new();
        file.push(KeyRecord::of_key(&mint(1), entry, None, 1.0)).unwrap();
        file.print().unwrap_err().problem()
    };
    let quota = Quota::per(2, Duration::from_secs(9)).unwrap();
    for odd in [quota.strict(), quota.burst(1).unwrap()] {
        assert_eq!(refused(ApiKey::new("a").quota(odd)), KeyFileProblem::MemberInvalid("quota"));
    }
    assert_eq!(refused(ApiKey::new("a").expires(1e300)), KeyFileProblem::MemberInvalid("expires"));
    assert_eq!(refused(ApiKey::new("a").not_before(-1.0)), KeyFileProblem::MemberInvalid("not_before"));
    let long = ApiKey::new("a").meta("m", "x".repeat(MAX_LINE));
    assert_eq!(refused(long), KeyFileProblem::LineTooLong);
}

fn entry() -> impl Strategy<Value = ApiKey> {
    let text = || proptest::string::string_regex("[ -~é\u{85}\u{202e}\"\\\\\n]{1,9}").unwrap();
    let time = || prop::option::of(0.0..4e9_f64);
    let words = || prop::collection::vec(text(), 0..3);
    let quota = prop::option::of((1..u32::MAX, 1..u32::MAX));
    (prop::option::of("[a-z]{1,9}"), words(), words(), time(), time(), any::<bool>(), text(), quota).prop_map(
        |(name, roles, scopes, start, end, disabled, meta, quota)| {
            let mut entry = ApiKey::new("id").disabled(disabled).meta(&meta, &meta);
            entry = name.into_iter().fold(entry, ApiKey::named);
            entry = roles.into_iter().fold(entry, ApiKey::role);
            entry = scopes.into_iter().fold(entry, ApiKey::scope);
            // As the file has them: whole nanoseconds.
            let nanos = |time: f64| Duration::from_secs_f64(time).as_secs_f64();
            entry = start.into_iter().fold(entry, |entry, time| entry.not_before(nanos(time)));
            entry = end.into_iter().fold(entry, |entry, time| entry.expires(5e9 + nanos(time).floor()));
            let quota =
                quota.map(|(max, millis)| Quota::per(max, Duration::from_millis(millis.into())).unwrap());
            quota.into_iter().fold(entry, ApiKey::quota)
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same(entry in entry(), peppered: bool, created in 0.0..4e9_f64) {
        let pepper = peppered.then(|| Pepper::new(PEPPER).unwrap());
        let mut file = KeyFile::new();
        if let Some(pepper) = &pepper {
            file.pepper(pepper).unwrap();
        }
        let created = Duration::from_secs_f64(created).as_secs_f64();
        file.push(KeyRecord::of_key(&mint(9), entry, pepper.as_ref(), created)).unwrap();
        let text = file.print().unwrap();
        prop_assert_eq!(text.lines().count(), 2);
        prop_assert!(!text.trim_end_matches('\n').chars().any(|c| c.is_control() && c != '\n'));
        prop_assert!(!text.contains(mint(9).expose()));
        prop_assert_eq!(KeyFile::parse(text.as_bytes()), Ok(file));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, line in "[\"{}:,a-z0-9\\[\\]]{0,40}") {
        let _ = KeyFile::parse(&bytes);
        let _ = KeyFile::parse(format!("{HEADER}{line}\n").as_bytes());
    }
}
