import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadOptions, readOptions } from '../../src/config/load.ts'
import { examineConfig, resolveConfig } from '../../src/config/resolve.ts'
import { developmentMasterKey } from '../../src/crypto/master-key.ts'
import { createLogger } from '../../src/observability/log.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { requireStart } from '../../src/server/preflight.ts'
import { startServer } from '../../src/server/server.ts'
import { migrateDatabase, openStore } from '../../src/store/open.ts'
import { current, issueLeaf } from '../harness/authority.ts'
import { DAY, ecKeys, extendedUsage, issueAuthority, keyPem, rsaKeys } from '../harness/certificates.ts'
import { makeOldDatabase, migrationBefore } from '../harness/old-database.ts'
import { freePort } from '../harness/port.ts'
import {
  type CheckSetting,
  type Environment,
  issueServer,
  MASTER_KEY,
  openSetting,
  otherKey,
  readText,
} from './setting.ts'

const log = createLogger('silent')
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

let setting: CheckSetting
let stranger: Server
let taken: number
beforeAll(async () => {
  setting = await openSetting()
  await migrateDatabase(setting.env['TESSERA_STORAGE'] ?? '', systemClock)
  taken = await freePort()
  stranger = createServer((socket) => socket.end('hello\n')).listen(taken, '127.0.0.1')
})
afterAll(() => {
  stranger.close()
  setting.stop()
})

interface Case {
  /** Changes to a valid configuration. */
  readonly change: () => Environment | Promise<Environment>
  /** The expected lines, in order. */
  readonly says: readonly RegExp[]
}

const tls = async (made: Promise<Parameters<CheckSetting['certify']>[0]>): Promise<Environment> => {
  const { cert, key } = await setting.certify(await made)
  return { TESSERA_TLS_CERT: cert, TESSERA_TLS_KEY: key }
}
const certIs = (content: string | Buffer, mode?: number): Environment => ({
  TESSERA_TLS_CERT: setting.write('cert.pem', content, mode),
})
const keyIs = (content: string | Buffer, mode?: number): Environment => ({
  TESSERA_TLS_KEY: setting.write('key.pem', content, mode),
})
const ownCert = () => readText(setting.env['TESSERA_TLS_CERT'] ?? '')
const ownKey = () => readText(setting.env['TESSERA_TLS_KEY'] ?? '')

/** A separate database, as a server under a master key has left it. */
async function database(masterKey = MASTER_KEY): Promise<string> {
  const storage = `sqlite:${join(setting.folder, `${randomBytes(4).toString('hex')}.db`)}`
  const env = { ...setting.env, TESSERA_STORAGE: storage, TESSERA_MASTER_KEY: masterKey }
  const server = await startServer(resolveConfig(loadOptions({ env })), { log })
  await server.stop()
  return storage
}
const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
const pathOf = (storage: string): string => storage.slice('sqlite:'.length)

/** Runs statements on a database. */
async function altered(sql: string, masterKey?: string): Promise<Environment> {
  const storage = await database(masterKey)
  const db = new DatabaseSync(pathOf(storage))
  db.exec(sql)
  db.close()
  return { TESSERA_STORAGE: storage }
}

/** Turns a database into one from before migration 0009, which began to name the master key in use. */
const BEFORE_0009 = `drop table master_key; delete from migration where name = '0009-master-key'; pragma foreign_keys = off;`

