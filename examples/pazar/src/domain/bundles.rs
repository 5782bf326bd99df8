//! Files of evidence (`hosproof/1`): what a reader may see of a subject's life, to be checked
//! elsewhere without us.

use hos_core::error::FaultKind;
use hos_core::hos::{EXPORTED_MAX, Export};
use hos_core::laws::Proofs as _;
use hos_core::proof::{LogEntry, PAGE_MAX};
use hos_core::seal::LogName;
use hos_core::subject::Subject;

use super::evidence::{self, Leaf, Sight};
use crate::app::App;
use crate::auth::User;
use crate::error::Problem;

/// The longest part of a file's name that an id gives, in characters.
const NAME_ID_MAX: usize = 64;

/// A file of evidence.
#[derive(Debug)]
pub(crate) struct EvidenceFile {
    /// A name of letters, digits, dots and hyphens.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Whether personal parts are shown to whoever gets the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parts {
    /// Those that the reader may see.
    Shown,
    /// None of them.
    Withheld,
}

/// The evidence of a subject as a file, in which a reader finds no more than the page shows: who
/// audits the firm the whole life, others what names nobody else.
pub(crate) async fn of_subject(
    app: &App,
    user: &User,
    subject: &Subject,
    parts: Parts,
) -> Result<EvidenceFile, Problem> {
    let sight = evidence::sight(app, user, subject).await?;
    let closed = |_| Problem::new("unavailable", "the server is stopping");
    let _turn = app.exports().acquire().await.map_err(closed)?;
    let life = sealed_life(app, subject).await?;
    if life.is_empty() {
        return Err(Problem::guard("not_sealed", "nothing of it is sealed yet"));
    }
    let bytes = match sight {
        Sight::Everything => {
            let export = Export::subject(subject);
            let shown = if parts == Parts::Shown { export.disclose_all() } else { export };
            made(app, subject, &shown.pages()).await?
        }
        Sight::Roles => of_roles(app, user, subject, parts, &life).await?,
    };
    let bytes = bytes.ok_or_else(|| Problem::guard("not_sealed", "it is not sealed yet"))?;
    tracing::info!(tenant = %subject.tenant, kind = %subject.kind, "evidence was given out");
    Ok(EvidenceFile { name: file_name(subject), bytes })
}

/// The whole life where it names nobody but the reader; else the steps that do not.
async fn of_roles(
    app: &App,
    user: &User,
    subject: &Subject,
    parts: Parts,
    life: &[LogEntry],
) -> Result<Option<Vec<u8>>, Problem> {
    let may_read = |entry: &&LogEntry| Sight::Roles.shows(user, &Leaf::read(&entry.leaf));
    let own = |mut export: Export| {
        for entry in life.iter().filter(|_| parts == Parts::Shown).filter(may_read) {
            if Leaf::read(&entry.leaf).actor.id == user.id {
                let shown = entry.parts.iter();
                export = shown.fold(export, |export, part| export.disclose(entry.id, &part.name));
            }
        }
        export.pages()
    };
    if life.iter().all(|entry| may_read(&entry)) {
        let whole = made(app, subject, &own(Export::subject(subject))).await?;
        // What was sealed since it was asked for may name somebody.
        if sealed_life(app, subject).await?.len() == life.len() {
            return Ok(whole);
        }
    }
    let readable: Vec<_> = life.iter().filter(may_read).map(|entry| entry.id).collect();
    if readable.is_empty() {
        let message = "every step names somebody else; who audits the firm may give it out";
        return Err(Problem::guard("names_others", message));
    }
    made(app, subject, &own(Export::entries(readable))).await
}

async fn made(app: &App, subject: &Subject, export: &Export) -> Result<Option<Vec<u8>>, Problem> {
    match app.hos().export(app.world(), &subject.tenant, export).await {
        Err(fault) if fault.kind() == FaultKind::Limit => {
            Err(Problem::guard("too_much_evidence", fault.to_string()))
        }
        made => Ok(made?),
    }
}

/// What of a subject's life is under a checkpoint.
async fn sealed_life(app: &App, subject: &Subject) -> Result<Vec<LogEntry>, Problem> {
    let log = LogName::of(app.world(), &subject.tenant);
    let sealed = app.hos().store().seals().state(&log).await?.sealed;
    let size = sealed.map_or(0, |checkpoint| checkpoint.size);
    let mut life: Vec<LogEntry> = Vec::new();
    while life.len() <= EXPORTED_MAX {
        let after = u64::try_from(life.len()).unwrap_or(u64::MAX);
        let page = app.hos().history(subject, after, PAGE_MAX).await?;
        if page.is_empty() {
            break;
        }
        life.extend(page);
    }
    life.retain(|entry| entry.index.is_some_and(|index| index < size));
    if life.len() > EXPORTED_MAX {
        return Err(Problem::guard("too_much_evidence", "more steps than one file takes"));
    }
    Ok(life)
}

/// A name that no file system, header or shell reads anything into.
fn file_name(subject: &Subject) -> String {
    let safe = |text: &str| -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        text.chars().take(NAME_ID_MAX).map(safe).collect()
    };
    let (tenant, id) = (safe(subject.tenant.as_str()), safe(subject.id.as_str()));
    format!("pazar-{tenant}-{}-{id}.hosproof.zip", subject.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_whatever_the_id_is() {
        let subject = Subject::new("pazar", "kilim", "order", "../a\"; b=\u{11f}").unwrap();
        assert_eq!(file_name(&subject), "pazar-kilim-order-___a___b__.hosproof.zip");
        let long = Subject::new("pazar", "kilim", "order", &"x".repeat(128)).unwrap();
        assert!(file_name(&long).len() < 120);
    }
}
