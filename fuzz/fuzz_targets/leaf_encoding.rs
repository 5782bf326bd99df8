#![no_main]

#[path = "../checks/leaf_encoding.rs"]
mod leaf_encoding;

libfuzzer_sys::fuzz_target!(|data: &[u8]| leaf_encoding::check(data));
