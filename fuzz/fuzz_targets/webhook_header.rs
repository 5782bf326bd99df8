#![no_main]

//! The gate is taken as a source file, so that no web server is built under a sanitizer.

#[path = "../checks/webhook_header.rs"]
mod webhook_header;

#[expect(dead_code, reason = "the gate makes secrets too")]
#[path = "../../examples/pazar/src/webhook.rs"]
mod webhook;

libfuzzer_sys::fuzz_target!(|data: &[u8]| webhook_header::check(data));
