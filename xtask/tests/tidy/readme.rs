//! What the README shows is what compiles.

use super::tree;

const EXAMPLE: &str = "hos-sqlx/examples/paved_path.rs";

#[test]
fn the_readme_shows_the_compiled_example() {
    let readme = tree::read("README.md");
    let Some(shown) = first_block(&readme) else {
        panic!("README.md: no ```rust block; show the lines between the marks of {EXAMPLE}");
    };
    let Some(compiled) = marked(&tree::read(EXAMPLE)) else {
        panic!("{EXAMPLE}: put `// readme:start` and `// readme:end` around what README.md shows");
    };
    assert_eq!(
        shown, compiled,
        "README.md (left) and {EXAMPLE} (right) differ; copy the lines between the marks over"
    );
}

/// The first block of code that says it is Rust.
fn first_block(markdown: &str) -> Option<String> {
    let mut lines = markdown.lines().skip_while(|line| !is_rust_fence(line));
    lines.next()?;
    let block: Vec<&str> = lines.take_while(|line| !line.starts_with("```")).collect();
    Some(dedented(&block))
}

/// `rust` alone or with attributes: `rust,no_run`.
fn is_rust_fence(line: &str) -> bool {
    let language = line.strip_prefix("```").and_then(|info| info.split(',').next());
    language.is_some_and(|language| language.trim() == "rust")
}

/// The lines between the marks, moved to the left as far as they go together.
fn marked(source: &str) -> Option<String> {
    let mut lines = source.lines().skip_while(|line| line.trim() != "// readme:start");
    lines.next()?;
    let block: Vec<&str> = lines.take_while(|line| line.trim() != "// readme:end").collect();
    Some(dedented(&block))
}

fn dedented(block: &[&str]) -> String {
    let indent = |line: &&&str| line.len() - line.trim_start().len();
    let common = block.iter().filter(|line| !line.trim().is_empty()).map(|l| indent(&l)).min();
    let lines = block.iter().map(|line| line.get(common.unwrap_or(0)..).unwrap_or_default());
    lines.map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[test]
fn indentation_does_not_count() {
    let markdown = "x\n```sh\nls\n```\n```rust,no_run\nlet a = 1;\n\nif a {\n    b();\n}\n```\n";
    let source = "fn main() {\n    // readme:start\n    let a = 1;\n\n    if a {\n        b();\n\
                  \u{20}   }\n    // readme:end\n}\n";
    assert_eq!(first_block(markdown), marked(source));
    assert!(marked("fn main() {}").is_none());
}
