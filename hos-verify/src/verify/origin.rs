use crate::text::decimal;

/// Whether a leaf or checkpoint of one origin is part of the tree of another: of the same log, and
/// of no later epoch. A log that was restored from a backup goes on as `<origin>/e2`.
pub(super) fn belongs(log: &str, origin: &str) -> bool {
    let ((base, epoch), (tree, last)) = (epoch(log), epoch(origin));
    base == tree && epoch <= last
}

/// The origin of the log that takes the checkpoints of this one: `<deployment>/deployment`.
pub(crate) fn deployment_origin(origin: &str) -> Option<String> {
    let (deployment, _) = origin.split_once("/w/")?;
    Some(format!("{deployment}/deployment"))
}

fn epoch(origin: &str) -> (&str, u64) {
    let epoch = origin.rsplit_once("/e").and_then(|(base, epoch)| Some((base, decimal(epoch)?)));
    epoch.filter(|(_, epoch)| *epoch > 1).unwrap_or((origin, 1))
}
