//! The rivals, each as its own users would set it up, and the least that could answer.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::task::{Context as Waiting, Poll, Waker};

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use foldhash::fast::RandomState;
use gatehouse::{EvaluationSession, PermissionChecker, PolicyBuilder, PolicyDomain};
use hos_core::id::{ActorId, Tenant};

use super::world::{Asked, ROLES, World, guest, holds, role_of};

/// The same strings and hasher as the law's, then two bytes.
pub(crate) struct Bare {
    members: HashMap<(Tenant, ActorId), u8, RandomState>,
    abilities: HashMap<String, usize, RandomState>,
    matrix: Vec<(u8, u8)>,
}

impl Bare {
    pub(crate) fn new(world: &World) -> Self {
        let bits = |role: &str| 1_u8 << ROLES.iter().position(|name| *name == role).unwrap();
        let members = world.members.iter();
        let named = world.abilities.iter().enumerate();
        Self {
            members: members
                .map(|(key, standing)| (key.clone(), role_of(standing).map_or(0, bits)))
                .collect(),
            abilities: named.map(|(number, ability)| (ability.clone(), number)).collect(),
            matrix: (0..world.abilities.len()).map(holds).collect(),
        }
    }

    pub(crate) fn knows(&self, asked: &Asked) -> bool {
        self.members.contains_key(&asked.key)
    }

    pub(crate) fn can(&self, asked: &Asked) -> bool {
        let Some(roles) = self.members.get(&asked.key) else { return false };
        let ability = self.abilities.get(&asked.ability);
        let Some((always, own)) = ability.map(|ability| self.matrix[*ability]) else {
            return false;
        };
        roles & always != 0 || (own != 0 && asked.customer == asked.key.1.as_str())
    }
}

/// Over what a grant is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Over {
    All,
    Own,
    /// What is this customer's.
    Whose(String),
}

/// A grant: which ability, by which role, and over what.
fn grants(world: &World) -> impl Iterator<Item = (&str, &'static str, Over)> {
    let guests = (0..world.guests).map(|number| {
        let ability = &world.abilities[number % world.abilities.len()];
        (ability.as_str(), "guest", Over::Whose(guest(number)))
    });
    let own = world.abilities.iter().enumerate().flat_map(|(number, ability)| {
        let (always, own) = holds(number);
        let of = move |(at, role): (usize, &&'static str)| {
            let bit = 1 << at;
            (always & bit != 0)
                .then_some((*role, Over::All))
                .or((own & bit != 0).then_some((*role, Over::Own)))
        };
        ROLES
            .iter()
            .enumerate()
            .filter_map(of)
            .map(move |(role, over)| (ability.as_str(), role, over))
    });
    own.chain(guests)
}

/// Store and requests are built before: the caller has nothing left to do but ask.
pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

impl Cedar {
    pub(crate) fn one_policy_a_grant(world: &World) -> Self {
        let policy = |(ability, role, over): (&str, &str, Over)| {
            let when = match over {
                Over::All => String::new(),
                Over::Own => " when { resource.customer == principal.id }".to_owned(),
                Over::Whose(customer) => format!(" when {{ resource.customer == \"{customer}\" }}"),
            };
            format!(
                "permit (principal in Role::\"{role}\", action == Action::\"{ability}\", \
                 resource){when};\n"
            )
        };
        Self::new(world, &grants(world).map(policy).collect::<String>())
    }

    pub(crate) fn one_policy_a_role(world: &World) -> Self {
        let policy = |role: &str| {
            let named = grants(world).filter(|(_, of, _)| *of == role);
            let actions: Vec<String> =
                named.map(|(ability, ..)| format!("Action::\"{ability}\"")).collect();
            let own = role == "customer";
            let when = if own { " when { resource.customer == principal.id }" } else { "" };
            format!(
                "permit (principal in Role::\"{role}\", action in [{}], resource){when};\n",
                actions.join(", ")
            )
        };
        Self::new(world, &ROLES.map(policy).concat())
    }

