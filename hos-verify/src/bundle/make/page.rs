use std::fmt::Write as _;

use super::{Draft, DraftEntry};
use crate::bundle::Claim;
use crate::json::Value;
use crate::leaf::Leaf;
use crate::verdict::shown;

/// The most entries that the page shows, and the most bytes of a part's body.
const SHOWN_MAX: usize = 500;
const BODY_SHOWN_MAX: usize = 4_096;

/// A page for people, Turkish and English: no script, nothing loaded, every value escaped.
pub(super) fn page(
    draft: &Draft,
    origin: &str,
    size: u64,
    leaves: &[(&DraftEntry, Leaf)],
) -> String {
    let mut page = HEAD.to_owned();
    // OK because writing to a string cannot fail, here and below.
    let _infallible = write!(
        page,
        "<p>Kayıt defteri · Log<br><code>{}</code><br>{size} kayıt · entries<br>\
         Hazırlanma · Made <time>{}</time></p>\n<ul>",
        escape(origin),
        draft.created,
    );
    for claim in &draft.claims {
        let _infallible = write!(page, "<li>{}</li>", claim_text(claim));
    }
    page.push_str("</ul>\n");
    for (entry, leaf) in leaves.iter().take(SHOWN_MAX) {
        section(&mut page, entry, leaf);
    }
    if leaves.len() > SHOWN_MAX {
        let rest = leaves.len() - SHOWN_MAX;
        let _infallible = writeln!(page, "<p>… +{rest}: <code>entries/</code></p>");
    }
    page.push_str("</main></body></html>\n");
    page
}

const HEAD: &str = "<!doctype html>\n<html lang=\"tr\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
    <title>Kanıt dosyası · Proof bundle</title><style>\
    body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:44rem;padding:1rem}\
    section{border:1px solid #8888;border-radius:8px;margin:1rem 0;padding:0 1rem 1rem}\
    dt{font-weight:600;margin-top:.5rem}dd{margin:0}\
    code,pre{overflow-wrap:anywhere;white-space:pre-wrap}</style></head><body><main>\n\
    <h1>Kanıt dosyası <small lang=\"en\">Proof bundle</small></h1>\n\
    <p>Bu sayfa okumak içindir, kanıt değildir. Kanıt, doğrulayıcının vardığı sonuçtur: \
    <code>hos_verify.py DOSYA --policy GÜVEN</code>. Elle doğrulama: <code>README.txt</code>.</p>\n\
    <p lang=\"en\">This page is for reading and proves nothing. The proof is what a verifier says: \
    <code>hos_verify.py FILE --policy TRUST</code>. By hand: <code>README.txt</code>.</p>\n";

fn claim_text(claim: &Claim) -> String {
    match claim {
        Claim::Entries => "Seçilmiş kayıtlar; dışarıda kalanlar için bir şey söylenmez · \
             A selection; nothing is said of what is left out"
            .to_owned(),
        Claim::Range { from, to } => {
            let last = to.saturating_sub(1);
            format!("{from}–{last} arası eksiksiz · Nothing left out from {from} to {last}")
        }
        Claim::Subject { subject, revisions } => {
            let subject = escape(subject);
            format!(
                "<code>{subject}</code>: 1–{revisions} sürümleri eksiksiz · \
                 revisions 1 to {revisions} without a gap"
            )
        }
    }
}

fn section(page: &mut String, entry: &DraftEntry, leaf: &Leaf) {
    let (turkish, english) = title(&leaf.type_);
    let _infallible = write!(
        page,
        "<section><h2>{} · {turkish} <small lang=\"en\">{english}</small></h2><dl>",
        entry.index
    );
    let mut row = |turkish: &str, english: &str, value: &str| {
        let _infallible = write!(
            page,
            "<dt>{turkish} <small lang=\"en\">{english}</small></dt><dd><code>{}</code></dd>",
            escape(value)
        );
    };
    row("Numara", "Number", &leaf.id.to_string());
    row("Zaman (UTC)", "Time (UTC)", &leaf.at.to_string());
    let field = |key: &str| leaf.value.get(key).and_then(Value::as_str);
    for (key, turkish, english) in FIELDS {
        if let Some(value) = field(key) {
            row(turkish, english, value);
        }
    }
    if let Some(revision) = leaf.revision {
        row("Sürüm", "Revision", &revision.to_string());
    }
    let actor = leaf.value.get("actor");
    if let Some(actor) = actor.and_then(|actor| actor.get("p")).and_then(Value::as_str) {
        row("Yapan", "Actor", actor);
    }
    for part in &leaf.parts {
        let name = &part.name;
        let opened = entry.opened.iter().find(|opened| opened.name == *name);
        let erased = entry.erased.iter().find(|(erased, _)| erased == name);
        let value = match (opened, erased) {
            (Some(opened), _) => match std::str::from_utf8(&opened.body) {
                Ok(body) if body.len() <= BODY_SHOWN_MAX => body.to_owned(),
                _ => format!("parts/{}/{name}.bin", leaf.id),
            },
            (None, Some((_, by))) => format!("silindi · erased ({by})"),
            (None, None) => "açılmadı · withheld".to_owned(),
        };
        row(name, "part", &value);
    }
    page.push_str("</dl></section>\n");
}

/// Fields of a leaf that people ask for, with their names in both languages.
const FIELDS: [(&str, &str, &str); 7] = [
    ("subject", "Konu", "Subject"),
    ("action", "İşlem", "Action"),
    ("from", "Önce", "From"),
    ("to", "Sonra", "To"),
    ("target", "Kime", "Target"),
    ("code", "Kod", "Code"),
    ("request", "İstek", "Request"),
];

fn title(type_: &str) -> (&'static str, &'static str) {
    match type_ {
        "opened/1" => ("Açıldı", "Opened"),
        "adopted/1" => ("Devralındı", "Adopted"),
        "transition/1" => ("Durum değişti", "Moved"),
        "timer/1" => ("Süre doldu", "Timer fired"),
        "denial/1" => ("Reddedildi", "Denied"),
        "member/1" => ("Üyelik", "Membership"),
        "ban/1" => ("Yasak", "Ban"),
        "erasure/1" => ("Silme", "Erasure"),
        "correction/1" => ("Düzeltme", "Correction"),
        "record/1" => ("Kayıt", "Record"),
        _ => ("Kural kaydı", "Entry of the law"),
    }
}

/// A value as text of a page, without what would hide or reverse it.
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for c in value.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' => escaped.push('\n'),
            other => escaped.push_str(&shown(other.encode_utf8(&mut [0; 4]))),
        }
    }
    escaped
}
