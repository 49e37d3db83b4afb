import type { AuditEvent } from '../audit/event.ts'
import type { Unreadable } from '../platform/unreadable.ts'

/** The permissions that a member of a group may have over the clients and APIs of the group. */
export const groupPermissions = ['view', 'edit', 'rotate', 'delete', 'grant'] as const

export type GroupPermission = (typeof groupPermissions)[number]

/** People and programs that look after the clients and APIs whose `owner` is the name of the group. */
export interface Group {
  readonly name: string
  readonly description: string | undefined
  /** In the order of `inOrder`. No two of them are the same account, client or claim. */
  readonly members: readonly GroupMember[]
}

/** The account, the client or the value of a claim that has permissions in a group. */
export type MemberName =
  | { readonly kind: 'account' | 'client'; readonly id: string }
  /** Every person whose sign-on has this value in a claim. */
  | { readonly kind: 'claim'; readonly claim: string; readonly id: string }

export type GroupMember = MemberName & { readonly permissions: readonly GroupPermission[] }

/** A group without its members. */
export interface GroupSummary extends Omit<Group, 'members'> {
  readonly members: number
}

/** A group and the permissions that somebody has over its clients and APIs. */
export interface Membership {
  readonly group: string
  readonly permissions: ReadonlySet<GroupPermission>
}

/** A count that stops: with `isMore`, there are more than `count`. */
export interface Count {
  readonly count: number
  readonly isMore: boolean
}

/** The clients and APIs of a group. */
export interface Owned {
  readonly clients: Count
  readonly apis: Count
}

/** A change of one group. */
export interface GroupStep {
  /** Undefined to delete it. */
  readonly group: Group | undefined
  /** The event of the change; undefined if nothing changes, and nothing is to be written. */
  readonly event: AuditEvent | undefined
}

/**
 * Reads and writes the groups of one tenant. A group is unreadable if its record or that of one of its members is; its other members
 * keep their permissions. Every call rejects, with nothing written, if the database fails.
 */
export interface GroupStore {
  /** At most this many groups whose names come after the given one, in the order of the database. */
  listGroups(after: string, most: number): Promise<readonly (GroupSummary | Unreadable)[]>
  /** The group of this name; undefined if it does not exist. */
  loadGroup(name: string): Promise<Group | Unreadable | undefined>
  /** The groups that name one of these, by name. It reads an index, so that a change counts at once. */
  groupsOf(names: readonly MemberName[]): Promise<readonly Membership[]>
  /**
   * Changes one group in one transaction.
   * @param plan called with the present group and what it owns, possibly more than once; if it throws, nothing is written
   * @returns the result of `plan`
   */
  updateGroup<Step extends GroupStep>(
    name: string,
    plan: (group: Group | Unreadable | undefined, owned: Owned) => Step,
  ): Promise<Step>
}

const claimOf = (member: MemberName): string => (member.kind === 'claim' ? member.claim : '')

/** A text that two members share only if they are the same account, client or claim. */
export const memberKey = (member: MemberName): string => JSON.stringify([member.kind, claimOf(member), member.id])

/** Members and permissions in one order, so that equal groups look alike. */
export const inOrder = (members: readonly GroupMember[]): readonly GroupMember[] =>
  members
    .map((member) => ({ ...member, permissions: groupPermissions.filter((one) => member.permissions.includes(one)) }))
    .sort((one, other) => (memberKey(one) < memberKey(other) ? -1 : 1))
