/** The ways in which a client proves who it is, the safest first. */
export const kinds = ['federated', 'keys', 'certificate', 'secret'] as const
export type Kind = (typeof kinds)[number]
