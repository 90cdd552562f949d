//! The script itself, run by Redis: against a model by arbitrary times, and by the server's own clock.

use crate::server::Server;
use doorward::rate::shared::{SCRIPT, SCRIPT_SHA1};

/// A small generator, seeded: the cases are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// GCRA (ITU-T I.371) as the core's own table has it, on exact integers.
fn model(tat: &mut i128, now: i128, [interval, tolerance, cost, want]: [i128; 4]) -> [i128; 4] {
    let fits = |units: i128, tat: i128| tat.max(now) + units * interval <= now + tolerance;
    let left = |tat: i128| (0..).take_while(|units| fits(units + 1, tat)).count() as i128;
    let Some(take) = (cost..=want).rev().find(|units| *units == 0 || fits(*units, *tat)) else {
        let debt = (*tat - now).max(0);
        return [0, left(*tat), debt, debt + cost * interval - tolerance];
    };
    if take > 0 {
        *tat = (*tat).max(now) + take * interval;
    }
    [take, left(*tat), (*tat - now).max(0), 0]
}

/// The script with the time as two more arguments; nothing else is changed.
fn timed() -> String {
    let timed = SCRIPT.replace("redis.call('TIME')", "{ARGV[5], ARGV[6]}");
    assert_ne!(timed, SCRIPT);
    timed
}

#[test]
fn the_script_is_the_model() {
    let server = Server::start();
    let script = timed();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..60 {
        let interval = 1 + i128::from(dice.roll([10, 1_000_000, 1 << 40][round % 3]));
        let capacity = 1 + i128::from(dice.roll(30)).min((1 << 50) / interval - 1);
        let key = format!("bucket:{round}");
        // The year 2100, in µs: later than any server's clock, so that no bucket expires.
        let (mut now, mut tat) = (4_102_444_800_000_000_i128, 0);
        for _ in 0..30 {
            now += i128::from(dice.roll(3)) * i128::from(dice.roll(u64::try_from(interval).unwrap() * 2));
            if dice.roll(12) == 0 {
                now -= i128::from(dice.roll(u64::try_from(interval).unwrap()));
            }
            let cost = i128::from(dice.roll(4)).min(capacity);
            let want = if cost == 0 { 0 } else { (cost + i128::from(dice.roll(4))).min(capacity) };
            let args = [interval, interval * capacity, cost, want];
            let words: Vec<String> = args
                .iter()
                .chain([&(now / 1_000_000), &(now % 1_000_000)])
                .map(ToString::to_string)
                .collect();
            let mut command = vec!["EVAL", &script, "1", &key];
            command.extend(words.iter().map(String::as_str));
            let expected = model(&mut tat, now, args).map(|number| i64::try_from(number).unwrap());
            assert_eq!(server.integers(&command), expected, "{round}: {words:?}");
            if tat > now {
                // Kept until the debt is paid, and no longer than the millisecond it ends in.
                let expires = server.run(&["PEXPIRETIME", &key]);
                let expires: i128 = expires.trim_start_matches(':').trim().parse().unwrap();
                assert_eq!(expires, tat.div_euclid(1000) + i128::from(tat % 1000 > 0));
            }
        }
    }
}

#[test]
fn it_is_known_by_its_sha_and_writes_nothing_on_a_denial() {
    let server = Server::start();
    assert_eq!(server.run(&["SCRIPT", "LOAD", SCRIPT]).lines().nth(1), Some(SCRIPT_SHA1));
    let spend = |cost: &str| {
        server.integers(&["EVALSHA", SCRIPT_SHA1, "1", "b", "60000000", "120000000", cost, cost])
    };
    assert_eq!(spend("2"), [2, 0, 120_000_000, 0]);
    let before = server.run(&["GET", "b"]);
    let denied = spend("1");
    assert_eq!(denied[..2], [0, 0]);
    assert!((59_000_000..60_000_000).contains(&denied[3]), "{denied:?}");
    assert_eq!(server.run(&["GET", "b"]), before);
    assert!(before.lines().nth(1).unwrap().bytes().all(|byte| byte.is_ascii_digit()), "{before}");
}

#[test]
fn what_is_no_bucket_is_left_alone() {
    let server = Server::start();
    let spend = |key| server.run(&["EVAL", SCRIPT, "1", key, "1000", "5000", "1", "1"]);
    server.run(&["HSET", "hash", "a", "b"]);
    assert!(spend("hash").starts_with("-WRONGTYPE"), "{}", spend("hash"));
    for text in [
        "",
        "soon",
        "1e15",
        "-5",
        "0x10",
        "1.5",
        " 1",
        "nan",
        "inf",
        "9007199254740993",
        "99999999999999999999",
    ] {
        server.run(&["SET", "text", text]);
        assert!(spend("text").starts_with("-DOORWARD"), "{text}: {}", spend("text"));
        assert_eq!(server.run(&["GET", "text"]).lines().nth(1).unwrap_or_default(), text);
    }
    // A TAT in the past is a bucket that is full.
    server.run(&["SET", "text", "0"]);
    assert!(spend("text").starts_with("*4\r\n:1\r\n:4\r\n"));
}
