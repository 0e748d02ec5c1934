//! What keeps a PIN out of files: no core dump, no reader from outside, and memory that is not swapped out as far as the system
//! allows.
//!
//! Without a limit on locked memory, the whole process is locked. Under one, which is the rule for a resident's program, only the
//! stacks of the threads that a PIN passes through are. Not locked there: a PIN's few octets on the heap, its own and those of
//! the VERIFY command, which hold it from the last digit typed to the card's answer and are wiped then; and what is not ours: the
//! terminal, the system's buffers, the smart card service.

use std::ptr;

use region::LockGuard;
use rustix::io;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use tracing::{debug, warn};

/// Switches core dumps off for this process and keeps others of the same user from reading its memory. Comes before
/// anything that may read a PIN.
pub(crate) fn forbid_dumps() {
    // The limit stops core files, not a core_pattern that is a pipe; a process that is not dumpable stops both, and
    // ptrace(2) and /proc/PID/mem too.
    if let Err(error) = forbid() {
        warn!(%error, "core dumps could not be switched off");
    }
}

fn forbid() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
}

/// Keeps the whole process out of swap where there is no limit on locked memory. Under a limit it would make later
/// allocations fail; then only what [`lock_stack`] locks stays out of swap.
pub(crate) fn lock_memory() {
    if getrlimit(Resource::Memlock).current.is_some() {
        return;
    }
    // Pages are locked when they are used first: nothing grows.
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    if let Err(error) = mlockall(flags) {
        debug!(%error, "memory could not be locked");
    }
}

/// Keeps the calling thread's stack, from here on, out of swap until the guard is dropped. A system that does not allow it
/// is no reason to turn a resident away.
pub(crate) fn lock_stack() -> Option<LockGuard> {
    let here = 0_u8;
    let lowest = ptr::from_ref(&here).wrapping_byte_sub(STACK_OCTETS);
    match region::lock(lowest, STACK_OCTETS) {
        Ok(guard) => Some(guard),
        Err(error) => {
            debug!(%error, "the stack could not be locked into memory");
            None
        }
    }
}

/// Threads of the standard library have 2 MiB; the way of a PIN takes far less than this.
const STACK_OCTETS: usize = 256 * 1024;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::dumpable_behavior;

    use super::*;

    /// Field `name` of the calling thread's memory, in KiB.
    fn status(name: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/thread-self/status").expect("proc(5)");
        let line = status.lines().find(|line| line.starts_with(name)).expect("the field");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    #[test]
    fn the_process_leaves_no_core() {
        forbid_dumps();
        assert_eq!(dumpable_behavior().expect("prctl(2)"), DumpableBehavior::NotDumpable);
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }

    #[test]
    fn memory_is_locked_only_where_there_is_no_limit() {
        let limit = |current| Rlimit { current, maximum: getrlimit(Resource::Memlock).maximum };
        setrlimit(Resource::Memlock, limit(Some(64 * 1024))).expect("a lower limit");
        lock_memory();
        assert_eq!(status("VmLck:"), 0);
        // Only root may take the limit away; who may not stays under it.
        let unlimited = setrlimit(Resource::Memlock, Rlimit { current: None, maximum: None }).is_ok();
        lock_memory();
        assert_eq!(status("VmLck:") > 0, unlimited);
    }

    #[test]
    fn the_stack_is_locked_until_the_guard_is_dropped() {
        std::thread::spawn(|| {
            let before = status("VmLck:");
            let guard = lock_stack().expect("the limit on locked memory is large enough for tests");
            let locked = status("VmLck:") - before;
            assert!((256..=260).contains(&locked), "{locked} KiB");
            drop(guard);
            assert_eq!(status("VmLck:"), before);
        })
        .join()
        .expect("no panic");
    }
}
