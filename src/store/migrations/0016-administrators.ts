import type { Dialect, MigratedDatabase } from '../sql/dialect.ts'
import type { Migration } from './migration.ts'

/** Adds the accounts of administrators, their one-time links and sessions, and the requests of command lines for sessions. */
export const administrators: Migration = {
  does: 'adds accounts, links and sessions of administrators',
  olderServers: 'work',
  work: [],
  up: async ({ schema }: MigratedDatabase, { bytes }: Dialect): Promise<void> => {
    await schema
      .createTable('account')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('display_name', 'text')
      .addColumn('roles', 'text', (column) => column.notNull())
      .addColumn('enabled', 'integer', (column) => column.notNull())
      .addColumn('password', 'text')
      .addColumn('second_factor', bytes)
      .addColumn('second_factor_state', 'text', (column) => column.notNull())
      .addColumn('master_key_id', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('account_key', ['tenant', 'name'])
      .execute()
    await schema
      .createTable('account_link')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('purpose', 'text', (column) => column.notNull())
      .addColumn('account', 'text')
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('account_link_key', ['tenant', 'hash'])
      .execute()
    await schema
      .createTable('admin_session')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('token_hash', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('person', 'text', (column) => column.notNull())
      .addColumn('remote_address', 'text', (column) => column.notNull())
      .addColumn('user_agent', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('admin_session_key', ['tenant', 'id'])
      .execute()
    await schema
      .createTable('device_request')
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('device_hash', 'text', (column) => column.notNull())
      .addColumn('user_hash', 'text', (column) => column.notNull())
      .addColumn('network', 'text', (column) => column.notNull())
      .addColumn('remote_address', 'text', (column) => column.notNull())
      .addColumn('user_agent', 'text')
      .addColumn('owner', 'text')
      .addColumn('person', 'text')
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('device_request_key', ['tenant', 'device_hash'])
      .execute()
    await schema
      .createIndex('admin_session_token')
      .on('admin_session')
      .columns(['tenant', 'token_hash'])
      .unique()
      .execute()
    await schema.createIndex('admin_session_owner').on('admin_session').columns(['tenant', 'owner']).execute()
    await schema
      .createIndex('device_request_user')
      .on('device_request')
      .columns(['tenant', 'user_hash'])
      .unique()
      .execute()
  },
}
