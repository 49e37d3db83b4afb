import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { withoutUndefined } from '../management/schemas/values.ts'
import { systemClock } from '../platform/clock.ts'
import { NotAllowed, UsageError, UserError } from '../platform/user-error.ts'
import { clientToken } from './client-token.ts'
import { type OutputOptions, show } from './format.ts'
import { tokenOf } from './log-in.ts'
import { print, printable, say } from './output.ts'
import { type ClientOptions, type Profile, profileName } from './remote/profile.ts'
import { Profiles } from './remote/profiles.ts'
import { Server } from './remote/server.ts'
import { originOf } from './remote/server-url.ts'
import { printTable } from './table.ts'
import { type ChosenTarget, chooseTarget } from './target.ts'

interface LoginOptions extends Partial<Omit<ClientOptions, 'ca'>> {
  readonly profile?: string
  readonly ca?: string
}

/** The codes of a log-in, in the shape of RFC 8628 §3.2. Times in seconds. */
const codes = z.looseObject({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  expires_in: z.number(),
  interval: z.number().min(1).max(60),
})

const polled = z.looseObject({
  status: z.string(),
  token: z.string().optional(),
  expires_at: z.iso.datetime().optional(),
})

const session = z.looseObject({ id: z.string(), name: z.string() })

const me = z.looseObject({
  actor: z.looseObject({ kind: z.string(), client_id: z.string().optional(), name: z.string().optional() }),
  permissions: z.array(z.string()),
  groups: z.array(z.looseObject({ name: z.string(), permissions: z.array(z.string()) })),
})

interface WhoamiOptions extends OutputOptions {
  readonly server?: string
  readonly profile?: string
}

/** `tessera login`: logs in at a server, as a person with a browser or as a client, and keeps the log-in in a profile. */
export async function login(address: string, { profile, ca, ...client }: LoginOptions): Promise<void> {
  const origin = originOf(address, 'the server')
  const name = profileName(profile ?? new URL(origin).hostname.replace(/[^a-z0-9.-]/gi, '-'), '--profile')
  const authorities = ca === undefined ? undefined : resolve(ca)
  const server = new Server(origin, authorities)
  const profiles = new Profiles(process.env)
  const kept = { server: origin, ...(authorities !== undefined && { ca: authorities }) }
  const login = client.clientId === undefined ? await asPerson(server, client) : await asClient(client, authorities)
  profiles.save(name, { ...kept, login })
  profiles.use(name)
  say(printable(`logged in at ${origin}; the profile is ${name}`))
}

/** Waits until a person has confirmed the code in a browser. */
async function asPerson(server: Server, others: object): Promise<Profile['login']> {
  const [other] = Object.keys(others)
  if (other !== undefined) throw new UsageError('the options of a client need --client-id')
  const begun = await server.send({ method: 'POST', path: '/api/v1/device-requests' }, undefined)
  const {
    device_code: code,
    user_code: shown,
    verification_uri: at,
    expires_in: life,
    interval,
  } = codes.parse(begun.body)
  if (URL.parse(at)?.protocol !== 'https:' && new URL(at).origin !== server.origin)
    throw new UserError(`${server.origin} names a page that is not https://`)
  say(printable(`Open ${at} in a browser, and enter the code ${shown} there.`))
  const end = systemClock.now() + life * 1000
  while (systemClock.now() < end) {
    await sleep(interval * 1000)
    const request = { method: 'POST', path: '/api/v1/device-requests/poll', body: { device_code: code } }
    const { token, expires_at: expires } = polled.parse((await server.send(request, undefined)).body)
    if (token === undefined || expires === undefined) continue
    const { name } = session.parse((await server.send({ method: 'GET', path: '/api/v1/session' }, token)).body)
    return { kind: 'person', name, token: { value: token, expires } }
  }
  throw new NotAllowed('nobody has confirmed the code in time')
}

/** Gets a first token, so that a wrong option is found now. The token of a platform's client is not kept. */
async function asClient(given: Partial<ClientOptions>, ca: string | undefined): Promise<Profile['login']> {
  const { clientId, issuer } = given
  if (clientId === undefined || issuer === undefined)
    throw new UsageError('a client logs in with --client-id and --issuer, the address of the authorization server')
  const files = Object.fromEntries(
    FILES.flatMap((option) => (given[option] === undefined ? [] : [[option, resolve(given[option])]])),
  )
  if (
    given.secretFile === undefined &&
    given.secretEnv === undefined &&
    PROOFS.every((option) => given[option] === undefined)
  )
    throw new UsageError(
      'a client logs in with --secret-file, --secret-env, --key, --cert, --assertion-file or --from: a profile keeps no secret',
    )
  const client = { ...given, ...files, clientId, issuer, ...(ca !== undefined && { ca }) }
  const token = await clientToken(client)
  return { kind: 'client', client, ...(client.from === undefined && { token }) }
}

