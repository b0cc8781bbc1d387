//! Many independent jobs on several threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fewer jobs than this are done by the caller's own thread.
const MIN_PARALLEL_ITEMS: usize = 8;

/// `job` over every item, in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], job: impl Fn(&T) -> R + Sync) -> Vec<R> {
    map_with(items, || (), |item, ()| job(item))
}

/// `job` over every item, in the order of the items; every thread has
/// something of its own to work with.
pub(crate) fn map_with<T: Sync, R: Send, S>(
    items: &[T],
    own: impl Fn() -> S + Sync,
    job: impl Fn(&T, &mut S) -> R + Sync,
) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    if items.len() < MIN_PARALLEL_ITEMS || threads < 2 {
        let mut state = own();
        return items.iter().map(|item| job(item, &mut state)).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (mut results, mut state) = (Vec::new(), own());
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    results.push((at, job(item, &mut state)));
                }
                // A thread that panicked takes the program with it anyway.
                if let Ok(mut done) = done.lock() {
                    done.extend(results);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
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
