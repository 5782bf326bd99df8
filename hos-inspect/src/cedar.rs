//! A law's policy as Cedar writes it: policies, a schema, and the entities that never change.
//!
//! Whatever the law enforces, the export decides: it allows exactly what [`Answer::permits`]
//! allows while every mode is `enforce` and no grant is live. A rule that Cedar cannot say exactly
//! is refused by name; none is widened.
//!
//! | of the law | in Cedar |
//! |---|---|
//! | an actor in a tenant | `Actor`: one entity for each tenant, with the roles that it has there |
//! | a role, what it inherits | `Role::"owner"`, its parents; nobody is in one of the wrong scope |
//! | an implicit role | the parent of `ActorKind::"user"`, the parent of such an actor |
//! | a superuser's role | a permit of `Action::"*"` |
//! | an ability, `order.*`, `*` | `Action::"order.pay"`, in `Action::"order.*"`, in `Action::"*"` |
//! | a subject | `Subject::order`; of a kind without contract, named by the ability's resource |
//! | `actor`, `subject`, `context` | `principal`, `resource`, `context` |
//! | a time, `now` | microseconds since 1970, `context.decidedAt`: Cedar's times are coarser |
//! | a ban | `principal.isBanned`, forbidden by the policy `hos standing` |
//! | the tenant | `inTenant` of principal and resource, which that policy asks to be equal |
//!
//! **Absent attributes.** The law never grants by an absent attribute, and an erring forbid denies;
//! Cedar skips what errs, a forbid too. So each condition asks `has` before it reads, and a forbid
//! says `unless` it surely does not hold: nothing of the export errs, and what the law answers
//! with `Indeterminate` Cedar denies. An attribute of another type than declared is absent to the
//! law: leave it out of the entity, as the schema demands.
//!
//! **Outside.** Time-boxed grants, break-glass and modes are standing, not law, and no entity says
//! them: where one is in force, Cedar denies more than the law.
//!
//! **Refused.** [`Why`]: the order of texts, sizes other than empty or not, `startsWith` of what is
//! no literal, a kind whose name is a word of Cedar's, and conditions that grow too long.
//!
//! [`Answer::permits`]: hos_core::policy::Answer::permits

mod condition;
mod formula;
mod schema;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use hos_core::id::Ability;
use hos_core::law::Law;
use hos_core::policy::{RuleDefinition, RuleEffect};
use hos_core::value::Schema;

use condition::Schemas;
use text::string;

/// The most parts that the formula of one condition is made of.
pub const FORMULA_NODES_MAX: usize = 4_096;
/// The most bytes of all policies.
pub const POLICIES_BYTES_MAX: usize = 1 << 24;

/// A law's policy in Cedar's terms; the same law gives the same texts, byte for byte.
///
/// ```
/// use hos_core::law::Law;
/// use hos_inspect::cedar::Cedar;
///
/// let law = Law::builder("shop", "1")
///     .roles(["owner", "guest"])
///     .claim("verified", hos_core::value::Type::Bool)
///     .allow("report.read", ["owner"])
///     .allow_if("report.list", ["guest"], "actor.verified")
///     .build()?;
/// let cedar = Cedar::new(&law).expect("nothing here is beyond Cedar");
/// assert!(cedar.policies.ends_with(
///     "@id(\"permit report.list\")\n\
///      permit (principal in Role::\"guest\", action == Action::\"report.list\", resource)\n\
///      when { principal has verified && principal.verified };\n"
/// ));
/// # Ok::<(), hos_core::error::LawError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cedar {
    /// One policy for the standing, one for each superuser's role, one for each rule; each named by
    /// `@id`, the rules by [`Rules::ids`](hos_core::policy::Rules::ids).
    pub policies: String,
    /// The schema, under which the policies validate strictly.
    pub schema: String,
    /// Roles, kinds of actor and actions with their parents, in Cedar's JSON: needed beside the
    /// principal and the resource, or nothing is inherited.
    pub entities: String,
}

impl Cedar {
    /// Writes it all.
    ///
    /// # Errors
    ///
    /// [`Inexpressible`], which names everything that Cedar cannot say exactly.
    pub fn new(law: &Law) -> Result<Self, Inexpressible> {
        let kinds = schema::kinds(law);
        let mut refused = schema::unnameable(&kinds);
        let mut policies = STANDING.to_owned();
        for role in law.roles().iter().filter(|role| role.superuser) {
            policies += &format!(
                "\n@id(\"hos superuser {0}\")\n\
                 permit (principal in Role::\"{0}\", action in Action::\"*\", resource);\n",
                role.name
            );
        }
        for (rule, id) in law.definition().rules.iter().zip(law.rules().ids()) {
            let text = policy(law, &kinds, rule, id).and_then(|text| {
                let fits = policies.len() + text.len() <= POLICIES_BYTES_MAX;
                if fits { Ok(text) } else { Err(BTreeSet::from([Why::Entangled])) }
            });
            match text {
                Ok(text) => policies += &text,
                Err(whys) => {
                    let named = |why| Refused { at: format!("rule {id}"), why };
                    refused.extend(whys.into_iter().map(named));
                }
            }
        }
        if refused.is_empty() {
            let schema = schema::schema(law, &kinds);
            Ok(Self { policies, schema, entities: schema::entities(law) })
        } else {
            Err(Inexpressible { refused })
        }
    }
}

