//! What a test says when facts and tree disagree.

/// Fails with every problem, each on a line of its own.
#[track_caller]
pub(crate) fn none(problems: &[String]) {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}\n")).collect();
    assert!(problems.is_empty(), "{} untidy:\n{}", problems.len(), lines.concat());
}
