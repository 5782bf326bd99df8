#![no_main]

#[path = "../checks/contract_file.rs"]
mod contract_file;

libfuzzer_sys::fuzz_target!(|data: &[u8]| contract_file::check(data));