/// Also the guard of everything that rules read without asking: a request without it is denied.
const STANDING: &str = "\
@id(\"hos standing\")
forbid (principal, action, resource)
unless {
    principal has id && principal has kind && context has decidedAt
    && principal has isBanned && !principal.isBanned
    && principal has inTenant && resource has inTenant && principal.inTenant == resource.inTenant
};
";

fn policy(
    law: &Law,
    kinds: &BTreeMap<String, Schema>,
    rule: &RuleDefinition,
    id: &str,
) -> Result<String, BTreeSet<Why>> {
    let (effect, outcome) = match rule.effect {
        RuleEffect::Permit => ("permit", true),
        RuleEffect::Forbid => ("forbid", false),
    };
    let (principal, one_of) = match rule.roles.as_slice() {
        [] => ("principal".to_owned(), None),
        [role] => (format!("principal in Role::{}", string(role)), None),
        roles => {
            let roles: Vec<String> =
                roles.iter().map(|role| format!("Role::{}", string(role))).collect();
            ("principal".to_owned(), Some(format!("principal in [{}]", roles.join(", "))))
        }
    };
    let mut text = format!(
        "\n@id({})\n{effect} ({principal}, {}, resource)",
        string(id),
        actions(&rule.abilities)
    );
    if let Some(one_of) = one_of {
        text += &format!("\nwhen {{ {one_of} }}");
    }
    if let Some(condition) = rule.condition() {
        let subject = subject(law, kinds, rule);
        let schemas = Schemas { actor: law.actor(), context: law.context(), subject: &subject };
        let formula = schemas.formula(&condition, outcome)?;
        let clause = if outcome { "when" } else { "unless" };
        text += &format!("\n{clause} {{ {formula} }}");
    }
    Ok(text + ";\n")
}

fn actions(abilities: &[String]) -> String {
    match abilities {
        [one] if one.contains('*') => format!("action in Action::{}", string(one)),
        [one] => format!("action == Action::{}", string(one)),
        many => {
            let many: Vec<String> =
                many.iter().map(|ability| format!("Action::{}", string(ability))).collect();
            format!("action in [{}]", many.join(", "))
        }
    }
}

/// What a rule's condition may read of a subject: what every kind that the rule is about has.
fn subject(law: &Law, kinds: &BTreeMap<String, Schema>, rule: &RuleDefinition) -> Schema {
    let abilities = law.rules().abilities();
    let named: Vec<&Ability> =
        abilities.iter().filter(|ability| rule.names(ability.as_str())).collect();
    let about = law.contracts().filter(|c| named.iter().any(|ability| c.is_about(ability)));
    let mut schemas = about.filter_map(|contract| kinds.get(contract.kind().as_str()));
    let Some(mut schema) = schemas.next().cloned() else { return schema::subject() };
    for other in schemas {
        schema.retain(|name, _| other.contains_key(name));
    }
    schema
}

/// What Cedar cannot say exactly, all of it; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inexpressible {
    refused: Vec<Refused>,
}

impl Inexpressible {
    /// Each place and reason, kinds first, then rules in the order of the law.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }
}

impl fmt::Display for Inexpressible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cedar cannot say this law exactly: ")?;
        for (at, refused) in self.refused.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", refused.at, refused.why)?;
        }
        Ok(())
    }
}

impl std::error::Error for Inexpressible {}

/// One thing that Cedar cannot say exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Where: `rule permit order.cancel`, `kind like`.
    pub at: String,
    /// What it lacks for it.
    pub why: Why,
}

/// What Cedar lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Why {
    /// Texts have no order there.
    StringOrder,
    /// A text or set is empty there or it is not; it has no other size.
    Size,
    /// A pattern is a literal there.
    Prefix,
    /// The condition would need more than [`FORMULA_NODES_MAX`] parts, or all policies more than
    /// [`POLICIES_BYTES_MAX`].
    Entangled,
    /// The attribute has another type in another version of the contract.
    Torn,
    /// The name is a word of the language there.
    Reserved,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StringOrder => "texts have no order there",
            Self::Size => "of a size it knows only whether it is nothing",
            Self::Prefix => "`startsWith` takes only a literal there",
            Self::Entangled => "the condition would grow too long",
            Self::Torn => "an attribute has one type there, in all versions",
            Self::Reserved => "the name is reserved there",
        })
    }
}

#[cfg(test)]
mod tests;
