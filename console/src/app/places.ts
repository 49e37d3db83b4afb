import type { Permission } from '../api/me.ts'
import type { IconName } from '../shared/icon.tsx'
import { places as titles } from '../texts/places.ts'

/** A place of the navigation. */
export interface Place {
  readonly to: string
  readonly title: string
  readonly icon: IconName
  /** The second key of its shortcut, after `g`. */
  readonly key: string
  /** The place is shown to a person who has this over anything. */
  readonly permission: Permission
}

/** The places, in the groups of the navigation. */
export const placeGroups: readonly (readonly Place[])[] = [
  [{ to: '/', title: titles.overview, icon: 'overview', key: 'o', permission: 'usage:read' }],
  [
    { to: '/clients', title: titles.clients, icon: 'client', key: 'c', permission: 'clients:read' },
    { to: '/rotation', title: titles.rotation, icon: 'rotation', key: 'r', permission: 'clients:read' },
    { to: '/apis', title: titles.apis, icon: 'api', key: 'a', permission: 'apis:read' },
  ],
  [
    { to: '/lab', title: titles.lab, icon: 'lab', key: 'l', permission: 'explanations:read' },
    { to: '/plans', title: titles.plans, icon: 'plan', key: 'p', permission: 'plans:read' },
  ],
  [
    { to: '/keys', title: titles.keys, icon: 'key', key: 'k', permission: 'keys:read' },
    { to: '/audit', title: titles.audit, icon: 'audit', key: 'e', permission: 'audit:read' },
  ],
  [{ to: '/settings', title: titles.settings, icon: 'settings', key: 's', permission: 'settings:read' }],
]
