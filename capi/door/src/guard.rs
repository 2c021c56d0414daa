//! Around each exported function.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::cancel::NoCancel;

/// What a call gives, or `None` if it panicked, which would be a defect of ours: no panic reaches the program, and no
/// cancelled thread ends in the middle of a call.
pub fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    let _whole = NoCancel::new();
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
