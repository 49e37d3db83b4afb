import type { Answer, Input } from '../../../api/types.ts'

export type GroupAnswer = Answer<'groups.show'>
export type GroupInput = Input<'groups.replace'>
export type Member = NonNullable<GroupAnswer['members']>[number]
export type GroupPermission = Member['permissions'][number]

export const groupPermissions = [
  'view',
  'edit',
  'rotate',
  'delete',
  'grant',
] as const satisfies readonly GroupPermission[]
export const memberKinds = ['account', 'client', 'claim'] as const satisfies readonly Member['kind'][]

/** A member in words, such as `account alice` or `claim groups=platform`. No two members of a group have the same. */
export const memberName = (member: Member): string =>
  member.kind === 'claim' ? `claim ${member.claim}=${member.id}` : `${member.kind} ${member.id}`

/** The changes of one person: a description, and members by their names. A member that is taken out is null. */
export interface Changes {
  readonly description?: string
  readonly members: Readonly<Record<string, Member | null>>
}

export const noChanges: Changes = { members: {} }

/** The group with the changes. Members of others that the changes do not name stay as they are. */
export function changed({ description, members = [] }: GroupAnswer, changes: Changes): Required<GroupInput> {
  const after = new Map(members.map((one) => [memberName(one), one]))
  for (const [name, member] of Object.entries(changes.members)) {
    if (member === null) after.delete(name)
    else after.set(name, member)
  }
  return { description: changes.description ?? description ?? '', members: [...after.values()] }
}

/** The changes without those that say the same as the group. */
export function trimmed(group: GroupAnswer, { description, members }: Changes): Changes {
  const before = readable(group)
  const kept = Object.entries(members).filter(([name, member]) => before[name] !== (member ? said(member) : undefined))
  return {
    ...(description !== undefined && description !== (group.description ?? '') && { description }),
    members: Object.fromEntries(kept),
  }
}

export const countOf = ({ description, members }: Changes): number =>
  Object.keys(members).length + (description === undefined ? 0 : 1)

const said = ({ permissions }: Member): string => groupPermissions.filter((one) => permissions.includes(one)).join(', ')

/** A group as a line for each of its parts, so that people can compare two states. */
export const readable = ({ description, members = [] }: GroupAnswer): Readonly<Record<string, string | undefined>> => ({
  description,
  ...Object.fromEntries(members.map((one) => [memberName(one), said(one)])),
})

/** Changes in the same form. */
export const readableChanges = ({ description, members }: Changes): Readonly<Record<string, string | undefined>> => ({
  ...(description !== undefined && { description }),
  ...Object.fromEntries(Object.entries(members).map(([name, one]) => [name, one ? said(one) : undefined])),
})
