//! Builds the twin with the librdkafka of the daemons.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=twin.c");
    let librdkafka = env::var_os("DEP_RDKAFKA_ROOT").expect("rdkafka-sys says where it built");
    cc::Build::new()
        .file("twin.c")
        .opt_level(3)
        .flag("-isystem")
        .flag(PathBuf::from(librdkafka).join("src"))
        .extra_warnings(true)
        .compile("twin");
}
