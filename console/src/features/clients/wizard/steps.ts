export const steps = ['runs', 'access', 'proof', 'summary'] as const

/** A step of the wizard, as it stands in the address. */
export type Step = (typeof steps)[number]
