#![no_main]

#[path = "../checks/law_file.rs"]
mod law_file;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law_file::check(data));
