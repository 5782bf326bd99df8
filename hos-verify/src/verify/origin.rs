use crate::text::decimal;

/// Whether a leaf or checkpoint of one origin is part of the tree of another: of the same log, and
/// of no later epoch. A log that was restored from a backup goes on as `<origin>/e2`.
pub(super) fn belongs(log: &str, origin: &str) -> bool {
    let ((base, epoch), (tree, last)) = (epoch(log), epoch(origin));
    base == tree && epoch <= last
}

/// The origin of the log that takes the checkpoints of this one, `<deployment>/w/<world>/t/..`:
/// `<deployment>/deployment`. Read from the end, because a world or a tenant may be called `w`.
pub(super) fn deployment_origin(origin: &str) -> Option<String> {
    let (base, _) = epoch(origin);
    let parts: Vec<&str> = base.rsplitn(6, '/').collect();
    match parts.as_slice() {
        [_stream, _tenant, "t", _world, "w", deployment] => {
            Some(format!("{deployment}/deployment"))
        }
        _ => None,
    }
}

fn epoch(origin: &str) -> (&str, u64) {
    let epoch = origin.rsplit_once("/e").and_then(|(base, epoch)| Some((base, decimal(epoch)?)));
    epoch.filter(|(_, epoch)| *epoch > 1).unwrap_or((origin, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_covers_itself_and_those_before() {
        let log = "d/w/x/t/y/main";
        let epochs = [log.to_owned(), format!("{log}/e2"), format!("{log}/e3")];
        for (at, one) in epochs.iter().enumerate() {
            for (last, other) in epochs.iter().enumerate() {
                assert_eq!(belongs(one, other), at <= last, "{one} in {other}");
            }
        }
        for other in ["d/w/x/t/z/main", "d/w/x/t/y/main/e1", "d/w/x/t/y/main/e02", "d/w/x/t/y"] {
            assert!(!belongs(log, other) && !belongs(other, log), "{other}");
        }
    }

    #[test]
    fn a_deployment_is_found_whatever_worlds_and_tenants_are_called() {
        for origin in ["d/w/x/t/y/main", "d/w/w/t/w/main", "d/w/x/t/y/main/e7"] {
            assert_eq!(deployment_origin(origin).as_deref(), Some("d/deployment"), "{origin}");
        }
        let nested = deployment_origin("a.example/w/b/w/x/t/y/main");
        assert_eq!(nested.as_deref(), Some("a.example/w/b/deployment"));
        for origin in ["", "d/deployment", "d/x/t/y/main", "w/x/t/y/main", "d/w/x/t/y/main/more"] {
            assert_eq!(deployment_origin(origin), None, "{origin}");
        }
    }
}