const broken: Readonly<Record<string, Case>> = {
  'the key of another certificate': {
    change: () => keyIs(otherKey()),
    says: [/^tls\.key is ".*": does not belong to the certificate in .*cert\.pem$/],
  },
  'an encrypted key': {
    change: () =>
      keyIs(
        createPrivateKey(ownKey()).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
      ),
    says: [/^tls\.key is ".*": is encrypted with a passphrase: remove it with `openssl pkey /],
  },
  'a key encrypted in the old format': {
    change: () =>
      keyIs(createPrivateKey(ownKey()).export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' })),
    says: [/^tls\.key is ".*": is encrypted with a passphrase/],
  },
  'a key in DER': {
    change: () => keyIs(createPrivateKey(ownKey()).export({ type: 'pkcs8', format: 'der' })),
    says: [/^tls\.key is ".*": is binary, not PEM: convert it with `openssl pkey /],
  },
  'a certificate in DER': {
    change: () => certIs(new X509Certificate(ownCert()).raw),
    says: [/^tls\.cert is ".*": is binary, not PEM: convert it with `openssl x509 /],
  },
  'an empty certificate': { change: () => certIs(''), says: [/^tls\.cert is ".*": is empty$/] },
  'an empty key': { change: () => keyIs('\n'), says: [/^tls\.key is ".*": is empty$/] },
  'an empty value for a certificate': {
    change: () => ({ TESSERA_TLS_CERT: '/dev/null' }),
    says: [/^tls\.cert is "\/dev\/null": is empty$/],
  },
  'an endless device': {
    change: () => ({ TESSERA_TLS_CERT: '/dev/zero' }),
    says: [/^tls\.cert is "\/dev\/zero": can't be read: it is a device, not a file$/],
  },
  'a folder as key': {
    change: () => ({ TESSERA_TLS_KEY: setting.folder }),
    says: [/^tls\.key is ".*": can't be read: it is a folder, not a file$/],
  },
  'a missing certificate': {
    change: () => ({ TESSERA_TLS_CERT: '/nothing.pem' }),
    says: [/^tls\.cert is "\/nothing\.pem": can't be read: there is no such file or folder$/],
  },
  'certificate and key swapped': {
    change: () => ({
      TESSERA_TLS_CERT: setting.env['TESSERA_TLS_KEY'],
      TESSERA_TLS_KEY: setting.env['TESSERA_TLS_CERT'],
    }),
    says: [
      /^tls\.cert is ".*": has a private key, but no certificate in PEM$/,
      /^tls\.key is ".*": has a certificate, but no private key in PEM$/,
    ],
  },
  'a certificate of random bytes': {
    change: () => certIs('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    says: [/^tls\.cert is ".*": certificate 1 in it can't be read$/],
  },
  'a truncated certificate': {
    change: () => certIs(ownCert().slice(0, 200)),
    says: [/^tls\.cert is ".*": certificate 1 in it is damaged/],
  },
  'a key of random bytes': {
    change: () => keyIs('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
    says: [/^tls\.key is ".*": its private key is damaged/],
  },
  'a key of OpenSSH': {
    change: () => keyIs('-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n'),
    says: [/^tls\.key is ".*": has the format of OpenSSH/],
  },
  'a key that others can read': {
    change: () => keyIs(ownKey(), 0o644),
    says: [/^tls\.key is ".*": others can read or change it: chmod 600/],
  },
  'a certificate with its key in one file that others can read': {
    change: () => certIs(`${ownCert()}\n${ownKey()}`, 0o644),
    says: [/^tls\.cert is ".*": others can read or change it: chmod 600/],
  },
  'a certificate after its issuer': {
    change: async () => {
      const authority = await issueAuthority('CN=Authority', undefined, current(90))
      const leaf = await issueServer({ issuer: authority })
      return { ...certIs(`${authority.pem}\n${leaf.pem}`), ...keyIs(await keyPem(leaf)) }
    },
    says: [/^tls\.cert is ".*": the key belongs to certificate 2 in it: the server's own must come first$/],
  },
  'an expired certificate': {
    change: () => tls(issueServer({ notBefore: Date.now() - 2 * DAY, notAfter: Date.now() - DAY })),
    says: [/^tls\.cert is ".*": the certificate has expired, on \d{4}-.*Z: renew it$/],
  },
  'a certificate that is valid from tomorrow': {
    change: () => tls(issueServer({ notBefore: Date.now() + DAY, notAfter: Date.now() + 2 * DAY })),
    says: [/^tls\.cert is ".*": the certificate is not valid before \d{4}-.*Z: is the clock right\?$/],
  },
  'a short RSA key': {
    change: async () => tls(issueServer({ keys: await rsaKeys(1024) })),
    says: [/^tls\.cert is ".*": clients refuse its key, which is RSA of 1024 bits/],
  },
  'invalid CA certificates': {
    change: () => ({
      TESSERA_TLS_CLIENT_CA: setting.write(
        'ca.pem',
        '-----BEGIN CERTIFICATE-----\nrubbish!\n-----END CERTIFICATE-----',
      ),
    }),
    says: [/^tls\.client_ca is ".*": certificate 1 in it is damaged/],
  },
  'a certificate that isn’t a CA’s': {
    change: async () => ({ TESSERA_TLS_CLIENT_CA: setting.write('ca.pem', (await issueLeaf()).pem) }),
    says: [/^tls\.client_ca is ".*": trust anchor 1 \(CN=client\) is not an authority/],
  },
  'a CA file without certificates': {
    change: () => ({ TESSERA_TLS_CLIENT_CA: '/dev/null', TESSERA_OUTBOUND_CA: '/dev/null' }),
    says: [/^tls\.client_ca is "\/dev\/null": is empty$/, /^outbound\.ca is "\/dev\/null": is empty$/],
  },
  'a master key of another length': {
    change: () => ({ TESSERA_MASTER_KEY: undefined, TESSERA_MASTER_KEY_FILE: setting.write('master.key', 'short\n') }),
    says: [/^master_key_file is ".*": must be 32 bytes in base64 or hexadecimal/],
  },
  'a master key in two lines': {
    change: () => ({
      TESSERA_MASTER_KEY: undefined,
      TESSERA_MASTER_KEY_FILE: setting.write('master.key', `${MASTER_KEY}\n${MASTER_KEY}\n`),
    }),
    says: [
      /^master_key_file is ".*": its content must be one line without control characters: character 45 is a line end$/,
    ],
  },
  'the master key of `tessera dev` in a file': {
    change: () => ({
      TESSERA_MASTER_KEY: undefined,
      TESSERA_MASTER_KEY_FILE: setting.write('master.key', `${developmentMasterKey(randomBytes)}\n`),
    }),
    says: [/^master_key_file is ".*master\.key": belongs to `tessera dev`, and no other server accepts it: make one/],
  },
  'the master key of `tessera dev` in the environment': {
    change: () => ({ TESSERA_MASTER_KEY: developmentMasterKey(randomBytes) }),
    says: [/^master_key: belongs to `tessera dev`/],
  },
  'a master key of another database': {
    change: async () => ({ TESSERA_STORAGE: await database(randomBytes(32).toString('base64')) }),
    says: [
      /^master_key_file: the database is encrypted under the master key [0-9a-f]{12}; the one given is [0-9a-f]{12}: give [0-9a-f]{12}, /,
    ],
  },
  'a database of a newer program': {
    change: () => altered("insert into migration (name, timestamp) values ('9999-future', '')"),
    says: [/^the database is newer than this program: it has had 9999-future$/],
  },
  'a database of another program': {
    change: () => {
      const path = join(setting.folder, 'other.db')
      new DatabaseSync(path).exec('create table if not exists song (title text)')
      return { TESSERA_STORAGE: `sqlite:${path}` }
    },
    says: [/^storage: sqlite:.*other\.db belongs to another program$/],
  },
  'a database of another program, with a list of its own migrations': {
    change: () => {
      const path = join(setting.folder, 'yii.db')
      new DatabaseSync(path).exec('create table if not exists migration (version text, apply_time integer)')
      return { TESSERA_STORAGE: `sqlite:${path}` }
    },
    says: [/^storage: sqlite:.*yii\.db belongs to another program$/],
  },
  'an invalid database': {
    change: () => ({ TESSERA_STORAGE: `sqlite:${setting.write('text.db', 'no database\n'.repeat(999))}` }),
    says: [/^storage: sqlite:.* can't be used: the file is not a database$/],
  },
  'a folder as database': {
    change: () => ({ TESSERA_STORAGE: `sqlite:${setting.folder}` }),
    says: [/^storage: sqlite:.* can't be used: it is not a file$/],
  },
  'a database path with a cycle of links': {
    change: () => {
      const [one, other] = ['one', 'other'].map((name) => join(setting.folder, `${name}.link`))
      for (const [from = '', to = ''] of [
        [one, other],
        [other, one],
      ])
        if (!isLink(from)) symlinkSync(to, from)
      return { TESSERA_STORAGE: `sqlite:${one}` }
    },
    says: [/^storage: sqlite:.* can't be used: its symbolic links lead round in a circle$/],
  },
  'a database path with a dangling link': {
    change: () => {
      const link = join(setting.folder, 'nowhere.link')
      if (!isLink(link)) symlinkSync(join(setting.folder, 'no', 'tessera.db'), link)
      return { TESSERA_STORAGE: `sqlite:${link}` }
    },
    says: [/^storage: sqlite:.* can't be used: it is a link to .*, whose folder does not exist$/],
  },
  'a database below a file': {
    change: () => ({ TESSERA_STORAGE: `sqlite:${setting.write('file', 'x')}/tessera.db` }),
    says: [/^storage: sqlite:.* can't be used: .* is a file, not a folder$/],
  },
  'a database in a folder without write access': {
    change: () => ({ TESSERA_STORAGE: 'sqlite:/proc/nope/tessera.db' }),
    says: [/^storage: sqlite:\/proc\/nope\/tessera\.db can't be used: no file can be created in \/proc$/],
  },
  'a database in memory': {
    change: () => ({ TESSERA_STORAGE: 'sqlite::memory:' }),
    says: [/^TESSERA_STORAGE is "sqlite::memory:": must be sqlite: and the path of a file/],
  },
  'a database path with a tilde': {
    change: () => ({ TESSERA_STORAGE: 'sqlite:~/tessera.db' }),
    says: [/^TESSERA_STORAGE is "sqlite:~\/tessera\.db": must be a path without ~/],
  },
  'a database server where nothing listens': {
    change: async () => ({ TESSERA_STORAGE: `postgres://tessera:hush@127.0.0.1:${await freePort()}/x` }),
    says: [/^storage: postgres:\/\/tessera:\*\*\*@127\.0\.0\.1:\d+\/x can't be used: nothing listens there$/],
  },
  'another server instead of a database server': {
    change: () => ({ TESSERA_STORAGE: `postgres://tessera:hush@127.0.0.1:${taken}/x` }),
    says: [/^storage: postgres:\/\/tessera:\*\*\*@127\.0\.0\.1:\d+\/x can't be used: \w.*$/],
  },
  'a database server with an unknown name': {
    change: () => ({ TESSERA_STORAGE: 'postgres://tessera:hush@db.invalid/x?sslmode=require' }),
    says: [
      /^storage: postgres:\/\/tessera:\*\*\*@db\.invalid\/x\?sslmode=require can't be used: (no host of that name|the name could not)/,
    ],
  },
  'a password of the database in two lines': {
    change: () => ({ TESSERA_STORAGE_PASSWORD_FILE: setting.write('password', 'a\nb\n') }),
    says: [/^storage_password_file is ".*": its content must be one line/],
  },
  'a port in use': {
    change: () => ({ TESSERA_RUNTIME_PORT: String(taken), TESSERA_RUNTIME_HOST: '127.0.0.1' }),
    says: [
      /^port \d+ is in use: stop the program that uses it, or choose another with runtime\.port or TESSERA_RUNTIME_PORT$/,
    ],
  },
  'an admin port in use': {
    change: () => ({ TESSERA_ADMIN_PORT: String(taken), TESSERA_ADMIN_HOST: '127.0.0.1' }),
    says: [
      /^port \d+ is in use: stop the program that uses it, or choose another with admin\.port or TESSERA_ADMIN_PORT$/,
    ],
  },
  'one port for two listeners': {
    change: () => ({ TESSERA_ADMIN_PORT: setting.env['TESSERA_RUNTIME_PORT'] }),
    says: [/^admin\.port is \d+: equals runtime\.port: each listener needs its own port$/],
  },
  'a host with an unknown name': {
    change: () => ({ TESSERA_RUNTIME_HOST: 'nowhere.invalid' }),
    says: [/^runtime\.host is "nowhere\.invalid": (no host of that name|the name could not)/],
  },
  'an address of another machine': {
    change: () => ({ TESSERA_RUNTIME_HOST: '192.0.2.1' }),
    says: [/^runtime\.host is "192\.0\.2\.1": this machine has no such address$/],
  },
  'a host with its port': {
    change: () => ({ TESSERA_ADMIN_HOST: 'localhost:9999' }),
    says: [/^TESSERA_ADMIN_HOST is "localhost:9999": must be a name or an address, .* without a port$/],
  },
  'no TLS and no proxy': {
    change: () => ({ TESSERA_RUNTIME_TLS: 'off' }),
    says: [/^runtime\.tls is "off": name the proxy/],
  },
  'a request timeout below the header timeout': {
    change: () => ({ TESSERA_HTTP_HEADERS_TIMEOUT: '20', TESSERA_HTTP_REQUEST_TIMEOUT: '19' }),
    says: [/^http\.request_timeout is 19: must be at least http\.headers_timeout, 20$/],
  },
  'an outbound proxy with a path': {
    change: () => ({ TESSERA_OUTBOUND_PROXY: 'http://user:hu#sh@proxy.example.com/x' }),
    says: [/^TESSERA_OUTBOUND_PROXY is "http:\/\/user:\*\*\*@proxy\.example\.com\/x": must be http:/],
  },
  'all errors at once': {
    change: () => ({
      ...keyIs(otherKey()),
      TESSERA_ISSUER: 'http://auth.example.com',
      TESSERA_TOKEN_LIFETIME: '1h',
      TESSERA_TLS_CLIENT_CA: '/nothing.pem',
      TESSERA_MASTER_KEY: undefined,
      TESSERA_STORAGE: 'sqlite:/proc/nope/tessera.db',
      TESSERA_ADMIN_PORT: String(taken),
      TESSERA_ADMIN_HOST: '127.0.0.1',
    }),
    says: [
      /^TESSERA_ISSUER is "http:/,
      /^TESSERA_TOKEN_LIFETIME is "1h": must be a whole number$/,
      /^tls\.key is /,
      /^master_key_file: is required/,
      /^tls\.client_ca is /,
      /^storage: sqlite:\/proc/,
      /^port \d+ is in use/,
    ],
  },
}

/** The lines of a message that lists all errors. */
const linesOf = (stderr: string): readonly string[] => {
  const [first = '', ...others] = stderr
    .replace(/^tessera: /, '')
    .trimEnd()
    .split('\n')
  return others.length === 0 ? [first] : others.map((line) => line.replace(/^ {2}/, ''))
}

describe('config check and serve refuse the same configurations, with the same messages', () => {
  test.each(Object.entries(broken))('%s', async (_name, { change, says }) => {
    const env = await change()
    const before = setting.files()
    const checked = await setting.run(['config', 'check'], env)
    expect(checked).toMatchObject({ code: 1, stdout: '' })
    expect(linesOf(checked.stderr)).toEqual(says.map((pattern) => expect.stringMatching(pattern)))
    expect(checked.stderr).not.toContain('hush')
    expect(setting.files()).toEqual(before)
    expect(await setting.run(['serve'], env)).toEqual(checked)
    expect(setting.files()).toEqual(before)
  })

  const ofOthers: [string, () => Promise<Environment>][] = [
    ['with keys under it', () => altered(BEFORE_0009, randomBytes(32).toString('base64'))],
    [
      'with only a secret under it',
      () =>
        altered(`${BEFORE_0009}
          delete from key;
          insert into credential (id, client_id, kind, label, hint, data, encrypted_secret, master_key_id, origin, created_at)
          values ('s', 'a', 'secret', 's', '', '{}', x'00', '0123456789ab', 'command', 1)`),
    ],
  ]
  test.each(ofOthers)('the master key of another database from before migration 0009: %s', async (_name, change) => {
    const env = await change()
    const before = setting.files()
    const { code, stderr } = await setting.run(['config', 'check'], env)
    const withoutNote = stderr.replace(/^note: .* has not had 0009-master-key.*\n/, '')
    expect(withoutNote).toMatch(
      /^tessera: master_key_file: the database is encrypted under the master key [0-9a-f]{12};/,
    )
    expect(await setting.run(['serve'], env)).toEqual({ code, stdout: '', stderr: withoutNote })
    expect(setting.files()).toEqual(before)
  })
})

const fit: Readonly<Record<string, Case>> = {
  'a valid configuration': { change: () => ({}), says: [] },
  'a database that doesn’t exist yet': {
    change: () => ({ TESSERA_STORAGE: `sqlite:${join(setting.folder, 'new', 'tessera.db')}` }),
    says: [/^note: storage: there is no database \/.*\/new\/tessera\.db yet: the server will create it$/],
  },
  'an empty file': {
    change: () => ({ TESSERA_STORAGE: `sqlite:${setting.write('empty.db', '')}` }),
    says: [/^note: storage: there is no database .* yet: the server will create it$/],
  },
  'a database that a server has used': { change: async () => ({ TESSERA_STORAGE: await database() }), says: [] },
  'a database that lacks migrations': {
    change: async () => {
      const storage = `sqlite:${join(setting.folder, 'old.db')}`
      await makeOldDatabase(storage, migrationBefore('0011-tenants'))
      return { TESSERA_STORAGE: storage }
    },
    says: [/^note: storage: the database has not had 0011-tenants, .*: the server begins with that$/],
  },
  'the master key of another database, together with the previous one': {
    change: async () => ({
      TESSERA_STORAGE: await database(),
      TESSERA_MASTER_KEY: randomBytes(32).toString('base64'),
      TESSERA_PREVIOUS_MASTER_KEY_FILE: setting.write('previous.key', `${MASTER_KEY}\n`),
    }),
    says: [],
  },
  'a certificate and key in one file': {
    change: async () => {
      const both = setting.write('both.pem', `${ownCert()}\n${ownKey()}`)
      return { TESSERA_STORAGE: await database(), TESSERA_TLS_CERT: both, TESSERA_TLS_KEY: both }
    },
    says: [],
  },
  'a certificate with an RSA key': {
    change: async () => ({
      TESSERA_STORAGE: await database(),
      ...(await tls(issueServer({ keys: await rsaKeys(2048) }))),
    }),
    says: [],
  },
  'a certificate with a key on P-384': {
    change: async () => ({
      TESSERA_STORAGE: await database(),
      ...(await tls(issueServer({ keys: await ecKeys('P-384') }))),
    }),
    says: [],
  },
  'a certificate that expires soon': {
    change: async () => ({
      TESSERA_STORAGE: await database(),
      ...(await tls(issueServer({ ...current(5), notBefore: Date.now() - 85 * DAY }))),
    }),
    says: [/^warning: tls\.cert: the certificate expires on \d{4}-.*Z, in 4 days: renew it$/],
  },
  'a short-lived certificate in the middle of its life': {
    change: async () => ({ TESSERA_STORAGE: await database(), ...(await tls(issueServer(current(1)))) }),
    says: [],
  },
  'a certificate of another host': {
    change: async () => ({
      TESSERA_STORAGE: await database(),
      ...(await tls(issueServer({ subject: 'CN=elsewhere', extensions: [] }))),
    }),
    says: [/^warning: tls\.cert: the certificate is not for localhost, the host of issuer: clients will refuse it$/],
  },
  'a certificate for clients': {
    change: async () => ({
      TESSERA_STORAGE: await database(),
      TESSERA_RUNTIME_TLS: 'off',
      TESSERA_RUNTIME_TRUSTED_PROXIES: '127.0.0.1',
      ...(await tls(issueServer({ extensions: [extendedUsage(CLIENT_AUTH)] }))),
    }),
    says: [/^warning: tls\.cert: the certificate is not for servers/],
  },
  'a chain out of order': {
    change: async () => {
      const [root, other] = await Promise.all(
        ['CN=Root', 'CN=Other'].map((name) => issueAuthority(name, undefined, current(90))),
      )
      if (root === undefined || other === undefined) throw new Error('no authorities')
      const leaf = await issueServer({ issuer: root })
      const { cert, key } = await setting.certify(leaf, other, root)
      return { TESSERA_STORAGE: await database(), TESSERA_TLS_CERT: cert, TESSERA_TLS_KEY: key }
    },
    says: [/^warning: tls\.cert: certificate 2 did not issue certificate 1: put each before its issuer$/],
  },
  'keys that are published for less than an hour before they sign': {
    change: async () => ({ TESSERA_STORAGE: await database(), TESSERA_KEYS_PUBLISH_BEFORE: '3599' }),
    says: [/^warning: keys\.publish_before: 3599 is below an hour: verifiers .*docs\/operating\/keys\.md\)$/],
  },
  'keys that are published for an hour before they sign': {
    change: async () => ({ TESSERA_STORAGE: await database(), TESSERA_KEYS_PUBLISH_BEFORE: '3600' }),
    says: [],
  },
  'an expired CA': {
    change: async () => {
      const dates = { notBefore: Date.now() - 2 * DAY, notAfter: Date.now() - DAY }
      const authority = await issueAuthority('CN=Past', undefined, dates)
      return { TESSERA_STORAGE: await database(), TESSERA_TLS_CLIENT_CA: setting.write('ca.pem', authority.pem) }
    },
    says: [/^warning: tls\.client_ca: authority 1 has expired/],
  },
}

describe('config check and serve accept the same configurations, with the same warnings', () => {
  test.each(Object.entries(fit))('%s', async (_name, { change, says }) => {
    const changed = await change()
    const before = setting.files()
    const checked = await setting.run(['config', 'check'], changed)
    expect(checked).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining('tessera:'),
      stdout: expect.stringMatching(/^ok: https:\/\/localhost:\d+ on sqlite:/),
    })
    const lines = checked.stderr === '' ? [] : checked.stderr.trimEnd().split('\n')
    expect(lines).toEqual(says.map((pattern) => expect.stringMatching(pattern)))
    expect(setting.files()).toEqual(before)

    const env = { ...setting.env, ...changed }
    const means = { clock: systemClock, random: systemRandom }
    const { config, warnings } = await requireStart(examineConfig(readOptions({ env }), systemClock), means)
    expect(warnings.map((warning) => `warning: ${warning}`)).toEqual(lines.filter((line) => line.startsWith('warning')))
    const server = await startServer(config, { log })
    await server.stop()
  })
})

