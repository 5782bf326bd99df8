//! Programs of the system that tests drive: the distribution's packages, installed when missing.

use std::fs;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::step::Step;
use crate::tree;

/// A program and the distribution's package that holds it.
#[derive(Debug)]
struct Program {
    name: &'static str,
    package: &'static str,
}

/// What the browser tests drive.
const BROWSER: &[Program] = &[
    Program { name: "chromium", package: "chromium" },
    Program { name: "chromedriver", package: "chromium-driver" },
];

/// Fetches the accessibility rules.
const NPM: Program = Program { name: "npm", package: "npm" };

/// The accessibility rules that pages are held to, at a pinned version.
const AXE: &str = "axe-core@4.14.1";

/// Makes a browser, its driver and the accessibility rules available; answers where the rules are.
pub(crate) fn ensure_browser() -> Result<PathBuf, Failure> {
    for program in BROWSER {
        program.ensure()?;
    }
    let directory = tree::target().join("axe");
    let rules = directory.join("package/axe.min.js");
    if rules.is_file() {
        return Ok(rules);
    }
    NPM.ensure()?;
    fs::create_dir_all(&directory)
        .map_err(|error| Failure::new(format!("{}: {error}", directory.display())))?;
    let packed = Step::program("npm", ["pack", "--silent", AXE]).directory(&directory).output()?;
    let unpack = Step::program("tar", ["-xzf", packed.trim()]).directory(&directory);
    unpack.run()?;
    Ok(rules)
}

impl Program {
    fn ensure(&self) -> Result<(), Failure> {
        if self.answers() {
            return Ok(());
        }
        let install = Step::program("apt-get", ["install", "--yes", "--no-install-recommends"])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .arg(self.package);
        if install.run().is_err() {
            // The lists of a new machine are old or missing.
            Step::program("apt-get", ["update"]).run()?;
            install.run()?;
        }
        if self.answers() {
            return Ok(());
        }
        Err(Failure::new(format!("`{}` does not answer; install `{}`", self.name, self.package)))
    }

    fn answers(&self) -> bool {
        Step::program(self.name, ["--version"]).output().is_ok()
    }
}
