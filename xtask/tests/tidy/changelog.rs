//! The changelog is written for users and has one form.

use super::{report, tree};

const PATH: &str = "CHANGELOG.md";
const SECTIONS: &[&str] = &["Added", "Changed", "Fixed", "Breaking", "Removed", "Security"];

#[test]
fn the_changelog_is_well_formed() {
    report::none(&problems(&tree::read(PATH)));
}

fn problems(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.lines().next() != Some("# Changelog") {
        problems.push(format!("{PATH}:1: begin with `# Changelog`"));
    }
    let mut releases = 0;
    for (line, text) in text.lines().enumerate() {
        let line = line + 1;
        if let Some(release) = text.strip_prefix("## ") {
            releases += 1;
            if (release == "[Unreleased]") != (releases == 1) {
                problems.push(format!("{PATH}:{line}: `## [Unreleased]` comes first, once"));
            }
            if release != "[Unreleased]" && !is_release(release) {
                problems.push(format!("{PATH}:{line}: write `## [1.2.3] - 2026-01-31`"));
            }
        }
        if let Some(section) = text.strip_prefix("### ")
            && !SECTIONS.contains(&section)
        {
            problems.push(format!("{PATH}:{line}: `{section}` is none of {SECTIONS:?}"));
        }
    }
    if releases == 0 {
        problems.push(format!("{PATH}: `## [Unreleased]` is missing"));
    }
    problems
}

fn is_release(release: &str) -> bool {
    let Some((version, date)) = release.split_once(" - ") else { return false };
    let numbers = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    numbers.is_some_and(|numbers| are_numbers(numbers, '.')) && are_numbers(date, '-')
}

fn are_numbers(text: &str, between: char) -> bool {
    text.split(between).count() == 3 && text.split(between).all(|part| part.parse::<u32>().is_ok())
}

#[test]
fn a_changelog_out_of_form_is_seen() {
    let good = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- x\n\n## [0.1.0] - 2026-01-31\n";
    assert_eq!(problems(good), Vec::<String>::new());
    assert_eq!(problems("").len(), 2);
    assert_eq!(problems("# Changelog\n## 0.1\n### New\n").len(), 3);
}
