export const providers = ['any', 'keycloak', 'entra'] as const

interface Example {
  readonly issuer: string
  readonly clientId: string
  readonly nameClaim: string
  /** None if the roles have a claim of their own. */
  readonly groupsClaim?: string
  readonly roleClaim: string
  readonly admin: string
  readonly auditor: string
}

const EXAMPLES: Readonly<Record<(typeof providers)[number], Example>> = {
  any: {
    issuer: 'https://login.example.com',
    clientId: 'tessera',
    nameClaim: 'email',
    groupsClaim: 'groups',
    roleClaim: 'groups',
    admin: 'platform',
    auditor: 'security',
  },
  keycloak: {
    issuer: 'https://keycloak.example.com/realms/staff',
    clientId: 'tessera',
    nameClaim: 'preferred_username',
    groupsClaim: 'groups',
    roleClaim: 'groups',
    admin: 'platform',
    auditor: 'security',
  },
  entra: {
    issuer: 'https://login.microsoftonline.com/<tenant id>/v2.0',
    clientId: '<application id>',
    nameClaim: 'oid',
    roleClaim: 'roles',
    admin: 'Tessera.Admin',
    auditor: 'Tessera.Auditor',
  },
}

/** The part of the configuration file that switches sign-on on. */
export function configurationFor(provider: (typeof providers)[number]): string {
  const { issuer, clientId, nameClaim, groupsClaim, roleClaim, admin, auditor } = EXAMPLES[provider]
  return `sign_on:
  issuer: ${issuer}
  client_id: ${clientId}
  client_secret_file: /etc/tessera/sign-on-secret
  name_claim: ${nameClaim}
${groupsClaim === undefined ? '' : `  groups_claim: ${groupsClaim}\n`}  roles:
    - { claim: ${roleClaim}, value: ${admin}, role: admin }
    - { claim: ${roleClaim}, value: ${auditor}, role: auditor }
`
}
