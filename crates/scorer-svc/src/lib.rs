//! scorer-svc