    fn new(world: &World, policies: &str) -> Self {
        let uid =
            |type_: &str, id: &str| -> EntityUid { format!("{type_}::\"{id}\"").parse().unwrap() };
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let roles = ROLES.map(|role| Entity::new_no_attrs(uid("Role", role), HashSet::new()));
        let actors = world.members.iter().map(|((_, actor), standing)| {
            let named = role_of(standing).into_iter().chain(["customer"]);
            let parents = named.map(|role| uid("Role", role)).collect();
            let attributes = HashMap::from([("id".to_owned(), text(actor.as_str()))]);
            Entity::new(uid("Actor", actor.as_str()), attributes, parents).unwrap()
        });
        let subjects = world.asked.iter().map(|asked| {
            let attributes = HashMap::from([("customer".to_owned(), text(&asked.customer))]);
            let uid = uid("Subject", asked.subject.id.as_str());
            Entity::new(uid, attributes, HashSet::new()).unwrap()
        });
        let request = |asked: &Asked| {
            let actor = uid("Actor", asked.key.1.as_str());
            let (action, subject) =
                (uid("Action", &asked.ability), uid("Subject", asked.subject.id.as_str()));
            Request::new(actor, action, subject, Context::empty(), None).unwrap()
        };
        let entities = roles.into_iter().chain(actors).chain(subjects);
        Self {
            authorizer: Authorizer::new(),
            policies: policies.parse().unwrap(),
            entities: Entities::from_entities(entities, None).unwrap(),
            requests: world.asked.iter().map(request).collect(),
        }
    }

    pub(crate) fn can(&self, asked: &Asked) -> bool {
        let request = &self.requests[asked.number];
        let response = self.authorizer.is_authorized(request, &self.policies, &self.entities);
        response.decision() == Decision::Allow
    }
}

/// A row a grant, a grouping a member.
pub(crate) struct Casbin(Enforcer);

impl Casbin {
    /// In the order in which its documentation writes a matcher.
    pub(crate) fn natural(world: &World) -> Self {
        Self::new(
            world,
            "(p.sub == \"customer\" || g(r.sub, p.sub, r.dom)) && r.act == p.act \
             && (p.own == \"no\" || r.owner == r.sub)",
        )
    }

    /// What is cheap to compare comes first.
    pub(crate) fn tuned(world: &World) -> Self {
        Self::new(
            world,
            "r.act == p.act && (p.own == \"no\" || r.owner == r.sub) \
             && (p.sub == \"customer\" || g(r.sub, p.sub, r.dom))",
        )
    }

    fn new(world: &World, matcher: &str) -> Self {
        let model = format!(
            "[request_definition]\nr = sub, dom, act, owner\n\
             [policy_definition]\np = sub, act, own\n\
             [role_definition]\ng = _, _, _\n\
             [policy_effect]\ne = some(where (p.eft == allow))\n\
             [matchers]\nm = {matcher}\n"
        );
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let enforcer = runtime.block_on(async {
            let model = DefaultModel::from_str(&model).await.unwrap();
            let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
            let rules = grants(world).map(|(ability, role, over)| {
                let own = match over {
                    Over::All => "no".to_owned(),
                    Over::Own => "yes".to_owned(),
                    Over::Whose(customer) => customer,
                };
                vec![role.to_owned(), ability.to_owned(), own]
            });
            enforcer.add_policies(rules.collect()).await.unwrap();
            let members = world.members.iter().filter_map(|((tenant, actor), standing)| {
                let role = role_of(standing)?;
                Some([actor.as_str(), role, tenant.as_str()].map(str::to_owned).to_vec())
            });
            enforcer.add_grouping_policies(members.collect()).await.unwrap();
            enforcer
        });
        Self(enforcer)
    }

    pub(crate) fn can(&self, asked: &Asked) -> bool {
        let (tenant, actor) = (asked.key.0.as_str(), asked.key.1.as_str());
        self.0.enforce((actor, tenant, &asked.ability[..], &asked.customer[..])).unwrap()
    }
}

/// Members and grants are data, the rule is three lines.
pub(crate) struct Regorus {
    engine: regorus::Engine,
    inputs: Vec<regorus::Value>,
}

