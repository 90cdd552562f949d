//! The cases of one domain, as criterion likes them.

use criterion::Criterion;
use doorward_benches::{Case, Run};
use std::time::Duration;

pub(crate) fn run(cases: &[Case]) {
    let mut criterion = Criterion::default().configure_from_args();
    for case in cases {
        let name = case.vs.map_or_else(|| case.id.clone(), |vs| format!("{} vs {vs}", case.id));
        let mut group = criterion.benchmark_group(name);
        side(&mut group, "doorward", || case.build_ours());
        if let Some(vs) = case.vs {
            side(&mut group, vs, || case.build().theirs.expect("there is a peer"));
        }
    }
    criterion.final_summary();
}

/// Built when criterion first asks, which it does not for what was filtered out.
fn side(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    build: impl Fn() -> Run,
) {
    let mut built = None;
    group.bench_function(name, |bencher| {
        let run = built.get_or_insert_with(&build);
        bencher.iter_custom(|times| run(times).max(Duration::from_nanos(1)));
    });
}