describe('the served manifest', () => {
  const check = (manifest: string) => setting.run(['config', 'check'], { TESSERA_MANIFEST: manifest })

  test('is checked without a database: every mistake, with its place', async () => {
    const wrong = 'clients:\n  - client_id: a\n    scopse: [read]\n  - client_id: b\n    enabled: maybe\n'
    const path = setting.write('clients.yaml', wrong)
    const before = setting.files()
    const { code, stdout, stderr } = await check(path)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/clients\.yaml:3:5: .*scopse/),
      expect.stringMatching(/clients\.yaml:5:5: .*enabled/),
    ])
    expect(setting.files()).toEqual(before)
  })

  test('stands with the other mistakes, and may be missing', async () => {
    const { stderr } = await setting.run(['config', 'check'], {
      TESSERA_MANIFEST: '/nothing',
      TESSERA_TLS_KEY: '/none',
    })
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/^tls\.key is "\/none"/),
      expect.stringMatching(/\/nothing.*there is no such file/),
    ])
  })

  test('may name what only the database has, which is noted', async () => {
    expect(await check(setting.write('clients.yaml', 'clients: [{ client_id: a, scopes: [read] }]'))).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^note: .*clients\.yaml:1:\d+: .*no API has the scope "read"\n$/),
    })
  })
})

