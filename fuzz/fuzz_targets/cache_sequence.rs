//! Any sequence of insertions, questions and times against a plain map. Nothing is found that the map would not give;
//! while no set is full, nothing is missing either.
#![no_main]

use doorward::Now;
use doorward::jwt::{TokenCache, Window};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use std::collections::HashMap;

const TTL: u64 = 100;
/// Entries, in sets of eight.
const ENTRIES: usize = 16;

struct Kept {
    window: Window,
    ends: u64,
    value: u32,
}

fuzz_target!(|data: &[u8]| {
    // Too little data is no sequence.
    let _ = run(&mut Unstructured::new(data));
});

fn run(data: &mut Unstructured<'_>) -> Result<()> {
    let cache = TokenCache::new(ENTRIES, TTL, data.arbitrary()?);
    let mut model: HashMap<Vec<u8>, Kept> = HashMap::new();
    let (mut asked, mut value) = (0, 0);
    // Tokens at once, the most there have been: evictions are counted for life, past any clearing.
    let mut most = 0;
    // Behind its end, data is zeros for ever.
    while !data.is_empty() {
        let operation: u8 = data.arbitrary()?;
        let token = token(data)?;
        let now = Now::new(moment(data)?, data.int_in_range(0..=400)?);
        match operation % 8 {
            0 if operation == 0 => {
                cache.clear();
                model.clear();
            }
            0..=2 => {
                let window = Window { from: moment(data)?, until: moment(data)? };
                value += 1;
                cache.insert(&token, window, now, value);
                if token.len() <= 4096 && window.contains(now.unix) {
                    model.insert(token, Kept { window, ends: now.mono + TTL, value });
                }
            }
            _ => {
                let found = cache.get(&token, now);
                asked += 1;
                let kept = model.get(&token).filter(|kept| {
                    let Window { from, until } = kept.window;
                    now.unix.is_finite() && from <= now.unix && now.unix < until && now.mono < kept.ends
                });
                match (found, kept) {
                    (Some(found), kept) => assert_eq!(Some(found), kept.map(|kept| kept.value)),
                    // Among more than eight tokens, one may have made room for another.
                    (None, Some(_)) => assert!(model.len() > 8, "lost"),
                    (None, None) => {}
                }
            }
        }
        let stats = cache.stats();
        assert_eq!(stats.hits + stats.misses, asked);
        most = most.max(model.len());
        assert!(stats.evictions == 0 || most > 8);
    }
    Ok(())
}

/// One of few, so that they meet; seldom one that is too long to be kept.
fn token(data: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let which: u8 = data.arbitrary()?;
    Ok(match which {
        255 => vec![b'x'; 4097],
        254 => vec![b'x'; 4096],
        which => vec![which % 24; usize::from(which % 3)],
    })
}

fn moment(data: &mut Unstructured<'_>) -> Result<f64> {
    let which: u8 = data.arbitrary()?;
    Ok(match which {
        255 => f64::NAN,
        254 => f64::INFINITY,
        253 => f64::NEG_INFINITY,
        252 => data.arbitrary()?,
        which => f64::from(which) / 4.0,
    })
}
