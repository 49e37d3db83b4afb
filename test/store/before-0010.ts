/** An event of a database from before migration 0010. */
export const BEFORE_0010 = `
  insert into audit_event (at, type, result, client_id, request_id, detail)
  values (1, 'client.change', 'success', 'a', 'r', '{"enabled":false}');
`
