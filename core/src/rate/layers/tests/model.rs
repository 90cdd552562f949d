//! One thread, arbitrary clocks: against a model on unbounded numbers, and against the claim of each layer.

use super::*;
use crate::rate::clock::GRANULARITY;
use crate::rate::tests::{Event, assert_claim};
use crate::rate::{Limiter, Prepared, Quota};
use alloc::collections::BTreeMap;
use proptest::prelude::*;
use std::vec;

const PRINCIPALS: [&str; 3] = ["jwt:i:anna", "jwt:i:ben", "key:ci"];
const ADDRESSES: [&[u8]; 2] = [b"10.0.0.1", b"10.0.0.2"];
const ROLES: [&[&str]; 4] = [&[], &["user"], &["trial"], &["user", "trial"]];
const TOOLS: [&str; 4] = ["x", "y", "draft_1", "draft_2"];
/// As patterns, and as what they cover.
const COVERED: [(&[&str], [bool; 4]); 4] = [
    (&["x"], [true, false, false, false]),
    (&["draft_*"], [false, false, true, true]),
    (&["y", "draft_1"], [false, true, true, false]),
    (&["*"], [true; 4]),
];

/// A limit, as the layer has it and as the model has it.
#[derive(Clone, Debug)]
struct Limit {
    quota: Quota,
    per: Per,
    /// Indexes into `ROLES` and `COVERED`.
    roles: Option<usize>,
    covered: Option<usize>,
    cost: u32,
}

impl Limit {
    fn layer(&self, at: usize) -> Layer {
        let layer = Layer::new(format!("{at}"), self.quota, self.per).cost(self.cost).slots(700);
        let layer = match self.roles {
            Some(roles) => layer.roles(ROLES[roles].iter().copied()),
            None => layer,
        };
        match self.covered {
            Some(covered) => layer.tools(COVERED[covered].0),
            None => layer,
        }
    }

    fn is_for(&self, roles: usize) -> bool {
        self.roles.is_none_or(|own| ROLES[own].iter().any(|role| ROLES[roles].contains(role)))
    }

    fn covers(&self, tool: Option<usize>) -> bool {
        self.covered.is_none_or(|covered| tool.is_some_and(|tool| COVERED[covered].1[tool]))
    }
}

#[derive(Clone, Debug)]
struct Request {
    principal: usize,
    roles: usize,
    address: usize,
    /// None where it names nothing.
    tools: Vec<usize>,
}

impl Request {
    /// The calls of each bucket of a limit, buckets in the order they are spent from.
    fn buckets(&self, limit: &Limit) -> Vec<(u64, u32)> {
        let named = self.tools.iter().map(|tool| Some(*tool));
        let nothing = self.tools.is_empty().then_some(None);
        let mut buckets: Vec<(u64, u32)> = vec![];
        for tool in named.chain(nothing).filter(|tool| limit.covers(*tool)) {
            let key = match limit.per {
                Per::Principal => self.principal,
                Per::PrincipalAndTool => 100 + 10 * self.principal + tool.map_or(9, |tool| tool),
                Per::Address => 1000 + self.address,
                Per::Everybody => 2000,
            };
            let key = u64::try_from(key).unwrap();
            match buckets.iter_mut().find(|(one, _)| *one == key) {
                Some((_, times)) => *times += 1,
                None => buckets.push((key, 1)),
            }
        }
        buckets
    }
}

/// GCRA on unbounded numbers: a TAT a bucket, in ticks, and the clock a table counts with.
struct Table {
    quota: Prepared,
    tats: BTreeMap<u64, i128>,
    high: u64,
    events: BTreeMap<u64, Vec<Event>>,
}

impl Table {
    fn new(limit: &Limit) -> Self {
        let quota = *Limiter::new(1, limit.quota, SEED).unwrap().base();
        Self { quota, tats: BTreeMap::new(), high: 0, events: BTreeMap::new() }
    }

    fn now(&self, mono: u64) -> (u64, i128) {
        let now = mono.max(self.high);
        let range = u128::from(self.quota.scale.range_micros());
        (now, i128::try_from((u128::from(now) << 36) / range).unwrap())
    }

    /// Whether so many units fit; units left.
    fn spend(&mut self, key: u64, units: u32, mono: u64) -> (bool, u32) {
        let ever = units <= self.quota.capacity;
        if ever && mono > self.high + GRANULARITY {
            self.high = mono;
        }
        let (_, now) = self.now(mono);
        let tat = self.tats.get(&key).copied().unwrap_or(0).max(now);
        let next = tat + i128::from(u64::from(units) * self.quota.interval);
        let fits = ever && next - now <= i128::from(self.quota.tolerance);
        let tat = if fits { next } else { tat };
        if fits {
            self.tats.insert(key, tat);
        }
        let left = (i128::from(self.quota.tolerance) - (tat - now)) / i128::from(self.quota.interval);
        (fits, u32::try_from(left.max(0)).unwrap())
    }

