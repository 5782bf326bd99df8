//! Every case of the suite on the store in memory.

use std::process::ExitCode;

use hos_conformance::ground::MemoryFactory;

fn main() -> ExitCode {
    hos_conformance::harness::main(MemoryFactory, |case| futures_executor::block_on(case))
}
