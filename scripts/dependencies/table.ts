/** The reason for each direct dependency that runs in production or in the console. */

export interface Justified {
  /** The maintainers. */
  readonly keeper: string
  readonly purpose: string
  /** The effect of its failure, and the bound around it. */
  readonly failure: string
}

const opentelemetry = 'OpenTelemetry (CNCF)'
const onlyTraces = 'Loaded only with `traces.endpoint`.'

/** Those of the server and the command line, by name. */
export const ofProgram: Readonly<Record<string, Justified>> = {
  '@marcbachmann/cel-js': {
    keeper: 'Marc Bachmann',
    purpose: 'Parses and evaluates conditions (`when`) in CEL.',
    failure:
      'It throws. A condition that does not parse is refused when it is written; one that fails matches nothing. Its work is counted before it runs.',
  },
  '@opentelemetry/api': {
    keeper: opentelemetry,
    purpose: `The interface of traces. ${onlyTraces}`,
    failure: 'Spans are lost, and no request is.',
  },
  '@opentelemetry/exporter-trace-otlp-http': {
    keeper: opentelemetry,
    purpose: `Sends spans to a collector. ${onlyTraces}`,
    failure: 'A failed export is logged, and its spans are lost. The queue has 8,192 spans.',
  },
  '@opentelemetry/resources': {
    keeper: opentelemetry,
    purpose: `Names the server in its traces. ${onlyTraces}`,
    failure: 'The server does not start with traces.',
  },
  '@opentelemetry/sdk-trace': {
    keeper: opentelemetry,
    purpose: `Makes and gathers spans. ${onlyTraces}`,
    failure: 'Spans are lost, and no request is.',
  },
  bcryptjs: {
    keeper: 'Daniel Wirtz',
    purpose: 'Checks secrets whose bcrypt hash came from another server.',
    failure:
      'It runs on a thread of its own. An error there refuses the secret. Our own hash replaces that of bcrypt at the first use.',
  },
  commander: {
    keeper: 'TJ Holowaychuk and John Gee',
    purpose: 'Parses command lines, and prints help.',
    failure:
      'A wrong command line ends with exit code 2, before anything is opened. The running server does not use it.',
  },
  kysely: {
    keeper: 'the Kysely team',
    purpose: 'Builds all SQL, with types, for SQLite and PostgreSQL.',
    failure:
      'It throws before it sends a statement. Errors of the database are ours to sort: a request is refused with 503.',
  },
  'lru-cache': {
    keeper: 'Isaac Z. Schlueter',
    purpose: 'The caches of clients, secrets, conditions and failures, bounded in entries and in bytes.',
    failure: 'An entry that is dropped early is read or computed again.',
  },
  'openid-client': {
    keeper: 'Filip Skokan',
    purpose: 'Single sign-on of administrators, and `tessera token`. The token endpoint does not use it.',
    failure: 'Nobody signs in by single sign-on; local accounts still do. Its requests have a time limit of ours.',
  },
  pg: {
    keeper: 'Brian Carlson',
    purpose: 'Connects to PostgreSQL. Loaded only for `postgres://`.',
    failure: 'A broken connection is replaced. Each call has a deadline of ours, after which it is refused with 503.',
  },
  pino: {
    keeper: 'the Pino team (Matteo Collina and others)',
    purpose: 'Writes the log as JSON lines.',
    failure: 'A line that cannot be written is dropped. No request fails.',
  },
  'prom-client': {
    keeper: 'Simon Nyberg and others',
    purpose: 'Collects metrics of the process, and adds up those of several processes.',
    failure: '`/metrics` answers with an error. Requests for tokens are not affected.',
  },
  yaml: {
    keeper: 'Eemeli Aro',
    purpose: 'Parses the configuration and manifests, with lines and columns; writes exported manifests.',
    failure:
      'Every error is a mistake of the file, in our words. Levels, aliases and bytes are bounded before values are made.',
  },
  zod: {
    keeper: 'Colin McDonnell',
    purpose: 'Checks configuration, manifests and the admin API, and gives each its schema and its types.',
    failure:
      'A value that does not fit is refused in our words. Nothing later sees it. A request for a token does not reach it.',
  },
  'zod-openapi': {
    keeper: 'Sam Chung',
    purpose: 'Makes the OpenAPI document of the admin API from the same schemas.',
    failure: '`/api/v1/openapi.json` answers with an error.',
  },
}

const mantine = 'Vitaly Rtishchev and the Mantine team'
const tanstack = 'TanStack'
const pageFails = 'The page shows an error, and the command line does the same work.'

/** Those of the console, by name. Vite puts them into the bundle, or builds it. */
export const ofConsole: Readonly<Record<string, Justified>> = {
  '@mantine/core': {
    keeper: mantine,
    purpose: 'The components of each page, accessible by keyboard.',
    failure: pageFails,
  },
  '@mantine/form': { keeper: mantine, purpose: 'The state of forms.', failure: 'The server checks each value again.' },
  '@mantine/hooks': { keeper: mantine, purpose: 'Needed by the components.', failure: pageFails },
  '@mantine/spotlight': {
    keeper: mantine,
    purpose: 'The search over everything.',
    failure: 'The search does not open.',
  },
  '@tanstack/react-query': {
    keeper: tanstack,
    purpose: 'Loads data once, and again when it may have changed.',
    failure: 'A page shows that its data could not be loaded.',
  },
  '@tanstack/react-router': {
    keeper: tanstack,
    purpose: 'The addresses of pages and filters, with types.',
    failure: pageFails,
  },
  '@tanstack/react-virtual': {
    keeper: tanstack,
    purpose: 'Lists of a million rows, of which a screen is shown.',
    failure: 'A list is not shown.',
  },
  '@vitejs/plugin-react': { keeper: 'the Vite team', purpose: 'Builds the console.', failure: 'The build fails.' },
  'openapi-fetch': {
    keeper: 'the openapi-ts team',
    purpose: 'Calls the admin API, with its types.',
    failure: 'A page shows that its data could not be loaded.',
  },
  react: { keeper: 'Meta and the React team', purpose: 'Renders the console.', failure: pageFails },
  'react-dom': { keeper: 'Meta and the React team', purpose: 'Renders the console.', failure: pageFails },
  uplot: { keeper: 'Leon Sorokin', purpose: 'Charts of usage.', failure: 'A chart is not shown.' },
  vite: {
    keeper: 'the Vite team',
    purpose: 'Builds the console from its sources. It is not in the published package.',
    failure: 'The build fails, and the server runs without a console.',
  },
}

/** Dependencies of the console that build it, and are not in the bundle. */
export const buildTools: readonly string[] = ['vite', '@vitejs/plugin-react']
