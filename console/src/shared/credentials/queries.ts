import { queryOptions } from '@tanstack/react-query'
import { api, read, readTagged } from '../../api/client.ts'

/** A credential by its client and its id. It is the text after the name of a dialog in the address: `<id>:<client>`. */
export interface CredentialName {
  readonly client: string
  readonly id: string
}

export const textOf = ({ client, id }: CredentialName): string => `${id}:${client}`

export function nameOf(text: string): CredentialName {
  const [id = '', ...client] = text.split(':')
  return { id, client: client.join(':') }
}

export const at = ({ client, id }: CredentialName) => ({ path: { client_id: client, credential: id } })

const key = ({ client, id }: CredentialName) => ['clients', 'one', client, 'credentials', id]

/** A credential with its tag. */
export const credentialQuery = (name: CredentialName) =>
  queryOptions({
    queryKey: key(name),
    queryFn: () => readTagged(api.GET('/api/v1/clients/{client_id}/credentials/{credential}', { params: at(name) })),
  })

/** The things that end with a credential. */
export const credentialEffectQuery = (name: CredentialName) =>
  queryOptions({
    queryKey: [...key(name), 'effect'],
    queryFn: () => read(api.GET('/api/v1/clients/{client_id}/credentials/{credential}/effect', { params: at(name) })),
  })
