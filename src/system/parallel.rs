//! Runs independent jobs on several threads: the only thread pool of the crate besides
//! the walk over a file tree, whose crate brings one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

/// The caller's own thread runs fewer jobs than this.
const MIN_PARALLEL_ITEMS: usize = 8;

/// Returns the number of threads that run at the same time, at most eight. The question costs
/// several files, so it is asked once.
fn count_threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from).min(8))
}

/// Returns whether a second thread would run at the same time.
pub(crate) fn has_second_thread() -> bool {
    count_threads() > 1
}

/// Runs `beside` on a second thread while the caller's thread runs `own`; returns both results.
/// If there is one thread only, the jobs run one after the other.
pub(crate) fn join<A: Send, B>(beside: impl FnOnce() -> A + Send, own: impl FnOnce() -> B) -> (A, B) {
    if !has_second_thread() {
        return (beside(), own());
    }
    std::thread::scope(|scope| {
        let second = scope.spawn(beside);
        let own = own();
        (second.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), own)
    })
}

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
    if items.len() < MIN_PARALLEL_ITEMS {
        let mut state = new_state();
        return items.iter().map(|item| job(item, &mut state)).collect();
    }
    map_large(items, new_state, job)
}

/// Does what [`map_with`] does, for jobs that take so long that two threads are worth it for two.
pub(crate) fn map_large<T: Sync, R: Send, S>(
    items: &[T],
    new_state: impl Fn() -> S + Sync,
    job: impl Fn(&T, &mut S) -> R + Sync,
) -> Vec<R> {
    if items.is_empty() {
        return Vec::new();
    }
    let threads = count_threads().min(items.len());
    if threads < 2 {
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
    fn two_jobs_return_their_results() {
        let text = String::from("beside");
        assert_eq!(super::join(|| text.len(), || "own"), (6, "own"));
    }

    #[test]
    fn results_keep_their_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(super::map(&items, |item| item * 2), items.iter().map(|i| i * 2).collect::<Vec<_>>());
    }
}
