import { z } from 'zod'
import { deleteGroup } from '../../management/groups/delete.ts'
import { listGroups } from '../../management/groups/list.ts'
import { putGroup } from '../../management/groups/put.ts'
import { showGroup } from '../../management/groups/show.ts'
import { groupSchema } from '../../management/schemas/group.ts'
import type { Group } from '../../model/group.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import type { CallContext } from './call-context.ts'
import { pageOf, pageParameters } from './cursor.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'
import { refuseStale } from './precondition.ts'

const ofGroup = {
  parameters: z.strictObject({ group: groupSchema.shape.name.describe('The name of the group, percent-encoded.') }),
} as const

const groupAnswer = groupSchema
  .partial()
  .required({ name: true })
  .extend({ unreadable: z.string().optional().describe('Why the record of the group can not be read.') })

const groupLine = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  members: z.int().optional(),
  unreadable: z.string().optional(),
})

const example = {
  name: 'payments',
  description: 'The payments team',
  members: [{ kind: 'account', id: 'alice', permissions: ['view', 'edit', 'rotate'] }],
} as const
const path = { group: example.name } as const

export const groupOperations = [
  operation({
    id: 'groups.list',
    method: 'GET',
    path: '/groups',
    summary: 'List groups, by name',
    access: 'groups:read',
    ...noParameters,
    query: z.strictObject(pageParameters),
    ...noBody,
    answer: z.strictObject({ items: z.array(groupLine), next: z.string().optional() }),
    commands: ['groups list'],
    example: { answer: { items: [{ name: example.name, description: example.description, members: 1 }] } },
    run: async ({ management, cursors }, { query }) => {
      const page = pageOf(cursors, 'groups', query, z.string())
      const groups = await listGroups(management, { after: page.after, most: page.limit + 1 })
      const entries = groups.slice(0, page.limit)
      const last = groups.length > page.limit ? entries.at(-1) : undefined
      const next = last === undefined ? undefined : 'problem' in last ? last.id : last.name
      return { body: page.body({ entries: entries.map(lineBody), next }), state: null }
    },
  }),
  operation({
    id: 'groups.show',
    method: 'GET',
    path: '/groups/{group}',
    summary: 'Show a group and its members',
    access: 'groups:read',
    ...ofGroup,
    ...noQuery,
    ...noBody,
    answer: groupAnswer,
    commands: ['groups show'],
    example: { path, answer: example },
    run: async ({ management }, { path: { group } }) => ({ body: groupBody(await showGroup(management, group)) }),
  }),
  operation({
    id: 'groups.replace',
    method: 'PUT',
    path: '/groups/{group}',
    summary: 'Create a group, or replace its members',
    access: 'groups:write',
    ...ofGroup,
    ...noQuery,
    body: groupSchema.omit({ name: true }),
    answer: groupAnswer,
    isConditional: true,
    commands: ['groups put'],
    example: { path, body: { members: example.members }, answer: example },
    run: async ({ management, precondition }, { path: { group: name }, body }) => {
      const { group, isNew } = await putGroup(management, {
        name,
        wanted: (before) => {
          refuseStale(precondition, before && groupBody(before), mayRead(management))
          return body
        },
      })
      return { body: groupBody(group), ...(isNew && { location: `/groups/${encodeURIComponent(name)}` }) }
    },
  }),
  operation({
    id: 'groups.delete',
    method: 'DELETE',
    path: '/groups/{group}',
    summary: 'Delete a group that owns nothing',
    access: 'groups:write',
    ...ofGroup,
    ...noQuery,
    ...noBody,
    status: 204,
    isConditional: true,
    commands: ['groups delete'],
    example: { path },
    run: async ({ management, precondition }, { path: { group: name } }) => {
      await deleteGroup(management, {
        name,
        check: (before) => refuseStale(precondition, groupBody(before), mayRead(management)),
      })
      return {}
    },
  }),
]

const mayRead = ({ authority }: CallContext['management']): boolean => authority.everywhere.has('groups:read')

const groupBody = (group: Group | Unreadable) =>
  'problem' in group ? { name: group.id, unreadable: group.problem } : group

const lineBody = (group: Awaited<ReturnType<typeof listGroups>>[number]) =>
  'problem' in group
    ? { name: group.id, unreadable: group.problem }
    : { name: group.name, description: group.description, members: group.members }
