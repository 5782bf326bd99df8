#![no_main]

#[path = "../checks/condition_text.rs"]
mod condition_text;

libfuzzer_sys::fuzz_target!(|data: &[u8]| condition_text::check(data));
