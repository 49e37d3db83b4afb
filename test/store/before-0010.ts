/** A database from before migration 0010, with one event. */
export const BEFORE_0010 = `
  delete from migration where name = '0010-actors';
  alter table audit_event drop column actor;
  alter table audit_event drop column changes;
  insert into audit_event (at, type, result, client_id, request_id, detail)
  values (1, 'client.change', 'success', 'a', 'r', '{"enabled":false}');
`
