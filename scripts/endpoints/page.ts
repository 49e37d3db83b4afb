/** The reference of the runtime listener's endpoints, from their tables. */

import { clientAuthMethodNames } from '../../src/oauth/client-auth-methods.ts'
import { endpointNames, endpointPaths } from '../../src/oauth/endpoints.ts'
import type { RefusalTable } from '../../src/oauth/refusal.ts'
import {
  authenticationParameters,
  clientRefusals,
  type DescribedEndpoint,
  type Example,
  endpointTable,
  exampleManifest,
  generalRefusals,
  secretVariable,
} from './table.ts'

const ISSUER = 'https://auth.example.com'

export function endpointsPage(): string {
  return [
    '# Endpoints',
    '',
    'Generated from the tables of endpoints and refusals (`src/oauth/endpoints.ts`, `scripts/endpoints/table.ts`).',
    '',
    'These are the endpoints of the runtime listener, which clients and APIs use. Administrators have [an API](admin-api.md) on a listener',
    'of its own. If the issuer has a path, it precedes each path below, except where [RFC 8414 §3.1](#metadata) says otherwise.',
    '',
    '| endpoint | methods | paths | standard |',
    '| --- | --- | --- | --- |',
    ...endpointNames.map((name) => {
      const { title, methods, standard } = endpointTable[name]
      const anchor = title.toLowerCase().replaceAll(' ', '-')
      return `| [${title}](#${anchor}) | ${methods.join(', ')} | ${pathsOf(name)} | ${standard} |`
    }),
    '',
    'The option `aliases` gives an endpoint more paths, by the name in brackets below:',
    '[the addresses of another server](../migrating/aliases.md). A path must match exactly. Any other path is answered with 404, and',
    'another method with 405 and `Allow`.',
    '',
    '## Requests',
    '',
    'Parameters stand in the body of a `POST`, as a form (`application/x-www-form-urlencoded`). A query string is refused, since access',
    'logs would keep it. Unknown parameters are ignored; only `resource` and `audience` may be repeated. [Limits](limits.md) has the greatest sizes.',
    '',
    'A client authenticates in the same way at every endpoint, with one of these methods ([authentication](../integrating/authentication.md)):',
    `${clientAuthMethodNames.map((name) => `\`${name}\``).join(', ')}. Their parameters are`,
    `${authenticationParameters.map((name) => `\`${name}\``).join(', ')}.`,
    '',
    ...refusalsOf(clientRefusals),
    '## Answers',
    '',
    'Each answer has the id of the request in the header `X-Request-Id`. Answers to clients are never cached (`Cache-Control: no-store`).',
    'A refusal is JSON with `error` and `error_description` (RFC 6749 §5.2). The description ends with the request id. The reason itself',
    'is in the audit log alone: [`tessera explain`](../operating/explain.md).',
    '',
    'A 401 has `WWW-Authenticate`, a 503 has `Retry-After`, and so has a 429 if the client must wait.',
    '[Refusals](refusals.md) has the reason and the remedy of each. Any endpoint can refuse a request so:',
    '',
    ...refusalsOf(generalRefusals),
    'The examples below use this manifest:',
    '',
    '```yaml',
    exampleManifest.trimEnd(),
    '```',
    '',
    ...endpointNames.flatMap((name) => sectionOf(name, endpointTable[name])),
  ].join('\n')
}

const pathsOf = (name: keyof typeof endpointPaths): string =>
  endpointPaths[name].map((path) => `\`${path}\``).join('<br>')

function sectionOf(name: keyof typeof endpointPaths, endpoint: DescribedEndpoint): readonly string[] {
  const { title, purpose, standard, methods, authenticates, parameters, notes, examples, refusals } = endpoint
  return [
    `## ${title}`,
    '',
    `${methods.map((method) => `\`${method}\``).join(', ')} ${pathsOf(name).replaceAll('<br>', ' or ')} (\`${name}\`; ${standard}).`,
    `${purpose}${authenticates || name === 'authorization' ? '' : ' It needs no authentication.'}`,
    '',
    ...(parameters.length === 0
      ? []
      : [
          '| parameter | meaning |',
          '| --- | --- |',
          ...parameters.map(
            ({ name, meaning, grants }) =>
              `| \`${name}\` | ${grants === undefined ? '' : `Grant \`${grants}\`: `}${meaning} |`,
          ),
          '',
        ]),
    ...notes.map((note) => `- ${note}`),
    ...(notes.length === 0 ? [] : ['']),
    ...examples.flatMap((example) => exampleOf(endpointPaths[name][0], example)),
    ...refusalsOf(refusals),
  ]
}

/** The request for a shell, and its answer. */
function exampleOf(
  path: string,
  { title, client, headers = {}, form = {}, status, answer }: Example,
): readonly string[] {
  const parts = [
    ...(client === undefined ? [] : [`-u "${client}:$${secretVariable(client)}"`]),
    ...Object.entries(headers).map(([header, value]) => `-H "${header}: ${value}"`),
    ...Object.entries(form).map(([key, value]) => `-d "${key}=${value}"`),
    ISSUER + path,
  ]
  return [
    `${title}:`,
    '',
    '```sh',
    `curl ${parts.join(' \\\n  ')}`,
    '```',
    '',
    ...(answer === '' ? [`Answer ${status}, without a body.`, ''] : [`Answer ${status}:`, '', ...shown(answer), '']),
  ]
}

const shown = (answer: unknown): readonly string[] =>
  typeof answer === 'string' ? ['```text', answer, '```'] : ['```json', JSON.stringify(answer, undefined, 2), '```']

/** Each answer to a refused request, with the texts that it can have. */
function refusalsOf(tables: readonly RefusalTable[]): readonly string[] {
  const answers = Map.groupBy(
    tables.flatMap((table) => Object.values(table)),
    ({ status, error }) => `${status} \`${error}\``,
  )
  if (answers.size === 0) return []
  const rows = [...answers].toSorted(([one], [other]) => one.localeCompare(other))
  return [
    '| refusal | `error_description` |',
    '| --- | --- |',
    ...rows.map(
      ([answer, entries]) =>
        `| ${answer} | ${[...new Set(entries.map(({ description }) => description))].join('<br>')} |`,
    ),
    '',
  ]
}
