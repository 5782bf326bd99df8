#![no_main]

#[path = "../checks/proof_verification.rs"]
mod proof_verification;

libfuzzer_sys::fuzz_target!(|data: &[u8]| proof_verification::check(data));
