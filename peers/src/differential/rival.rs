//! One law in Cedar's hands, in both translations.

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, EntityUid, PolicyId, PolicySet,
    Request, Schema, ValidationMode, Validator,
};
use hos_core::law::Law;
use hos_inspect::cedar::Cedar;

use super::people::{Ask, People};
use super::plain;

/// What Cedar answered, its policies named by their `@id`, in order.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) allows: bool,
    pub(super) decided: Vec<String>,
    pub(super) erred: Vec<String>,
}

pub(super) struct Rival {
    exported: PolicySet,
    plain: PolicySet,
    schema: String,
    fixed: Entities,
    entities: Entities,
    authorizer: Authorizer,
    actors: Vec<EntityUid>,
    actions: Vec<EntityUid>,
    subjects: Vec<EntityUid>,
    contexts: Vec<Context>,
}

impl Rival {
    pub(super) fn new(law: &Law, people: &People) -> Self {
        let cedar = Cedar::new(law).unwrap_or_else(|error| panic!("{error}"));
        let read = |text: &str| {
            text.parse::<PolicySet>().unwrap_or_else(|error| panic!("{error:?}\n{text}"))
        };
        let fixed = Entities::from_json_str(&cedar.entities, None).expect("the export's entities");
        let (actors, subjects) = (people.actor_entities(law), people.subject_entities());
        let entities = fixed
            .clone()
            .add_entities(actors.iter().chain(&subjects).cloned(), None)
            .expect("entities of this trial");
        Self {
            exported: read(&cedar.policies),
            plain: read(&plain::policies(law)),
            schema: cedar.schema,
            fixed,
            entities,
            authorizer: Authorizer::new(),
            actors: actors.iter().map(|entity| entity.uid()).collect(),
            actions: people.abilities.iter().map(|ability| action(ability)).collect(),
            subjects: subjects.iter().map(|entity| entity.uid()).collect(),
            contexts: people.cedar_contexts(),
        }
    }

    /// The policies are of the types that the schema declares, and so are everybody's entities.
    pub(super) fn validate(&self) {
        let (schema, _) = Schema::from_cedarschema_str(&self.schema)
            .unwrap_or_else(|error| panic!("{error:?}\n{}", self.schema));
        let people = self.entities.iter().filter(|entity| self.fixed.get(&entity.uid()).is_none());
        let entities = self.fixed.iter().chain(people).cloned();
        let entities: Vec<_> =
            entities.filter(|entity| entity.uid().type_name().to_string() != "Action").collect();
        Entities::from_entities(entities, Some(&schema)).expect("entities as the schema has them");
        let result = Validator::new(schema).validate(&self.exported, ValidationMode::Strict);
        let errors: Vec<String> = result.validation_errors().map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{}\n{}", self.exported, self.schema);
    }

    /// Of the export, and of the plain translation.
    pub(super) fn answers(&self, ask: &Ask) -> [Answered; 2] {
        let request = Request::new(
            self.actors[ask.actor].clone(),
            self.actions[ask.ability].clone(),
            self.subjects[ask.subject].clone(),
            self.contexts[ask.context].clone(),
            None,
        )
        .expect("no schema, nothing to refuse");
        [&self.exported, &self.plain].map(|policies| {
            let response = self.authorizer.is_authorized(&request, policies, &self.entities);
            let names = |ids: Vec<&PolicyId>| {
                let name = |id| policies.annotation(id, "id").unwrap_or_default().to_owned();
                let mut names: Vec<String> = ids.into_iter().map(name).collect();
                names.sort_unstable();
                names
            };
            let diagnostics = response.diagnostics();
            Answered {
                allows: response.decision() == Decision::Allow,
                decided: names(diagnostics.reason().collect()),
                erred: names(diagnostics.errors().map(policy_id).collect()),
            }
        })
    }
}

fn policy_id(error: &AuthorizationError) -> &PolicyId {
    match error {
        AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
    }
}

fn action(ability: &str) -> EntityUid {
    format!("Action::\"{ability}\"").parse().expect("an ability is plain")
}
