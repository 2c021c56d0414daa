//! Memwire from outside.
