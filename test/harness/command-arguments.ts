/** The arguments that a command needs to reach its database. */
interface Needs {
  readonly args: readonly string[]
  readonly input?: string
  /** `reads` and `writes` use an existing database, `makes` creates one, and `none` uses none. */
  readonly database: 'reads' | 'writes' | 'makes' | 'none'
}

const MANIFEST = 'clients: [{ client_id: a }]'

/** Every command, under its words. */
export const commands: Readonly<Record<string, Needs>> = {
  dev: { args: [], database: 'makes' },
  serve: { args: [], database: 'makes' },
  validate: { args: ['-f', '-'], input: MANIFEST, database: 'none' },
  plan: { args: ['-f', '-'], input: MANIFEST, database: 'reads' },
  apply: { args: ['-f', '-'], input: MANIFEST, database: 'writes' },
  'apply --dry-run': { args: ['-f', '-'], input: MANIFEST, database: 'reads' },
  token: { args: ['--issuer', 'https://localhost:2', '--client-id', 'a'], input: 'secret', database: 'none' },
  revoke: { args: ['--client', 'a'], database: 'writes' },
  usage: { args: [], database: 'reads' },
  'keys list': { args: [], database: 'reads' },
  'keys rotate': { args: [], database: 'writes' },
  'keys rollback': { args: [], database: 'writes' },
  'keys revoke': { args: ['kid'], database: 'writes' },
  'keys rewrap': { args: [], database: 'writes' },
  'keys repair': { args: [], database: 'reads' },
  'keys repair --yes': { args: [], database: 'writes' },
  'clients list': { args: [], database: 'reads' },
  'clients show': { args: ['a'], database: 'reads' },
  'clients enable': { args: ['a'], database: 'writes' },
  'clients disable': { args: ['a'], database: 'writes' },
  'credentials list': { args: ['a'], database: 'reads' },
  'credentials add': { args: ['a', '--secrets-to', 'stdout'], database: 'writes' },
  'credentials rotate': { args: ['a', '--secrets-to', 'stdout'], database: 'writes' },
  'credentials cancel': { args: ['a', 'x'], database: 'writes' },
  'credentials revoke': { args: ['a', 'x'], database: 'writes' },
  'credentials remove': { args: ['a', 'x'], database: 'writes' },
  'credentials label': { args: ['a', 'x', 'y'], database: 'writes' },
  explain: { args: ['01890000-0000-7000-8000-000000000000'], database: 'reads' },
  decode: { args: [], input: 'x', database: 'none' },
  verify: { args: ['--issuer', 'https://localhost:2'], input: 'x', database: 'none' },
  introspect: { args: [], input: 'x', database: 'reads' },
  'federate test': { args: ['--client', 'a'], input: 'x', database: 'reads' },
  'audit tail': { args: [], database: 'reads' },
  'audit list': { args: [], database: 'reads' },
  'audit export': { args: ['--to', '-'], database: 'reads' },
  'audit verify': { args: [], database: 'reads' },
  'audit rotate-key': { args: [], database: 'writes' },
  'storage migrate': { args: [], database: 'makes' },
  'storage compact': { args: [], database: 'writes' },
  'storage copy': { args: ['--from', 'sqlite:nothing.db', '--to', 'sqlite:copy.db'], database: 'none' },
  backup: { args: ['--to', 'backup.db'], database: 'reads' },
  restore: { args: ['--from', 'nothing.db'], database: 'makes' },
  'config check': { args: [], database: 'none' },
  'config reference': { args: [], database: 'none' },
  'clients create': { args: ['b', '--secrets-to', 'stdout'], database: 'writes' },
  'clients delete': { args: ['a'], database: 'writes' },
  'apis list': { args: [], database: 'reads' },
  'apis delete': { args: ['https://x'], database: 'writes' },
  'groups list': { args: [], database: 'reads' },
  'groups show': { args: ['a'], database: 'reads' },
  'groups put': { args: ['a', '-f', '-'], input: '{}', database: 'writes' },
  'groups delete': { args: ['a'], database: 'writes' },
  'admin bootstrap': { args: ['--link', '--secrets-to', 'stdout'], database: 'writes' },
  'admin reset': { args: ['a', '--secrets-to', 'stdout'], database: 'writes' },
  'apis show': { args: ['https://x'], database: 'reads' },
  'revocations list': { args: [], database: 'reads' },
  login: { args: ['https://localhost:2'], database: 'none' },
  logout: { args: ['--profile', 'none'], database: 'none' },
  whoami: { args: ['--profile', 'none'], database: 'none' },
  'profiles list': { args: [], database: 'none' },
  'profiles use': { args: ['none'], database: 'none' },
  'profiles delete': { args: ['none'], database: 'none' },
  completion: { args: ['bash'], database: 'none' },
  help: { args: [], database: 'none' },
}

export const argsOf = (words: string, { args }: Needs): readonly string[] => [...words.split(' '), ...args]
