interface RoleByClaim {
  readonly claim: string
  readonly value: string
  readonly role: string
}

/** Sign-on as it is configured. */
export interface SignOn {
  /** Undefined if sign-on is off. */
  readonly issuer: string | undefined
  readonly clientId: string | undefined
  readonly scopes: readonly string[]
  readonly nameClaim: string
  readonly groupsClaim: string | undefined
  readonly roles: readonly RoleByClaim[]
  /** The address to which the provider sends people back. */
  readonly redirect: string
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Reads the settings, which have no narrower type. @param origin the address of this page, which counts if `admin.url` is not set */
export function signOnOf(settings: Readonly<Record<string, unknown>>, origin: string): SignOn {
  const part = Object(settings['sign_on']) as Readonly<Record<string, unknown>>
  const admin = Object(settings['admin']) as Readonly<Record<string, unknown>>
  return {
    issuer: text(part['issuer']),
    clientId: text(part['client_id']),
    scopes: (part['scopes'] as readonly string[] | undefined) ?? [],
    nameClaim: text(part['name_claim']) ?? '',
    groupsClaim: text(part['groups_claim']),
    roles: (part['roles'] as readonly RoleByClaim[] | undefined) ?? [],
    redirect: `${text(admin['url']) ?? origin}/sign-on/callback`,
  }
}
