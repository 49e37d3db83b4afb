import { clientSettings as t } from '../../../texts/client-settings.ts'
import type { Values } from './values.ts'

type Name = keyof Values

interface Option {
  readonly value: string
  readonly label: string
}

/** A field of the form, and how it is entered. */
export type Field = { readonly name: Name } & (
  | { readonly kind: 'line' | 'text' | 'json' | 'list' | 'switch' | 'owner' }
  | { readonly kind: 'choice' | 'several'; readonly options: readonly Option[] }
)

interface FieldGroup {
  readonly id: keyof typeof t.groups
  readonly fields: readonly Field[]
}

const METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'federated_jwt',
] as const

const options = (...values: readonly (keyof typeof t.options)[]): readonly Option[] => [
  { value: '', label: t.default },
  ...values.map((value) => ({ value, label: t.options[value] })),
]

/** The settings of a client in the groups in which people look for them. */
export const fieldGroups: readonly FieldGroup[] = [
  {
    id: 'identity',
    fields: [
      { name: 'name', kind: 'line' },
      { name: 'description', kind: 'text' },
      { name: 'owner', kind: 'owner' },
      { name: 'tags', kind: 'list' },
      { name: 'subject', kind: 'line' },
      { name: 'metadata', kind: 'json' },
    ],
  },
  {
    id: 'scopes',
    fields: [
      { name: 'scopes', kind: 'list' },
      { name: 'default_scopes', kind: 'list' },
      { name: 'restrict_scopes', kind: 'switch' },
    ],
  },
  {
    id: 'tokens',
    fields: [
      { name: 'lifetime', kind: 'line' },
      { name: 'default_api', kind: 'line' },
      { name: 'claims', kind: 'json' },
    ],
  },
  {
    id: 'proof',
    fields: [
      { name: 'auth_methods', kind: 'several', options: METHODS.map((value) => ({ value, label: value })) },
      { name: 'assertion_audience', kind: 'choice', options: options('issuer', 'compatible') },
      { name: 'require', kind: 'choice', options: options('dpop', 'certificate_bound', 'sender_constrained') },
      { name: 'tls_client_certificate_bound_access_tokens', kind: 'switch' },
    ],
  },
  {
    id: 'introspection',
    fields: [
      {
        name: 'introspects',
        kind: 'choice',
        options: [
          { value: '', label: t.none },
          { value: 'all', label: t.all },
          { value: 'some', label: t.some },
        ],
      },
      { name: 'audiences', kind: 'list' },
    ],
  },
]
