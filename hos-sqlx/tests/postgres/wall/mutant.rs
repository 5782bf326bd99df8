//! Every function of the law with one of its predicates on tenants taken out.

#![expect(clippy::string_slice, reason = "at the ends of what was found")]

use std::ops::Range;

use crate::shop::Shop;

/// Columns that say of which tenant, world or subject a row is.
const COLUMNS: [&str; 5] = ["scope", "world", "tenant", "number", "subject"];

/// Functions that concern every tenant and say so by binding themselves to all of them.
const FOR_ALL: [&str; 22] = [
    "hos_anchor",
    "hos_anchors",
    "hos_attest",
    "hos_attestations",
    "hos_bind_all",
    "hos_bind_log",
    "hos_bind_logs",
    "hos_blocked_logs",
    "hos_detach_before",
    "hos_done",
    "hos_due_timers",
    "hos_partition_ahead",
    "hos_pending_page",
    "hos_pins",
    "hos_rotate_outbox",
    "hos_sequence",
    "hos_state",
    "hos_sweep_receipts",
    "hos_tenants",
    "hos_unanchored_logs",
    "hos_unsealed_logs",
    "hos_waiting",
];

/// One function with one predicate taken out.
pub(super) struct Mutant {
    pub(super) name: String,
    pub(super) predicate: String,
    pub(super) original: String,
    pub(super) text: String,
}

impl Mutant {
    fn new(name: &str, original: &str, range: Range<usize>) -> Self {
        let mut text = original.to_owned();
        text.replace_range(range.clone(), "true");
        Self {
            name: name.to_owned(),
            predicate: original[range].to_owned(),
            original: original.to_owned(),
            text,
        }
    }
}

/// The mutants of all functions that are not for all tenants.
pub(super) async fn mutants(shop: &Shop) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let mut for_all = Vec::new();
    for (name, text) in functions(shop).await {
        if text.contains("hos_bind_all()") {
            for_all.push(name);
        } else {
            let predicates = predicates(&text).into_iter();
            mutants.extend(predicates.map(|range| Mutant::new(&name, &text, range)));
        }
    }
    assert_eq!(for_all, FOR_ALL, "whoever is for all tenants is listed");
    mutants
}

/// Name and text of each function of the law, but of those that raise the wall.
async fn functions(shop: &Shop) -> Vec<(String, String)> {
    let all = "SELECT string_agg(proname || E'\\x01' || pg_get_functiondef(oid), E'\\x02' \
               ORDER BY proname) \
               FROM pg_proc WHERE proname LIKE 'hos\\_%' AND prokind = 'f' \
               AND proname NOT IN ('hos_wall', 'hos_bind')";
    let all = shop.read(all).await.unwrap();
    let functions = all.split('\u{2}').map(|function| function.split_once('\u{1}').unwrap());
    functions.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// Where a text compares one of the columns with something.
fn predicates(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for column in COLUMNS {
        for (at, _) in text.match_indices(column) {
            let (before, after) = (&text[..at], &text[at + column.len()..]);
            let qualified = before.trim_end_matches(is_word);
            let whole = before.ends_with('.') || qualified.len() == before.len();
            let Some(length) = compared(after).filter(|_| whole) else { continue };
            let asked = qualified.trim_end();
            if !["IF", "WHEN"].iter().any(|word| asked.ends_with(word)) {
                found.push(qualified.len()..at + column.len() + length);
            }
        }
    }
    found
}

/// How long a comparison is that a text begins with: its operator and what is on its right.
fn compared(text: &str) -> Option<usize> {
    let operator = [" = ANY ", " IN ", " = "].into_iter().find(|form| text.starts_with(form))?;
    let right = &text[operator.len()..];
    let name = right.len() - right.trim_start_matches(|next| is_word(next) || next == '\'').len();
    let inside = right[name..].starts_with(['(', '[']).then(|| balanced(&right[name..]));
    let inside = inside.filter(|_| name == 0 || right[name..].starts_with('['));
    Some(operator.len() + name + inside.unwrap_or(0))
}

fn is_word(next: char) -> bool {
    next.is_alphanumeric() || "_.@".contains(next)
}

/// How long a text is up to the bracket that closes its first one.
fn balanced(text: &str) -> usize {
    let mut open = 0_usize;
    let closes = text.char_indices().find(|(_, next)| {
        open = match next {
            '(' | '[' => open + 1,
            ')' | ']' => open - 1,
            _ => open,
        };
        open == 0
    });
    closes.map_or(text.len(), |(at, bracket)| at + bracket.len_utf8())
}

#[test]
fn predicates_are_found_whole() {
    let text = "WHERE held.scope = numbers[line.own] AND scope IN (own, above) AND kind = of_kind \
                AND subject = ANY (subjects) AND moved.number = own AND tenant = '@world' \
                AND (SELECT max(place) FROM t WHERE t.scope = line.scope AND level = 0) > 1 \
                IF world = '' THEN recorded_scope = 2";
    let found: Vec<&str> = predicates(text).into_iter().map(|range| &text[range]).collect();
    let expected = [
        "held.scope = numbers[line.own]",
        "scope IN (own, above)",
        "t.scope = line.scope",
        "tenant = '@world'",
        "moved.number = own",
        "subject = ANY (subjects)",
    ];
    assert_eq!(found, expected);
}
