import type { CredentialLife } from '../../src/model/credentials/credential.ts'
import { CredentialId } from '../../src/oauth/ids.ts'

/** The properties of a credential of any kind, for a test: by default it has no label, was made by a command, and never ends. */
export const lifeOf = (id: string, more: Partial<CredentialLife> = {}): CredentialLife => ({
  id: CredentialId(id),
  label: '',
  hint: '',
  origin: 'command',
  createdAt: 0,
  expiresAt: undefined,
  revokedAt: undefined,
  replaces: undefined,
  ...more,
})
