//! Runs independent jobs on several threads: the only thread pool of the crate besides
//! the walk over a file tree, whose crate brings one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The caller's own thread runs fewer jobs than this.
const MIN_PARALLEL_ITEMS: usize = 8;

/// Runs `job` over every item and returns the results in the order of the
/// items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], job: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_with(items, || (), |item, ()| job(item))
}

/// Runs `job` over every item and returns the results in the order of the
/// items. `new_state` makes the mutable state of each thread.
pub(crate) fn map_with<T: Sync, R: Send, S>(
    items: &[T],
    new_state: impl Fn() -> S + Sync,
    job: impl Fn(&T, &mut S) -> R + Sync,
) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    if items.len() < MIN_PARALLEL_ITEMS || threads < 2 {
        let mut state = new_state();
        return items.iter().map(|item| job(item, &mut state)).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (mut results, mut state) = (Vec::new(), new_state());
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    results.push((index, job(item, &mut state)));
                }
                // A poisoned lock needs no handling: the scope passes the
                // panic of its thread on to the caller.
                if let Ok(mut done) = done.lock() {
                    done.extend(results);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_keep_their_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(super::map(&items, |item| item * 2), items.iter().map(|i| i * 2).collect::<Vec<_>>());
    }
}
