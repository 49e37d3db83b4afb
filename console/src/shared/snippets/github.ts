import { ASSERTION_TYPE, fields, SECRET_VARIABLE, type Target, type Writer, word } from './target.ts'

/** A job of GitHub Actions. Its own token proves the client, or a secret of the repository does. */
export const github: Writer = (target) => {
  const { proof } = target
  if (proof.kind !== 'secret' && proof.kind !== 'github') return undefined
  const isFederated = proof.kind === 'github'
  const text = `name: token
on: workflow_dispatch
${isFederated ? 'permissions:\n  id-token: write\n' : ''}jobs:
  token:
    runs-on: ubuntu-latest
    steps:
      - name: Get a token${isFederated ? '' : `\n        env:\n          ${SECRET_VARIABLE}: \${{ secrets.${SECRET_VARIABLE} }}`}
        run: |
${script(target)
  .map((line) => `          ${line}`)
  .join('\n')}`
  return { id: 'github', title: 'GitHub Actions', file: '.github/workflows/token.yaml', text }
}

function script(target: Target): readonly string[] {
  const { proof, tokenUrl, clientId } = target
  const form = [...fields(target), ['client_id', clientId] as const].map(
    ([name, value]) => `--data-urlencode ${word(`${name}=${value}`)}`,
  )
  const asked = [
    `token=$(curl -sS --fail-with-body ${word(tokenUrl)}`,
    ...form,
    ...(proof.kind === 'github'
      ? [
          `--data-urlencode ${word(`client_assertion_type=${ASSERTION_TYPE}`)}`,
          `--data-urlencode "client_assertion=$assertion" | jq -r .access_token)`,
        ]
      : [`--data-urlencode "client_secret=$${SECRET_VARIABLE}" | jq -r .access_token)`]),
  ].join(' \\\n  ')
  return [
    ...(proof.kind === 'github'
      ? [
          'assertion=$(curl -sS --fail-with-body -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\',
          `  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${encodeURIComponent(proof.audience)}" | jq -r .value)`,
        ]
      : []),
    ...asked.split('\n'),
    'echo "::add-mask::$token"',
    'echo "ACCESS_TOKEN=$token" >> "$GITHUB_ENV"',
  ]
}
