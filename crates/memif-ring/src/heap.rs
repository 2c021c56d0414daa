//! A ring on the heap, for tests of the queue logic.
