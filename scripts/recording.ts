/**
 * Draws `docs/assets/first-token.svg`: a terminal with a first token, a refusal and its explanation. It runs the commands that
 * it shows, so it needs a checkout that is set up, curl, and the ports of `tessera dev`.
 */

import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'

const REQUEST = 'grant_type=client_credentials -d scope=edit https://localhost:9031/as/token.oauth2'

const run = (command: string): string =>
  execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()

/** Starts the development server, and returns its output once it listens. */
async function start(): Promise<{ readonly output: string; readonly stop: () => void }> {
  const server = spawn('npm', ['start'], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const { pid } = server
  if (pid === undefined) throw new Error('npm does not start')
  let output = ''
  for await (const chunk of server.stdout.setEncoding('utf8')) {
    output += chunk
    if (output.includes('Ctrl+C')) break
  }
  return { output, stop: () => process.kill(-pid, 'SIGINT') }
}

/** One after the other: a command, and its output. */
async function session(): Promise<readonly (readonly [command: string, output: string])[]> {
  const { output, stop } = await start()
  try {
    const issued = run(`curl -s --cacert .tessera/tls/ca.pem -u cc_client:2Federate -d ${REQUEST}`)
    const refused = run(
      `curl -sw '\\n%header{x-request-id}\\n' --cacert .tessera/tls/ca.pem -u cc_client:3Federate -d ${REQUEST}`,
    )
    const id = refused.split('\n').at(-1) ?? ''
    return [
      [
        'npm start',
        output
          .trim()
          .replace(/\n\nGet a token:[\s\S]*$/, '')
          .replaceAll(/\n{2,}/g, '\n\n'),
      ],
      [`curl --cacert .tessera/tls/ca.pem -u cc_client:2Federate \\\n    -d ${REQUEST}`, shortened(issued)],
      [
        `curl -w '\\n%header{x-request-id}\\n' --cacert .tessera/tls/ca.pem -u cc_client:3Federate \\\n    -d ${REQUEST}`,
        refused,
      ],
      [`./tessera explain ${id}`, run(`./tessera explain ${id}`)],
    ]
  } finally {
    stop()
  }
}

/** Only the ends of the token, which is longer than a line. */
const shortened = (answer: string): string =>
  answer.replace(/"(eyJ[^"]{22})[^"]*([^"]{12})"/, (_, from: string, to: string) => `"${from}…${to}"`)

const WIDTH = 960
const MARGIN = 28
const TOP = 66
const LINE = 19
const COLUMNS = 118

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function draw(shown: readonly (readonly [command: string, output: string])[]): string {
  const lines = shown.flatMap(([command, output]) => [
    ...command.split('\n').map((text, index) => ({ kind: 'command', text: index === 0 ? `$ ${text}` : text })),
    ...output.split('\n').map((text) => ({ kind: 'output', text })),
    { kind: 'output', text: '' },
  ])
  const texts = lines.map(({ kind, text }, index) => {
    const cut = text.length > COLUMNS ? `${text.slice(0, COLUMNS - 1)}…` : text
    const content =
      kind === 'command' && cut.startsWith('$ ')
        ? `<tspan class="prompt">$</tspan> ${escaped(cut.slice(2))}`
        : escaped(cut)
    return text === '' ? '' : `  <text class="${kind}" x="${MARGIN}" y="${TOP + index * LINE}">${content}</text>\n`
  })
  const height = TOP + (lines.length - 1) * LINE + 6
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" xml:space="preserve">
  <title>A terminal: npm start, a first token with curl, a refused request, and tessera explain with its reason</title>
  <style>
    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre }
    .command { fill: #f4f1e8; font-weight: 600 }
    .output { fill: #a9b4c2 }
    .prompt { fill: #e0a458 }
  </style>
  <rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10" fill="#12171f" stroke="#39434f"/>
  <path d="M0.5 38.5H${WIDTH - 0.5}" stroke="#2a323d"/>
  <text class="output" x="${MARGIN}" y="25">~/tessera</text>
${texts.join('')}</svg>
`
}

writeFileSync('docs/assets/first-token.svg', draw(await session()))
