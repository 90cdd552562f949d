//! The fetch machine against a model.

use super::*;
use proptest::prelude::*;

proptest! {
    /// Whatever happens in whatever order: one fetch at a time, none within a cool-down, and a set is usable exactly for
    /// its time.
    #[test]
    fn a_set_is_fetched_seldom_and_used_for_its_time(
        events in proptest::collection::vec((0_u8..7, 0_u64..40), 1..200),
        stale in 1_u64..200,
    ) {
        let jwks = Arc::new(
            Jwks::at("https://issuer.example/jwks")
                .unwrap()
                .cooldown(Duration::from_secs(10))
                .fresh_for(Duration::from_secs(25))
                .stale_for(Duration::from_secs(stale))
                .timeout(Duration::from_secs(5)),
        );
        let sets = [set(&[&Pair::new(1)]), set(&[&Pair::new(1), &Pair::new(2)])];
        let (mut now, mut under_way, mut last_begun, mut last_ended, mut loaded) = (0, None, None::<u64>, None::<u64>, None);
        // When the issuer was asked last, with whatever result.
        let mut asked = 0;
        for (event, pause) in events {
            now += pause;
            let moment = Now::new(0.0, now * 1_000_000);
            match (event, under_way.take()) {
                (0 | 1, before) => {
                    let fetch = if event == 0 { jwks.fetch(moment) } else { jwks.refresh(moment) };
                    if let Some(fetch) = fetch {
                        // The one before was given up, or is over, and the cool-down with it.
                        prop_assert!(before.is_none() || last_begun.is_some_and(|begun| now >= begun + 20));
                        prop_assert!(last_begun.is_none_or(|begun| now >= begun + 10));
                        prop_assert!(last_ended.is_none_or(|ended| now >= ended + 10));
                        prop_assert!(event == 0 || loaded.is_none_or(|at| now >= at + 25));
                        last_begun = Some(now);
                        under_way = Some(fetch);
                    } else {
                        let cooling = |since: Option<u64>| since.is_some_and(|since| now < since + 10);
                        let busy = before.is_some() && last_begun.is_some_and(|begun| now < begun + 20);
                        let fresh = event == 1 && loaded.is_some_and(|at| now < at + 25);
                        prop_assert!(busy || cooling(last_begun) || cooling(last_ended) || fresh);
                        under_way = before;
                    }
                }
                (2 | 3, Some(fetch)) => {
                    let body = sets[usize::from(event - 2)].as_bytes();
                    let fetched = fetch.replied(Reply::Answer { status: 200, body }, moment);
                    prop_assert!(matches!(fetched, Fetched::Loaded(_)), "{fetched:?}");
                    (loaded, last_ended, asked) = (Some(now), Some(now), now);
                }
                (4, Some(fetch)) => {
                    prop_assert!(matches!(fetch.replied(Reply::TooLarge, moment), Fetched::Failed(_)));
                    (last_ended, asked) = (Some(now), now);
                }
                (5, Some(fetch)) => {
                    drop(fetch);
                    asked = last_begun.unwrap();
                }
                (_, before) => under_way = before,
            }
            // Fresh for 25 s; then there is time for a cool-down of 10 s and a fetch of 20 s.
            let usable = loaded.is_some_and(|at| now < at + stale && now < asked + 25 + 30);
            prop_assert_eq!(jwks.standing(moment).usable, usable);
        }
    }
}
