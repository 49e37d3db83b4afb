import { type Kind, kinds } from '../../../shared/credentials/kinds.ts'
import type { Proof, SnippetId } from '../../../shared/snippets/target.ts'
import type { platforms as t } from '../../../texts/platforms.ts'

/** The identity that a platform gives to its workloads, as its tokens name it. */
export interface Identity {
  /** The `iss` of its tokens. Empty if it differs for each installation. */
  readonly issuer: string
  /** The things that make up the subject, by their names, each with an example. */
  readonly parts: Readonly<Record<string, string>>
  readonly subject: (parts: Readonly<Record<string, string>>) => string
  /** The way in which a program there gets the token. */
  readonly proof: (audience: string) => Proof
  /** The lines that put the token there. */
  readonly setup: (audience: string) => string
}

interface Platform {
  readonly id: PlatformId
  readonly first: SnippetId
  readonly identity?: Identity
  /** The proof that is recommended there. */
  readonly best: Kind
}

export type PlatformId = keyof typeof t.names

const FILE = 'identity-token'
const fromFile = (): Proof => ({ kind: 'token-file', path: FILE })
const MOUNTED = '/var/run/secrets/tessera/token'

/** The places where clients run. */
export const platforms: readonly Platform[] = [
  { id: 'server', first: 'curl', best: 'keys' },
  {
    id: 'kubernetes',
    first: 'go',
    best: 'federated',
    identity: {
      issuer: 'https://kubernetes.default.svc.cluster.local',
      parts: { namespace: 'payments', account: 'billing' },
      subject: ({ namespace, account }) => `system:serviceaccount:${namespace}:${account}`,
      proof: () => ({ kind: 'token-file', path: MOUNTED }),
      setup: (audience) => `volumes:
  - name: tessera
    projected:
      sources:
        - serviceAccountToken: { path: token, audience: ${JSON.stringify(audience)}, expirationSeconds: 3600 }
containers:
  - volumeMounts: [{ name: tessera, mountPath: /var/run/secrets/tessera, readOnly: true }]`,
    },
  },
  {
    id: 'github',
    first: 'github',
    best: 'federated',
    identity: {
      issuer: 'https://token.actions.githubusercontent.com',
      parts: { repository: 'acme/shop', branch: 'main' },
      subject: ({ repository, branch }) => `repo:${repository}:ref:refs/heads/${branch}`,
      proof: (audience) => ({ kind: 'github', audience }),
      setup: () => '',
    },
  },
  {
    id: 'gitlab',
    first: 'curl',
    best: 'federated',
    identity: {
      issuer: 'https://gitlab.com',
      parts: { project: 'acme/shop', branch: 'main' },
      subject: ({ project, branch }) => `project_path:${project}:ref_type:branch:ref:${branch}`,
      proof: fromFile,
      setup: (audience) => `id_tokens:
  TESSERA_ID_TOKEN: { aud: ${JSON.stringify(audience)} }
before_script:
  - printf %s "$TESSERA_ID_TOKEN" > ${FILE}`,
    },
  },
  {
    id: 'aws',
    first: 'python',
    best: 'federated',
    identity: {
      issuer: '',
      parts: { role: 'arn:aws:iam::123456789012:role/billing' },
      subject: ({ role = '' }) => role,
      proof: fromFile,
      setup: (audience) => `aws sts get-web-identity-token --audience ${audience} --signing-algorithm RS256 \\
  --query WebIdentityToken --output text > ${FILE}`,
    },
  },
  {
    id: 'gcp',
    first: 'python',
    best: 'federated',
    identity: {
      issuer: 'https://accounts.google.com',
      parts: { serviceAccountId: '112233445566778899001' },
      subject: ({ serviceAccountId = '' }) => serviceAccountId,
      proof: fromFile,
      setup: (audience) => `curl -sS -H 'Metadata-Flavor: Google' -o ${FILE} \\
  'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=${encodeURIComponent(audience)}'`,
    },
  },
  {
    id: 'azure',
    first: 'dotnet',
    best: 'federated',
    identity: {
      issuer: '',
      parts: { principal: '00000000-0000-0000-0000-000000000000' },
      subject: ({ principal = '' }) => principal,
      proof: fromFile,
      setup: (audience) => `curl -sS -H 'Metadata: true' \\
  'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${encodeURIComponent(audience)}' |
  jq -r .access_token > ${FILE}`,
    },
  },
  { id: 'developer', first: 'curl', best: 'secret' },
  { id: 'prometheus', first: 'prometheus', best: 'secret' },
  { id: 'mcp', first: 'mcp', best: 'keys' },
]

export const platformOf = (id: PlatformId): Platform => {
  const found = platforms.find((one) => one.id === id)
  if (found === undefined) throw new Error(`there is no platform ${id}`)
  return found
}

/** The kinds of proof that make sense somewhere, the recommended one first. */
export function proofsOf({ best, identity }: Platform): readonly Kind[] {
  const possible = kinds.filter((kind) => kind !== 'federated' || identity !== undefined)
  return [best, ...possible.filter((kind) => kind !== best)]
}
