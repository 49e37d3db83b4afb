/** The roles of people, each with all that the one before it may do. */
export const roles = ['auditor', 'operator', 'admin'] as const

export type Role = (typeof roles)[number]
