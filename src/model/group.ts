/** The permissions that a member of a group may have over the clients and APIs of the group. */
export const groupPermissions = ['view', 'edit', 'rotate', 'delete', 'grant'] as const

export type GroupPermission = (typeof groupPermissions)[number]
