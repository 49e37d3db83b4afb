import { ASSERTION_TYPE, fields, quoted, SECRET_VARIABLE, type Target, type Writer } from './target.ts'

/** Python with requests, and PyJWT where a key signs. */
export const python: Writer = (target) => {
  const parts = partsOf(target)
  if (parts === undefined) return undefined
  const form = [...fields(target).map(([name, value]) => [name, quoted(value)] as const), ...(parts.form ?? [])]
  const text = `${parts.imports}import requests

${parts.setup ?? ''}answer = requests.post(
    ${quoted(target.tokenUrl)},
    data={
${form.map(([name, value]) => `        ${quoted(name)}: ${value},`).join('\n')}
    },
${parts.options ?? ''}    timeout=10,
)
answer.raise_for_status()
print(answer.json()["access_token"])`
  const before = `pip install requests${target.proof.kind === 'key' ? ' "pyjwt[crypto]"' : ''}`
  return { id: 'python', title: 'Python', file: 'get_token.py', before, text }
}

interface Parts {
  readonly imports: string
  readonly setup?: string
  readonly form?: readonly (readonly [string, string])[]
  readonly options?: string
}

function partsOf({ proof, clientId, issuer }: Target): Parts | undefined {
  const assertion = (value: string) =>
    [
      ['client_id', quoted(clientId)],
      ['client_assertion_type', quoted(ASSERTION_TYPE)],
      ['client_assertion', value],
    ] as const
  switch (proof.kind) {
    case 'secret':
      return {
        imports: 'import os\n\n',
        form: [
          ['client_id', quoted(clientId)],
          ['client_secret', `os.environ["${SECRET_VARIABLE}"]`],
        ],
      }
    case 'key':
      return {
        imports: 'import time\nimport uuid\nfrom pathlib import Path\n\nimport jwt\n',
        setup: `now = int(time.time())
assertion = jwt.encode(
    {
        "iss": ${quoted(clientId)},
        "sub": ${quoted(clientId)},
        "aud": ${quoted(issuer)},
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
    },
    Path("client-key.pem").read_text(),
    algorithm="ES256",
)
`,
        form: assertion('assertion'),
      }
    case 'token-file':
      return {
        imports: 'from pathlib import Path\n\n',
        form: assertion(`Path(${quoted(proof.path)}).read_text().strip()`),
      }
    case 'certificate':
      return {
        imports: '',
        form: [['client_id', quoted(clientId)]],
        options: '    cert=("client.crt", "client.key"),\n',
      }
    case 'github':
      return undefined
    default:
      return proof satisfies never
  }
}
