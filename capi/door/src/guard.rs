//! Around each exported function.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::cancel;

/// What a call gives, or `None` if it panicked, which would be a defect of ours: no panic reaches the program, and no
/// cancelled thread ends in the middle of a call.
///
/// It may end at either side of the call. So the exported function has the ABI "C-unwind", and on the way from there to
/// here nothing needs to be dropped, which is what `Copy` says.
#[inline(always)]
pub fn guarded<T: Copy>(call: impl FnOnce() -> T + Copy) -> Option<T> {
    let before = cancel::disable();
    let result = caught(call);
    cancel::restore(before);
    result
}

/// Apart, because a function that catches cannot be left by a cancelled thread.
#[inline(never)]
fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_stays_inside() {
        assert_eq!(guarded(|| 7), Some(7));
        assert_eq!(guarded(|| -> u8 { panic!("a defect") }), None);
    }
}
