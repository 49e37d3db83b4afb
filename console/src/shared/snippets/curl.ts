import { ASSERTION_TYPE, fields, SECRET_VARIABLE, type Target, type Writer, word } from './target.ts'

/** A curl line. The secret comes from the environment, so that no history keeps it. */
export const curl: Writer = (target) => {
  const proof = proofOf(target)
  if (proof === undefined) return undefined
  const form = fields(target).map(([name, value]) => `--data-urlencode ${word(`${name}=${value}`)}`)
  const id = `--data-urlencode ${word(`client_id=${target.clientId}`)}`
  const text = [`curl -sS ${word(target.tokenUrl)}`, ...form, id, ...proof].join(' \\\n  ')
  return { id: 'curl', title: 'curl', file: 'token.sh', text }
}

function proofOf({ proof }: Target): readonly string[] | undefined {
  if (proof.kind === 'secret') return [`--data-urlencode "client_secret=$${SECRET_VARIABLE}"`]
  if (proof.kind === 'certificate') return ['--cert client.crt', '--key client.key']
  if (proof.kind === 'token-file')
    return [
      `--data-urlencode ${word(`client_assertion_type=${ASSERTION_TYPE}`)}`,
      `--data-urlencode "client_assertion=$(cat ${word(proof.path)})"`,
    ]
  // A shell can't sign, and a job of GitHub has a snippet of its own.
  return undefined
}
