//! Search among everything on offer.

use serde::{Deserialize, Serialize};

use super::{CATEGORIES, Listing, select};
use crate::app::App;
use crate::database::query;
use crate::error::Problem;

/// How many listings one page shows.
const PAGE_ROWS: i64 = 24;
/// The last page that is counted to.
const PAGE_MAX: i64 = 10_000;
/// The longest text that is looked for, in characters.
const TEXT_CHARACTERS_MAX: usize = 100;
/// The orders of a page.
const SORTS: [&str; 4] = ["title", "newest", "cheapest", "dearest"];

/// What is looked for; an empty field narrows nothing down.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    pub(crate) text: String,
    pub(crate) category: String,
    pub(crate) flow: String,
    /// `title`, `newest`, `cheapest` or `dearest`.
    pub(crate) sort: String,
    /// From 1 on.
    pub(crate) page: i64,
}

/// A page of what was found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) page: i64,
    /// The last page; 1 when nothing was found.
    pub(crate) pages: i64,
    /// How many there are on all pages.
    pub(crate) total: i64,
}

/// Finds published listings, in a stable order. They are for everybody, as [`super::published`].
pub(crate) async fn search(app: &App, search: &Search) -> Result<Page<Listing>, Problem> {
    search.check()?;
    let page = search.page.max(1);
    let pattern = pattern(&search.text);
    let total: i64 = query(
        "SELECT count(*) FROM listings WHERE status = 'published' \
         AND folded LIKE ?1 ESCAPE '!' AND (?2 = '' OR category = ?2) AND (?3 = '' OR flow = ?3)",
    )
    .bind(&pattern)
    .bind(&search.category)
    .bind(&search.flow)
    .fetch_one(app.database())
    .await?;
    let items = query(select!(
        "WHERE status = 'published' AND folded LIKE ?1 ESCAPE '!' \
         AND (?2 = '' OR category = ?2) AND (?3 = '' OR flow = ?3) \
         ORDER BY CASE ?4 WHEN 'newest' THEN -listings.created_at WHEN 'cheapest' THEN price \
         WHEN 'dearest' THEN -price END, folded, listings.tenant, listings.id LIMIT ?5 OFFSET ?6"
    ))
    .bind(&pattern)
    .bind(&search.category)
    .bind(&search.flow)
    .bind(&search.sort)
    .bind(PAGE_ROWS)
    .bind((page - 1).saturating_mul(PAGE_ROWS))
    .fetch_all(app.database())
    .await?;
    let pages = total.saturating_add(PAGE_ROWS - 1).div_euclid(PAGE_ROWS).max(1);
    Ok(Page { items, page, pages, total })
}

impl Search {
    fn check(&self) -> Result<(), Problem> {
        let mut faults = Vec::new();
        let known = |text: &str, among: &[&str]| text.is_empty() || among.contains(&text);
        if self.text.chars().nth(TEXT_CHARACTERS_MAX).is_some() {
            faults.push(format!("`text` is over {TEXT_CHARACTERS_MAX} characters"));
        }
        if !known(&self.category, &CATEGORIES) {
            faults.push(format!("`category` is none of {}", CATEGORIES.join(", ")));
        }
        if !known(&self.flow, &["sale", "booking"]) {
            faults.push("`flow` is neither sale nor booking".to_owned());
        }
        if !known(&self.sort, &SORTS) {
            faults.push(format!("`sort` is none of {}", SORTS.join(", ")));
        }
        if !(0..=PAGE_MAX).contains(&self.page) {
            faults.push(format!("`page` is not 1 to {PAGE_MAX}"));
        }
        super::change::none_of(&faults)
    }
}

/// What is looked for, as a pattern in which the text stands for itself.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in fold(text.trim()).chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// What a search looks at in a listing.
pub(super) fn folded(title: &str, description: &str) -> String {
    format!("{}\n{}", fold(title.trim()), fold(description))
}

/// Small letters without their marks, so that every spelling of a Turkish word finds it.
fn fold(text: &str) -> String {
    let plain = |letter: char| match letter {
        'İ' | 'I' | 'ı' => 'i',
        'Ş' | 'ş' => 's',
        'Ğ' | 'ğ' => 'g',
        'Ü' | 'ü' => 'u',
        'Ö' | 'ö' => 'o',
        'Ç' | 'ç' => 'c',
        other => other,
    };
    text.chars().map(plain).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turkish_letters_fold_alike() {
        assert_eq!(fold("IĞDIR Çiçeği İstanbul ışık"), "igdir cicegi istanbul isik");
        assert_eq!(fold("ÉCLAIR"), "éclair");
    }

    #[test]
    fn a_pattern_stands_for_itself() {
        assert_eq!(pattern(" 100%_! "), "%100!%!_!!%");
        assert_eq!(pattern(""), "%%");
    }
}
