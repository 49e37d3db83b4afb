import { z } from 'zod'
import { AdministratorRefusal } from '../../administrators/refusal.ts'
import { beginRequest, pollRequest } from '../../administrators/sessions/device.ts'
import type { Session } from '../../administrators/sessions/session.ts'
import { endSession, endSessions, listSessions, type SignedIn } from '../../administrators/sessions/signed-in.ts'
import { roleNames } from '../../management/authority/permissions.ts'
import { iso } from '../../platform/clock.ts'
import type { Sender } from '../sessions/authenticate.ts'
import { peopleOf } from './accounts.ts'
import type { PeopleCall } from './call-context.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const session = z.strictObject({
  id: z.string(),
  kind: z.enum(['browser', 'cli']),
  created_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  remote_address: z.string(),
  user_agent: z.string().optional(),
  present: z.boolean().describe('Whether this request uses it.'),
})

const bodyOf = ({ session: { id: present } }: SignedIn, one: Session) => ({
  id: one.id,
  kind: one.kind,
  created_at: iso(one.createdAt),
  last_seen_at: iso(one.lastSeenAt),
  expires_at: iso(one.expiresAt),
  remote_address: one.remoteAddress,
  user_agent: one.userAgent,
  present: one.id === present,
})

const example = {
  id: '019abc12-3456-7890-8abc-def012345678',
  kind: 'browser' as const,
  created_at: '2026-11-26T08:00:00.000Z',
  last_seen_at: '2026-11-26T08:30:00.000Z',
  expires_at: '2026-11-26T20:00:00.000Z',
  remote_address: '192.0.2.1',
  present: true,
}

/** @throws AdministratorRefusal `not_signed_in` for a program, which has no session */
function personOf({ signedIn }: PeopleCall): Sender {
  if (signedIn === undefined) throw new AdministratorRefusal('not_signed_in')
  return signedIn
}

export const sessionOperations = [
  operation({
    id: 'session.show',
    method: 'GET',
    path: '/session',
    summary: 'Show the person who calls, and the present session',
    access: 'member',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: session.extend({
      name: z.string().describe('The name in events and groups. That of single sign-on begins with `sign-on:`.'),
      display_name: z.string().optional(),
      roles: z.array(z.enum(roleNames)),
      claims: z.record(z.string(), z.array(z.string())),
      csrf_token: z
        .string()
        .optional()
        .describe('The session of a browser sends it in `X-CSRF-Token` with each change. No other site can read it.'),
    }),
    commands: ['whoami'],
    example: { answer: { ...example, name: 'anna', roles: ['operator'], claims: {} } },
    run: async (context) => {
      const who = personOf(peopleOf(context))
      const { name, displayName, roles, claims, csrf } = who
      const body = { ...bodyOf(who, who.session), name, display_name: displayName, roles, claims, csrf_token: csrf }
      return { body, state: null }
    },
  }),
  operation({
    id: 'sessions.list',
    method: 'GET',
    path: '/sessions',
    summary: 'List the sessions of the person who calls, oldest first',
    access: 'member',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({ items: z.array(session) }),
    example: { answer: { items: [example] } },
    run: async (context) => {
      const call = peopleOf(context)
      const who = personOf(call)
      const items = (await listSessions(call.people, who)).map((one) => bodyOf(who, one))
      return { body: { items }, state: null }
    },
  }),
  operation({
    id: 'sessions.end',
    method: 'DELETE',
    path: '/sessions/{id}',
    summary: 'End a session of the person who calls',
    access: 'member',
    parameters: z.strictObject({ id: z.string().min(1).max(64) }),
    ...noQuery,
    ...noBody,
    status: 204,
    commands: ['logout'],
    example: { path: { id: example.id } },
    run: async (context, { path: { id } }) => {
      const call = peopleOf(context)
      await endSession(call.people, personOf(call), call.author, id)
      return {}
    },
  }),
  operation({
    id: 'sessions.end-all',
    method: 'DELETE',
    path: '/sessions',
    summary: 'End every session of the person who calls, this one included',
    access: 'member',
    ...noParameters,
    ...noQuery,
    ...noBody,
    status: 204,
    run: async (context) => {
      const call = peopleOf(context)
      await endSessions(call.people, personOf(call), call.author)
      return {}
    },
  }),
  operation({
    id: 'device-requests.begin',
    method: 'POST',
    path: '/device-requests',
    summary: 'Ask for the session of a command line, in the shape of RFC 8628 §3.2',
    access: 'public',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({
      device_code: z.string().optional(),
      user_code: z.string(),
      verification_uri: z.url(),
      verification_uri_complete: z.url(),
      expires_in: z.int(),
      interval: z.int(),
    }),
    commands: ['login'],
    example: {
      answer: {
        user_code: 'BCDF-GHJK',
        verification_uri: 'https://admin.example.com/device',
        verification_uri_complete: 'https://admin.example.com/device?user_code=BCDF-GHJK',
        expires_in: 600,
        interval: 5,
      },
    },
    run: async (context) => {
      const { people, request, url } = peopleOf(context)
      const { deviceCode, userCode, expiresIn, interval } = await beginRequest(people, request)
      const body = {
        user_code: userCode,
        verification_uri: `${url}/device`,
        verification_uri_complete: `${url}/device?user_code=${userCode}`,
        expires_in: expiresIn,
        interval,
      }
      return { body, state: null, shownOnce: { device_code: deviceCode } }
    },
  }),
  operation({
    id: 'device-requests.poll',
    method: 'POST',
    path: '/device-requests/poll',
    summary: 'Ask whether a person has confirmed the request. The session token is handed over once',
    access: 'public',
    ...noParameters,
    ...noQuery,
    body: z.strictObject({ device_code: z.string().min(1).max(128) }),
    answer: z.strictObject({
      status: z.enum(['pending', 'confirmed']),
      token: z.string().optional().describe('A bearer token for this API.'),
      expires_at: z.iso.datetime().optional(),
    }),
    isReferring: true,
    example: { body: { device_code: 'tsd_…' }, answer: { status: 'pending' } },
    run: async (context, { body: { device_code: deviceCode } }) => {
      const { people, request } = peopleOf(context)
      const begun = await pollRequest(people, request, deviceCode)
      if (begun === 'pending') return { body: { status: 'pending' }, state: null }
      const { session: one, token } = begun
      return { body: { status: 'confirmed', expires_at: iso(one.expiresAt) }, state: null, shownOnce: { token } }
    },
  }),
]