const FILES = ['secretFile', 'key', 'cert', 'assertionFile'] as const
const PROOFS = ['key', 'cert', 'assertionFile', 'from'] as const

/** `tessera logout`: ends the session of a profile at its server, and deletes the profile. */
export async function logout({ profile: given }: { readonly profile?: string }): Promise<void> {
  const profiles = new Profiles(process.env)
  const name = given ?? process.env['TESSERA_PROFILE'] ?? profiles.current
  if (name === undefined) throw new UsageError('nobody is logged in: tessera profiles list shows the profiles')
  const { server: origin, ca, login } = profiles.load(name)
  if (login.kind === 'person' && Date.parse(login.token.expires) > systemClock.now()) {
    const server = new Server(origin, ca)
    const { id } = session.parse(
      (await server.send({ method: 'GET', path: '/api/v1/session' }, login.token.value)).body,
    )
    await server.send({ method: 'DELETE', path: `/api/v1/sessions/${encodeURIComponent(id)}` }, login.token.value)
  }
  profiles.delete(name)
  say(printable(`logged out of ${origin}; the profile ${name} is deleted`))
}

/** A profile without its token. */
const asJson = (profiles: Profiles, name: string) => {
  const { server, ca, login } = profiles.load(name)
  return {
    name,
    current: name === profiles.current,
    server,
    ca,
    login: login.kind,
    who: login.kind === 'person' ? login.name : login.client.clientId,
    expires: login.token?.expires,
  }
}

/** `tessera profiles list`: prints the profiles, without their tokens. */
export function profilesList(options: OutputOptions): void {
  const profiles = new Profiles(process.env)
  const data = profiles.names.map((name) => asJson(profiles, name))
  const forPeople = () =>
    printTable(data, [
      { heading: 'PROFILE', of: ({ name, current }) => (current ? `${name} (current)` : name) },
      { heading: 'SERVER', of: ({ server }) => server },
      { heading: 'LOGIN', of: ({ login }) => login },
      { heading: 'WHO', of: ({ who }) => who },
      { heading: 'EXPIRES', of: ({ expires }) => expires, kind: 'time' },
    ])
  show(options, { data, forPeople })
}

/** `tessera profiles use`: makes a profile the current one. */
export const profilesUse = (name: string): void => new Profiles(process.env).use(name)

/** `tessera profiles delete`: deletes a profile. Its session at the server goes on until it expires. */
export const profilesDelete = (name: string): void => new Profiles(process.env).delete(name)

/** `tessera whoami`: says as whom commands act on a server, and checks that the server agrees. */
export async function whoami({ server: address, profile, ...output }: WhoamiOptions): Promise<void> {
  const profiles = new Profiles(process.env)
  const env = { ...process.env, TESSERA_CONFIG: undefined, TESSERA_STORAGE: undefined }
  const chosen = chooseTarget(withoutUndefined({ server: address, profile }), env, profiles)
  if (chosen.kind === 'database')
    throw new UsageError('nobody is logged in: run tessera login, or name a server or a profile')
  const { server, token, about } = await callerOf(profiles, chosen)
  const { actor, permissions, groups } = me.parse(
    (await server.send({ method: 'GET', path: '/api/v1/me' }, token)).body,
  )
  const login = actor.kind === 'client' ? 'client' : 'person'
  const who = actor.client_id ?? actor.name
  const data = { login, who, ...about, permissions, groups }
  const forPeople = () => {
    const place = about.name === undefined ? 'TESSERA_TOKEN' : `profile ${about.name}`
    print(printable(`${data.login} ${data.who ?? ''} at ${data.server} (${place})`))
    print(printable(`permissions: ${permissions.join(' ') || 'none'}`))
    for (const { name, permissions: within } of groups)
      print(printable(`over what ${name} owns: ${within.join(' ') || 'none'}`))
  }
  show(output, { data, forPeople })
}

/** The server of a target, the token for it, and the profile that both come from. */
async function callerOf(profiles: Profiles, chosen: Exclude<ChosenTarget, { kind: 'database' }>) {
  if (chosen.kind === 'server') {
    const { origin, token } = chosen
    return { server: new Server(origin, undefined), token, about: { server: origin, name: undefined } }
  }
  const profile = profiles.load(chosen.name)
  const token = await tokenOf(profiles, chosen.name, profile)
  return { server: new Server(profile.server, profile.ca), token, about: asJson(profiles, chosen.name) }
}
