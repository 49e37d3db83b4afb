import { ASSERTION_TYPE, fields, quoted, SECRET_VARIABLE, type Target, type Writer } from './target.ts'

/** Python with requests, and PyJWT where a key signs. */
export const python: Writer = (target) => {
  const parts = partsOf(target)
  if (parts === undefined) return undefined
  const form = [...fields(target).map(([name, value]) => [name, quoted(value)] as const), ...(parts.form ?? [])]
  const text = `${parts.imports}import requests

lock = threading.Lock()
token, renew_at = "", 0.0


def access_token():
    """A valid token: the last one, or a new one from a minute before that expires."""
    global token, renew_at
    with lock:
        if time.monotonic() >= renew_at:
            answer = ask()
            token, renew_at = answer["access_token"], time.monotonic() + answer["expires_in"] - 60
        return token


def ask():
    """Asks for a token, and again if the server is busy."""
    for _ in range(4):
${parts.setup ?? ''}        answer = requests.post(
            ${quoted(target.tokenUrl)},
            data={
${form.map(([name, value]) => `                ${quoted(name)}: ${value},`).join('\n')}
            },
${parts.options ?? ''}            timeout=10,
        )
        if answer.status_code not in (429, 503):
            break
        time.sleep(int(answer.headers.get("Retry-After", 1)))
    answer.raise_for_status()
    return answer.json()


print(access_token())`
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
        imports: 'import os\nimport threading\nimport time\n\n',
        form: [
          ['client_id', quoted(clientId)],
          ['client_secret', `os.environ["${SECRET_VARIABLE}"]`],
        ],
      }
    case 'key':
      return {
        imports: 'import threading\nimport time\nimport uuid\nfrom pathlib import Path\n\nimport jwt\n',
        setup: `        now = int(time.time())
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
        imports: 'import threading\nimport time\nfrom pathlib import Path\n\n',
        form: assertion(`Path(${quoted(proof.path)}).read_text().strip()`),
      }
    case 'certificate':
      return {
        imports: 'import threading\nimport time\n\n',
        form: [['client_id', quoted(clientId)]],
        options: '            cert=("client.crt", "client.key"),\n',
      }
    case 'github':
      return undefined
    default:
      return proof satisfies never
  }
}
