//! producer-svc
