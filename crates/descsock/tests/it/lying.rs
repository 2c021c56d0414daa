//! lying