    fn give_back(&mut self, key: u64, units: u32) {
        *self.tats.get_mut(&key).unwrap() -= i128::from(u64::from(units) * self.quota.interval);
    }

    fn admitted(&mut self, key: u64, units: u32, mono: u64) {
        let ticks = i64::try_from(u64::from(units) * self.quota.interval).unwrap();
        let event = Event { at: self.now(mono).0, units: i64::from(units), ticks };
        self.events.entry(key).or_default().push(event);
    }
}

struct Model {
    limits: Vec<(Limit, Table)>,
}

impl Model {
    /// The limit that is told of and units left there, or that which refuses.
    fn spend(&mut self, request: &Request, mono: u64) -> Result<Left, Left> {
        let mut taken = vec![];
        let mut least: Option<(u32, Left)> = None;
        let mut refused = None;
        'spending: for (at, (limit, table)) in self.limits.iter_mut().enumerate() {
            let buckets = if limit.is_for(request.roles) { request.buckets(limit) } else { vec![] };
            for (key, times) in buckets {
                let units = times * limit.cost;
                let (fits, units_left) = table.spend(key, units, mono);
                let told = (format!("{at}"), units_left);
                if !fits {
                    refused = Some(told);
                    break 'spending;
                }
                taken.push((at, key, units));
                let calls = units_left / limit.cost;
                if least.as_ref().is_none_or(|(least, _)| calls < *least) {
                    least = Some((calls, told));
                }
            }
        }
        for (at, key, units) in taken {
            let table = &mut self.limits[at].1;
            match refused {
                Some(_) => table.give_back(key, units),
                None => table.admitted(key, units, mono),
            }
        }
        match refused {
            Some(told) => Err(told),
            None => Ok(least.map(|(_, told)| told).unwrap_or_default()),
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Request(Request),
    Forward(u64),
    Back(u64),
}

fn limit() -> impl Strategy<Value = Limit> {
    let quota = prop_oneof![
        Just(per(5, MINUTE)),
        Just(per(3, SECOND)),
        Just(per(7, SECOND)),
        Just(per(10, MINUTE).strict()),
        Just(per(100, SECOND).burst(4).unwrap()),
        Just(per(6, 86_400 * SECOND)),
        Just(per(100_000, SECOND).burst(5).unwrap()),
    ];
    let by = prop_oneof![
        Just(Per::Principal),
        Just(Per::PrincipalAndTool),
        Just(Per::Address),
        Just(Per::Everybody)
    ];
    let roles = proptest::option::of(1..ROLES.len());
    let covered = proptest::option::of(0..COVERED.len());
    (quota, by, roles, covered, 1_u32..=3).prop_map(|(quota, per, roles, covered, cost)| Limit {
        quota,
        per,
        roles,
        covered,
        cost,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tools = prop_oneof![
        6 => prop::collection::vec(0..TOOLS.len(), 1..=1),
        2 => prop::collection::vec(0..TOOLS.len(), 2..=5),
        1 => Just(vec![]),
    ];
    let request = (0..PRINCIPALS.len(), 0..ROLES.len(), 0..ADDRESSES.len(), tools)
        .prop_map(|(principal, roles, address, tools)| Request { principal, roles, address, tools });
    let time = prop_oneof![
        4 => 0..=GRANULARITY + 2,
        4 => 0..2 * SECOND,
        2 => 0..MINUTE,
        1 => 0..3 * 365 * 86_400 * SECOND,
    ];
    let step = prop_oneof![
        12 => request.prop_map(Step::Request),
        3 => time.clone().prop_map(Step::Forward),
        1 => time.prop_map(Step::Back),
    ];
    prop::collection::vec(step, 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 10_000 }))]

    /// With room for every key, a stack of layers is the model of it to the unit, give-backs included, whatever the clock
    /// does; and no bucket of any layer ever lets through more than its quota allows.
    #[test]
    fn layers_are_their_model(limits in prop::collection::vec(limit(), 1..=5), steps in steps()) {
        let layers = Layers::new(limits.iter().zip(0..).map(|(limit, at)| limit.layer(at)), SEED).unwrap();
        let mut model =
            Model { limits: limits.iter().map(|limit| (limit.clone(), Table::new(limit))).collect() };
        let mut mono = 0_u64;
        for step in steps {
            match step {
                Step::Forward(micros) => mono = mono.saturating_add(micros),
                Step::Back(micros) => mono = mono.saturating_sub(micros),
                Step::Request(request) => {
                    let who = caller(
                        PRINCIPALS[request.principal],
                        ROLES[request.roles],
                        ADDRESSES[request.address],
                    );
                    let tools: Vec<&str> = request.tools.iter().map(|tool| TOOLS[*tool]).collect();
                    prop_assert_eq!(call(&layers, &who, &tools, mono), model.spend(&request, mono), "{:?}", request);
                }
            }
        }
        prop_assert_eq!(layers.lost(), 0);
        for (_, table) in &mut model.limits {
            let quota = table.quota;
            assert_claim(&mut table.events, &quota);
        }
    }
}
