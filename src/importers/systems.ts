/** The systems whose exports can be read. The command line lists them without loading their importers. */
export const systems = ['keycloak', 'hydra', 'pingfederate', 'auth0'] as const

export type System = (typeof systems)[number]
