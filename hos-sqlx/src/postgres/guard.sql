CREATE OR REPLACE FUNCTION "hos_guard_{table}.{status}_follow"() RETURNS trigger
LANGUAGE plpgsql AS $guard$
<<hos_follow>>
DECLARE
    tenant text;
    own_id "{table}"."{id}"%TYPE;
    {own_tenant}
BEGIN
    SELECT hos_scope.tenant INTO hos_follow.tenant FROM hos_scope
    WHERE hos_scope.number = NEW.scope AND hos_scope.world = '{world}';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- As the columns have them, for the sake of the index; what none of them can hold has no row.
    BEGIN
        hos_follow.own_id := NEW.id;
        {set_tenant}
    EXCEPTION WHEN data_exception OR check_violation OR syntax_error THEN
        RETURN NULL;
    END;
    UPDATE "{table}" AS kept SET "{status}" = NEW.state
    WHERE kept."{id}" = hos_follow.own_id AND kept."{id}"::text COLLATE "C" = NEW.id {of_tenant};
    RETURN NULL;
END $guard$;

CREATE OR REPLACE TRIGGER "hos_guard_{table}.{status}_opened" AFTER INSERT ON hos_subject
FOR EACH ROW WHEN (NEW.kind = '{kind}')
EXECUTE FUNCTION "hos_guard_{table}.{status}_follow"();

CREATE OR REPLACE TRIGGER "hos_guard_{table}.{status}_moved" AFTER UPDATE ON hos_subject
FOR EACH ROW WHEN (NEW.kind = '{kind}')
EXECUTE FUNCTION "hos_guard_{table}.{status}_follow"();

CREATE OR REPLACE FUNCTION "hos_guard_{table}.{status}_refuse"() RETURNS trigger
LANGUAGE plpgsql AS $guard$
BEGIN
    IF NEW."{status}" IS DISTINCT FROM coalesce(
        hos_state('{world}', {tenant}, '{kind}', NEW."{id}"::text), '{initial}'
    ) THEN
        RAISE EXCEPTION 'hos:guarded column {table}.{status}' USING ERRCODE = 'HO001';
    END IF;
    RETURN NULL;
END $guard$;

CREATE OR REPLACE TRIGGER "hos_guard_{table}.{status}_insert" AFTER INSERT ON "{table}"
FOR EACH ROW EXECUTE FUNCTION "hos_guard_{table}.{status}_refuse"();

CREATE OR REPLACE TRIGGER "hos_guard_{table}.{status}_update" AFTER UPDATE ON "{table}"
FOR EACH ROW WHEN ({changed})
EXECUTE FUNCTION "hos_guard_{table}.{status}_refuse"();
