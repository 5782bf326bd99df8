//! The description of `/api/v1` (OpenAPI 3.1), made from the handlers' own annotations.
//!
//! What all operations have in common is added here: parts of the path, keys, the session, and the
//! problems that each kind of operation may answer. `openapi.json` beside the manifest is this
//! text; a test keeps it fresh.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Type};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::routes::{
    admin, bookings, bundle, checkpoints_page, evidence, orders, payments, pictures, shop,
};

/// The description, as JSON.
#[must_use]
pub fn text() -> String {
    let mut text = Api::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Pazar", description = "A marketplace under the law.", version = "1"),
    servers((url = "/api/v1")),
    paths(
        shop::sign_in,
        shop::session,
        shop::sign_out,
        shop::sign_out_everywhere,
        shop::set_world,
        shop::published,
        shop::search,
        shop::add_tenant,
        shop::set_member,
        shop::open_listing,
        shop::listing,
        shop::edit,
        shop::set_stock,
        shop::act,
        pictures::add,
        shop::proofs,
        orders::mine,
        orders::open,
        orders::of_tenant,
        orders::show,
        orders::act,
        bookings::availability,
        bookings::mine,
        bookings::open,
        bookings::of_tenant,
        bookings::show,
        bookings::act,
        payments::open,
        payments::of_tenant,
        payments::show,
        payments::act,
        payments::refunds,
        payments::refund,
        evidence::json,
        bundle::json,
        checkpoints_page::json,
        admin::overview,
        admin::ban,
        admin::unban,
        admin::break_glass,
        admin::set_mode,
        admin::erase,
    ),
    components(schemas(ProblemShape, ReceiptShape, StepShape)),
    modifiers(&InCommon)
)]
struct Api;

/// A problem (RFC 9457), as it is written.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "it describes what `error` writes")]
pub(crate) struct ProblemShape {
    /// `urn:hos:problem:` and the code.
    r#type: String,
    title: String,
    status: u16,
    /// Stable: what programs go by.
    code: String,
    /// What a person may read.
    detail: String,
    request_id: String,
    /// What may be done instead.
    allowed: Option<Vec<String>>,
    /// Which conditions do not hold, or what is in the way.
    reasons: Option<Vec<String>>,
}

/// What a command led to.
#[derive(ToSchema)]
#[schema(as = Receipt)]
#[expect(dead_code, reason = "it describes what the law writes")]
pub(crate) struct ReceiptShape {
    #[serde(flatten)]
    step: StepShape,
    /// What happened to other things, in the same commit.
    also: Option<Vec<StepShape>>,
    /// Whether this is the answer to an earlier sending.
    replayed: bool,
    policy_version: String,
    #[schema(format = DateTime)]
    recorded_at: String,
}

/// What a command did to one thing.
#[derive(ToSchema)]
#[schema(as = Step)]
#[expect(dead_code, reason = "it describes what the law writes")]
struct StepShape {
    /// The entry of the log that proves it.
    proof_id: String,
    subject: Option<Object>,
    action: String,
    from: Option<String>,
    to: Option<String>,
    revision: u64,
    /// `moved` or `unchanged`.
    effect: String,
    contract_version: Option<String>,
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(as = File, value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes what the picture's route reads")]
pub(crate) struct FileShape(Vec<u8>);

/// Any object.
type Object = std::collections::BTreeMap<String, String>;

/// What reading may be answered.
const READ: [(u16, &str); 5] = [
    (400, "the request is not valid"),
    (401, "sign in first"),
    (403, "not allowed"),
    (404, "nothing there that the caller may know of"),
    (503, "not available now"),
];

/// What changing may be answered besides.
const CHANGE: [(u16, &str); 6] = [
    (409, "it changed meanwhile, or something is in the way"),
    (410, "the marketplace is closed"),
    (413, "the body is too large"),
    (415, "the body is not of the type that is asked for"),
    (422, "not possible from here, or a condition does not hold"),
    (429, "too many requests"),
];

/// Operations without a session.
const PUBLIC: [(&str, &str); 6] = [
    ("get", "/listings"),
    ("get", "/search"),
    ("get", "/tenants/{tenant}/listings/{id}"),
    ("get", "/tenants/{tenant}/listings/{id}/availability"),
    ("post", "/session"),
    ("delete", "/session"),
];

/// Parts of paths that the demo data knows.
const EXAMPLES: [(&str, &str); 6] = [
    ("tenant", "kilim"),
    ("member", "u-ada"),
    ("target", "u-can"),
    ("things", "orders"),
    ("action", "cancel"),
    ("Idempotency-Key", "k-1"),
];

struct InCommon;

impl Modify for InCommon {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let cookie = ApiKey::Cookie(ApiKeyValue::new("pazar_session"));
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        for (path, item) in &mut openapi.paths.paths {
            let PathItem { get, post, put, delete, .. } = item;
            let known = [("get", get), ("post", post), ("put", put), ("delete", delete)];
            for (method, operation) in known {
                if let Some(operation) = operation {
                    complete(operation, method, path);
                }
            }
        }
    }
}

fn complete(operation: &mut Operation, method: &str, path: &str) {
    // Handlers of different files share their names; these are unique.
    let name = path.replace(['{', '}'], "").replace('/', "_");
    operation.operation_id = Some(format!("{method}{name}"));
    let parameters = operation.parameters.get_or_insert_default();
    for name in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
        parameters.push(parameter(name, ParameterIn::Path).into());
    }
    // Sessions are no commands.
    if method != "get" && !path.starts_with("/session") {
        parameters.push(parameter("Idempotency-Key", ParameterIn::Header).into());
    }
    if !PUBLIC.contains(&(method, path)) {
        let session = SecurityRequirement::new("session", Vec::<String>::new());
        operation.security = Some(vec![session]);
    }
    let change: &[(u16, &str)] = if method == "get" { &[] } else { &CHANGE };
    for (status, description) in READ.iter().chain(change) {
        let response = RefOr::T(problem(description));
        operation.responses.responses.entry(status.to_string()).or_insert(response);
    }
}

fn parameter(name: &str, place: ParameterIn) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    let text = text.max_length(Some(255));
    let example = EXAMPLES.iter().find(|(known, _)| *known == name);
    let builder = ParameterBuilder::new().name(name).parameter_in(place);
    let builder = builder.example(example.map(|(_, value)| (*value).into()));
    builder.required(Required::True).schema(Some(text)).build()
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let builder = ResponseBuilder::new().description(description);
    builder.content("application/problem+json", content).build()
}
