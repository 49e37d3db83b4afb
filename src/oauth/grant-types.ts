/** The grants offered here, by their RFC 6749 `grant_type`. */
export const grantTypes = ['client_credentials'] as const

export type GrantType = (typeof grantTypes)[number]

export const isGrantType = (value: string): value is GrantType => grantTypes.some((grantType) => grantType === value)
