import type { GroupPermission } from '../../model/group.ts'

/** A permission: the scope of the admin API with this name, and a part of the roles of people. */
interface PermissionInfo {
  readonly description: string
  /** The permission of a member of a group that means the same, over the clients and APIs of the group alone. */
  readonly within?: GroupPermission
}

const table = {
  'tenants:read': { description: 'See the tenants' },
  'groups:read': { description: 'See groups and their members' },
  'groups:write': { description: 'Create, change and delete groups' },
  'groups:act': { description: 'Act as a member of the groups that name this client' },
  'apis:read': { description: 'See APIs and their scopes', within: 'view' },
  'apis:write': { description: 'Create and change APIs and their scopes', within: 'edit' },
  'apis:delete': { description: 'Delete APIs', within: 'delete' },
  'clients:read': { description: 'See clients, their credentials and grants', within: 'view' },
  'clients:write': { description: 'Create, change, enable and disable clients', within: 'edit' },
  'clients:delete': { description: 'Delete clients', within: 'delete' },
  'grants:write': { description: 'Give clients scopes at APIs, and take them away', within: 'grant' },
  'credentials:write': { description: 'Add credentials and label them', within: 'rotate' },
  'credentials:rotate': { description: 'Rotate credentials, and cancel rotations', within: 'rotate' },
  'credentials:delete': { description: 'Revoke and remove credentials', within: 'rotate' },
  'keys:read': { description: 'See signing keys' },
  'keys:write': { description: 'Rotate, roll back and revoke signing keys' },
  'revocations:read': { description: 'See revocations' },
  'revocations:write': { description: 'Revoke tokens', within: 'rotate' },
  'plans:read': { description: 'Plan manifests: see what they would change' },
  'plans:write': { description: 'Apply manifests' },
  'audit:read': { description: 'Read audit events', within: 'view' },
  'usage:read': { description: 'See usage', within: 'view' },
  'lab:use': { description: 'Try token requests out as a client would send them', within: 'rotate' },
  'explanations:read': { description: 'Explain the results of requests', within: 'view' },
  'settings:read': { description: 'See the configuration, without secrets' },
  'metrics:read': { description: 'Read metrics' },
  'accounts:read': { description: 'See the accounts of administrators' },
  'accounts:write': { description: 'Create, change and delete accounts of administrators' },
} as const satisfies Record<string, PermissionInfo>

export type Permission = keyof typeof table

/** Every permission, in the order in which documents list them. */
export const permissions: Readonly<Record<Permission, PermissionInfo>> = table

const isPermission = (name: string): name is Permission => Object.hasOwn(table, name)

export const permissionNames = Object.keys(table).filter(isPermission)

/** `groups:act` adds no right by itself. It is for programs; people act in their groups without it. */
const ofPeople = permissionNames.filter((name) => name !== 'groups:act')

const reading = ofPeople.filter((name) => name.endsWith(':read'))

/** An operator gives nobody else rights at the admin API. */
const operating = ofPeople.filter((name) => name !== 'accounts:write' && name !== 'groups:write')

/** The permissions for which a permission of a member of a group stands. */
export const standsFor = (given: GroupPermission): readonly Permission[] =>
  permissionNames.filter((name) => permissions[name].within === given)

export const roleNames = ['auditor', 'operator', 'admin'] as const

/** A role of people. */
export type Role = (typeof roleNames)[number]

/** The permissions of each role. */
export const roles: Readonly<Record<Role, readonly Permission[]>> = {
  auditor: reading,
  operator: operating,
  admin: ofPeople,
}

/** The permissions of somebody who has these roles. */
export const permissionsOfRoles = (given: readonly Role[]): ReadonlySet<Permission> =>
  new Set(given.flatMap((role) => roles[role]))

/** The permissions that members of groups may have over the things of the group. */
export const ofMembers = permissionNames.filter((name) => permissions[name].within !== undefined)
