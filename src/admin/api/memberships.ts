import type { GroupPermission } from '../../model/group.ts'

/** The permissions that a program or a person has in groups, by the name of the group. */
export type Memberships = ReadonlyMap<string, ReadonlySet<GroupPermission>>
