import { roleNames } from '../management/authority/permissions.ts'

export type { Role } from '../management/authority/permissions.ts'

/** The roles of people, each with all that the one before it may do. */
export const roles = roleNames
