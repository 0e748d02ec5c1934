//! Work in the background gives way to sign-ins.

/// Whoever signs in comes first: this thread gives way to the others, and so do those that it starts. On Linux a thread has
/// a niceness of its own.
pub(crate) fn give_way() {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::warn!(%error, "work in the background runs at the priority of sign-ins");
    }
}

/// Under load such a thread still gets a tenth of a core.
const NICE: i32 = 10;

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn niceness() -> i32 {
        // Of this thread: that is what Linux takes nobody for.
        rustix::process::getpriority_process(None).expect("everybody may ask")
    }

    #[test]
    fn a_thread_gives_way_and_so_do_those_it_starts_and_nobody_else() {
        let before = niceness();
        let reader = thread::spawn(|| {
            give_way();
            thread::spawn(niceness).join().expect("a thread")
        });
        assert_eq!(reader.join().expect("a thread"), (before + NICE).min(19));
        assert_eq!(niceness(), before);
    }
}
