/** Makes a database what it was before the migration 0007, with a client that is disabled and one that is not. */
export const BEFORE_0007 = `
  delete from migration where name = '0007-ended-and-sample';
  alter table client drop column ended;
  insert into client (client_id, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
  values ('off', '[]', 0, '[]', '[]', '[]', '{}', 1, 1700000000000), ('on', '[]', 1, '[]', '[]', '[]', '{}', 1, 2);
`