impl Regorus {
    pub(crate) fn new(world: &World) -> Self {
        let mut engine = regorus::Engine::new();
        let policy = "package law\n\
            default allow := false\n\
            allow if data.grants[data.members[input.tenant][input.actor]][input.ability]\n\
            allow if { data.own[input.ability]; input.customer == input.actor }\n\
            allow if {\n\
                role := data.members[input.tenant][input.actor]\n\
                data.whose[role][input.ability][input.customer]\n\
            }\n";
        engine.add_policy("law.rego".to_owned(), policy.to_owned()).unwrap();
        let mut members = serde_json::Map::new();
        for ((tenant, actor), standing) in &world.members {
            let firm = members.entry(tenant.as_str()).or_insert_with(|| serde_json::json!({}));
            firm[actor.as_str()] = role_of(standing).unwrap_or("nobody").into();
        }
        let mut data =
            serde_json::json!({ "members": members, "grants": {}, "own": {}, "whose": {} });
        for (ability, role, over) in grants(world) {
            match over {
                Over::All => data["grants"][role][ability] = true.into(),
                Over::Own => data["own"][ability] = true.into(),
                Over::Whose(customer) => data["whose"][role][ability][&customer] = true.into(),
            }
        }
        engine.add_data_json(&data.to_string()).unwrap();
        let input = |asked: &Asked| {
            let input = serde_json::json!({
                "tenant": asked.key.0.as_str(),
                "actor": asked.key.1.as_str(),
                "ability": asked.ability,
                "customer": asked.customer,
            });
            regorus::Value::from_json_str(&input.to_string()).unwrap()
        };
        Self { engine, inputs: world.asked.iter().map(input).collect() }
    }

    pub(crate) fn can(&mut self, asked: &Asked) -> bool {
        self.engine.set_input(self.inputs[asked.number].clone());
        let value = self.engine.eval_rule("data.law.allow".to_owned()).unwrap();
        value == regorus::Value::Bool(true)
    }
}

/// Its policies are code, so they are given what they would look up.
pub(crate) struct Gatehouse {
    checker: PermissionChecker<Domain>,
    members: HashMap<(Tenant, ActorId), Option<String>, RandomState>,
}

struct Domain;

pub(crate) struct Person {
    role: Option<String>,
    id: String,
}

impl PolicyDomain for Domain {
    type Subject = Person;
    type Action = String;
    type Resource = String;
    type Context = ();
}

impl Gatehouse {
    /// A policy a role, each with the abilities that the role holds.
    pub(crate) fn new(world: &World) -> Self {
        let mut checker = PermissionChecker::new();
        for role in ROLES {
            let named = grants(world).filter(|(_, of, _)| *of == role);
            let held: HashSet<String, RandomState> =
                named.map(|(ability, ..)| ability.to_owned()).collect();
            let policy = PolicyBuilder::<Domain>::new(role);
            checker.add_policy(match role {
                "customer" => policy
                    .when(move |person, ability, customer, ()| {
                        held.contains(ability) && *customer == person.id
                    })
                    .build(),
                role => policy
                    .when(move |person, ability, _, ()| {
                        person.role.as_deref() == Some(role) && held.contains(ability)
                    })
                    .build(),
            });
        }
        let members = world.members.iter();
        let role = |standing| role_of(standing).map(str::to_owned);
        Self {
            checker,
            members: members.map(|(key, standing)| (key.clone(), role(standing))).collect(),
        }
    }

    pub(crate) fn can(&self, asked: &Asked) -> bool {
        let Some(role) = self.members.get(&asked.key) else { return false };
        let person = Person { role: role.clone(), id: asked.key.1.as_str().to_owned() };
        let session = EvaluationSession::empty();
        let bound = self.checker.bind(&session, &person, &asked.ability, &());
        ready(bound.check(&asked.customer)).is_granted()
    }
}

/// Nothing here waits, so one poll is the whole of it, without a runtime's cost.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Waiting::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing was to be waited for"),
    }
}