describe('a running server', () => {
  test.each(['', '/realms/demo'])('doesn’t fail the check for its restart: the issuer’s path is "%s"', async (path) => {
    const storage = await database()
    const issuer = setting.env['TESSERA_ISSUER'] + path
    const env = { ...setting.env, TESSERA_STORAGE: storage, TESSERA_ISSUER: issuer }
    const server = await startServer(resolveConfig(loadOptions({ env })), { log })
    try {
      const names = (path: string) =>
        ['', '-wal', '-shm'].filter((end) => statSync(path + end, { throwIfNoEntry: false }))
      const before = names(pathOf(storage))
      const { code, stdout, stderr } = await setting.run(['config', 'check'], env)
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok: /) })
      expect(stderr).toMatch(
        /^note: runtime\.port: a server of https:\/\/localhost:\d+(\/realms\/demo)? runs on port \d+: stop it before you start another\n$/,
      )
      expect(names(pathOf(storage))).toEqual(before)
      const behindProxy = { ...env, TESSERA_RUNTIME_TLS: 'off', TESSERA_RUNTIME_TRUSTED_PROXIES: '127.0.0.1' }
      expect(await setting.run(['config', 'check'], behindProxy)).toMatchObject({ code: 0, stderr })
      expect((await setting.run(['serve'], env)).stderr).toMatch(
        /2 mistakes:\n {2}port \d+ is in use.*\n {2}port \d+ is in use/,
      )
      const other = await setting.run(['config', 'check'], { ...env, TESSERA_ISSUER: 'https://localhost' })
      expect(other.stderr).toMatch(/2 mistakes:\n {2}port \d+ is in use.*\n {2}port \d+ is in use/)
    } finally {
      await server.stop()
    }
  })

  test('that was killed leaves files that a check reads and doesn’t touch', async () => {
    const storage = await database()
    const store = await openStore(storage, systemClock)
    await store.revocations.noteLifetime(77)
    const copy = join(setting.folder, 'killed.db')
    for (const end of ['', '-wal', '-shm']) writeFileSync(copy + end, readFileSync(pathOf(storage) + end))
    await store.close()
    const before = setting.files()
    expect(await setting.run(['config', 'check'], { TESSERA_STORAGE: `sqlite:${copy}` })).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(setting.files()).toEqual(before)
  })
})

/** Runs some work as a user without rights. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

/** The first port that every user may listen on. */
const anybodysFrom = (): number =>
  process.platform === 'linux' ? Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) : 1024

describe('a user without rights', () => {
  test('is told which file is unreadable', async () => {
    const key = setting.write('hidden.pem', ownKey(), 0o000)
    await asNobody(async () => {
      const checked = await setting.run(['config', 'check'], { TESSERA_TLS_KEY: key })
      expect(checked.stderr).toMatch(/tls\.key is ".*hidden\.pem": can't be read: this user has no right to it\n/)
      expect(await setting.run(['serve'], { TESSERA_TLS_KEY: key })).toEqual(checked)
    })
  })

  test.runIf(anybodysFrom() > 443)('is told which port is forbidden', async () => {
    await asNobody(async () => {
      const { stderr } = await setting.run(['config', 'check'], { TESSERA_RUNTIME_PORT: '443' })
      expect(stderr).toMatch(/runtime\.port is 443: this user may not listen there: choose a port from 1024 on/)
    })
  })
})
