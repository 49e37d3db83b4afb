import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Group, type GroupMember, groupPermissions } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { json, readRow } from '../sql/read-row.ts'
import type { Schema } from '../sql/schema.ts'

type MemberRow = Selectable<Schema['group_member']>

const groupRow = z.object({
  name: z.string(),
  description: z
    .string()
    .nullable()
    .transform((text) => text ?? undefined),
})

export const toGroup = (row: Selectable<Schema['group']>): Omit<Group, 'members'> | Unreadable =>
  readRow(groupRow, row, { kind: 'group', id: row.name } as const)

const permissions = json(z.array(z.enum(groupPermissions)))

const memberRow = z.discriminatedUnion('kind', [
  z
    .object({ kind: z.enum(['account', 'client']), id: z.string(), permissions })
    .transform(({ kind, id, permissions: all }) => ({ kind, id, permissions: all })),
  z.object({ kind: z.literal('claim'), claim: z.string(), id: z.string(), permissions }),
])

/** If the row can't be read, the problem names the group. */
export const toMember = (row: MemberRow): GroupMember | Unreadable =>
  readRow(memberRow, row, { kind: 'group', id: row.group_name } as const)

export const fromMember = (member: GroupMember): Omit<MemberRow, 'tenant' | 'group_name'> => ({
  kind: member.kind,
  claim: member.kind === 'claim' ? member.claim : '',
  id: member.id,
  permissions: JSON.stringify(member.permissions),
})
