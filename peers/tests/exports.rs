//! What the worlds' laws are exported as, Cedar reads, finds well typed, and is strict about.

use cedar_policy::{Entities, PolicySet, Schema, ValidationMode, Validator};
use hos_inspect::cedar::Cedar;

#[test]
fn the_golden_files_are_cedar() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../hos-inspect/tests/golden");
    let read = |name: &str| std::fs::read_to_string(format!("{golden}/{name}")).unwrap();
    let [policies, schema, entities] =
        ["pazar.cedar", "pazar.cedarschema", "pazar.entities.json"].map(read);
    assert_eq!(faults(&policies, &schema, &entities), [""; 0]);
}

#[test]
fn the_law_of_each_world_is_cedar() {
    for law in [pazar::law::law(), chat::law::law(), workorder::law::law()] {
        let cedar = Cedar::new(&law.unwrap()).unwrap_or_else(|error| panic!("{error}"));
        let faults = faults(&cedar.policies, &cedar.schema, &cedar.entities);
        assert_eq!(faults, [""; 0], "{}\n{}", cedar.policies, cedar.schema);
    }
}

#[test]
fn a_policy_of_another_type_is_refused() {
    let cedar = Cedar::new(&chat::law::law().unwrap()).unwrap();
    let wrong = "permit (principal, action, resource) when { principal.isBanned > 1 };";
    let policies = format!("{}{wrong}", cedar.policies);
    assert_ne!(faults(&policies, &cedar.schema, &cedar.entities), [""; 0]);
}

fn faults(policies: &str, schema: &str, entities: &str) -> Vec<String> {
    let (schema, _) =
        Schema::from_cedarschema_str(schema).unwrap_or_else(|error| panic!("{error:?}\n{schema}"));
    let policies: PolicySet = policies.parse().unwrap_or_else(|error| panic!("{error:?}"));
    let entities = Entities::from_json_str(entities, None).unwrap();
    // Of actions the schema says all there is.
    let entities = entities.iter().filter(|one| one.uid().type_name().to_string() != "Action");
    Entities::from_entities(entities.cloned(), Some(&schema)).unwrap();
    let result = Validator::new(schema).validate(&policies, ValidationMode::Strict);
    result.validation_errors().map(ToString::to_string).collect()
}
